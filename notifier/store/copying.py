"""Copying everything from one database into another, whichever of the two each is, and proving it."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.errors import InputError, NotifierError
from notifier.store.database import Database
from notifier.store.tables import metadata
from notifier.store.tx import Tx

Progress = Callable[[str, int, int], None]
"""Called with a table's name, how many of its rows are done, and how many there are."""

SET_SIZE = 2000
"""Rows in memory at a time."""

_HOUSE = frozenset({"leases", "signals", "clock_anchors"})
"""Tables that say nothing of the organisation: a database with rows in no others is empty."""


@dataclass(slots=True)
class TableContent:
    """How many rows a table has and what is in them, in whatever order they are read."""

    rows: int = 0
    digest: int = 0

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Count these rows in."""
        for row in rows:
            said = json.dumps(list(row), ensure_ascii=False, sort_keys=True, default=_said)
            one = int.from_bytes(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest())
            # A sum, since databases do not agree on the order of texts.
            self.rows, self.digest = self.rows + 1, (self.digest + one) % 2**128


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a {type(value).__name__} in a row")


async def copy_all(
    source: Database, target: Database, *, force: bool = False, progress: Progress | None = None
) -> dict[str, TableContent]:
    """Copy every row as it stands at one moment, read all of it back and compare. What each table holds.

    One transaction: the target has all or, whatever happens, what it had. Raises InputError when the
    source is not at this program's version, or the target is not empty (``force``: it is emptied), and
    NotifierError when what is read back differs.
    """
    if not await source.is_current():
        raise InputError(
            "the database to be read is not at this program's version; `notifier db upgrade` it first"
        )
    await _prepare(target, force=force)
    async with target.write() as into:
        await _empty(into, force=force)
        written = await _copy_tables(source, into, progress or _silent)
        for name, table in metadata.tables.items():
            await _verify(into.conn, table, written[name])
        if not into.is_sqlite:
            await _settle_postgres(into.conn)
    return written


async def _prepare(target: Database, *, force: bool) -> None:
    """See to it that the target has our schema, without touching one that is somebody's."""
    if force or await target.is_blank():
        await target.upgrade()
    elif not await target.is_current():
        raise InputError(
            "the database to be written is not at this program's version; `notifier db upgrade` it first"
        )


async def _empty(into: Tx, *, force: bool) -> None:
    for name, table in metadata.tables.items():
        if not force and name not in _HOUSE and await _has_rows(into.conn, table):
            raise InputError(f"the database to be written is not empty (it has {name}); give an empty one")
        emptying = f'DELETE FROM "{name}"' if into.is_sqlite else f'TRUNCATE "{name}"'
        await into.conn.execute(text(emptying))


async def _has_rows(conn: AsyncConnection, table: Table) -> bool:
    return (await conn.execute(select(table).limit(1))).first() is not None


async def _copy_tables(source: Database, into: Tx, progress: Progress) -> dict[str, TableContent]:
    async with source.read() as origin:
        return {
            name: await _copy(origin.conn, into.conn, table, progress)
            for name, table in metadata.tables.items()
        }


async def _copy(
    origin: AsyncConnection, into: AsyncConnection, table: Table, progress: Progress
) -> TableContent:
    total = await origin.scalar(select(func.count()).select_from(table)) or 0
    names = [column.name for column in table.columns]
    content = TableContent()
    progress(table.name, 0, total)
    # In order of the key, so that SQLite appends; the digest does not mind.
    rows = await origin.stream(select(table).order_by(*table.primary_key))
    async for some in rows.partitions(SET_SIZE):
        await into.execute(insert(table), [dict(zip(names, row, strict=True)) for row in some])
        content.add(some)
        progress(table.name, content.rows, total)
    return content


async def _verify(conn: AsyncConnection, table: Table, written: TableContent) -> None:
    found = TableContent()
    rows = await conn.stream(select(table))
    async for some in rows.partitions(SET_SIZE):
        found.add(some)
    if found != written:
        raise NotifierError(
            f"{table.name} does not read back as it was written ({found.rows} rows of {written.rows}, or"
            " their content); nothing was kept"
        )


async def _settle_postgres(conn: AsyncConnection) -> None:
    """Let new rows be numbered after those that came, and tell the planner what there is now."""
    for name, table in metadata.tables.items():
        numbered: Any = table.autoincrement_column
        if numbered is not None:
            await conn.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{name}', '{numbered.name}'),"
                    f' coalesce(max("{numbered.name}"), 1), max("{numbered.name}") IS NOT NULL) FROM "{name}"'
                )
            )
        await conn.execute(text(f'ANALYZE "{name}"'))


def _silent(_table: str, _done: int, _total: int) -> None:
    """Nobody is watching."""
