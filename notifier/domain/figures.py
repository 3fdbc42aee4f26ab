"""Figures of past days: how soon somebody took what was amiss, how soon posts were staffed, what was sent."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from math import ceil

from notifier.domain.case import CaseState
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.times import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """When a case opened, was first taken by somebody, and closed; None for what has not happened."""

    kind: Kind
    state: CaseState
    opened_at: datetime
    taken_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCount:
    """So many shifts began at ``start``, and on so many of them everybody was there in time."""

    start: datetime
    shifts: int
    on_time: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCount:
    """So many messages of a lane were queued at ``moment``, or soon after within the same civil day."""

    moment: datetime
    lane: Lane
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took: of ``cases`` it happened in ``number``. None where it happened in none."""

    cases: int
    number: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """One civil day. ``messages`` holds every lane, zeros too."""

    day: date
    taken: Spread
    staffed: Spread
    shifts: int
    on_time: int
    messages: Mapping[Lane, int]

    @property
    def share(self) -> float | None:
        """The part of the shifts that was staffed on time, from 0 to 1; None without shifts."""
        return self.on_time / self.shifts if self.shifts else None


def days_until(last: date, number: int) -> tuple[date, ...]:
    """So many civil days, the last of them ``last``."""
    return tuple(last - DAY * back for back in reversed(range(number)))


def figures_of(
    days: Iterable[date],
    zone: tzinfo,
    *,
    cases: Iterable[CaseTimes],
    shifts: Iterable[ShiftCount],
    messages: Iterable[MessageCount],
) -> tuple[DayFigures, ...]:
    """The figures of each of those days, in their order. A case belongs to the day on which it opened."""
    opened: dict[date, list[CaseTimes]] = defaultdict(list)
    begun: Counter[date] = Counter()
    on_time: Counter[date] = Counter()
    queued: Counter[tuple[date, Lane]] = Counter()
    for case in cases:
        opened[_day(case.opened_at, zone)].append(case)
    for count in shifts:
        begun[_day(count.start, zone)] += count.shifts
        on_time[_day(count.start, zone)] += count.on_time
    for sent in messages:
        queued[_day(sent.moment, zone), sent.lane] += sent.number
    return tuple(
        DayFigures(
            day=day,
            taken=_taken(opened[day]),
            staffed=_staffed(opened[day]),
            shifts=begun[day],
            on_time=on_time[day],
            messages={lane: queued[day, lane] for lane in Lane},
        )
        for day in days
    )


def at_rank(waits: Sequence[timedelta], part: float) -> timedelta | None:
    """The wait that this part of ``waits``, which are in order, did not exceed; always one of them."""
    return waits[max(ceil(part * len(waits)), 1) - 1] if waits else None


def _taken(cases: Collection[CaseTimes]) -> Spread:
    return _spread(len(cases), (case.taken_at - case.opened_at for case in cases if case.taken_at))


def _staffed(cases: Iterable[CaseTimes]) -> Spread:
    gaps = [case for case in cases if case.kind is Kind.UNSTAFFED]
    return _spread(
        len(gaps),
        (
            case.closed_at - case.opened_at
            for case in gaps
            if case.closed_at and case.state is CaseState.RESOLVED
        ),
    )


def _spread(cases: int, waits: Iterable[timedelta]) -> Spread:
    in_order = sorted(waits)
    return Spread(
        cases=cases, number=len(in_order), median=at_rank(in_order, 0.5), p90=at_rank(in_order, 0.9)
    )


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.astimezone(zone).date()
