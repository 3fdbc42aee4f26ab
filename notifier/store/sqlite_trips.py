"""SQLite's driver with one trip to its thread for each statement, or with none.

aiosqlite opens a cursor, executes, fetches and closes it as one trip each. Results here are small, so all of
it is done in one. A transaction of very many tiny statements spares even that: SQLite itself took a tenth of
the time that they took, trips and waiting for the thread the most of the rest.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite

Row = tuple[Any, ...]

AT_ONCE = 1000
"""Rows fetched with the statement itself."""

_ITERATED = 64
"""Rows that aiosqlite fetches where it is iterated over, which it is not here."""


class Connection(aiosqlite.Connection):
    """A connection whose cursors have everything at hand once a statement was executed.

    ``brief``: statements are executed here and now, in the event loop's thread. Beginning and committing,
    which may wait for a lock or for the disk, never are.
    """

    brief = False

    def cursor(self) -> "Cursor":  # type: ignore[override]  # none is opened before there is a statement
        """A cursor for one statement at a time."""
        return Cursor(self)

    async def in_thread(self, work: Callable[..., None], *arguments: object) -> None:
        """Do it in the driver's thread, after all that was asked of it before."""
        await self._execute(work, *arguments)  # type: ignore[no-untyped-call]


async def connect(file: Path, *, wait_s: float) -> Connection:
    """Open a SQLite file, which waits so many seconds for another program that writes.

    The driver's own habit of opening transactions is off.
    """

    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(file, isolation_level=None, timeout=wait_s, check_same_thread=False)

    connection = Connection(open_file, _ITERATED)
    # Its thread must not keep a process that ends by an error from ending.
    connection._thread.daemon = True
    await connection
    return connection


class Cursor:
    """What SQLAlchemy asks of an asyncio driver's cursor. Of a long result the rest stays with SQLite."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        """Nothing is opened yet."""
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: list[Row] = []
        self.description: Sequence[Row] | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "Cursor":
        """Ready as it is."""
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "Cursor":
        """Execute, and fetch the first rows if there are any."""
        if self._connection.brief:
            self._run("execute", statement, parameters)
        else:
            await self._connection.in_thread(self._run, "execute", statement, parameters)
        return self

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        """Execute once for each set of parameters."""
        await self._connection.in_thread(self._run, "executemany", statement, parameters)
        return self

    async def fetchall(self) -> list[Row]:
        """Every row that is left."""
        if self._cursor is not None:
            await self._connection.in_thread(self._fetch, None)
        rows, self._rows = self._rows, []
        return rows

    async def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows, as many as are asked for as long as there are so many."""
        size = size or self.arraysize
        if self._cursor is not None and len(self._rows) < size:
            await self._connection.in_thread(self._fetch, max(size, AT_ONCE))
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchone(self) -> Row | None:
        """The next row, if any."""
        return next(iter(await self.fetchmany(1)), None)

    async def close(self) -> None:
        """Let go of what was not fetched."""
        if self._cursor is not None:
            await self._connection.in_thread(self._end)

    def _run(self, how: str, statement: str, parameters: Any) -> None:
        self._cursor = self._connection._conn.cursor()
        try:
            getattr(self._cursor, how)(statement, parameters)
        except BaseException:
            self._end()
            raise
        self.description = self._cursor.description
        self._fetch(AT_ONCE)

    def _fetch(self, size: int | None) -> None:
        """Fetch so many more, or all; the last rows end it."""
        if self._cursor is None:
            return
        if self.description is not None:
            more = self._cursor.fetchall() if size is None else self._cursor.fetchmany(size)
            self._rows += more
            if size is not None and len(more) == size:
                return
        self.rowcount, self.lastrowid = self._cursor.rowcount, self._cursor.lastrowid
        self._end()

    def _end(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None
