"""Checks between rows and between files: what one row alone cannot get wrong."""

from collections.abc import Iterable
from dataclasses import dataclass

from notifier.domain.roster import LONGEST_SHIFT, Office, OfficeStatus, Post, Shift, Unit, UnitKind, overlaps
from notifier.errors import Finding
from notifier.files.findings import BadValue, Findings
from notifier.files.roster_files import PersonRow
from notifier.files.tables import Content, Line

_LEVELS = {UnitKind.CITY: 0, UnitKind.TOWN: 1, UnitKind.VILLAGE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Ids that rows may refer to; None when they cannot be told (the file that brings them is unreadable)."""

    units: frozenset[str] | None
    people: frozenset[str] | None
    posts: frozenset[str] | None


def check_tree(units: Content[Unit], findings: Findings) -> None:
    """Report parents that are missing or not above their unit, and a tree that has not exactly one root.

    A parent must be of a higher kind, so that no circle is possible.
    """
    by_code = {line.value.code: line.value for line in units.lines}
    roots: list[Line[Unit]] = []
    for line in units.lines:
        unit = line.value
        if unit.parent is None:
            roots.append(line)
        elif unit.parent not in units.names:
            _refuse(line, "parent", _nothing("unit", unit.parent), findings)
        elif unit.parent in by_code and not _above(by_code[unit.parent], unit):
            _refuse(line, "parent", _not_above(by_code[unit.parent], unit), findings)
    for line in roots[1:]:
        bad = BadValue(f"there is a second unit without a parent ({roots[0].value.code})", "give it a parent")
        _refuse(line, "parent", bad, findings)
    if not roots and units.names <= by_code.keys():
        bad = BadValue("no unit is without a parent", "leave the parent of the topmost unit empty")
        findings.add(units.file, 0, "parent", bad)


def _above(parent: Unit, unit: Unit) -> bool:
    return _LEVELS[parent.kind] < _LEVELS[unit.kind]


def _not_above(parent: Unit, unit: Unit) -> BadValue:
    problem = f"a {unit.kind} cannot stand below {parent.code!r}, which is a {parent.kind}"
    return BadValue(problem, "city stands above town, town above village")


def check_people(people: Content[PersonRow], names: Names, findings: Findings) -> None:
    """Report people of units that do not exist."""
    for line in people.lines:
        _check_name(line, "unit", line.value.person.unit, names.units, findings)


def check_offices(offices: Content[Office], names: Names, findings: Findings) -> None:
    """Report seats of units, and holders, that do not exist."""
    for line in offices.lines:
        _check_name(line, "unit", line.value.unit, names.units, findings)
        if line.value.person is not None:
            _check_name(line, "person", line.value.person, names.people, findings)


def check_posts(posts: Content[Post], names: Names, findings: Findings) -> None:
    """Report posts of units that do not exist."""
    for line in posts.lines:
        _check_name(line, "unit", line.value.unit, names.units, findings)


def check_shifts(shifts: Content[Shift], names: Names, findings: Findings) -> None:
    """Report posts and people that do not exist, and spans that are no shift."""
    for line in shifts.lines:
        shift = line.value
        _check_name(line, "post", shift.post, names.posts, findings)
        for person in shift.people:
            _check_name(line, "people", person, names.people, findings, what="person")
        if shift.end <= shift.start:
            bad = BadValue("it does not end after it starts", "write a later end, with its date")
            _refuse(line, "end", bad, findings)
        elif shift.end - shift.start > LONGEST_SHIFT:
            bad = BadValue("it is longer than 48 hours", "check the dates, or write several shifts")
            _refuse(line, "end", bad, findings)


def odd_shifts(shifts: Content[Shift]) -> Iterable[Finding]:
    """A warning for each shift that puts somebody in two places at once."""
    lines = {line.value.key: line for line in shifts.lines}
    for person, earlier, later in overlaps(line.value for line in shifts.lines):
        yield Finding(
            file=lines[later.key].file,
            line=lines[later.key].line,
            column="people",
            problem=f"{person!r} is still on {earlier.post} then (line {lines[earlier.key].line})",
            mend="check which of the two is right; both are taken",
        )


def odd_offices(offices: Content[Office]) -> Iterable[Finding]:
    """A warning for each ``until`` that ends nothing."""
    for line in offices.lines:
        if line.value.until is not None and line.value.status is not OfficeStatus.ABSENT:
            yield Finding(
                file=line.file,
                line=line.line,
                column="until",
                problem=f"it has no effect, since the status is {line.value.status}",
                mend="write the status absent, or leave until empty",
            )


def _check_name(
    line: Line[object],
    column: str,
    name: str,
    known: frozenset[str] | None,
    findings: Findings,
    what: str = "",
) -> None:
    if known is not None and name not in known:
        _refuse(line, column, _nothing(what or column, name), findings)


def _nothing(what: str, name: str) -> BadValue:
    return BadValue(f"there is no {what} {name!r}", f"add it to the table of {_TABLES[what]}, or mend the id")


_TABLES = {"unit": "units", "person": "people", "post": "posts"}


def _refuse(line: Line[object], column: str, bad: BadValue, findings: Findings) -> None:
    findings.add(line.file, line.line, column, bad)
