"""Small tools for statements that both databases understand."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Table,
    and_,
    cast,
    func,
    select,
    text,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

READ_SIZE = 1000
"""Rows of a long answer that are looked at in one go."""

BATCH = 5000
"""Values in one IN list: both databases take some 32,000 parameters a statement."""


def insert_or(conn: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that can be given an ON CONFLICT clause, whichever the database."""
    if conn.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def locking(conn: AsyncConnection, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The query, such that nobody else changes its rows until this transaction ends, if this one may write.

    SQLite needs no more than it has: one writer at a time.
    """
    return query.with_for_update() if may_write(conn) else query


def may_write(conn: AsyncConnection) -> bool:
    """Whether the transaction was opened to write in, as far as that must be told: PostgreSQL's."""
    sync = conn.sync_connection
    return sync is not None and not sync.get_execution_options().get("postgresql_readonly", False)


def may_be_among(
    conn: AsyncConnection, columns: Sequence[Column[str]], keys: Sequence[tuple[str, ...]]
) -> ColumnElement[bool]:
    """Finds at least the rows in which these columns, taken together, are one of the keys.

    Others may be found too: look at what comes back.
    """
    if conn.dialect.name == "sqlite":
        return tuple_(*columns).in_(keys)
    # PostgreSQL uses no index for a list of tuples.
    parts = (sorted(set(values)) for values in zip(*keys, strict=True))
    return and_(*(column.in_(part) for column, part in zip(columns, parts, strict=True)))


def listed(
    conn: AsyncConnection, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]
) -> FromClause:
    """The rows as a table of these columns' names and types, numbers and strings only.

    They are bound as one value, or as one a column: however many there are, the statement is the same, so
    that neither SQLAlchemy nor the database reads it anew.
    """
    told = [list(row) for row in rows]
    if conn.dialect.name == "sqlite":
        each = func.json_each(json.dumps(told)).table_valued("value")
        values = (func.json_extract(each.c.value, f"$[{place}]") for place in range(len(columns)))
        return select(*(value.label(c.name) for value, c in zip(values, columns, strict=True))).subquery()
    arrays = (
        cast([row[place] for row in told], postgresql.ARRAY(column.type))
        for place, column in enumerate(columns)
    )
    return func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived()


async def plan_afresh(conn: AsyncConnection) -> None:
    """For the rest of the transaction, have PostgreSQL plan each statement for its own values.

    A plan kept from when a table was small compares every row with every value of a long list.
    """
    if conn.dialect.name == "postgresql":
        await conn.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


async def read_all(conn: AsyncConnection, query: Select[Any]) -> list[Row[Any]]:
    """Every row of a long answer, some at a time: what else this process does goes on in between."""
    rows: list[Row[Any]] = []
    answer = await conn.stream(query)
    async for some in answer.partitions(READ_SIZE):
        rows += some
    return rows


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """The items in order, at most ``size`` at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
