"""Small tools for statements that both databases understand."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

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
    sync = conn.sync_connection
    read_only = sync is None or sync.get_execution_options().get("postgresql_readonly", False)
    return query if read_only else query.with_for_update()


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """The items in order, at most ``size`` at a time."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
