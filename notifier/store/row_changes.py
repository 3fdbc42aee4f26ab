"""What a change of the roster does to each row, for whoever is to look at it before it is made."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from heapq import nsmallest
from itertools import groupby
from typing import Any

from notifier.domain.ids import ShiftKey
from notifier.domain.roster import Shift
from notifier.store.diff import Difference, RowDict
from notifier.store.link_orders import LinkPlan
from notifier.store.shift_import import ShiftPlan
from notifier.store.tables import metadata

MOST_SHOWN = 200
"""Rows of one table and kind of change that anybody is shown; counts say how many there are."""

Value = str | int | datetime | None


class ChangeKind(StrEnum):
    """What becomes of a row; of a shift, ``removed`` is cancelled."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One column of a row that changes. ``before`` or ``after`` None: nothing stood, or stands, there."""

    column: str
    before: Value = None
    after: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row by what tells it apart, with the cells that change: of a new one, or one that goes, all it has.

    ``name`` is what people call it; empty where it has no name.
    """

    table: str
    kind: ChangeKind
    key: tuple[Value, ...]
    name: str
    cells: tuple[CellChange, ...]


RowChanges = Mapping[str, Sequence[RowChange]]
"""By table, each kind's first rows by key; a table in which nothing changes is not in it."""


def row_changes(tables: Mapping[str, Difference], links: LinkPlan, shifts: ShiftPlan) -> Iterator[RowChange]:
    """Every row that differs, once."""
    for name, difference in tables.items():
        yield from _of_table(name, difference)
    yield from _of_links(links)
    yield from _of_shifts(shifts)


def first_of_each(changes: Iterable[RowChange], most: int = MOST_SHOWN) -> dict[str, list[RowChange]]:
    """The first rows by key of each table and kind."""
    shown: dict[str, list[RowChange]] = {}
    by_kind = sorted(changes, key=_kind_of)
    for (table, _), some in groupby(by_kind, key=_kind_of):
        shown.setdefault(table, []).extend(nsmallest(most, some, key=_order))
    return shown


def fingerprint(changes: Iterable[RowChange], *more: str | None) -> str:
    """The same for the same changes, whatever order they come in, and for no others.

    ``more`` is what changes besides them.
    """
    found = sha256()
    for line in sorted(_line(change) for change in changes):
        found.update(line.encode("utf-8", "surrogatepass") + b"\n")
    found.update(json.dumps(more, ensure_ascii=True).encode())
    return found.hexdigest()


def _kind_of(change: RowChange) -> tuple[str, ChangeKind]:
    return change.table, change.kind


def _order(change: RowChange) -> tuple[str, ...]:
    return tuple(f"{part:06}" if isinstance(part, int) else str(part) for part in change.key)


def _line(change: RowChange) -> str:
    told = [change.table, change.kind, change.key, [(c.column, c.before, c.after) for c in change.cells]]
    return json.dumps(told, ensure_ascii=True, default=datetime.isoformat)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def _of_table(name: str, difference: Difference) -> Iterator[RowChange]:
    keys = [column.name for column in metadata.tables[name].primary_key]
    none: RowDict = {}
    # Of what changes and what goes, ``before`` has the stored rows in the same order.
    split = len(difference.changed)
    for row in difference.added:
        yield _row(name, ChangeKind.ADDED, keys, none, row)
    for before, row in zip(difference.before[:split], difference.changed, strict=True):
        yield _row(name, ChangeKind.CHANGED, keys, before, row)
    for before in difference.before[split:]:
        yield _row(name, ChangeKind.REMOVED, keys, before, none)


def _row(table: str, kind: ChangeKind, keys: Sequence[str], before: RowDict, after: RowDict) -> RowChange:
    known = after or before
    return RowChange(
        table=table,
        kind=kind,
        key=tuple(known[name] for name in keys),
        name=str(known.get("name", "")),
        cells=tuple(
            CellChange(column=name, before=_plain(before.get(name)), after=_plain(after.get(name)))
            for name in known
            if name not in keys and before.get(name) != after.get(name)
        ),
    )


def _plain(value: Any) -> Value:
    return value if value is None or isinstance(value, int | datetime) else str(value)


# ── chats and shifts ─────────────────────────────────────────────────────────────────────────────


def _of_links(plan: LinkPlan) -> Iterator[RowChange]:
    """A chat that passes from one person to another is changed, and both are named."""
    for (account, chat), person in plan.given.items():
        owner = plan.moved.get((account, chat))
        cells = [CellChange(column="chat", before=chat if owner else None, after=chat)]
        if owner is not None:
            cells.append(CellChange(column="person", before=owner, after=person))
        kind = ChangeKind.CHANGED if owner is not None else ChangeKind.ADDED
        yield RowChange(table="links", kind=kind, key=(person, account), name="", cells=tuple(cells))
    for (account, chat), person in plan.dropped.items():
        gone = (CellChange(column="chat", before=chat),)
        yield RowChange(table="links", kind=ChangeKind.REMOVED, key=(person, account), name="", cells=gone)


def _of_shifts(plan: ShiftPlan) -> Iterator[RowChange]:
    for shift in plan.added:
        yield _shift(ChangeKind.ADDED, {}, _told(shift, plan.source))
    for shift in plan.changed:
        yield _shift(ChangeKind.CHANGED, _stored(plan, shift.key), _told(shift, plan.source))
    for key in plan.cancelled:
        yield _shift(ChangeKind.REMOVED, _stored(plan, key), {})


def _shift(kind: ChangeKind, before: RowDict, after: RowDict) -> RowChange:
    return _row("shifts", kind, ("post", "start"), before, after)


def _stored(plan: ShiftPlan, key: ShiftKey) -> RowDict:
    known = plan.before[key]
    return _told(known.shift, known.source)


def _told(shift: Shift, source: str) -> RowDict:
    return {
        "post": shift.post,
        "start": shift.start,
        "end": shift.end,
        "people": ";".join(shift.people),
        "source": source,
    }
