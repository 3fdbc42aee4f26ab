"""SQLAlchemy engines, set up the one way that works for us on each database. Nothing connects here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from notifier.errors import InputError
from notifier.store.sqlite_trips import connect

BUSY_TIMEOUT_S = 5
"""How long SQLite waits for another program that is writing; our own processes queue before (writer_lock)."""

CONNECT_TIMEOUT_S = 5
COMMAND_TIMEOUT_S = 30
"""A PostgreSQL statement that takes longer is taken for a dead connection."""
LOCK_TIMEOUT_S = 20
"""One that waits longer for somebody else's lock is told so, and what it belongs to is tried again."""
LISTEN_TIMEOUT_S = 5
FROZEN_AFTER_S = 15
"""PostgreSQL ends a transaction in which nothing was said for this long, and frees the rows it had locked."""

_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    # NORMAL may lose the last commits when the power goes. A call's "sending" that is forgotten would be
    # made twice, an acknowledgement that is forgotten would wake the next one in the chain: so FULL, one
    # fsync a commit. Batches of 200 went through queue, claim and settle at about 5,600 messages a second
    # with either, where an fsync takes 0.2 ms; one of 5 ms would cost 15 ms more for each 200.
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
)

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


def parse_url(text: str) -> URL:
    """Read a database URL. Raises InputError, which never repeats the URL: it may hold a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    drivers = tuple(_DRIVERS.values())
    if url is None or (url.drivername not in _DRIVERS and url.drivername not in drivers):
        raise InputError(
            "the database URL is none we can use; write sqlite+aiosqlite:///FILE"
            " or postgresql+asyncpg://USER:PASSWORD@HOST/NAME"
        )
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername == _DRIVERS["sqlite"] and url.database in (None, "", ":memory:"):
        raise InputError("the database URL names no file; write sqlite+aiosqlite:///FILE")
    return url


def sqlite_file(url: URL) -> Path:
    """The file that a SQLite URL names."""
    return Path(url.database or "")


def sqlite_writer(url: URL) -> AsyncEngine:
    """The one connection that writes: every transaction takes the write lock as it begins.

    A plain BEGIN takes it at the first write and then fails at once if somebody wrote since its first read.
    """
    return _sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas=_SQLITE_PRAGMAS, size=1)


def sqlite_readers(url: URL) -> AsyncEngine:
    """Connections that see one consistent state for each transaction and cannot write, nor checkpoint."""
    reading = ("PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0")
    return _sqlite_engine(url, begin="BEGIN", pragmas=(*_SQLITE_PRAGMAS, *reading), size=4)


def _sqlite_engine(url: URL, *, begin: str, pragmas: tuple[str, ...], size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        async_creator=lambda: connect(sqlite_file(url), wait_s=BUSY_TIMEOUT_S),
    )
    event.listen(engine.sync_engine, "connect", _set_up(pragmas))
    event.listen(engine.sync_engine, "begin", lambda conn: conn.exec_driver_sql(begin))
    return engine


def _set_up(pragmas: tuple[str, ...]) -> Callable[[DBAPIConnection, object], None]:
    def on_connect(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return on_connect


def postgres_pool(url: URL) -> AsyncEngine:
    """A pool of connections, each looked at before use: one that was cut is replaced without a sound."""
    engine = create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=CONNECT_TIMEOUT_S * 2,
        connect_args=_postgres_arguments(lock_timeout=f"{LOCK_TIMEOUT_S}s"),
    )
    # Instead of pool_pre_ping, which costs three round trips a transaction: asyncpg already knows when
    # the other side hung up. A line that died silently is found by the command time-out.
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def postgres_readers(pool: AsyncEngine) -> AsyncEngine:
    """The same pool, where each transaction sees one consistent state and cannot write, as on SQLite."""
    return pool.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def postgres_single(url: URL) -> AsyncEngine:
    """Connections outside the pool for migrations, with no limit on a statement's time."""
    arguments = {**_postgres_arguments(), "command_timeout": None}
    return create_async_engine(url, poolclass=NullPool, connect_args=arguments)


def postgres_listener(url: URL) -> AsyncEngine:
    """The connection outside the pool that listens: one that died silently must be found before long."""
    arguments = {**_postgres_arguments(), "command_timeout": LISTEN_TIMEOUT_S}
    return create_async_engine(url, poolclass=NullPool, connect_args=arguments)


def _postgres_arguments(**settings: str) -> dict[str, Any]:
    return {
        "timeout": CONNECT_TIMEOUT_S,
        "command_timeout": COMMAND_TIMEOUT_S,
        "server_settings": {
            "application_name": "notifier",
            # A process that froze inside a transaction must not keep everybody else's rows.
            "idle_in_transaction_session_timeout": str(FROZEN_AFTER_S * 1000),
            "jit": "off",
            **settings,
        },
    }


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server hung up")
