"""Outcomes on their way into the database: of calls at once, of everything else in batches."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from notifier.channels.sms.twilio_codes import is_wrong_number
from notifier.domain.joining import is_list
from notifier.domain.message import Accepted, MachineChannel, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.aftermath import Aftermath
from notifier.engine.apart import apart
from notifier.engine.contacts_lost import WRONG, ContactsLost
from notifier.engine.joining import as_asked
from notifier.engine.metrics import Metrics
from notifier.engine.objectives import Objectives
from notifier.engine.sending.outcomes import INTERRUPTED, Attempt, accepted, refused
from notifier.engine.station import Station
from notifier.errors import CarrierError, Verdict
from notifier.store.rows import Outcome, StoredMessage
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

LookUp = Callable[[StoredMessage], Awaitable[Accepted | None]]
"""What the carrier has of a message it may have taken; None when it has none or cannot say."""

BATCH = 200
FLUSH_EVERY_S = 0.25


class Settling:
    """Writes what became of attempts, and starts what follows from a failure."""

    def __init__(self, station: Station, aftermath: Aftermath, lost: ContactsLost, metrics: Metrics) -> None:
        """Failures go to ``aftermath``; contacts that are gone for good to ``lost``."""
        self._station = station
        self._aftermath = aftermath
        self._lost = lost
        self._metrics = metrics
        self._objectives = Objectives(metrics)
        self._waiting: list[tuple[Attempt, int]] = []
        self._oldest = 0.0
        self._lock = asyncio.Lock()

    async def land(self, attempt: Attempt, fence: int) -> None:
        """Take an outcome in. That of a call, or a failure, is written before this returns."""
        if not self._waiting:
            self._oldest = time.monotonic()
        self._waiting.append((attempt, fence))
        if attempt.message.call or attempt.error or len(self._waiting) >= BATCH:
            await self.flush()

    def seconds_to_flush(self, now: float, at_most: float) -> float:
        """How long until the batch is to be written."""
        if not self._waiting:
            return at_most
        return min(at_most, max(0.001, self._oldest + FLUSH_EVERY_S - now))

    async def flush_if_due(self, *, idle: bool) -> None:
        """Write the batch when it is old enough, or when nothing in flight could still join it."""
        if self._waiting and (idle or time.monotonic() >= self._oldest + FLUSH_EVERY_S):
            await self.flush()

    async def flush(self) -> None:
        """Write everything that waits. What cannot be written now (an outage) waits on."""
        async with self._lock:
            batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                async with self._station.db.write() as tx:
                    await self._write(tx, batch)
            except BaseException:
                self._waiting = batch + self._waiting
                raise
        if any(attempt.error for attempt, _ in batch):
            self._station.wake.ring()

    async def adopt_orphans(self, account: str, fence: int, look_up: LookUp) -> None:
        """Settle what was in flight under an earlier owner: found at the carrier, repeated once, or held."""
        while True:
            async with self._station.db.write() as tx:
                orphans = await tx.messages.orphans(account, fence, BATCH)
            if not orphans:
                return
            unknown = []
            for message in orphans:
                attempt = await _as_found(message, look_up)
                if attempt.accepted is None:
                    unknown.append(attempt)
                else:
                    # On record before the next is looked up: words meant twice may be there once.
                    await self._put_down([attempt])
            await self._put_down(unknown)
            log.warning("orphans_settled", count=len(orphans))
            if len(orphans) < BATCH:
                return

    async def _put_down(self, orphans: Sequence[Attempt]) -> None:
        async with self._station.db.write() as tx:
            await self._write(tx, [(attempt, attempt.message.fence or 0) for attempt in orphans])

    async def _write(self, tx: Tx, batch: list[tuple[Attempt, int]]) -> None:
        if any(_may_meet_decisions(attempt) for attempt, _ in batch):
            await tx.cases.decide_alone()
        now = self._station.now()
        outcomes = [self._outcome(attempt, fence, now) for attempt, fence in batch]
        applied = set(await tx.messages.settle(outcomes))
        taken = [a.message for a, _ in batch if a.accepted and a.message.call and a.message.id in applied]
        calls = [call for one in taken for call in await as_asked(tx, one, MessageState.SENT)]
        await self._objectives.accepted(tx, calls, now)
        for attempt, _ in batch:
            if attempt.error is not None:
                async with apart(tx, "contact", attempt.message.id):
                    await self._mark_contact(tx, attempt.message, attempt.error, now)
        for outcome in outcomes:
            if outcome.state is MessageState.FAILED and outcome.message in applied:
                failed = await tx.messages.get(outcome.message)
                await self._aftermath.failed(tx, [failed] if failed else [], now)
        self._observe(batch)

    async def _mark_contact(self, tx: Tx, message: StoredMessage, error: CarrierError, now: datetime) -> None:
        if error.verdict is Verdict.STOP_CONTACT:
            await self._lost.mark(tx, message, error.code, now)
        elif message.channel is ChannelName.SMS and is_wrong_number(error.code):
            await self._lost.lose(tx, message.channel, "", message.address, WRONG, error.code, now)

    def _outcome(self, attempt: Attempt, fence: int, now: datetime) -> Outcome:
        if attempt.accepted is not None:
            return accepted(attempt.message, attempt.accepted, fence, now)
        if attempt.error is None:
            raise ValueError("an attempt was either accepted or refused")
        return refused(attempt.message, attempt.error, fence, now, self._station.clock.speed)

    def _observe(self, batch: list[tuple[Attempt, int]]) -> None:
        now = self._station.now()
        for attempt, _ in batch:
            if attempt.accepted and attempt.message.call:
                waited = (now - attempt.message.created_at).total_seconds()
                self._metrics.call_acceptance.observe(max(0.0, waited))


def _may_meet_decisions(attempt: Attempt) -> bool:
    """Whether what is decided elsewhere may change the message just now: by an answer, or by a receipt."""
    message = attempt.message
    if isinstance(message.channel, MachineChannel):
        return False
    told = message.call or is_list(message.key)
    return attempt.error is not None or told or message.channel is ChannelName.SMS


async def _as_found(message: StoredMessage, look_up: LookUp) -> Attempt:
    """An orphan's attempt, as far as the carrier can tell."""
    found = await look_up(message)
    return Attempt(message=message, accepted=found, error=None if found else INTERRUPTED)
