"""rotas.yaml: patterns that yield shifts, day after day."""

from collections.abc import Callable, Mapping
from datetime import date, time
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from notifier.domain.days import DayKind, are_apart
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.rota import Rota, Span, Team, wheel
from notifier.domain.times import DAY
from notifier.files.cells import read_duration, read_id
from notifier.files.findings import BadValue, Findings, unknown
from notifier.files.moments import read_date, read_span
from notifier.files.nodes import Place, compose
from notifier.files.rounds import read_round
from notifier.files.sources import read_text_file

_FILE = "rotas.yaml"
_REQUIRED = ("post", "hours", "teams")
_KEYS = (*_REQUIRED, "from", "until", "cycle", "round", "days", "except")
_OFF = ("off", "休")
_KINDS = {kind.value: kind for kind in DayKind} | {
    "工作日": DayKind.WORKDAYS,
    "周末": DayKind.WEEKENDS,
    "节假日": DayKind.HOLIDAYS,
    "周一": DayKind.MON,
    "周二": DayKind.TUE,
    "周三": DayKind.WED,
    "周四": DayKind.THU,
    "周五": DayKind.FRI,
    "周六": DayKind.SAT,
    "周日": DayKind.SUN,
}

T = TypeVar("T")


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


def read_rotas_file(path: Path, *, posts: frozenset[str], people: frozenset[str]) -> tuple[Rota, ...]:
    """The patterns of one file, whatever its name. Raises FileRefused."""
    findings = Findings()
    if not path.is_file():
        findings.add(path.name, 0, "", BadValue("there is no such file", "check the path"))
    text = read_text_file(path, findings) if path.is_file() else None
    rotas = () if text is None else read_rotas(text, findings, posts=posts, people=people)
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
            problem = f"another pattern has a shift of {later.post} at the same hour"
            place.refuse(BadValue(problem, "let one end before the other, or give them different days:"))
    return tuple(rota for _, rota in read)


def _read_rota(place: Place, posts: frozenset[str] | None, people: frozenset[str] | None) -> Rota | None:
    """The pattern, or None with findings."""
    before = len(place.findings)
    fields = place.fields(_KEYS, required=_REQUIRED)
    if not set(_REQUIRED) <= fields.keys():
        return None
    post = _known(fields["post"], "post", posts)
    hours = _named(fields["hours"], lambda span: span.value(read_span, (time(), time())))
    teams = _named(fields["teams"], lambda team: _read_team(team, people))
    rota = Rota(
        post=PostCode(post),
        first=_optional(fields, "from", read_date),
        last=_optional(fields, "until", read_date),
        hours=tuple(hours.values()),
        round=_read_places(fields, hours, teams),
        kinds=_read_kinds(fields["days"]) if "days" in fields else frozenset(),
        moved=_read_moved(fields["except"]) if "except" in fields else {},
    )
    if len(place.findings) == before:
        _check(rota, fields)
    return rota if len(place.findings) == before else None


def _optional(fields: Mapping[str, Place], key: str, read: Callable[[str], T]) -> T | None:
    return fields[key].value(read, None) if key in fields else None


def _named(place: Place, read: Callable[[Place], T]) -> dict[str, T]:
    """The values of a list by their numbers, from 1, or of a block by their names."""
    if place.is_block():
        return {name: read(entry) for name, entry in place.named()}
    return {str(number): read(entry) for number, entry in enumerate(place.entries(), start=1)}


def _known(place: Place, what: str, known: frozenset[str] | None) -> str:
    """The id here, with a finding when it is none or names nothing."""

    def read(text: str) -> str:
        name = read_id(text)
        if known is not None and name not in known:
            raise BadValue(f"there is no {what} {name!r}", f"add it to the table, or mend the {what}'s id")
        return name

    return place.value(read, "")


def _read_team(place: Place, people: frozenset[str] | None) -> Team:
    if not place.is_list():
        place.refuse(BadValue("it is no team", "write every team in brackets: teams: [[p1, p2], [p3]]"))
        return ()
    return tuple(dict.fromkeys(PersonId(_known(one, "person", people)) for one in place.entries()))


def _read_places(
    fields: Mapping[str, Place], hours: Mapping[str, Span], teams: Mapping[str, Team]
) -> tuple[tuple[Team | None, ...], ...]:
    """Who stands what on each day of the round; without a table the teams move on by one place a day."""
    before = len(fields["post"].findings)
    if not hours:
        fields["hours"].refuse(BadValue("there are no hours", 'write such as ["08:00-20:00", "20:00-08:00"]'))
    if len({start for start, _ in hours.values()}) < len(hours):
        fields["hours"].refuse(BadValue("two spans start at the same time", "join them into one"))
    if "round" in fields:
        return read_round(fields["round"], fields["teams"], hours, teams)
    if len(teams) < max(1, len(hours)):
        mend = f"write at least {max(1, len(hours))}, or fewer hours, or the table round:"
        fields["teams"].refuse(BadValue(f"{len(teams)} teams cannot fill {len(hours)} spans a day", mend))
    return wheel(tuple(teams.values()), len(hours)) if len(fields["post"].findings) == before else ()


def _read_kinds(place: Place) -> frozenset[DayKind]:
    entries = place.entries() if place.is_list() else [place]
    if not entries:
        place.refuse(BadValue("no day is named", "write workdays, or leave the line out for every day"))
    return frozenset(entry.value(_read_kind, DayKind.MON) for entry in entries)


def _read_kind(text: str) -> DayKind:
    kind = _KINDS.get(text.lower())
    if kind is None:
        raise unknown("kind of day", text, [kind.value for kind in DayKind])
    return kind


def _read_moved(place: Place) -> dict[date, date | None]:
    moved: dict[date, date | None] = {}
    for name, entry in place.named():
        try:
            moved[read_date(name)] = entry.value(_read_target, None)
        except BadValue as bad:
            entry.refuse(bad)
    return moved


def _read_target(text: str) -> date | None:
    if text.lower() in _OFF:
        return None
    try:
        return read_date(text)
    except BadValue:
        mend = "write off (休), or the day on which it is stood instead, such as 2026-12-02"
        raise BadValue(f"{text!r} is neither off nor a date", mend) from None


def _check(rota: Rota, fields: Mapping[str, Place]) -> None:
    """What only the pattern as a whole can get wrong."""
    if rota.first and rota.last and rota.last < rota.first:
        fields["until"].refuse(BadValue("it is before 'from'", "write a later day"))
    if rota.kinds and rota.first is None:
        mend = "add from: with the day on which the first team begins"
        fields["days"].refuse(BadValue("the round is counted from a first day, and there is none", mend))
    _check_cycle(rota, fields)
    for source, entry in _exceptions(fields):
        if (bad := _bad_exception(rota, source)) is not None:
            entry.refuse(bad)


def _check_cycle(rota: Rota, fields: Mapping[str, Place]) -> None:
    days = len(rota.round)
    cycle = fields["cycle"].value(read_duration, days * DAY) if "cycle" in fields else days * DAY
    if cycle != days * DAY:
        why = "as many as a row of the table has" if "round" in fields else "one for each team"
        fields["cycle"].refuse(BadValue(f"the round takes {days} days, {why}", f"write {days}d"))


def _exceptions(fields: Mapping[str, Place]) -> list[tuple[date, Place]]:
    places = fields["except"].named() if "except" in fields else []
    return [(read_date(name), entry) for name, entry in places]


def _bad_exception(rota: Rota, source: date) -> BadValue | None:
    target = rota.moved[source]
    if not rota.contains(source):
        return BadValue(f"{source} is no day of this pattern", "write a day between from and until")
    taken = target is not None and not rota.kinds and rota.contains(target) and target not in rota.moved
    if taken or sum(other == target for other in rota.moved.values() if other is not None) > 1:
        problem = f"{target} has shifts of its own"
        return BadValue(problem, f"move those too: {target}: off, or {target}: {source}")
    return None


def _collide(one: Rota, other: Rota) -> bool:
    """Whether both yield a shift of the same post at the same time."""
    if one.post != other.post or are_apart(one.kinds, other.kinds):
        return False
    apart = (one.last and other.first and one.last < other.first) or (
        other.last and one.first and other.last < one.first
    )
    return not apart and bool({start for start, _ in one.hours} & {start for start, _ in other.hours})
