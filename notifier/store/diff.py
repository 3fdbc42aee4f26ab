"""Bringing a table to what it should be: compare everything, write only what differs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import TableDiff
from notifier.store.statements import batches, insert_or, read_all

Key = tuple[Any, ...]
RowDict = dict[str, Any]


@dataclass(slots=True)
class Difference:
    """What separates a table from what it should be.

    ``gone`` are the keys of rows that go; ``before`` the stored rows of what changes or goes.
    """

    added: list[RowDict] = field(default_factory=list)
    changed: list[RowDict] = field(default_factory=list)
    gone: list[RowDict] = field(default_factory=list)
    before: list[RowDict] = field(default_factory=list)

    @property
    def counts(self) -> TableDiff:
        """The same in figures."""
        return TableDiff(added=len(self.added), changed=len(self.changed), removed=len(self.gone))

    def touched(self, column: str) -> set[Any]:
        """All values, old and new, of that column in the rows that differ."""
        return {row[column] for rows in (self.added, self.changed, self.before) for row in rows}


async def compare(
    conn: AsyncConnection, table: Table, wanted: Iterable[RowDict], *among: ColumnElement[bool]
) -> Difference:
    """Hold the table, or its rows ``among`` those, against all that are wanted, told apart by primary key.

    In a table with ``removed_at``, a row that has it counts as not there. Columns of which files say
    nothing do not count.
    """
    rows = await read_all(conn, select(*_told(table)).where(*among))
    # In a thread, since a city's people take a while, in which calls go out.
    return await asyncio.to_thread(_difference, table, rows, wanted)


def _difference(table: Table, rows: Iterable[Sequence[Any]], wanted: Iterable[RowDict]) -> Difference:
    names = [column.name for column in _told(table)]
    keys = [column.name for column in table.primary_key]
    stored: dict[Key, RowDict] = {}
    for values in rows:
        row = dict(zip(names, values, strict=True))
        if row.get("removed_at") is None:
            stored[_key(row, keys)] = row
    found = Difference()
    for row in wanted:
        before = stored.pop(_key(row, keys), None)
        if before is None:
            found.added.append(row)
        elif before != row:
            found.changed.append(row)
            found.before.append(before)
    found.gone = [dict(zip(keys, key, strict=True)) for key in stored]
    found.before += stored.values()
    return found


def _told(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get("told", True)]


def _key(row: RowDict, keys: Sequence[str]) -> Key:
    return tuple(row[name] for name in keys)


async def put(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows: new ones, and over stored ones of the same primary key."""
    keys = [column.name for column in table.primary_key]
    statement = insert_or(conn, table)
    names = [column.name for column in _told(table)]
    rest = {name: statement.excluded[name] for name in names if name not in keys}
    for batch in batches(rows):
        await conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=rest), batch)


async def remove(
    conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Delete the rows that have all those values; in a table with ``removed_at`` they are marked instead."""
    which = and_(*(table.c[name] == bindparam(f"_{name}") for name in rows[0]))
    marking = update(table).where(which).values(removed_at=now) if "removed_at" in table.c else None
    change = delete(table).where(which) if marking is None else marking
    for batch in batches({f"_{name}": value for name, value in row.items()} for row in rows):
        await conn.execute(change, batch)
