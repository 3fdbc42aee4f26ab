"""Who reads what, daily: each person one message about all units that are his, whatever offices he holds.

Coverage goes to whoever can mend it, the liaison; what has no liaison goes to the desk above it, and the
desk at the top also learns how many matters each town has. Digests go to everybody who answers for a unit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifier.domain.case import Case
from notifier.domain.chain import LIAISON, first_reachable, read_chain, secretary_or_stand_in
from notifier.domain.coverage import Concern, Weakness
from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.policy import Kind, Step
from notifier.domain.roster import DUTY_DESK, Lineage, Person, Post, Shift, Unit, UnitKind
from notifier.domain.sheet import Sheet

DIGEST_SPAN = timedelta(hours=12)
"""How far ahead a digest names who is on: up to the next one, as a rule."""

NEARLY_OVER = timedelta(hours=1)
"""A shift that ends within this is no news any more."""

MISSED_OVER = timedelta(days=1)
"""How far back a digest tells which shifts were missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who answers for one unit, as far as reachable. ``desks`` are those of the unit and of all above it."""

    secretary: PersonId | None = None
    liaison: PersonId | None = None
    desks: Mapping[UnitCode, tuple[PersonId, ...]] = field(default_factory=dict)

    @property
    def nearest_desk(self) -> tuple[PersonId, ...]:
        """Whoever is the desk, nearest first."""
        return next((people for people in self.desks.values() if people), ())

    @property
    def everybody(self) -> tuple[PersonId, ...]:
        """All of them, each once."""
        named = (self.secretary, self.liaison, *(p for people in self.desks.values() for p in people))
        return tuple(dict.fromkeys(person for person in named if person))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A shift ahead: who is to come, and how many are missing."""

    shift: Shift
    post: Post
    people: tuple[PersonId, ...]
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitReport:
    """What is to be said about one unit. ``town`` is the unit that its matters are counted under.

    ``posts`` are those that it keeps, ``people`` those named in it. ``open_cases`` are not those about lists,
    which are ``unsigned`` and ``unverified``.
    """

    unit: Unit
    town: Unit
    readers: Readers
    posts: Mapping[PostCode, Post] = field(default_factory=dict)
    people: Mapping[PersonId, Person] = field(default_factory=dict)
    weaknesses: tuple[Weakness, ...] = ()
    turns: tuple[Turn, ...] = ()
    open_cases: tuple[Case, ...] = ()
    missed: tuple[Case, ...] = ()
    unsigned: tuple[Sheet, ...] = ()
    unverified: tuple[Sheet, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether a digest has nothing to say about the unit."""
        return not (self.turns or self.open_cases or self.missed or self.unsigned or self.unverified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """What one person is told: about his units in order, and the number of matters by town (desk only)."""

    person: PersonId
    reports: tuple[UnitReport, ...]
    towns: tuple[tuple[Unit, int], ...] = ()

    @property
    def weaknesses(self) -> tuple[Weakness, ...]:
        """What is to be mended in his units, the gravest first; who holds several seats is named once."""
        found: dict[object, Weakness] = {}
        for number, weakness in enumerate(w for report in self.reports for w in report.weaknesses):
            is_about_somebody = weakness.concern is Concern.SILENCED
            found.setdefault(weakness.people if is_about_somebody else number, weakness)
        return tuple(sorted(found.values(), key=lambda weakness: _GRAVITY[weakness.concern]))


_GRAVITY = {concern: rank for rank, concern in enumerate(Concern)}


def readers_of(lineage: Lineage, now: datetime) -> Readers:
    """Who answers for that unit at ``now`` and can be reached."""
    step = Step(call=LIAISON, wait=timedelta())
    is_village = lineage.unit.kind is UnitKind.VILLAGE
    return Readers(
        secretary=secretary_or_stand_in(lineage, now) if is_village else None,
        liaison=first_reachable(read_chain((step,), lineage, now=now)),
        desks={unit.code: _desk_of(unit, lineage, now) for unit in lineage.units},
    )


def _desk_of(unit: Unit, lineage: Lineage, now: datetime) -> tuple[PersonId, ...]:
    step = Step(call=DUTY_DESK, wait=timedelta())
    return read_chain((step,), replace(lineage, units=(unit,)), now=now).desk


def coverage_bulletins(reports: Sequence[UnitReport]) -> list[Bulletin]:
    """Who is told to mend what; nobody where nothing is to be mended. In order of person.

    Each unit's weaknesses go to its liaison, else to the nearest desk; the desk of the topmost unit gets the
    towns' numbers besides.
    """
    weak = [report for report in reports if report.weaknesses]
    told: dict[PersonId, list[UnitReport]] = {}
    top: dict[PersonId, None] = {}
    for report in weak:
        readers = report.readers
        for person in (readers.liaison,) if readers.liaison else readers.nearest_desk:
            told.setdefault(person, []).append(report)
        topmost = list(readers.desks.values())[-1:]
        top |= dict.fromkeys(person for people in topmost for person in people)
    towns = _by_town(weak)
    return [
        Bulletin(person=person, reports=tuple(told.get(person, ())), towns=towns if person in top else ())
        for person in sorted({*told, *top})
    ]


def digest_bulletins(reports: Sequence[UnitReport]) -> list[Bulletin]:
    """Who is told how things stand in which units, each person once; in order of person."""
    told: dict[PersonId, list[UnitReport]] = {}
    for report in reports:
        # A town or a city that keeps no post of its own is no news; a village is counted all the same.
        if not report.is_empty or report.unit.kind is UnitKind.VILLAGE:
            for person in report.readers.everybody:
                told.setdefault(person, []).append(report)
    return [
        Bulletin(person=person, reports=tuple(own))
        for person, own in sorted(told.items())
        if not all(report.is_empty for report in own)
    ]


def is_listed_apart(case: Case) -> bool:
    """Whether that case is about a list, of which a digest speaks by itself."""
    return case.kind in (Kind.UNSIGNED, Kind.UNVERIFIED)


def _by_town(reports: Iterable[UnitReport]) -> tuple[tuple[Unit, int], ...]:
    counted: dict[UnitCode, tuple[Unit, int]] = {}
    for report in reports:
        _, number = counted.get(report.town.code, (report.town, 0))
        counted[report.town.code] = (report.town, number + len(report.weaknesses))
    return tuple(sorted(counted.values(), key=lambda town: (-town[1], town[0].code)))
