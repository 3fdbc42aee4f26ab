"""Roster files, a folder of them or one spreadsheet, as values: all of them, or none and every reason why."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from notifier.domain.rota import Rota
from notifier.errors import Finding
from notifier.files import references
from notifier.files.columns import POSTS, UNITS, Reading, offices_table, people_table, shifts_table
from notifier.files.findings import BadValue, Findings, unknown
from notifier.files.references import Names
from notifier.files.roster_files import Known, RosterFiles
from notifier.files.rotas import read_rotas
from notifier.files.sources import Sheet, csv_sheet, read_text_file
from notifier.files.spreadsheets import xlsx_sheets
from notifier.files.tables import Content, Table, read_table

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

T = TypeVar("T")


def read_roster(
    source: Path,
    *,
    zone: ZoneInfo,
    known: Known | None = None,
    country: str = "CN",
    locale: str = "zh",
) -> RosterFiles:
    """Read a folder of CSV files and rotas.yaml, or an XLSX file with a sheet for each table.

    ``zone`` is the civil time of times without an offset, ``country`` that of phone numbers without one,
    ``locale`` the language of people without one. Rows may refer to what the files bring and, where the
    file that would bring it is absent, to ``known``. Raises FileRefused with every bad place.
    """
    findings = Findings()
    sheets, rotas_text = _open(source, findings)
    reader = _Reader(sheets, Reading(zone=zone, country=country, locale=locale), findings)
    roster = reader.read(known or Known(), rotas_text)
    findings.refuse_if_any()
    return replace(roster, warnings=(*_strangers(source), *roster.warnings))


def _strangers(source: Path) -> Iterator[Finding]:
    """A warning for each table that is left unread for its name."""
    for path in sorted(source.glob("*.csv")):
        if path.stem not in TABLES:
            near = unknown("roster file", path.name, [f"{name}.csv" for name in TABLES])
            yield Finding(file=path.name, line=0, column="", problem=near.problem, mend=near.mend)


def _open(source: Path, findings: Findings) -> tuple[dict[str, Sheet | None], str | None]:
    """The tables at hand by name (None: unreadable), and the text of rotas.yaml if there is one."""
    if source.is_dir():
        paths = {name: source / f"{name}.csv" for name in TABLES}
        sheets = {name: csv_sheet(path, findings) for name, path in paths.items() if path.exists()}
        rotas = source / ROTAS
        if not sheets and not rotas.exists():
            names = ", ".join(path.name for path in paths.values())
            findings.add(
                source.name, 0, "", BadValue("the folder holds no roster file", f"add one of {names}")
            )
        return sheets, read_text_file(rotas, findings) if rotas.exists() else None
    if not source.exists():
        findings.add(source.name, 0, "", BadValue("there is no such file or folder", "check the path"))
    elif source.suffix.lower() != ".xlsx":
        mend = "give a folder of CSV files, or an .xlsx file"
        findings.add(source.name, 0, "", BadValue("it is neither a folder nor an .xlsx file", mend))
    else:
        return _open_xlsx(source, findings), None
    return {}, None


def _open_xlsx(source: Path, findings: Findings) -> dict[str, Sheet | None]:
    before = len(findings)
    sheets: dict[str, Sheet | None] = {**xlsx_sheets(source, _SHEETS, findings)}
    if not sheets and len(findings) == before:
        mend = f"name the sheets {', '.join(TABLES)}"
        findings.add(source.name, 0, "", BadValue("no sheet has the name of a table", mend))
    return sheets


class _Reader:
    """Reads the sheets of one import, in the order in which they build on each other."""

    def __init__(self, sheets: dict[str, Sheet | None], reading: Reading, findings: Findings) -> None:
        self._sheets = sheets
        self._reading = reading
        self._findings = findings

    def read(self, known: Known, rotas_text: str | None) -> RosterFiles:
        units = self._table(UNITS)
        people = self._table(people_table(self._reading))
        offices = self._table(offices_table(self._reading))
        posts = self._table(POSTS)
        shifts = self._table(shifts_table(self._reading))
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
        )

    def _table(self, table: Table[T]) -> Content[T] | None:
        sheet = self._sheets.get(table.name)
        return read_table(sheet, table, self._findings) if sheet else None

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
