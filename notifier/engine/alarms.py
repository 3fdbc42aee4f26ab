"""Alarms to the outside: when the duty desk itself cannot be reached, somebody else must hear of it.

An alarm is a row like everything that must happen later; its own loop posts it, again and again until it
was taken, so a crash on the way loses nothing.
"""

from datetime import datetime, timedelta

import aiohttp
import structlog

from notifier.channels.http import within
from notifier.domain.times import iso_utc
from notifier.engine.metrics import Metrics
from notifier.engine.station import Station
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

ALARM = "alarm"
ALARM_LANE = 9
"""A lane of its own, which only the alarm loop takes from: it calls out, and the watch never does."""

RETRY_AFTER = timedelta(seconds=15)
TIMEOUT_S = 10.0


async def raise_alarm(tx: Tx, reason: str, now: datetime) -> None:
    """Raise an alarm that belongs to no case."""
    await tx.journal.write([JournalLine(at=now, event="alarm", reason=reason)])
    await tx.timers.set(
        Timer(key=f"{ALARM}:{iso_utc(now)}", lane=ALARM_LANE, due_at=now, kind=ALARM, subject=reason)
    )


class Alarms:
    """Posts alarms to ALARM_URL."""

    def __init__(
        self, station: Station, session: aiohttp.ClientSession, url: str | None, metrics: Metrics
    ) -> None:
        """Without a URL an alarm is counted and logged, no more."""
        self._station = station
        self._session = session
        self._url = url
        self._metrics = metrics

    async def turn(self) -> bool:
        """Post the alarms that are due; one that is not taken is tried again."""
        now = self._station.now()
        async with self._station.db.read() as tx:
            first = (await tx.timers.oldest_due()).get(ALARM_LANE)
        if first is None or first > now:
            return False
        async with self._station.db.write() as tx:
            due = await tx.timers.due(now, ALARM_LANE, 10)
        for alarm in due:
            taken = await self._post(alarm.subject, now)
            async with self._station.db.write() as tx:
                if taken:
                    await tx.timers.finish([alarm.id])
                else:
                    await tx.timers.postpone(alarm.id, now + RETRY_AFTER * self._station.clock.speed)
        return False

    async def pause(self) -> None:
        """Wait for something to be rung, or a second."""
        await self._station.wake.wait("alarm", 1.0)

    async def _post(self, reason: str, now: datetime) -> bool:
        self._metrics.alarms.inc()
        log.error("alarm", reason=reason)
        if self._url is None:
            return True
        try:
            body = {"alarm": reason, "at": iso_utc(now), "site": self._station.site}
            async with self._session.post(self._url, json=body, timeout=within(TIMEOUT_S)) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError) as error:
            log.warning("alarm_not_taken", error=type(error).__name__)
            return False
