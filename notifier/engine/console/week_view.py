"""A week of one unit: who stands at each post, day by day, and where somebody is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from notifier.domain.gaps import LOOK_BACK, Gap, find_gaps
from notifier.domain.holdings import OfficeRecord
from notifier.domain.ids import PersonId, ShiftKey, UnitCode
from notifier.domain.roster import Office, OfficeStatus, Person, Post, Shift
from notifier.engine.console.coming import announced_of, seats_of
from notifier.engine.station import Station
from notifier.store.tx import Tx

DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTurn:
    """A shift that stands. ``away``: who of its people is on leave; ``covers``: who stands it for whom."""

    shift: Shift
    away: frozenset[PersonId]
    covers: Mapping[PersonId, PersonId]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDay:
    """One civil day of a post: the shifts that begin in it, and the gaps as far as they are in it."""

    day: date
    turns: tuple[PlannedTurn, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost:
    """A post with its days. ``is_bare``: nobody is to stand there in the whole week."""

    post: Post
    days: tuple[PlannedDay, ...]
    is_bare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A unit's week from the civil day ``first`` on; ``people`` are all who are named.

    ``away`` are the offices whose holder is absent or suspended now, as far as that may reach into the week;
    ``coming`` what is settled of offices and begins in it.
    """

    first: date
    posts: tuple[PlannedPost, ...]
    away: tuple[Office, ...]
    coming: tuple[OfficeRecord, ...]
    people: Mapping[PersonId, Person]


async def read_week(station: Station, tx: Tx, unit: UnitCode, first: date) -> Week:
    """The week for somebody who may see the unit: a fixed number of statements.

    What began before the week and runs into it is shown on its first day.
    """
    days = [first + timedelta(days=number) for number in range(DAYS + 1)]
    edges = [datetime.combine(day, time(), station.zone) for day in days]
    start, end = edges[0], edges[-1]
    posts = await tx.roster.posts_of(unit)
    codes = [post.code for post in posts]
    shifts = await tx.outlook.shifts(codes, start, end)
    past = await tx.outlook.past_shifts(codes, start - LOOK_BACK, start)
    turns = await planned_turns(tx, shifts)
    away = {turn.shift.key: turn.away for turn in turns}
    planned = []
    for post in posts:
        own = [turn for turn in turns if turn.shift.post == post.code]
        known = [shift for shift in (*past, *shifts) if shift.post == post.code]
        gaps = find_gaps(post, known, away, start=start, end=end, zone=station.zone)
        by_day = tuple(
            _day(day, since, until, own, gaps, is_first=day == first)
            for day, since, until in zip(days, edges, edges[1:], strict=False)
        )
        is_bare = not any(set(turn.shift.people) - turn.away for turn in own)
        planned.append(PlannedPost(post=post, days=by_day, is_bare=is_bare))
    offices, now = await tx.roster.offices_of(unit), station.now()
    gone = [office for office in offices if _is_away(office, now, start, end)]
    coming = [one for one in await announced_of(tx, seats_of(offices), now) if _touches(one, start, end)]
    named = {*named_in(turns), *(office.person for office in gone), *(record.person for record in coming)}
    return Week(
        first=first,
        posts=tuple(planned),
        away=tuple(gone),
        coming=tuple(coming),
        people=await tx.roster.people([person for person in named if person is not None]),
    )


def _is_away(office: Office, now: datetime, start: datetime, end: datetime) -> bool:
    is_gone = office.person is not None and office.status_at(now) is not OfficeStatus.IN_POST
    return is_gone and end > now and (office.until is None or office.until > start)


def _touches(record: OfficeRecord, start: datetime, end: datetime) -> bool:
    return record.since < end and (record.until is None or record.until > start)


async def planned_turns(tx: Tx, shifts: Sequence[Shift]) -> list[PlannedTurn]:
    """Those shifts with their leaves and covers, in their order."""
    away = await tx.outlook.leaves([shift.key for shift in shifts])
    covers = await _covers(tx, shifts)
    return [
        PlannedTurn(shift=s, away=away.get(s.key, frozenset()), covers=covers.get(s.key, {})) for s in shifts
    ]


async def _covers(tx: Tx, shifts: Sequence[Shift]) -> dict[ShiftKey, dict[PersonId, PersonId]]:
    """Who covers, and for whom, by shift."""
    found: dict[ShiftKey, dict[PersonId, PersonId]] = {}
    for row in await tx.covers.standing([shift.key for shift in shifts]):
        found.setdefault(row.shift, {})[row.person] = row.absent
    return found


def _day(
    day: date,
    since: datetime,
    until: datetime,
    turns: Iterable[PlannedTurn],
    gaps: Iterable[Gap],
    *,
    is_first: bool,
) -> PlannedDay:
    return PlannedDay(
        day=day,
        turns=tuple(
            turn for turn in turns if turn.shift.start < until and (is_first or turn.shift.start >= since)
        ),
        gaps=tuple(
            Gap(post=gap.post, start=max(gap.start, since), end=min(gap.end, until), missing=gap.missing)
            for gap in gaps
            if gap.start < until and gap.end > since
        ),
    )


def named_in(turns: Iterable[PlannedTurn]) -> Iterable[PersonId]:
    """All who stand them, or would."""
    for turn in turns:
        yield from turn.shift.people
        yield from turn.covers.values()
