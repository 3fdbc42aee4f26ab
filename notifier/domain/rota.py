"""Rotas: rounds of days that yield shifts, and what an edited rota changes in those already planned."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifier.domain.days import PLAIN, Calendar, DayKind
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Shift
from notifier.domain.times import DAY

Team = tuple[PersonId, ...]
Span = tuple[time, time]
"""Civil hours of a shift; an end at or before its start is on the next day."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """One pattern: who stands which of ``hours`` on each day of a round that begins anew when it ends.

    ``round`` has for each of its days one team for each of ``hours``; None where nobody stands it. The first
    day of the round is ``first``, or without it the first day of the calendar. Only days of ``kinds`` count
    and are stood (none named: every day). ``last`` is a day of the pattern still; without it there is no
    end. ``moved`` says of single days on which other day their shifts are stood, None being on none; the
    round goes on as if nothing had been moved.
    """

    post: PostCode
    first: date | None = None
    last: date | None = None
    hours: tuple[Span, ...]
    round: tuple[tuple[Team | None, ...], ...]
    kinds: frozenset[DayKind] = frozenset()
    moved: Mapping[date, date | None] = field(default_factory=dict)

    @property
    def people(self) -> frozenset[PersonId]:
        """Everybody in its teams."""
        return frozenset(person for day in self.round for team in day if team for person in team)

    def contains(self, day: date) -> bool:
        """Whether the day lies between the first and the last."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def only_known(rotas: Iterable[Rota], posts: Set[PostCode], people: Set[PersonId]) -> tuple[Rota, ...]:
    """The rotas of posts that are kept, with the people who are in the roster still."""
    return tuple(_without_strangers(rota, people) for rota in rotas if rota.post in posts)


def _without_strangers(rota: Rota, people: Set[PersonId]) -> Rota:
    if rota.people <= people:
        return rota
    return replace(
        rota,
        round=tuple(
            tuple(None if team is None else tuple(p for p in team if p in people) for team in day)
            for day in rota.round
        ),
    )


def wheel(teams: Sequence[Team], places: int) -> tuple[tuple[Team, ...], ...]:
    """The round in which every team moves on by one place a day, from the last to the first.

    Places beyond the first ``places`` are days off. Needs at least as many teams as places.
    """
    return tuple(
        tuple(teams[(place - day) % len(teams)] for place in range(places)) for day in range(len(teams))
    )


def expand_rotas(
    rotas: Iterable[Rota], zone: ZoneInfo, first_day: date, last_day: date, calendar: Calendar = PLAIN
) -> tuple[Shift, ...]:
    """The shifts that start on the civil days from ``first_day`` to ``last_day``, in order of time.

    Hours are civil: where clocks change, a shift is longer or shorter, and left out if nothing remains of
    it. What two patterns yield for one post and start is one shift with the people of both.
    """
    counts = _Counts(calendar)
    found: dict[ShiftKey, Shift] = {}
    for rota in rotas:
        for day, teams in _days(rota, counts, first_day, last_day):
            for span, team in zip(rota.hours, teams, strict=True):
                shift = None if team is None else _shift(rota.post, day, span, team, zone)
                if shift is not None and shift.end > shift.start:
                    found[shift.key] = _joined(found.get(shift.key), shift)
    return tuple(sorted(found.values(), key=lambda shift: (shift.start, shift.post)))


def _days(
    rota: Rota, counts: "_Counts", first_day: date, last_day: date
) -> Iterator[tuple[date, tuple[Team | None, ...]]]:
    """Every day on which something is stood, with the teams of that day of the round."""
    for source, day in _stood(rota, first_day, last_day):
        if rota.contains(source) and counts.calendar.keeps(rota.kinds, source):
            yield day, rota.round[counts.before(rota, source) % len(rota.round)]


def _stood(rota: Rota, first_day: date, last_day: date) -> Iterator[tuple[date, date]]:
    """Pairs of a day of the pattern and the day it is stood on, for those stood in the span."""
    day = max(first_day, rota.first or first_day)
    while day <= min(last_day, rota.last or last_day):
        if day not in rota.moved:
            yield day, day
        day += DAY
    for source, target in rota.moved.items():
        if target is not None and first_day <= target <= last_day:
            yield source, target


class _Counts:
    """How many days of a pattern lie before a day; counted once for each first day and set of kinds."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._kept: dict[tuple[date, Set[DayKind]], list[date]] = {}
        self._looked: dict[tuple[date, Set[DayKind]], date] = {}

    def before(self, rota: Rota, day: date) -> int:
        """The days of the rota's kinds from its first day up to ``day``, which is not counted."""
        first = rota.first or date.min
        if not rota.kinds:
            return (day - first).days
        which = (first, rota.kinds)
        kept = self._kept.setdefault(which, [])
        looked = self._looked.get(which, first)
        while looked < day:
            if self.calendar.keeps(rota.kinds, looked):
                kept.append(looked)
            looked += DAY
        self._looked[which] = looked
        return bisect_left(kept, day)


def outside(shift: Shift, kept: Iterable[Shift], now: datetime) -> list[Shift]:
    """What of a shift lies outside of those kept at its post and is not over; all of it where none overlaps.

    By start; the people are the same.
    """
    over = sorted((k for k in kept if k.start < shift.end and shift.start < k.end), key=lambda k: k.start)
    if not over:
        return [shift]
    free, since = [], shift.start
    for other in over:
        free.append((since, other.start))
        since = max(since, other.end)
    free.append((since, shift.end))
    return [replace(shift, start=start, end=end) for start, end in free if start < end and end > now]


def _shift(post: PostCode, day: date, span: Span, team: Team, zone: ZoneInfo) -> Shift:
    start, end = span
    return Shift(
        post=post,
        start=civil_moment(day, start, zone),
        end=civil_moment(day if end > start else day + DAY, end, zone),
        people=team,
    )


def _joined(one: Shift | None, other: Shift) -> Shift:
    if one is None:
        return other
    people = tuple(dict.fromkeys((*one.people, *other.people)))
    return Shift(post=one.post, start=one.start, end=max(one.end, other.end), people=people)


def civil_moment(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """A civil time as UTC: of two the first is meant, and one that is skipped is the moment of the change.

    So what lies wholly in the hour that is skipped has no length, and what touches it still touches.
    """
    moment = datetime.combine(day, hour, zone)
    utc = moment.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None):
        return utc
    return _change(moment.replace(fold=1).astimezone(UTC), utc, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two (UTC) at which the clocks are changed, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
