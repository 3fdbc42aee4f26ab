"""People told without an id, and people told by their name: who is meant, where that is certain.

Who has no id gets one from unit and name, or keeps the one that the roster knows him by. Offices and shifts
may name somebody instead of giving his id, where nobody else is so called.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Post, Shift
from notifier.files.findings import BadValue, Findings
from notifier.files.roster_files import NO_ID, Called, Known, PersonRow
from notifier.files.tables import Content, Line, refuse_repeats

_Row = TypeVar("_Row")
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_BLANKS = re.compile(r"\s+")
_MEND = "give each of them an id"


def with_ids(people: Content[PersonRow], known: Known, findings: Findings) -> Content[PersonRow]:
    """The rows, each with an id; a row that could mean two people is reported and left out."""
    if all(line.value.id != NO_ID for line in people.lines):
        return people
    namesakes = _grouped((_called(line), line) for line in people.lines)
    lines: list[Line[PersonRow]] = []
    for line in people.lines:
        if line.value.id != NO_ID:
            lines.append(line)
            continue
        try:
            found = _id_of(line, namesakes[_called(line)], known)
        except BadValue as bad:
            findings.add(line.file, line.line, "id", bad)
            continue
        row = replace(line.value, person=replace(line.value.person, id=found))
        lines.append(replace(line, value=row))
    refuse_repeats(lines, ("id",), findings)
    names = people.names | {line.value.id for line in lines}
    return replace(people, lines=tuple(lines), names=names)


def _id_of(line: Line[PersonRow], namesakes: list[Line[PersonRow]], known: Known) -> PersonId:
    unit, name = _called(line)
    other = next((one for one in namesakes if one is not line), None)
    if other is not None:
        raise BadValue(f"{name!r} of {unit} stands in line {other.line} too", _MEND)
    before = known.named.get((unit, name), ())
    if len(before) > 1:
        raise BadValue(f"{unit} has {len(before)} people called {name!r} already", _MEND)
    return before[0] if before else made_id(unit, name)


def made_id(unit: UnitCode, name: str) -> PersonId:
    """The id of somebody who was given none."""
    return PersonId(f"{unit}-{_BLANKS.sub('_', name)}")


def _called(line: Line[PersonRow]) -> Called:
    return line.value.person.unit, line.value.person.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Who is called what: in each unit, and anywhere."""

    ids: frozenset[str]
    in_unit: Mapping[Called, list[PersonId]]
    anywhere: Mapping[str, list[PersonId]]

    def meant(self, word: PersonId, unit: UnitCode | None) -> PersonId:
        """The id that is meant by an id or a name; the word itself where that is nobody, or not certain."""
        if word in self.ids:
            return word
        near = self.in_unit.get((unit, word), []) if unit is not None else []
        found = near or self.anywhere.get(word, [])
        return found[0] if len(found) == 1 else word


def roll_of(people: Content[PersonRow] | None, known: Known) -> Roll:
    """The roll of what the file tells of people, or without one of what is known."""
    if people is None:
        pairs = [(called, person) for called, ids in known.named.items() for person in ids]
    else:
        pairs = [(_called(line), line.value.id) for line in people.lines]
    return Roll(
        ids=frozenset(person for _, person in pairs),
        in_unit=_grouped(pairs),
        anywhere=_grouped((name, person) for (_, name), person in pairs),
    )


def seats_by_id(offices: Content[Office], roll: Roll) -> Content[Office]:
    """The seats with their holders' ids in place of names."""

    def named(office: Office) -> Office:
        meant = roll.meant(office.person, office.unit) if office.person else office.person
        return office if meant == office.person else replace(office, person=meant)

    return _each(offices, named)


def shifts_by_id(shifts: Content[Shift], posts: Iterable[Post], roll: Roll) -> Content[Shift]:
    """The shifts with their people's ids in place of names; ``posts`` are those whose unit is known."""
    units = {post.code: post.unit for post in posts}

    def named(shift: Shift) -> Shift:
        if roll.ids.issuperset(shift.people):
            return shift
        meant = (roll.meant(person, units.get(shift.post)) for person in shift.people)
        return replace(shift, people=tuple(dict.fromkeys(meant)))

    return _each(shifts, named)


def _each(content: Content[_Row], change: Callable[[_Row], _Row]) -> Content[_Row]:
    changed = ((line, change(line.value)) for line in content.lines)
    lines = tuple(line if value is line.value else replace(line, value=value) for line, value in changed)
    return replace(content, lines=lines)


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    found: dict[_Key, list[_Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
