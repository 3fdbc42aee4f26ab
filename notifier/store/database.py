"""The database: transactions to write and to read in, migrations, and waking up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from notifier.errors import InputError
from notifier.store import engines, migrate
from notifier.store.outage import is_outage
from notifier.store.tx import Tx
from notifier.store.watch import POSTGRES_POLL_S, SQLITE_POLL_S, SignalWatch
from notifier.store.writer_lock import FileLock, WriterLock

__all__ = ["Database", "is_outage"]


class Database:
    """One database, SQLite or PostgreSQL, with the same manners. Opened by ``open``, ended by ``close``."""

    def __init__(
        self,
        url: URL,
        *,
        writer: AsyncEngine,
        reader: AsyncEngine,
        single: AsyncEngine,
        listener: AsyncEngine,
    ) -> None:
        """Take engines ready made; ``open`` builds them."""
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._url = url
        self._writer = writer
        self._reader = reader
        self._single = single
        self._write_lock = asyncio.Lock()
        self._file_lock = WriterLock(engines.sqlite_file(url)) if self.is_sqlite else None
        poll_s = SQLITE_POLL_S if self.is_sqlite else POSTGRES_POLL_S
        self._listener = listener
        self._watch = SignalWatch(listener, poll_s=poll_s, listen=not self.is_sqlite)

    @classmethod
    def open(cls, url: str) -> "Database":
        """Build from a URL; nothing connects yet. Raises InputError for a URL we cannot use."""
        parsed = engines.parse_url(url)
        if parsed.get_backend_name() == "sqlite":
            return cls(
                parsed,
                writer=engines.sqlite_writer(parsed),
                reader=engines.sqlite_readers(parsed),
                single=engines.sqlite_readers(parsed),
                listener=engines.sqlite_readers(parsed),
            )
        pool = engines.postgres_pool(parsed)
        return cls(
            parsed,
            writer=pool,
            reader=engines.postgres_readers(pool),
            single=engines.postgres_single(parsed),
            listener=engines.postgres_listener(parsed),
        )

    async def upgrade(self) -> None:
        """Bring the schema up to this program's. Harmless when it is, and from several processes at once.

        SQLite's file is created. Raises InputError when its folder is missing, or when the schema is newer
        than the program.
        """
        if self.is_sqlite:
            self._require_folder()
        engine = self._writer if self.is_sqlite else self._single
        async with self._alone(), engine.begin() as conn:
            await conn.run_sync(migrate.upgrade)

    async def is_current(self) -> bool:
        """Whether the schema is this program's. Creates nothing."""
        if self.is_sqlite and not engines.sqlite_file(self._url).exists():
            return False
        async with self._reader.connect() as conn, conn.begin():
            return await conn.run_sync(migrate.is_current)

    async def is_blank(self) -> bool:
        """Whether it has no schema at all yet. Creates nothing."""
        if (file := self.file) is not None and not file.exists():
            return True
        async with self._reader.connect() as conn, conn.begin():
            return await conn.run_sync(migrate.is_blank)

    @property
    def file(self) -> Path | None:
        """SQLite's file; None on PostgreSQL."""
        return engines.sqlite_file(self._url) if self.is_sqlite else None

    @asynccontextmanager
    async def write(self, *, brief: bool = False) -> AsyncIterator[Tx]:
        """One transaction: committed when the block ends, rolled back when it raises.

        ``brief``: it is made of very many statements each of which touches few rows, so that on SQLite each
        may be executed at once and in place.

        On SQLite writers queue up, those of other processes too, so keep the block short and never call
        a carrier, or ``write`` again, inside it. Raises WriterBusy when another process hangs while it
        writes.
        """
        async with self._alone(), self._transaction() as tx, self._in_place(tx, brief and self.is_sqlite):
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """One consistent view, which sees what is committed by now and cannot write."""
        async with self._reader.connect() as conn, conn.begin():
            yield Tx(conn)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Within, no other process of this machine is within too: True on SQLite, which only one may serve.

        False on PostgreSQL, which any number may. The kernel ends it with the process, however that dies,
        so who is alone knows that every lease found is a dead process's. Raises InputError while another
        process is within.
        """
        if not self.is_sqlite:
            yield False
            return
        file = engines.sqlite_file(self._url).absolute().resolve()
        lock = FileLock(file.with_name(f"{file.name}-running"))
        if not lock.try_take():
            raise InputError(f"another `notifier run` is at work on {file}; stop it first")
        try:
            yield True
        finally:
            lock.close()

    async def wait_signal(self, seen: int, timeout: float) -> int:  # noqa: ASYNC109 -- part of the promise
        """The signal count as soon as it differs from ``seen`` (some process rang), else after ``timeout`` s.

        Never raises for an outage: it waits it out, and returns ``seen`` when the time is up.
        """
        return await self._watch.wait(seen, timeout)

    def on_note(self, call: Callable[[tuple[str, ...]], None]) -> None:
        """Have it called with the topics that other processes note (``SignalRepo.note``); none: look at all.

        Only while somebody waits in ``wait_signal``.
        """
        self._watch.on_note(call)

    async def close(self) -> None:
        """Close every connection."""
        await self._watch.close()
        await self._listener.dispose()
        await self._single.dispose()
        await self._reader.dispose()
        await self._writer.dispose()
        if self._file_lock is not None:
            self._file_lock.close()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """On SQLite: nobody else writes within, neither here nor in another process."""
        if self._file_lock is None:
            yield
            return
        async with self._write_lock, self._file_lock.held():
            yield

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Tx]:
        async with self._writer.begin() as conn:
            tx = Tx(conn)
            yield tx
            await tx.signals.flush()
        for call in tx.afterwards:
            call()
        if tx.signals.rung:
            self._watch.nudge()

    @asynccontextmanager
    async def _in_place(self, tx: Tx, wanted: bool) -> AsyncIterator[None]:
        if not wanted:
            yield
            return
        raw = await tx.conn.get_raw_connection()
        driver: Any = raw.driver_connection
        driver.brief = True
        try:
            yield
        finally:
            driver.brief = False

    def _require_folder(self) -> None:
        folder = engines.sqlite_file(self._url).absolute().parent
        if not folder.is_dir():
            raise InputError(
                f"the database's folder {folder} does not exist; create it, or change DATABASE_URL"
            )
