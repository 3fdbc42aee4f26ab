"""Keeping the house: heartbeat, an eye on the wall clock, and what was left half done.

APScheduler only ticks here. Nothing that must not be lost is a job: deadlines are rows.
"""

import time
from collections.abc import Callable
from datetime import timedelta

import aiohttp
import structlog

from notifier.channels.http import within
from notifier.engine.alarms import raise_alarm
from notifier.engine.broadcasts import Broadcasts
from notifier.engine.loops import Pulses
from notifier.engine.station import Station

log = structlog.get_logger(__name__)

LARGEST_STEP_S = 60.0
"""A wall clock that jumps further than this is journalled and raises an alarm."""

ABANDONED_AFTER = timedelta(minutes=10)


class House:
    """The jobs that APScheduler ticks."""

    def __init__(
        self,
        station: Station,
        broadcasts: Broadcasts,
        pulses: Pulses,
        session: aiohttp.ClientSession,
        heartbeat_url: str | None,
        watches: Callable[[], bool],
    ) -> None:
        """Keep this station's house. ``watches``: whether it is this process that has the watch now."""
        self._station = station
        self._broadcasts = broadcasts
        self._pulses = pulses
        self._session = session
        self._heartbeat_url = heartbeat_url
        self._watches = watches
        self._offset = time.time() - time.monotonic()

    async def heartbeat(self) -> None:
        """Ping the watcher outside, only while every loop turns and nothing keeps the watch from its work.

        Silence is the alarm, so who does not have the watch is silent: of several processes one speaks. The
        watch is lost with its lease, which takes a database that can be written to.
        """
        if self._heartbeat_url is None or not self._watches() or self._pulses.stuck():
            return
        try:
            async with self._session.get(self._heartbeat_url, timeout=within(10.0)):
                pass
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("heartbeat_not_taken", error=type(error).__name__)

    async def look_at_the_clock(self) -> None:
        """Notice a wall clock that was set. No deadline fires twice for it: each is a row, done once."""
        offset = time.time() - time.monotonic()
        step, self._offset = offset - self._offset, offset
        if abs(step) <= LARGEST_STEP_S:
            return
        log.error("wall_clock_jumped", seconds=round(step))
        async with self._station.db.write() as tx:
            await raise_alarm(tx, f"the wall clock jumped by {step:.0f} s", self._station.now())
        self._station.wake.ring()

    async def clear_up(self) -> None:
        """Cancel broadcasts whose preparation was cut short."""
        now = self._station.now()
        age = ABANDONED_AFTER * self._station.clock.speed
        await self._broadcasts.cancel_abandoned(now - age, now)
