"""What a dry run would do to each row, as lines; numbers and chats are masked as they are on the pages."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from notifier.cli.output import civil
from notifier.domain.access import masked
from notifier.engine.importing import ImportReport
from notifier.store.row_changes import CellChange, ChangeKind, RowChange, Value

MARKS = {ChangeKind.ADDED: "+", ChangeKind.CHANGED: "~", ChangeKind.REMOVED: "-"}

_SECRET = frozenset({"phone", "chat"})


def row_lines(report: ImportReport, zone: tzinfo) -> Iterator[str]:
    """Each table that changes, and a line a row: ``~ p01 周文澜: phone 138****0001 -> 139****0002``."""
    for table, rows in sorted(report.rows.items()):
        yield f"{table}:"
        for row in rows:
            yield f"  {MARKS[row.kind]} {_row(row, zone)}"
        for kind in ChangeKind:
            shown = sum(row.kind is kind for row in rows)
            if (more := getattr(report.result.tables[table], kind) - shown) > 0:
                yield f"  {MARKS[kind]} and {more} more"


def _row(row: RowChange, zone: tzinfo) -> str:
    said = " ".join(filter(None, (*(_value(part, zone) for part in row.key), row.name)))
    cells = ", ".join(_cell(cell, row.kind, zone) for cell in row.cells if not _is_name(row, cell))
    return f"{said}: {cells}" if cells and row.kind is not ChangeKind.REMOVED else said


def _is_name(row: RowChange, cell: CellChange) -> bool:
    return row.kind is ChangeKind.ADDED and cell.column == "name"


def _cell(cell: CellChange, kind: ChangeKind, zone: tzinfo) -> str:
    before, after = (_shown(cell.column, value, zone) for value in (cell.before, cell.after))
    if kind is ChangeKind.ADDED:
        return f"{cell.column} {after}"
    same = " (another)" if before == after else ""
    return f"{cell.column} {before or 'empty'} -> {after or 'empty'}{same}"


def _shown(column: str, value: Value, zone: tzinfo) -> str:
    return masked(str(value or "")) if column in _SECRET else _value(value, zone)


def _value(value: Value, zone: tzinfo) -> str:
    if isinstance(value, datetime):
        return civil(value, zone)[:16]
    return "" if value is None else str(value)
