"""After an outage: what came in meanwhile is fetched and read before any deadline is acted on.

Somebody who checked in while nothing ran here waits at his carrier, or unread in the inbox. To act on the
deadlines first would call a village out of bed for a post that is kept.
"""

import time
from collections.abc import Collection
from datetime import datetime

import structlog

from notifier.engine.station import Station

log = structlog.get_logger(__name__)

LATE_S = 15.0
"""A deadline that is later than this (real seconds) has waited out an outage."""

LONGEST_S = 5.0
"""How long it goes on waiting: a carrier may be away too, and an empty post must not wait for that."""

FETCH = "fetch"
"""What pollers are woken by, to fetch at once."""


def fetched(account: str) -> str:
    """The signal that counts how often a bot's poller has found nothing left to fetch when asked."""
    return f"fetched:{account}"


class CatchingUp:
    """Says whether late deadlines may be acted on yet."""

    def __init__(self, station: Station, polled: Collection[str]) -> None:
        """``polled`` are the bots whose updates some process fetches; webhooks come by themselves."""
        self._station = station
        self._names = [fetched(account) for account in polled]
        self._asked: dict[str, int] | None = None
        self._until = 0.0
        self._done = False

    @property
    def under_way(self) -> bool:
        """Whether deadlines wait now."""
        return self._asked is not None and not self._done

    async def may_act(self, oldest: datetime, now: datetime) -> bool:
        """Whether deadlines may be acted on, the oldest of which was due then."""
        if (now - oldest).total_seconds() / self._station.clock.speed < LATE_S:
            self._asked, self._done = None, False
        elif not self._done:
            self._done = await self._is_caught_up()
        return not self.under_way

    async def _is_caught_up(self) -> bool:
        if self._asked is None:
            await self._ask()
            return False
        async with self._station.db.read() as tx:
            counts = await tx.signals.counts(self._names)
            unread = await tx.inbox.depth()
        if not unread and all(counts[name] > count for name, count in self._asked.items()):
            log.info("caught_up")
            return True
        if time.monotonic() >= self._until:
            log.warning("not_caught_up", unread=unread)
            return True
        return False

    async def _ask(self) -> None:
        async with self._station.db.write() as tx:
            self._asked = await tx.signals.counts(self._names)
            tx.signals.note(FETCH)
        self._until = time.monotonic() + LONGEST_S
        self._station.wake.ring(FETCH)
