"""Which errors mean that the database is away for now, and will be back."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    }
)

_POSTGRES_CLASSES = ("08", "53", "57P", "58")
"""Connection lost, resources (disk, memory, connections) spent, server stopping or starting, its own I/O."""

_POSTGRES_STATES = frozenset({"40001", "40P01", "55P03", "57014", "25006"})
"""Lost a race (serialisation, deadlock, lock), ran out of time, or the server is a stand-by just now."""


def is_outage(error: BaseException) -> bool:
    """Whether ``error`` says that the database is away or crowded, so that the same work may pass later.

    True for a cut or refused connection, a server that stops or starts, a lock that did not come free, a
    lost deadlock, a full disk. False for what would fail again: a broken statement, a violated key.
    """
    if isinstance(error, PoolTimeout | OSError | TimeoutError | ConnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return _driver_says(error)
    return error.connection_invalidated or isinstance(error, InterfaceError) or _driver_says(error.orig)


def _driver_says(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        # The extended code carries the primary one in its low byte.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and (state.startswith(_POSTGRES_CLASSES) or state in _POSTGRES_STATES)
