"""Fetches a bot's updates by long polling, and stores them raw before Telegram may forget them."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import structlog

from notifier.engine.catching_up import FETCH, fetched
from notifier.engine.metrics import Metrics
from notifier.engine.station import Station
from notifier.engine.tenure import Tenure
from notifier.errors import CarrierError
from notifier.store.rows import InboxItem

log = structlog.get_logger(__name__)

SOURCE = "telegram"

POLL_S = 20.0
"""How long Telegram may hold a call open while nothing comes in."""

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 30.0
IDLE_S = 0.2
"""How long to wait before looking again whether the lease is ours."""

MAX_ID = 2**63


class Updates(Protocol):
    """A bot that can be polled."""

    account: str

    async def get_updates(self, offset: int | None, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """What came in from ``offset`` on; waits ``timeout`` seconds for the first. Raises CarrierError."""
        ...


class Poller:
    """One bot's poller. Which updates Telegram may forget is kept in memory: a repeat is stored once."""

    def __init__(
        self,
        station: Station,
        sender: Updates,
        tenure: Tenure,
        metrics: Metrics,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        """Poll while ``tenure`` is held: one poller a bot, or Telegram turns both away."""
        self._station = station
        self._bot = sender
        self._tenure = tenure
        self._metrics = metrics
        self._poll_s = poll_s
        self._offset: int | None = None
        self._backoff_s = 0.0
        self._quiet_until = 0.0
        self.behind = True
        """Whether something may wait at the carrier that came in before anybody listened."""

    async def turn(self) -> bool:
        """Fetch once, and store what came. True when something did. A carrier's failure is waited out."""
        if not self._tenure.held:
            self._offset, self.behind = None, True
            self._tenure.let_go()
            return False
        if time.monotonic() < self._quiet_until:
            return False
        try:
            updates = await self._fetch()
        except CarrierError as error:
            self._back_off(error)
            return False
        self._backoff_s = 0.0
        if updates:
            await self._keep(updates)
        elif self.behind:
            await self._caught_up()
        return bool(updates)

    async def pause(self) -> None:
        """Until the next fetch may be made, a second at the most."""
        wait = self._quiet_until - time.monotonic() if self._tenure.held else IDLE_S
        await asyncio.sleep(min(1.0, max(0.0, wait)))

    async def _fetch(self) -> list[dict[str, Any]]:
        """What is there at once where we are behind; else what comes until somebody asks us to be quick."""
        if self.behind:
            return await self._bot.get_updates(self._offset, 0)
        listening = asyncio.create_task(self._bot.get_updates(self._offset, self._poll_s))
        asked = asyncio.create_task(self._station.wake.wait(f"{FETCH}:{self._bot.account}", self._poll_s))
        try:
            await asyncio.wait((listening, asked), return_when=asyncio.FIRST_COMPLETED)
            self.behind = asked.done() and asked.result()
            return [] if self.behind else await listening
        finally:
            # What is fetched and not kept is not acknowledged either: the next call brings it again.
            await _put_down(listening, asked)

    async def _caught_up(self) -> None:
        async with self._station.db.write() as tx:
            await tx.signals.add(fetched(self._bot.account))
        self.behind = False
        self._station.wake.ring("watch")

    async def _keep(self, updates: Sequence[object]) -> None:
        now = self._station.now()
        items = [
            InboxItem(
                source=SOURCE,
                account=self._bot.account,
                provider_id=_provider_id(update),
                payload=json.dumps(update),
                received_at=now,
            )
            for update in updates
        ]
        async with self._station.db.write() as tx:
            stored = await tx.inbox.store(items)
        self._advance(updates)
        self._metrics.incoming.labels(source=SOURCE, result="stored").inc(len(stored))
        self._station.wake.ring("intake")

    def _advance(self, updates: Sequence[object]) -> None:
        # The last one's, not the largest: after a week of silence Telegram may start anew from lower ids.
        known = [update_id for update in updates if (update_id := _update_id(update)) is not None]
        if known:
            self._offset = known[-1] + 1
        else:
            self._quiet_until = time.monotonic() + FIRST_BACKOFF_S

    def _back_off(self, error: CarrierError) -> None:
        self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, self._backoff_s * 2))
        wait = max(self._backoff_s, error.retry_after)
        self._quiet_until = time.monotonic() + wait
        self._metrics.incoming.labels(source=SOURCE, result="away").inc()
        log.warning("poll_failed", account=self._bot.account, code=error.code, alarm=error.alarm, wait_s=wait)


async def _put_down(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _update_id(update: object) -> int | None:
    found = update.get("update_id") if isinstance(update, Mapping) else None
    usable = isinstance(found, int) and not isinstance(found, bool) and abs(found) < MAX_ID
    return found if usable else None


def _provider_id(update: object) -> str:
    update_id = _update_id(update)
    if update_id is not None:
        return str(update_id)
    return f"sha256:{sha256(json.dumps(update, sort_keys=True).encode()).hexdigest()}"
