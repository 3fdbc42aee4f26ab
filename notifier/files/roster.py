"""Roster files, a folder of them or one spreadsheet, as values: all of them, or none and every reason why."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from notifier.domain.rota import Rota
from notifier.errors import Finding
from notifier.files import references
from notifier.files.columns import POSTS, UNITS, Reading, offices_table, people_table, shifts_table
from notifier.files.findings import BadValue, Findings, unknown
from notifier.files.identities import roll_of, seats_by_id, shifts_by_id, with_ids
from notifier.files.references import Names
from notifier.files.roster_files import Known, PersonRow, RosterFiles
from notifier.files.rotas import read_rotas
from notifier.files.sources import Sheet, csv_sheet, read_text_file
from notifier.files.spreadsheets import xlsx_sheets
from notifier.files.tables import Content, Table, is_headed_as, read_table

TABLES = ("units", "people", "offices", "posts", "shifts")
ROTAS = "rotas.yaml"

_SHEETS = {
    "单位": "units",
    "人员": "people",
    "职务": "offices",
    "岗位": "posts",
    "班次": "shifts",
    "排班": "shifts",
} | {name: name for name in TABLES}

_BETWEEN = re.compile(r"[\s\-_·—:：（）()]+")

_Sheets = dict[str, list[Sheet] | None]
"""The sheets of each table at hand; None: they cannot be read."""

T = TypeVar("T")


def read_roster(
    source: Path,
    *,
    zone: ZoneInfo,
    known: Known | None = None,
    country: str = "CN",
    locale: str = "zh",
) -> RosterFiles:
    """Read a folder of CSV files and rotas.yaml, or an XLSX file with a sheet, or several, for each table.

    ``zone`` is the civil time of times without an offset, ``country`` that of phone numbers without one,
    ``locale`` the language of people without one. Rows may refer to what the files bring and, where the
    file that would bring it is absent, to ``known``. Raises FileRefused with every bad place.
    """
    findings = Findings()
    sheets, unread, rotas_text = _open(source, findings)
    reader = _Reader(sheets, Reading(zone=zone, country=country, locale=locale), findings)
    roster = reader.read(known or Known(), rotas_text)
    findings.refuse_if_any()
    return replace(roster, warnings=(*_strangers(source), *unread, *roster.warnings))


def _strangers(source: Path) -> Iterator[Finding]:
    """A warning for each table that is left unread for its name."""
    for path in sorted(source.glob("*.csv")):
        if path.stem not in TABLES:
            near = unknown("roster file", path.name, [f"{name}.csv" for name in TABLES])
            yield Finding(file=path.name, line=0, column="", problem=near.problem, mend=near.mend)


def _open(source: Path, findings: Findings) -> tuple[_Sheets, list[Finding], str | None]:
    """The tables at hand, a warning for each sheet left unread, and the text of rotas.yaml, if any."""
    if source.is_dir():
        paths = {name: source / f"{name}.csv" for name in TABLES}
        read = {name: csv_sheet(path, findings) for name, path in paths.items() if path.exists()}
        sheets: _Sheets = {name: [sheet] if sheet else None for name, sheet in read.items()}
        rotas = source / ROTAS
        if not sheets and not rotas.exists():
            names = ", ".join(path.name for path in paths.values())
            findings.add(
                source.name, 0, "", BadValue("the folder holds no roster file", f"add one of {names}")
            )
        return sheets, [], read_text_file(rotas, findings) if rotas.exists() else None
    if not source.exists():
        findings.add(source.name, 0, "", BadValue("there is no such file or folder", "check the path"))
    elif source.suffix.lower() != ".xlsx":
        mend = "give a folder of CSV files, or an .xlsx file"
        findings.add(source.name, 0, "", BadValue("it is neither a folder nor an .xlsx file", mend))
    else:
        return *_open_xlsx(source, findings), None
    return {}, [], None


def _open_xlsx(source: Path, findings: Findings) -> tuple[_Sheets, list[Finding]]:
    """The sheets by table, several of one in their order, and a warning for each that is left unread."""
    before = len(findings)
    sheets: _Sheets = {}
    unread: list[Finding] = []
    for name, sheet in xlsx_sheets(source, findings).items():
        table = table_named(name) or _table_headed(sheet)
        if table is not None:
            sheets[table] = [*(sheets.get(table) or []), sheet]
        elif sheet.rows:
            problem, mend = "the sheet is no table's and was not read", f"name it {', '.join(TABLES)}"
            unread.append(Finding(file=sheet.file, line=0, column="", problem=problem, mend=mend))
    if not sheets and len(findings) == before:
        mend = f"name the sheets {', '.join(TABLES)}"
        findings.add(source.name, 0, "", BadValue("no sheet has the name of a table", mend))
    return sheets, unread


def table_named(sheet: str) -> str | None:
    """The table that a sheet's name says, alone or beside a town's (``人员-白石街道``, ``Baishi people``)."""
    plain = sheet.strip().lower()
    words = {word for word in _BETWEEN.split(plain) if word}
    found = {table for name, table in _SHEETS.items() if name == plain or name in words}
    return found.pop() if len(found) == 1 else None


def _table_headed(sheet: Sheet) -> str | None:
    """The table whose header the sheet has, where no other has the same: sheets named after towns alone."""
    reading = Reading(zone=ZoneInfo("UTC"), country="", locale="")
    tables: tuple[Table[Any], ...] = (
        UNITS,
        people_table(reading),
        offices_table(reading),
        POSTS,
        shifts_table(reading),
    )
    found = [table.name for table in tables if is_headed_as(sheet, table)]
    return found[0] if len(found) == 1 else None


class _Reader:
    """Reads the sheets of one import, in the order in which they build on each other."""

    def __init__(self, sheets: _Sheets, reading: Reading, findings: Findings) -> None:
        self._sheets = sheets
        self._reading = reading
        self._findings = findings

    def read(self, known: Known, rotas_text: str | None) -> RosterFiles:
        units = self._table(UNITS)
        people = self._people(known)
        offices = self._table(offices_table(self._reading))
        posts = self._table(POSTS)
        shifts = self._table(shifts_table(self._reading))
        if offices is not None or shifts is not None:
            roll = roll_of(people, known)
            offices = seats_by_id(offices, roll) if offices else None
            shifts = shifts_by_id(shifts, _values(posts) or (), roll) if shifts else None
        names = Names(
            units=self._names("units", units, known.units),
            people=self._names("people", people, known.people),
            posts=self._names("posts", posts, known.posts),
        )
        if units is not None:
            references.check_tree(units, self._findings)
        self._check(references.check_people, people, names)
        self._check(references.check_offices, offices, names)
        self._check(references.check_posts, posts, names)
        self._check(references.check_shifts, shifts, names)
        return RosterFiles(
            units=_values(units),
            people=_values(people),
            offices=_values(offices),
            posts=_values(posts),
            shifts=_values(shifts),
            rotas=self._rotas(rotas_text, names),
            rotas_text=rotas_text,
            warnings=(*_odd(references.odd_offices, offices), *_odd(references.odd_shifts, shifts)),
            people_file=people.file if people else "",
        )

    def _people(self, known: Known) -> Content[PersonRow] | None:
        people = self._table(people_table(self._reading))
        return with_ids(people, known, self._findings) if people else None

    def _table(self, table: Table[T]) -> Content[T] | None:
        sheets = self._sheets.get(table.name)
        return read_table(sheets, table, self._findings) if sheets else None

    def _names(self, table: str, content: Content[T] | None, known: frozenset[str]) -> frozenset[str] | None:
        if content is not None:
            return content.names
        return None if table in self._sheets else known

    def _check(
        self,
        check: Callable[[Content[T], Names, Findings], None],
        content: Content[T] | None,
        names: Names,
    ) -> None:
        if content is not None:
            check(content, names, self._findings)

    def _rotas(self, text: str | None, names: Names) -> tuple[Rota, ...] | None:
        if text is None:
            return None
        return read_rotas(text, self._findings, posts=names.posts, people=names.people)


def _values(content: Content[T] | None) -> tuple[T, ...] | None:
    return None if content is None else tuple(line.value for line in content.lines)


def _odd(check: Callable[[Content[T]], Iterable[Finding]], content: Content[T] | None) -> tuple[Finding, ...]:
    return () if content is None else tuple(check(content))
