"""Text files in any usual encoding, and the tables in them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from notifier.files.findings import BadValue, Findings

Cell = str | BadValue
"""A cell's text without blanks around it, or why it cannot be read."""

_DELIMITERS = ",\t;，"


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
            rows.append(Row(line=line, cells=tuple(_plain(cell) for cell in cells)))
            line = reader.line_num + 1
    except csv.Error as error:
        mend = 'close every quotation mark, and write a " inside a quoted cell as ""'
        findings.add(path.name, line, "", BadValue(f"this row is no CSV ({error})", mend))
        return None
    return Sheet(file=path.name, rows=tuple(without_empty(rows)))


def _plain(cell: str) -> str:
    """The cell without blanks around it, and without a formula (``="138"``) that keeps a number a text."""
    text = cell.strip()
    return text[2:-1].strip() if text.startswith('="') and text.endswith('"') else text


def _delimiter(text: str) -> str:
    header = text.lstrip().partition("\n")[0]
    return max(_DELIMITERS, key=header.count)


def without_empty(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows in which something stands."""
    return (row for row in rows if any(row.cells))
