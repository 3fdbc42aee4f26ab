"""Pauses, run: a post withdrawn, a unit sent home. Calls end, people hear of it, later it is looked at again.

A pause of a unit is a timer for each unit below it, so that a whole town is seen to in short transactions.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.ids import PostCode, UnitCode
from notifier.domain.message import Lane
from notifier.domain.pausing import Pause
from notifier.domain.policy import Kind
from notifier.domain.roster import Post, Shift
from notifier.domain.times import iso_utc
from notifier.engine.cases import Cases
from notifier.engine.shifts import Shifts
from notifier.engine.station import Actor, Station
from notifier.errors import InputError, NotFound
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

BEGIN, OVER = "pause_begin", "pause_over"

TOLD_AHEAD = timedelta(hours=12)
"""Whose shift begins within so long of now hears that he need not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseOrder:
    """A post, or a unit with all below it, is to be quiet; exactly one of the two is given."""

    reason: str
    since: datetime
    until: datetime | None
    unit: UnitCode | None = None
    post: PostCode | None = None


class Pausing:
    """Keeps posts quiet for a while."""

    def __init__(self, station: Station, shifts: Shifts, cases: Cases) -> None:
        """Work with the station's shifts and cases."""
        self._station = station
        self._shifts = shifts
        self._cases = cases

    async def pause(self, tx: Tx, order: PauseOrder, by: Actor, now: datetime) -> Pause:
        """Enter it; it begins and ends by timers. Raises NotFound, InputError."""
        if order.until is not None and order.until <= max(order.since, now):
            raise InputError("it would be over before it begins; give a later end")
        if not order.reason.strip():
            raise InputError("a pause needs a reason; add it")
        units = await self._units(tx, order)
        pause = await tx.pauses.add(
            Pause(
                id=0,
                unit=order.unit,
                post=order.post,
                since=order.since,
                until=order.until,
                reason=order.reason,
                by=by.person,
            )
        )
        await self._journal(tx, pause, "paused", by, order.reason, now)
        await tx.timers.set(*_timers(pause, units, now))
        await tx.signals.ring()
        return pause

    async def resume(self, tx: Tx, pause: Pause, by: Actor, now: datetime) -> None:
        """End it now: what is empty by then is called for at once."""
        ended = replace(pause, until=now)
        await tx.pauses.end(pause.id, now)
        await self._journal(tx, pause, "resumed", by, None, now)
        units = await self._units(tx, ended)
        await tx.timers.drop([timer.key for timer in _timers(pause, units, now)])
        await tx.timers.set(*(_timer(OVER, pause, unit, now) for unit in units))
        await tx.signals.ring()

    # ── timers ───────────────────────────────────────────────────────────────────────────────────

    async def begin(self, tx: Tx, subject: str, now: datetime) -> None:
        """It begins in one unit: open calls end, and who was to stand there hears that he need not."""
        pause, unit = await _read(tx, subject)
        if pause is None or not pause.holds(now):
            return
        for post in await _posts(tx, pause, unit):
            for shift in await tx.shifts.at_post(post.code, now, now + TOLD_AHEAD):
                await self._cases.settle(tx, Kind.UNSTAFFED, shift.key, now)
                if pause.holds(max(shift.start, now)):
                    await self._tell(tx, pause, shift, now)

    async def over(self, tx: Tx, subject: str, now: datetime) -> None:
        """It is over in one unit: a running shift whose grace is past is looked at again."""
        pause, unit = await _read(tx, subject)
        if pause is None or pause.holds(now):
            return
        grace = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED).grace
        for post in await _posts(tx, pause, unit):
            for shift in await tx.shifts.running(post.code, now):
                if shift.start + grace <= now:
                    await self._shifts.watch(tx, shift.key, now)

    async def _tell(self, tx: Tx, pause: Pause, shift: Shift, now: datetime) -> None:
        on_leave = {leave.person for leave in await tx.shifts.leave_of(shift.key)}
        people = [person for person in shift.people if person not in on_leave]
        values = {"reason": pause.reason, "pause_until": iso_utc(pause.until) if pause.until else None}
        await self._shifts.tell(
            tx, shift, people, "post_paused_told", now, key=f"pause:{pause.id}", values=values
        )

    async def _units(self, tx: Tx, about: PauseOrder | Pause) -> list[UnitCode]:
        """The units in which it has posts to see to. Raises NotFound."""
        if about.post is not None:
            post = await tx.roster.post(about.post)
            if post is None:
                raise NotFound(f"there is no post {about.post}; give a code of posts.csv")
            return [post.unit]
        units = await tx.roster.below(about.unit) if about.unit else set()
        if not units:
            raise NotFound(f"there is no unit {about.unit}; give a code of units.csv")
        return sorted(units)

    async def _journal(
        self, tx: Tx, pause: Pause, event: str, by: Actor, reason: str | None, now: datetime
    ) -> None:
        line = JournalLine(
            at=now,
            event=event,
            unit=pause.unit,
            subject=pause.post or pause.unit,
            person=by.person,
            channel=by.channel,
            reason=reason,
        )
        await tx.journal.write([line])


async def _read(tx: Tx, subject: str) -> tuple[Pause | None, UnitCode]:
    number, _, unit = subject.partition("|")
    return await tx.pauses.get(int(number)), UnitCode(unit)


async def _posts(tx: Tx, pause: Pause, unit: UnitCode) -> list[Post]:
    return [post for post in await tx.roster.posts_of(unit) if pause.post in (None, post.code)]


def _timers(pause: Pause, units: list[UnitCode], now: datetime) -> list[Timer]:
    begin = [_timer(BEGIN, pause, unit, max(pause.since, now)) for unit in units]
    over = [_timer(OVER, pause, unit, pause.until) for unit in units] if pause.until else []
    return [*begin, *over]


def _timer(kind: str, pause: Pause, unit: UnitCode, due_at: datetime) -> Timer:
    subject = f"{pause.id}|{unit}"
    return Timer(key=f"{kind}:{subject}", lane=Lane.ESCALATION, due_at=due_at, kind=kind, subject=subject)
