"""What an import would change, as a page lays it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.access import masked
from notifier.engine.importing import ImportReport
from notifier.store.row_changes import CellChange, ChangeKind, RowChange, Value
from notifier.store.rows import TableDiff
from notifier.web.console.telling import Teller

_MASKED = frozenset({"phone", "chat"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """One column. ``hidden``: what differs is not shown."""

    column: str
    before: str
    after: str

    @property
    def hidden(self) -> bool:
        """Whether both look the same only because they are masked."""
        return self.column in _MASKED and bool(self.before) and self.before == self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLine:
    """One row: what becomes of it, what it is called, and its cells."""

    kind: ChangeKind
    key: str
    name: str
    cells: Sequence[CellLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLines:
    """One table: how many rows, the first of them, and how many more of each kind there are."""

    name: str
    counts: TableDiff
    rows: Sequence[RowLine]

    @property
    def more(self) -> int:
        """How many rows are not shown."""
        counts = self.counts
        return counts.added + counts.changed + counts.removed - len(self.rows)


def tables_of(report: ImportReport, tell: Teller) -> list[TableLines]:
    """The tables in which anything changes; what goes stands before what changes, and that before the new."""
    order = (ChangeKind.REMOVED, ChangeKind.CHANGED, ChangeKind.ADDED)
    return [
        TableLines(
            name=name,
            counts=diff,
            rows=[
                _row(row, tell)
                for row in sorted(report.rows.get(name, ()), key=lambda row: order.index(row.kind))
            ],
        )
        for name, diff in report.result.tables.items()
        if diff != TableDiff()
    ]


def _row(row: RowChange, tell: Teller) -> RowLine:
    title = 1 if row.table == "offices" else -1
    parts = [tell.title(str(part)) if n == title else _value(part, tell) for n, part in enumerate(row.key)]
    return RowLine(
        kind=row.kind,
        key=" ".join(parts),
        name=row.name,
        cells=[_cell(cell, tell) for cell in row.cells if cell.column != "name" or _is_renamed(cell)],
    )


def _is_renamed(cell: CellChange) -> bool:
    return cell.before is not None and cell.after is not None


def _cell(cell: CellChange, tell: Teller) -> CellLine:
    shown: Callable[[Value], str] = _masked if cell.column in _MASKED else lambda value: _value(value, tell)
    return CellLine(column=cell.column, before=shown(cell.before), after=shown(cell.after))


def _masked(value: Value) -> str:
    return masked(None if value is None else str(value))


def _value(value: Value, tell: Teller) -> str:
    if isinstance(value, datetime):
        return tell.at(value)
    return "" if value is None else str(value)
