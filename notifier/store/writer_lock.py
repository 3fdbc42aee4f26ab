"""One writer at a time on a SQLite file, across processes.

SQLite before 3.51.3 can lose pages when one connection writes, or checkpoints, at the instant at which
another resets the write-ahead log. So every transaction that writes is made under a lock of the kernel's on a
file beside the database. The kernel lets go of it when its process dies, however it dies: no lock goes stale.

Checkpoints need no more: they are part of a commit, or of closing the last connection of all.
"""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from notifier.store.outage import WriterBusy

WAIT_S = 10.0
"""A writer that does not get its turn in this time gives up: whoever has it hangs."""

_LOOK_EVERY_S = 0.001


class FileLock:
    """The kernel's lock on one file. Two of these on the same file exclude each other, in one process too."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before it is first tried."""
        self._path = path
        self._file: int | None = None

    def try_take(self) -> bool:
        """Take it if it is free. Raises OSError when the file cannot be opened."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    async def take(self, deadline: float) -> None:
        """Wait for it, looking again and again, so that waiting can be cancelled. Raises WriterBusy."""
        while not self.try_take():
            if time.monotonic() >= deadline:
                raise WriterBusy("another process has been writing to the database for too long")
            await asyncio.sleep(_LOOK_EVERY_S)

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of it and of the file, which stays: removing it would part those who hold it open."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = None


class WriterLock:
    """The right to write to one SQLite file. One task at a time may use it; the Database sees to that."""

    def __init__(self, database: Path) -> None:
        """For the database in that file, whichever way its path is spelt."""
        real = database.absolute().resolve()
        self._writing = FileLock(real.with_name(f"{real.name}-writer"))
        # Who writes next waits at a door that he holds shut behind him. Who has just written must come
        # through it again, so a command with much to write lets the service in after each transaction.
        # Measured with nobody else there: both locks cost 8 microseconds of a transaction's 5 ms.
        self._door = FileLock(real.with_name(f"{real.name}-next"))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Nobody else writes within. Raises WriterBusy when WAIT_S did not suffice to get in."""
        deadline = time.monotonic() + WAIT_S
        await self._door.take(deadline)
        try:
            await self._writing.take(deadline)
        finally:
            self._door.release()
        try:
            yield
        finally:
            self._writing.release()

    def close(self) -> None:
        """Give everything back."""
        self._writing.close()
        self._door.close()
