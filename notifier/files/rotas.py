"""rotas.yaml: patterns that yield shifts, day after day."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from itertools import combinations
from zoneinfo import ZoneInfo

from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Shift
from notifier.domain.times import DAY
from notifier.files.cells import read_duration, read_id
from notifier.files.findings import BadValue, Findings
from notifier.files.moments import civil_moment, read_date, read_span
from notifier.files.nodes import Place, compose

_FILE = "rotas.yaml"
_KEYS = ("post", "from", "until", "hours", "teams", "cycle")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """One pattern: a wheel with as many places as there are teams.

    On ``first`` the first team stands at the first of ``hours``, and so on; every day each team moves on by
    one place, from the last to the first. Places beyond the hours are days off. An end at or before its
    start is on the next day. Without ``first`` the wheel turns as if from the first day of the calendar;
    ``last`` is a day of the pattern still; without it there is no end.
    """

    post: PostCode
    first: date | None
    last: date | None
    hours: tuple[tuple[time, time], ...]
    teams: tuple[tuple[PersonId, ...], ...]

    def team_at(self, day: date, place: int) -> tuple[PersonId, ...]:
        """The team that stands at a place (from 0) on a day."""
        turned = (day - (self.first or date.min)).days
        return self.teams[(place - turned) % len(self.teams)]

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days of the pattern from ``first`` to ``last``, both included."""
        day = max(first, self.first or first)
        end = min(last, self.last or last)
        while day <= end:
            yield day
            day += DAY


def parse_rotas(
    text: str,
    *,
    posts: frozenset[str] | None = None,
    people: frozenset[str] | None = None,
) -> tuple[Rota, ...]:
    """The patterns of a rotas.yaml; ``posts`` and ``people`` are the ids that may occur, None being any.

    Raises FileRefused.
    """
    findings = Findings()
    rotas = read_rotas(text, findings, posts=posts, people=people)
    findings.refuse_if_any()
    return rotas


def read_rotas(
    text: str, findings: Findings, *, posts: frozenset[str] | None, people: frozenset[str] | None
) -> tuple[Rota, ...]:
    """Like parse_rotas, but reports to ``findings``, and then returns what could be read."""
    top = compose(_FILE, text, findings)
    places = top.entries() if top else []
    read = [(place, rota) for place in places if (rota := _read_rota(place, posts, people)) is not None]
    for (_, earlier), (place, later) in combinations(read, 2):
        if _collide(earlier, later):
            bad = BadValue(
                f"another pattern has a shift of {later.post} at the same hour",
                "let one end before the other",
            )
            place.refuse(bad)
    return tuple(rota for _, rota in read)


def expand_rotas(rotas: Iterable[Rota], zone: ZoneInfo, first_day: date, last_day: date) -> tuple[Shift, ...]:
    """The shifts that start on the civil days from ``first_day`` to ``last_day``, in order of time.

    Hours are civil: where clocks change, a shift is longer or shorter, and left out if nothing remains of it.
    """
    shifts = (
        _shift(rota, day, place, zone)
        for rota in rotas
        for day in rota.days(first_day, last_day)
        for place in range(len(rota.hours))
    )
    return tuple(sorted((s for s in shifts if s.end > s.start), key=lambda s: (s.start, s.post)))


def _shift(rota: Rota, day: date, place: int, zone: ZoneInfo) -> Shift:
    start, end = rota.hours[place]
    return Shift(
        post=rota.post,
        start=civil_moment(day, start, zone),
        end=civil_moment(day if end > start else day + DAY, end, zone),
        people=rota.team_at(day, place),
    )


def _read_rota(place: Place, posts: frozenset[str] | None, people: frozenset[str] | None) -> Rota | None:
    """The pattern, or None with findings."""
    before = len(place.findings)
    fields = place.fields(_KEYS, required=("post", "hours", "teams"))
    if not {"post", "hours", "teams"} <= fields.keys():
        return None
    first = fields["from"].value(read_date, None) if "from" in fields else None
    last = fields["until"].value(read_date, None) if "until" in fields else None
    rota = Rota(
        post=PostCode(_known(fields["post"], "post", posts)),
        first=first,
        last=last,
        hours=tuple(span.value(read_span, (time(), time())) for span in fields["hours"].entries()),
        teams=tuple(_read_team(team, people) for team in fields["teams"].entries()),
    )
    if len(place.findings) == before:
        _check(rota, fields)
    return rota if len(place.findings) == before else None


def _known(place: Place, what: str, known: frozenset[str] | None) -> str:
    """The id here, with a finding when it is none or names nothing."""

    def read(text: str) -> str:
        name = read_id(text)
        if known is not None and name not in known:
            raise BadValue(f"there is no {what} {name!r}", f"add it to the table, or mend the {what}'s id")
        return name

    return place.value(read, "")


def _read_team(place: Place, people: frozenset[str] | None) -> tuple[PersonId, ...]:
    if not place.is_list():
        place.refuse(BadValue("it is no team", "write every team in brackets: teams: [[p1, p2], [p3]]"))
        return ()
    return tuple(dict.fromkeys(PersonId(_known(one, "person", people)) for one in place.entries()))


def _check(rota: Rota, fields: dict[str, Place]) -> None:
    """What only the pattern as a whole can get wrong."""
    teams = len(rota.teams)
    if not rota.hours:
        fields["hours"].refuse(BadValue("there are no hours", 'write such as ["08:00-20:00", "20:00-08:00"]'))
    if teams < max(1, len(rota.hours)):
        mend = f"write at least {max(1, len(rota.hours))}, or fewer hours"
        fields["teams"].refuse(BadValue(f"{teams} teams cannot fill {len(rota.hours)} spans a day", mend))
    if len({start for start, _ in rota.hours}) < len(rota.hours):
        fields["hours"].refuse(BadValue("two spans start at the same time", "join them into one"))
    if rota.first and rota.last and rota.last < rota.first:
        fields["until"].refuse(BadValue("it is before 'from'", "write a later day"))
    cycle = fields["cycle"].value(read_duration, teams * DAY) if "cycle" in fields else teams * DAY
    if cycle != teams * DAY:
        bad = BadValue(f"the wheel turns once in {teams} days, one for each team", f"write {teams}d")
        fields["cycle"].refuse(bad)


def _collide(one: Rota, other: Rota) -> bool:
    """Whether both yield a shift of the same post at the same time."""
    if one.post != other.post:
        return False
    apart = (one.last and other.first and one.last < other.first) or (
        other.last and one.first and other.last < one.first
    )
    return not apart and bool({start for start, _ in one.hours} & {start for start, _ in other.hours})
