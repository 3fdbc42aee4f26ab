"""Which errors mean that the database is away for now, and will be back."""

import errno
import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Outage(StrEnum):
    """What keeps the database from its work. The first of several names the state of the whole."""

    AWAY = "away"
    """It cannot be reached, stops or starts, or does not answer in time."""
    FULL = "full"
    """Its disk is full."""
    CROWDED = "crowded"
    """Its connections or its memory are used up."""
    LOCKED = "locked"
    """Somebody else has what we need, and does not let go of it."""


class WriterBusy(TimeoutError):
    """Another process has had the right to write for too long."""


_SQLITE = {
    sqlite3.SQLITE_BUSY: Outage.LOCKED,
    sqlite3.SQLITE_LOCKED: Outage.LOCKED,
    sqlite3.SQLITE_PROTOCOL: Outage.LOCKED,
    sqlite3.SQLITE_NOMEM: Outage.CROWDED,
    sqlite3.SQLITE_FULL: Outage.FULL,
    sqlite3.SQLITE_IOERR: Outage.AWAY,
    sqlite3.SQLITE_CANTOPEN: Outage.AWAY,
}

_POSTGRES = {
    # Single states first: serialisation, deadlock, a lock that was not free; a full disk; ran out of time,
    # a stand-by just now. Then classes: connection lost, resources spent, stopping, its own I/O.
    "40001": Outage.LOCKED,
    "40P01": Outage.LOCKED,
    "55P03": Outage.LOCKED,
    "53100": Outage.FULL,
    "57014": Outage.AWAY,
    "25006": Outage.AWAY,
    "08": Outage.AWAY,
    "53": Outage.CROWDED,
    "57P": Outage.AWAY,
    "58": Outage.AWAY,
}

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def outage_of(error: BaseException) -> Outage | None:
    """What ``error`` says of the database, if it says that the same work may pass later.

    None for what would fail again: a broken statement, a violated key.
    """
    if isinstance(error, WriterBusy):
        return Outage.LOCKED
    if isinstance(error, PoolTimeout):
        return Outage.CROWDED
    if isinstance(error, OSError):
        return Outage.FULL if error.errno in _NO_SPACE else Outage.AWAY
    if not isinstance(error, DBAPIError):
        return _driver_says(error)
    if said := _driver_says(error.orig):
        return said
    return Outage.AWAY if error.connection_invalidated or isinstance(error, InterfaceError) else None


def is_outage(error: BaseException) -> bool:
    """Whether ``error`` says that the database is away or crowded, so that the same work may pass later."""
    return outage_of(error) is not None


def worst(outages: Iterable[Outage]) -> Outage | None:
    """The one that names the state of the whole; None of none."""
    found = set(outages)
    return next((outage for outage in Outage if outage in found), None)


def _driver_says(error: BaseException | None) -> Outage | None:
    if isinstance(error, sqlite3.Error):
        # The extended code carries the primary one in its low byte.
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(error, "sqlstate", None)
    if not isinstance(state, str):
        return None
    return next((outage for start, outage in _POSTGRES.items() if state.startswith(start)), None)
