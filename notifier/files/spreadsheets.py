"""The sheets of an XLSX file as tables."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zipfile import ZipFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from notifier.files.findings import BadValue, Findings
from notifier.files.sources import Cell, Row, Sheet, without_empty

_EXACT_UP_TO = 10**15
"""Spreadsheets keep 15 digits of a number; what is longer was rounded."""


def xlsx_sheets(path: Path, findings: Findings) -> dict[str, Sheet]:
    """The sheets of an XLSX file by name, in their order; none, with a finding, when it is no such file."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        broken = _has_broken_formulas(path)
        return {name: _sheet(path, name, book, broken) for name in book.sheet_names}
    except PasswordError:
        findings.add(path.name, 0, "", BadValue("it has a password", "save it without one"))
    except (CalamineError, OSError):
        mend = "save it anew as .xlsx, or as CSV UTF-8"
        findings.add(path.name, 0, "", BadValue("it is no XLSX file", mend))
    return {}


def _sheet(path: Path, name: str, book: CalamineWorkbook, broken: bool) -> Sheet:
    table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    texts = [list(map(_cell, cells)) for cells in table]
    if broken:
        _mark_broken(path, name, texts)
    rows = (Row(line=line, cells=tuple(cells)) for line, cells in enumerate(texts, start=1))
    return Sheet(file=f"{path.name}/{name}", rows=tuple(without_empty(rows)))


def _has_broken_formulas(path: Path) -> bool:
    """Whether a formula failed in any sheet: the fast reader gives such a cell as empty, like any other."""
    with ZipFile(path) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        return any(b't="e"' in parts.read(name) for name in sheets)


def _mark_broken(path: Path, name: str, texts: list[list[Cell]]) -> None:
    """Put what a failed formula shows (``#REF!``) where it stands; no reader of cells takes it."""
    # Imported here, where few ever come: it is a tenth of the time that a command takes to start.
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        for row, cells in zip(texts, book[name].iter_rows(min_row=1, min_col=1), strict=False):
            for column, cell in enumerate(cells[: len(row)]):
                if cell.data_type == "e":
                    row[column] = str(cell.value)
    finally:
        book.close()


def _cell(value: str | float | bool | date | datetime | time | timedelta) -> Cell:
    """A spreadsheet's value as the text that was meant, where that is certain."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | time | timedelta):
        return BadValue(f"'{value}' is not what this column holds", "format the column as text")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        # The reader gives midnight as a bare date; it cannot be told from one, and means the same.
        return f"{value.isoformat()} 00:00"
    return _number(value)


def _number(value: float) -> Cell:
    if abs(value) >= _EXACT_UP_TO:
        digits = len(f"{abs(value):.0f}")
        problem = f"a number of {digits} digits was rounded by the spreadsheet"
        return BadValue(problem, "format it as text and type it anew")
    if value != int(value):
        return BadValue(f"'{value}' is not what this column holds", "format the column as text")
    return str(int(value))
