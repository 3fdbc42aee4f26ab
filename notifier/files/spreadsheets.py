"""The sheets of an XLSX file as tables."""

import re
import zlib
from datetime import date, datetime, time, timedelta
from functools import reduce
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from notifier.files.findings import BadValue, Findings
from notifier.files.sources import Cell, Row, Sheet, without_empty

_MOST_UNPACKED = 300 * 2**20
_MOST_CELLS = 4_000_000
"""Of one sheet: 60,000 people are 360,000."""
_SHEETS = "xl/worksheets/"
_TAGS = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{0,3})(\d{1,9})[\"']")
_NO_DEFLATE = (zlib.error, NotImplementedError, RuntimeError)
"""What Python's reader makes of a part that is packed in a way of its own, or encrypted."""

_EXACT_UP_TO = 10**15
"""Spreadsheets keep 15 digits of a number; what is longer was rounded."""


def xlsx_sheets(path: Path, findings: Findings) -> dict[str, Sheet]:
    """The sheets of an XLSX file by name, in their order; none, with a finding, when it is no such file."""
    try:
        if (bad := _too_large(path)) is not None:
            findings.add(path.name, 0, "", bad)
            return {}
        book = CalamineWorkbook.from_path(str(path))
        broken = _has_broken_formulas(path)
        return {name: _sheet(path, name, book, broken) for name in book.sheet_names}
    except PasswordError:
        findings.add(path.name, 0, "", BadValue("it has a password", "save it without one"))
    except (CalamineError, OSError, BadZipFile, *_NO_DEFLATE):
        mend = "save it anew as .xlsx, or as CSV UTF-8"
        findings.add(path.name, 0, "", BadValue("it is no XLSX file", mend))
    return {}


def _too_large(path: Path) -> BadValue | None:
    """Why it would not fit into memory: the reader keeps a place for each cell up to the last value."""
    if not is_zipfile(path):
        return None
    with ZipFile(path) as parts:
        if (size := sum(part.file_size for part in parts.infolist())) > _MOST_UNPACKED:
            problem = f"unpacked it would have {size // 2**20} MB"
            return BadValue(problem, "save what is needed of it as a new file, or as CSV UTF-8")
        if parts.testzip() is not None:
            raise BadZipFile
        for name in parts.namelist():
            if name.startswith(_SHEETS):
                rows, columns = _reach(parts.read(name))
                if rows * columns > _MOST_CELLS:
                    problem = f"a sheet reaches to row {rows}, column {columns}"
                    return BadValue(problem, "delete the stray cells far below or beside the table")
    return None


def _reach(sheet: bytes) -> tuple[int, int]:
    """The last row and column of a sheet in which a value stands."""
    rows = columns = row = 0
    for kind, attributes in _TAGS.findall(sheet):
        place = _PLACE.search(attributes)
        if kind == b"row":
            row = int(place[2]) if place else row + 1
        elif not attributes.endswith(b"/"):
            rows = max(rows, int(place[2]) if place else row)
            letters = place[1] if place else b""
            columns = max(columns, reduce(lambda number, letter: number * 26 + letter % 32, letters, 0))
    return rows, columns


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
        sheets = [name for name in parts.namelist() if name.startswith(_SHEETS)]
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
