"""Where tables come from: CSV files in any usual encoding, or the sheets of one XLSX file."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from notifier.files.findings import BadValue, Findings

Cell = str | BadValue
"""A cell's text without blanks around it, or why it cannot be read."""

_DELIMITERS = ",\t;，"
_EXACT_UP_TO = 10**15
"""Spreadsheets keep 15 digits of a number; what is longer was rounded."""
_BROKEN_FORMULA = re.compile(r"#(?:[A-Z0-9/]+[!?]|N/A|GETTING_DATA)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a table; ``line`` counts from 1."""

    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table as it stands, rows of nothing left out. ``file`` is what findings call it."""

    file: str
    rows: tuple[Row, ...]


def decode(content: bytes) -> str:
    """Text from UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030 with its older forms GBK and GB2312.

    Raises BadValue.
    """
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for name in (encoding, "gb18030"):
        try:
            return content.decode(name)
        except UnicodeDecodeError:
            continue
    raise BadValue("the text is neither UTF-8 nor GBK", "save it as CSV UTF-8")


def read_text_file(path: Path, findings: Findings) -> str | None:
    """The file's text; None, with a finding, when it cannot be read."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        findings.add(path.name, 0, "", BadValue(f"cannot be read ({error.strerror})", "check the file"))
    except BadValue as bad:
        findings.add(path.name, 0, "", bad)
    return None


def csv_sheet(path: Path, findings: Findings) -> Sheet | None:
    """The table of a CSV file; None, with a finding, when it is no such file."""
    text = read_text_file(path, findings)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    rows: list[Row] = []
    line = 1
    try:
        for cells in reader:
            rows.append(Row(line=line, cells=tuple(cell.strip() for cell in cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        mend = 'close every quotation mark, and write a " inside a quoted cell as ""'
        findings.add(path.name, line, "", BadValue(f"this row is no CSV ({error})", mend))
        return None
    return Sheet(file=path.name, rows=tuple(_without_empty(rows)))


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def _without_empty(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if any(row.cells))


def xlsx_sheets(path: Path, tables: Mapping[str, str], findings: Findings) -> dict[str, Sheet]:
    """The sheets of an XLSX file whose lower-case names ``tables`` turns into table names.

    None, with a finding, when it is no such file or one table has two sheets.
    """
    try:
        book = CalamineWorkbook.from_path(str(path))
        named = [
            (tables[name.strip().lower()], name)
            for name in book.sheet_names
            if name.strip().lower() in tables
        ]
        sheets = {table: _xlsx_sheet(path.name, name, book) for table, name in named}
    except PasswordError:
        findings.add(path.name, 0, "", BadValue("it has a password", "save it without one"))
        return {}
    except (CalamineError, OSError) as error:
        mend = "save it anew as .xlsx, or as CSV UTF-8"
        findings.add(path.name, 0, "", BadValue(f"it is no XLSX file ({error})", mend))
        return {}
    if len(sheets) < len(named):
        findings.add(path.name, 0, "", BadValue("two sheets hold the same table", "keep one of them"))
    return sheets


def _xlsx_sheet(file: str, name: str, book: CalamineWorkbook) -> Sheet:
    table = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    rows = (Row(line=line, cells=tuple(map(_cell, cells))) for line, cells in enumerate(table, start=1))
    return Sheet(file=f"{file}/{name}", rows=tuple(_without_empty(rows)))


def _cell(value: str | float | bool | date | datetime | time | timedelta) -> Cell:
    """A spreadsheet's value as the text that was meant, where that is certain."""
    if isinstance(value, str):
        if _BROKEN_FORMULA.fullmatch(value):
            return BadValue(f"{value!r} is a formula that failed", "write the value itself")
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
        return BadValue(f"'{value:.0f}' was rounded by the spreadsheet", "format it as text and type it anew")
    if value != int(value):
        return BadValue(f"'{value}' is not what this column holds", "format the column as text")
    return str(int(value))
