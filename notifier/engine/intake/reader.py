"""Reads the inbox: each item once, in order; one that cannot be read never holds up the next."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.channels.sms.twilio_hooks import parse_inbound, parse_status
from notifier.channels.telegram.parse import parse_update
from notifier.domain.message import Incoming
from notifier.engine.intake.errands import Bot, Errand, run_errand
from notifier.engine.intake.receipts import Receipts
from notifier.engine.intake.receptionist import Receptionist
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts
from notifier.errors import NotifierError
from notifier.store.outage import is_outage
from notifier.store.rows import InboxItem
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

TELEGRAM, SMS, RECEIPT = "telegram", "sms", "receipt"

SET_SIZE = 10
"""Items that share a transaction: few enough that no call is late behind them."""

ERRANDS_AT_ONCE = 100
"""A slow carrier costs spinning buttons, never reading."""

TRIES = 3
IDLE_S = 1.0

POISON = (ArithmeticError, AttributeError, LookupError, NotifierError, SQLAlchemyError, TypeError, ValueError)
"""What an item nobody thought of may raise on its way; RecursionError is given up at the parsing."""


@dataclass(slots=True)
class _Done:
    """What a transaction leaves to be done once it is committed."""

    items: list[InboxItem] = field(default_factory=list)
    errands: list[Errand] = field(default_factory=list)


class Reader:
    """Turns the inbox."""

    def __init__(self, parts: Parts, senders: Mapping[str, Bot], metrics: Metrics) -> None:
        """``senders`` are our bots by account: taps are answered, and groups left, through them."""
        self._station = parts.station
        self._senders = senders
        self._metrics = metrics
        self._receptionist = Receptionist(parts)
        self._receipts = Receipts(parts)
        self._later: list[Errand] = []
        self._running: set[asyncio.Task[None]] = set()

    async def turn(self) -> bool:
        """Handle one set. True when there may be more."""
        self._run_due(())
        async with self._station.db.read() as tx:
            waiting = await tx.inbox.depth()
        if not waiting:
            return False
        try:
            done = await self._take_set()
        except POISON as error:
            if is_outage(error):
                raise
            log.warning("inbox_set_failed", error=type(error).__name__)
            return await self._take_one_by_one()
        self._committed(done)
        return bool(done.items)

    async def pause(self) -> None:
        """Until something came in, a second at the most."""
        await self._station.wake.wait("intake", IDLE_S)

    async def _take_set(self) -> _Done:
        done = _Done()
        async with self._station.db.write(brief=True) as tx:
            # What people say changes no roster and no settings.
            tx.kept.begin()
            await tx.cases.decide_alone()
            for item in await tx.inbox.new(SET_SIZE):
                await self._handle(tx, item, done)
            await tx.inbox.done([item.id for item in done.items])
            tx.signals.note("send", "watch")
        return done

    async def _take_one_by_one(self) -> bool:
        async with self._station.db.write() as tx:
            items = await tx.inbox.new(SET_SIZE)
        for item in items:
            try:
                done = await self._take_one(item)
            except POISON as error:
                if is_outage(error):
                    raise
                await self._put_aside(item, error)
                continue
            self._committed(done)
        return bool(items)

    async def _take_one(self, item: InboxItem) -> _Done:
        done = _Done()
        async with self._station.db.write() as tx:
            await tx.cases.decide_alone()
            # Looked up anew: on PostgreSQL another reader may have had it meanwhile.
            if any(new.id == item.id for new in await tx.inbox.new(SET_SIZE)):
                await self._handle(tx, item, done)
                await tx.inbox.done([item.id])
                tx.signals.note("send", "watch")
        return done

    async def _handle(self, tx: Tx, item: InboxItem, done: _Done) -> None:
        now = self._station.now()
        if item.source == RECEIPT:
            await self._handle_receipt(tx, item, now)
        else:
            incoming = _incoming(item)
            if incoming is not None:
                done.errands += await self._receptionist.receive(tx, item.id, incoming, now)
        done.items.append(item)

    async def _handle_receipt(self, tx: Tx, item: InboxItem, now: datetime) -> None:
        form, query = _form(item)
        receipt = parse_status(form, query)
        if receipt is not None:
            await self._receipts.record(tx, receipt, now)

    async def _put_aside(self, item: InboxItem, error: Exception) -> None:
        log.error("incoming_failed", item=item.id, source=item.source, error=type(error).__name__)
        self._metrics.incoming.labels(source=item.source, result="failed").inc()
        async with self._station.db.write() as tx:
            if item.tries + 1 >= TRIES:
                await tx.inbox.fail(item.id, type(error).__name__)
            else:
                await tx.inbox.retry(item.id, type(error).__name__)

    def _committed(self, done: _Done) -> None:
        for item in done.items:
            self._metrics.incoming.labels(source=item.source, result="read").inc()
        if done.items:
            self._station.wake.ring("send", "watch")
        self._run_due(done.errands)

    def _run_due(self, errands: Sequence[Errand]) -> None:
        self._later += errands
        now = time.monotonic()
        due = [errand for errand in self._later if errand.not_before <= now]
        self._later = [errand for errand in self._later if errand.not_before > now]
        for errand in due[: ERRANDS_AT_ONCE - len(self._running)]:
            task = asyncio.create_task(self._run(errand))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, errand: Errand) -> None:
        if not await run_errand(errand, self._senders):
            self._metrics.incoming.labels(source=TELEGRAM, result="errand_failed").inc()


def _incoming(item: InboxItem) -> Incoming | None:
    if item.source == TELEGRAM:
        return parse_update(_object(item), item.account)
    return parse_inbound(_form(item)[0])


def _object(item: InboxItem) -> Mapping[str, Any]:
    try:
        found = json.loads(item.payload)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(found, Mapping):
        raise ValueError("no object")
    return found


def _form(item: InboxItem) -> tuple[dict[str, str], dict[str, str]]:
    """The fields of the form and of the query, as the webhook keeps them."""
    kept = _object(item)
    return _pairs(kept.get("form")), _pairs(kept.get("query"))


def _pairs(listed: object) -> dict[str, str]:
    entries = listed if isinstance(listed, list) else []
    return {str(entry[0]): str(entry[1]) for entry in entries if isinstance(entry, list) and len(entry) == 2}
