"""Making what came in durable before it is answered: what comes while one set is written shares the next."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from starlette.exceptions import HTTPException

from notifier.store.outage import Outage, outage_of
from notifier.store.rows import InboxItem
from notifier.web.deps import WebDeps

log = structlog.get_logger(__name__)

KEEP_S: Final = 8.0
"""Shorter than Twilio's own patience of 15 s, so that it hears a 503 and calls again."""
RETRY_AFTER_S: Final = 5
SET_SIZE: Final = 100
"""Items that share a transaction. Writing them one by one would take a flood as many waits for the disk."""
MOST_WAITING: Final = 2000
"""Items that may wait to be written; whoever brings more is told to come again."""
HOOKS: Final = "hooks"
"""Under this name /healthz says that webhooks find no database."""


@dataclass(slots=True, eq=False)
class _Waiting:
    item: InboxItem
    kept: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Keeper:
    """Stores what webhooks bring. One for each app."""

    def __init__(self, deps: WebDeps) -> None:
        """Nothing waits yet."""
        self._deps = deps
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def keep(self, item: InboxItem) -> None:
        """Return once it is durable; a repeat changes nothing. Wakes whoever reads the inbox.

        Raises HTTPException 503 when the database is away, or too much waits for it: the carrier is to call
        again.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise self._turn_away(item, Outage.CROWDED)
        waiting = _Waiting(item)
        self._waiting.append(waiting)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        try:
            async with asyncio.timeout(KEEP_S):
                await waiting.kept
        except Exception as error:
            outage = outage_of(error)
            if outage is None:
                raise
            raise self._turn_away(item, outage) from None

    async def close(self) -> None:
        """Give up a set that is still being written."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:SET_SIZE], self._waiting[SET_SIZE:]
            await self._write(batch)

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            stored = await self._store([waiting.item for waiting in batch])
        except Exception as error:  # noqa: BLE001 -- each of those who wait raises it
            for waiting in batch:
                if not waiting.kept.done():
                    waiting.kept.set_exception(error)
            return
        self._deps.pulses.of_visitors(HOOKS).beat()
        if stored:
            self._deps.wake()
        for waiting in batch:
            if not waiting.kept.done():
                waiting.kept.set_result(None)

    async def _store(self, items: Sequence[InboxItem]) -> int:
        """Store them in one transaction; how many were new."""
        by_source: dict[str, list[InboxItem]] = defaultdict(list)
        for item in items:
            by_source[item.source].append(item)
        async with asyncio.timeout(KEEP_S), self._deps.database.write() as tx:
            stored = {source: len(await tx.inbox.store(own)) for source, own in by_source.items()}
            if any(stored.values()):
                tx.signals.note("intake")
        for source, own in by_source.items():
            count(self._deps, source, "stored", stored[source])
            count(self._deps, source, "repeated", len(own) - stored[source])
        return sum(stored.values())

    def _turn_away(self, item: InboxItem, outage: Outage) -> HTTPException:
        self._deps.pulses.of_visitors(HOOKS).wait_out(outage)
        count(self._deps, item.source, "away")
        log.warning("hook_not_kept", source=item.source, outage=outage)
        return HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_S)})


def refuse(deps: WebDeps, source: str, reason: str) -> HTTPException:
    """The 403 for a call that is not the carrier's; counted."""
    count(deps, source, "refused")
    log.info("hook_refused", source=source, reason=reason)
    return HTTPException(403)


def count(deps: WebDeps, source: str, result: str, times: int = 1) -> None:
    """Count calls: ``stored``, ``repeated``, ``poisoned``, ``refused`` or ``away``."""
    if times:
        deps.metrics.incoming.labels(source=source, result=result).inc(times)
