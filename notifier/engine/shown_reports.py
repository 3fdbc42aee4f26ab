"""What an import would change, as text to be kept and read back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from notifier.engine.importing import ImportReport
from notifier.errors import Finding
from notifier.store.row_changes import CellChange, ChangeKind, RowChange, Value
from notifier.store.rows import ImportResult, TableDiff

_MOMENT = "at"


def dump_report(report: ImportReport) -> str:
    """Of a dry run: its counts, its first rows, what is odd."""
    told = {
        "tables": {name: asdict(diff) for name, diff in report.result.tables.items()},
        "rotas_changed": report.rotas_changed,
        "odd": [asdict(finding) for finding in report.odd],
        "rows": [_row(row) for rows in report.rows.values() for row in rows],
        "fingerprint": report.fingerprint,
    }
    return json.dumps(told, ensure_ascii=False, default=_moment)


def load_report(text: str) -> ImportReport:
    """Back from ``dump_report``."""
    told = json.loads(text)
    rows: dict[str, list[RowChange]] = {}
    for one in told["rows"]:
        row = _change(one)
        rows.setdefault(row.table, []).append(row)
    return ImportReport(
        result=ImportResult(tables={name: TableDiff(**diff) for name, diff in told["tables"].items()}),
        dry_run=True,
        rotas_changed=told["rotas_changed"],
        odd=tuple(Finding(**finding) for finding in told["odd"]),
        rows=rows,
        fingerprint=told["fingerprint"],
    )


def _moment(value: object) -> Mapping[str, str]:
    if isinstance(value, datetime):
        return {_MOMENT: value.isoformat()}
    raise TypeError(f"a {type(value).__name__} in a report")


def _row(row: RowChange) -> list[object]:
    cells = [(cell.column, cell.before, cell.after) for cell in row.cells]
    return [row.table, row.kind, row.key, row.name, cells]


def _change(told: Sequence[Any]) -> RowChange:
    table, kind, key, name, cells = told
    return RowChange(
        table=table,
        kind=ChangeKind(kind),
        key=tuple(_value(part) for part in key),
        name=name,
        cells=tuple(
            CellChange(column=column, before=_value(before), after=_value(after))
            for column, before, after in cells
        ),
    )


def _value(told: Any) -> Value:
    plain: Value = datetime.fromisoformat(told[_MOMENT]) if isinstance(told, dict) else told
    return plain
