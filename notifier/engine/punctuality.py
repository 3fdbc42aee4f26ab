"""Late timers: the watcher is watched. Whatever keeps the watch from its work, the duty desk hears of it.

Any process looks, whether it has the watch or not, and the first to notice writes it down for all. The
all-clear is a timer itself, behind everything that is late: when the watch comes to it, it has caught up.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from notifier.domain.chain import read_chain
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Lineage, UnitKind
from notifier.domain.times import iso_utc
from notifier.engine.alarms import raise_alarm
from notifier.engine.case_letters import base_values
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Station
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

ON_TIME = "on_time_again"
"""The timer that is the all-clear. While it is there, the desk knows."""

MAY_BE_LATE_S: Mapping[int, float] = {
    Lane.ESCALATION: 60.0,
    Lane.REPLY: 60.0,
    # Thousands of reminders due at one moment are written behind each other, and that is as it should be.
    Lane.DUTY: 300.0,
    Lane.BULK: 900.0,
}
"""How late the timers of a lane may be before the desk is told, in real seconds."""

LOOK_EVERY_S = 5.0
LOOKS = 3
"""So many looks in a row must find it late: what an import plans for the past is late, and done at once."""

CALLS_WAIT = "calls_wait"
"""The timer that lets the alarm be raised again. While it is there, it was raised."""

CALLS_MAY_WAIT_S = 300.0
"""Real seconds. By then its other channel was tried too: no carrier takes anything, or nobody sends."""

ALARM_AGAIN = timedelta(minutes=30)

QUIET_FOR = timedelta(minutes=10)
"""Real time from the message to the all-clear, at the least: lateness that comes and goes is told once."""


class Punctuality:
    """Looks whether timers are handled in time, and tells the desk when they are not."""

    def __init__(self, station: Station, letters: Letters) -> None:
        """Tell through these letters."""
        self._station = station
        self._letters = letters
        self._found_late = 0

    async def look(self) -> None:
        """One look. What is late beyond measure, look after look, is told once until the all-clear."""
        async with self._station.db.read() as tx:
            late_s, waiting_s = await self._late_s(tx), await self._waiting_s(tx)
        if waiting_s > CALLS_MAY_WAIT_S:
            await self._raise_alarm(waiting_s)
        self._found_late = self._found_late + 1 if late_s else 0
        if self._found_late < LOOKS:
            return
        now = self._station.now()
        async with self._station.db.write() as tx:
            told = await self._begin(tx, late_s, now)
        if told:
            log.error("timers_late", seconds=round(late_s))
            self._station.wake.ring("send", "alarm")

    async def on_time_again(self, tx: Tx, subject: str, now: datetime) -> None:
        """The all-clear: everything that was due before it has been handled."""
        # Gone for good, so that its key is free for the next time.
        await tx.timers.drop([ON_TIME])
        await tx.journal.write([JournalLine(at=now, event="timers_on_time", reason=f"late since {subject}")])
        await self._tell(tx, "timers_on_time", subject, {"at": iso_utc(now), "minutes": None}, now)

    async def alarm_again(self, tx: Tx, subject: str, now: datetime) -> None:
        """Calls that wait still, or again, are an alarm again."""
        await tx.timers.drop([CALLS_WAIT])

    async def _raise_alarm(self, waiting_s: float) -> None:
        """Nobody can be reached, the desk no more than others: somebody outside must hear of it."""
        now = self._station.now()
        async with self._station.db.write() as tx:
            again = now + ALARM_AGAIN * self._station.clock.speed
            marker = Timer(
                key=CALLS_WAIT, lane=Lane.BULK, due_at=again, kind=CALLS_WAIT, subject=iso_utc(now)
            )
            if await tx.timers.plan([marker]):
                minutes = round(waiting_s / 60)
                await raise_alarm(tx, f"a call has waited {minutes} minutes for a carrier to take it", now)
                tx.signals.note("alarm")
        self._station.wake.ring("alarm")

    async def _waiting_s(self, tx: Tx) -> float:
        """For how long the oldest call has waited for a carrier to take it, in real seconds; else 0.0."""
        now, speed = self._station.now(), self._station.clock.speed
        reach = self._station.reach
        # One that is to be tried again waits a minute for that; one that the night holds back waits hours.
        soon = now + timedelta(seconds=CALLS_MAY_WAIT_S) * speed
        oldest = await tx.messages.oldest_call_waiting((*reach.telegram, *reach.sms), soon)
        return (now - oldest).total_seconds() / speed if oldest else 0.0

    async def _late_s(self, tx: Tx) -> float:
        """How late the latest lane is that is later than it may be, in real seconds; else 0.0."""
        now, speed = self._station.now(), self._station.clock.speed
        found = 0.0
        for lane, due_at in (await tx.timers.oldest_due()).items():
            late_s = (now - due_at).total_seconds() / speed
            if late_s > MAY_BE_LATE_S.get(lane, float("inf")):
                found = max(found, late_s)
        return found

    async def _begin(self, tx: Tx, late_s: float, now: datetime) -> bool:
        """Tell the desk, unless it was told. False when it was."""
        all_clear = now + QUIET_FOR * self._station.clock.speed
        since = iso_utc(now - timedelta(seconds=late_s) * self._station.clock.speed)
        marker = Timer(key=ON_TIME, lane=Lane.BULK, due_at=all_clear, kind=ON_TIME, subject=since)
        if not await tx.timers.plan([marker]):
            return False
        reason = f"the oldest timer is {late_s:.0f} s late"
        await tx.journal.write([JournalLine(at=now, event="timers_late", reason=reason)])
        minutes = max(1, round(late_s / 60))
        if not await self._tell(tx, "timers_late", since, {"at": iso_utc(now), "minutes": minutes}, now):
            await raise_alarm(tx, f"{reason}, and nobody at the duty desk can be reached", now)
        tx.signals.note("send", "watch", "alarm")
        return True

    async def _tell(
        self, tx: Tx, template: str, since: str, values: Mapping[str, object], now: datetime
    ) -> bool:
        """To everybody at the desk of the whole; False when nobody there can be reached."""
        lineage = await self._root(tx, now)
        readers: tuple[PersonId, ...] = read_chain((), lineage, now=now).desk if lineage else ()
        letters = [
            Letter(
                key=f"{template}:{since}:{reader}",
                person=reader,
                template=template,
                values={**base_values(lineage, reader, now), **values},
                lane=Lane.ESCALATION,
                # Of the kind that keeps no quiet hours.
                kind=Kind.UNSTAFFED,
            )
            for reader in readers
            if lineage
        ]
        posted = await self._letters.post(tx, letters, now)
        return any(post.message is not None for post in posted)

    async def _root(self, tx: Tx, now: datetime) -> Lineage | None:
        units = await tx.roster.units()
        root = next((unit for unit in units.values() if unit.kind is UnitKind.CITY), None)
        return await self._station.lineage(tx, root.code, now) if root else None
