"""Tables described by their columns, and the one reader for all of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Generic, TypeVar

from notifier.files.findings import BadValue, Findings, unknown
from notifier.files.sources import Cell, Row, Sheet

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _Refused:
    """Marks a column whose empty cells are refused."""


REFUSED: Final = _Refused()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its English name, other headers it goes by, and the reader of its cells.

    ``blank`` is the value of an empty cell. An optional column may be left out of the file, and out of the
    end of a row: it is blank then.
    """

    name: str
    read: Callable[[str], object]
    aliases: tuple[str, ...] = ()
    blank: object = REFUSED
    optional: bool = False


def _refuse_nameless(text: str) -> object:
    raise BadValue(f"{text!r} stands in a column without a header", "name the column or empty the cell")


_NAMELESS = Column(name="", read=_refuse_nameless, blank=None, optional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """A kind of table. ``build`` makes a row's value of its cells' values, named as the columns are."""

    name: str
    columns: tuple[Column, ...]
    build: Callable[..., T]
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Generic[T_co]):
    """A row that could be read, and where it stands."""

    file: str
    line: int
    value: T_co


@dataclass(frozen=True, slots=True, kw_only=True)
class Content(Generic[T_co]):
    """What a file, or several sheets of one table, brought. ``file`` is the first.

    ``names`` are all first cells, those of refused rows too, so that one bad row is not reported again by
    every row that refers to it.
    """

    file: str
    lines: tuple[Line[T_co], ...]
    names: frozenset[str]


def read_table(sheets: Sequence[Sheet], table: Table[T], findings: Findings) -> Content[T] | None:
    """Every good row of the sheets as a value, every bad cell as a finding; None when a header is bad.

    The sheets are read as one; each has a header of its own.
    """
    lines: list[Line[T]] = []
    names: set[str] = set()
    whole = True
    for sheet in sheets:
        columns = _read_header(sheet, table, findings)
        if columns is None:
            whole = False
            continue
        reader = _RowReader(sheet.file, table, columns, findings)
        lines += [line for row in sheet.rows[1:] if (line := reader.read(row)) is not None]
        names |= reader.names
    refuse_repeats(lines, table.key, findings)
    return Content(file=sheets[0].file, lines=tuple(lines), names=frozenset(names)) if whole else None


def is_headed_as(sheet: Sheet, table: Table[T]) -> bool:
    """Whether the sheet's first row is a whole header of that table, with nothing strange in it."""
    if not sheet.rows:
        return False
    known = _by_header(table)
    found = [known.get(str(cell).lower()) for cell in sheet.rows[0].cells if cell]
    needed = {column.name for column in table.columns if not column.optional}
    return None not in found and needed <= {column.name for column in found if column}


def _by_header(table: Table[T]) -> dict[str, Column]:
    return {name: column for column in table.columns for name in (column.name, *column.aliases)}


def _read_header(sheet: Sheet, table: Table[T], findings: Findings) -> list[Column] | None:
    """The columns in the file's order (_NAMELESS where there is no name), or None with findings."""
    if not sheet.rows:
        names = ",".join(column.name for column in table.columns)
        findings.add(sheet.file, 1, "", BadValue("there is no header", f"begin the file with {names}"))
        return None
    header = sheet.rows[0]
    known = _by_header(table)
    texts = ["" if isinstance(cell, BadValue) else cell for cell in header.cells]
    columns = [known.get(text.lower(), _NAMELESS) for text in texts]
    bad = dict(_misnamed(texts, columns, table))
    for name, problem in bad.items():
        findings.add(sheet.file, header.line, name, problem)
    return None if bad else columns


def _misnamed(texts: list[str], columns: list[Column], table: Table[T]) -> Iterator[tuple[str, BadValue]]:
    """What is wrong with a header: unknown columns, columns that occur twice, columns that are missing."""
    names = [column.name for column in table.columns]
    named = [column.name for column in columns]
    strange = [text for text, column in zip(texts, columns, strict=True) if text and column is _NAMELESS]
    for text in strange:
        yield text, unknown("column of this table", text, names)
    for column in table.columns:
        if named.count(column.name) > 1:
            yield column.name, BadValue("the column occurs twice", "keep one of them")
        # A misspelt column is reported once, as that.
        if column.name not in named and not column.optional and not get_close_matches(column.name, strange):
            yield column.name, BadValue("the column is missing", f"add a column named {column.name}")


class _RowReader(Generic[T]):
    """Reads the rows of one sheet, and remembers the names in its first column."""

    def __init__(self, file: str, table: Table[T], columns: list[Column], findings: Findings) -> None:
        self.names: set[str] = set()
        self._file = file
        self._columns = columns
        self._findings = findings
        self._build = table.build
        self._key = table.key[0]
        present = {column.name for column in columns}
        self._absent = {c.name: c.blank for c in table.columns if c.name not in present}
        needed = [n for n, c in enumerate(columns, start=1) if not c.optional]
        self._fewest = max(needed)

    def read(self, row: Row) -> Line[T] | None:
        """The row's value, or None with a finding for each bad cell."""
        if not self._fits(row):
            return None
        values: dict[str, Any] = dict(self._absent)
        good = True
        cells = row.cells + ("",) * (len(self._columns) - len(row.cells))
        for column, cell in zip(self._columns, cells, strict=False):
            if column.name == self._key:
                self.names.add(str(cell))
            try:
                values[column.name] = _value(column, cell)
            except BadValue as bad:
                self._findings.add(self._file, row.line, column.name, bad)
                good = False
        values.pop("", None)
        return Line(file=self._file, line=row.line, value=self._build(**values)) if good else None

    def _fits(self, row: Row) -> bool:
        width, most = len(row.cells), len(self._columns)
        if self._fewest <= width and not any(row.cells[most:]):
            return True
        bad = BadValue(
            f"the row has {width} cells, the header {most}",
            "leave empty cells empty, and quote a cell that holds the delimiter",
        )
        self._findings.add(self._file, row.line, "", bad)
        # Its first cell is most likely what it says: rows that refer to it are not to blame.
        self.names.add(str(row.cells[0]))
        return False


def _value(column: Column, cell: Cell) -> object:
    if isinstance(cell, BadValue):
        raise cell
    if cell:
        return column.read(cell)
    if column.blank is REFUSED:
        raise BadValue("it is empty", "fill it in")
    return column.blank


def refuse_repeats(lines: Iterable[Line[T]], names: Sequence[str], findings: Findings) -> None:
    """Report every row whose key, of the parts so named, an earlier row has; empty keys do not count."""
    first: dict[tuple[object, ...], Line[T]] = {}
    for line in lines:
        key = tuple(getattr(line.value, name) for name in names)
        earlier = first.setdefault(key, line)
        if earlier is not line and any(key):
            what = " ".join(str(part) for part in key)
            there = "" if earlier.file == line.file else f" of {earlier.file}"
            bad = BadValue(
                f"{what!r} stands in line {earlier.line}{there} already", "keep one of the two rows"
            )
            findings.add(line.file, line.line, ",".join(names), bad)
