"""To whom a broadcast goes: ``unit:T1,office:secretary`` and the like, read once and held against people.

An expression's terms all hold; of several expressions one suffices. The store may translate the terms;
``matches`` and ``select`` are what they mean.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Person


@dataclass(frozen=True, slots=True)
class InUnit:
    """``unit:CODE``: whose unit is that one, or below it."""

    code: UnitCode


@dataclass(frozen=True, slots=True)
class HoldsOffice:
    """``office:TITLE``: who holds a seat of that title anywhere."""

    title: str


@dataclass(frozen=True, slots=True)
class StandsAtPost:
    """``post:KIND``: who is rostered at a post of that kind, or covers there; not who is covered."""

    kind: str


@dataclass(frozen=True, slots=True)
class IsPerson:
    """``person:ID``."""

    id: PersonId


Term = InUnit | HoldsOffice | StandsAtPost | IsPerson
Clause = tuple[Term, ...]
"""Terms that must all hold."""
Audience = tuple[Clause, ...]
"""Clauses of which one suffices."""

_SAME = str.maketrans("：，", ":,")


class Flaw(StrEnum):
    """What may be wrong with an expression."""

    MISSING = "missing"
    NO_PAIR = "no_pair"
    NO_SUCH_NAME = "no_such_name"


class BadAudience(ValueError):
    """An expression that cannot be read, in one line. ``part``: the piece of it that has the flaw."""

    def __init__(self, flaw: Flaw, told: str, part: str = "") -> None:
        """Keep what is wrong beside the line."""
        super().__init__(told)
        self.flaw = flaw
        self.part = part


def parse_audience(expressions: Sequence[str]) -> Audience:
    """Read the expressions. Raises BadAudience, in one line, for the first that is wrong, or for none."""
    if not expressions:
        raise BadAudience(Flaw.MISSING, "no audience: give unit:CODE, office:TITLE, post:KIND or person:ID")
    return tuple(_clause(expression) for expression in expressions)


def _clause(expression: str) -> Clause:
    terms = [_term(part.strip(), expression) for part in expression.translate(_SAME).split(",")]
    return tuple(dict.fromkeys(terms))


def _term(part: str, expression: str) -> Term:
    name, colon, value = (piece.strip() for piece in part.partition(":"))
    if not colon or not value:
        raise BadAudience(
            Flaw.NO_PAIR, f"{expression!r}: {part!r} is not NAME:VALUE; write for instance unit:BS01", part
        )
    match name:
        case "unit":
            return InUnit(UnitCode(value))
        case "office":
            return HoldsOffice(value)
        case "post":
            return StandsAtPost(value)
        case "person":
            return IsPerson(PersonId(value))
    raise BadAudience(
        Flaw.NO_SUCH_NAME, f"{expression!r}: there is no {name!r}; use unit, office, post or person", name
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What the terms are held against. ``parents``: each unit's parent. ``rostered``: people by post kind."""

    parents: Mapping[UnitCode, UnitCode | None]
    offices: Collection[Office] = ()
    rostered: Mapping[str, Collection[PersonId]] = field(default_factory=dict)


def select(audience: Audience, people: Iterable[Person], directory: Directory) -> list[PersonId]:
    """Everybody of ``people`` in the audience, each once, in order of id."""
    holders = _holders(directory)
    return sorted({person.id for person in people if _in_audience(audience, person, directory, holders)})


def matches(audience: Audience, person: Person, directory: Directory) -> bool:
    """Whether that person is in the audience."""
    return _in_audience(audience, person, directory, _holders(directory))


_Holders = Mapping[str, frozenset[PersonId]]


def _holders(directory: Directory) -> _Holders:
    by_title: dict[str, set[PersonId]] = {}
    for office in directory.offices:
        if office.person is not None:
            by_title.setdefault(office.title, set()).add(office.person)
    return {title: frozenset(people) for title, people in by_title.items()}


def _in_audience(audience: Audience, person: Person, directory: Directory, holders: _Holders) -> bool:
    return any(all(_holds(term, person, directory, holders) for term in clause) for clause in audience)


def _holds(term: Term, person: Person, directory: Directory, holders: _Holders) -> bool:
    match term:
        case InUnit(code):
            return _is_within(person.unit, code, directory.parents)
        case HoldsOffice(title):
            return person.id in holders.get(title, ())
        case StandsAtPost(kind):
            return person.id in directory.rostered.get(kind, ())
        case IsPerson(person_id):
            return person.id == person_id


def _is_within(unit: UnitCode, top: UnitCode, parents: Mapping[UnitCode, UnitCode | None]) -> bool:
    seen: set[UnitCode] = set()
    here: UnitCode | None = unit
    while here is not None and here not in seen:
        if here == top:
            return True
        seen.add(here)
        here = parents.get(here)
    return False
