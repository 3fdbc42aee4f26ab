"""One writer at a time on SQLite, across processes; on PostgreSQL any number."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notifier.store import writer_lock
from notifier.store.database import Database, is_outage
from notifier.store.writer_lock import WriterLock

_HOLD = """
import asyncio, sys
from sqlalchemy import text
from notifier.store.database import Database

async def main():
    database = Database.open(sys.argv[1])
    async with database.write() as tx:
        await tx.conn.execute(text("INSERT INTO signals (name, count) VALUES ('wake', 10)"))
        print("writing", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    print("written", flush=True)
    await database.close()

asyncio.run(main())
"""

_WRITE_ON = """
import asyncio, sys, time
from notifier.store.database import Database

async def main():
    database = Database.open(sys.argv[1])
    print("writing", flush=True)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        async with database.write() as tx:
            await tx.signals.ring()
            await asyncio.sleep(0.02)

asyncio.run(main())
"""


@contextmanager
def process(script: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process, from the moment at which it writes."""
    with subprocess.Popen(
        [sys.executable, "-c", script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "writing\n"
            yield other
        finally:
            other.kill()


async def _count(database: Database) -> int:
    async with database.read() as tx:
        return await tx.signals.count()


async def test_a_writer_waits_for_another_process_and_readers_do_not(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with process(_HOLD, sqlite_url) as other:
        writing = asyncio.create_task(_ring(sqlite_database))
        assert await _count(sqlite_database) == 0
        await asyncio.sleep(0.05)
        assert not writing.done()
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
        await writing
        assert await _count(sqlite_database) == 11


async def test_a_killed_writer_leaves_no_lock_and_nothing_half_done(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with process(_HOLD, sqlite_url) as other:
        os.kill(other.pid, signal.SIGKILL)
        await _ring(sqlite_database)
    assert await _count(sqlite_database) == 1


async def test_a_process_that_hangs_while_it_writes_is_an_outage(
    sqlite_database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_lock, "WAIT_S", 0.03)
    with process(_HOLD, sqlite_url), pytest.raises(TimeoutError, match="another process") as late:
        await _ring(sqlite_database)
    assert is_outage(late.value)
    await _ring(sqlite_database)


async def test_a_process_that_writes_on_and_on_lets_others_in_each_time(
    sqlite_database: Database, sqlite_url: str
) -> None:
    with process(_WRITE_ON, sqlite_url):
        longest = 0.0
        for _ in range(10):
            started = time.monotonic()
            await _ring(sqlite_database)
            longest = max(longest, time.monotonic() - started)
    # One transaction of the other's takes 20 ms; a machine under load may take much longer for it.
    assert longest < 1.0


async def test_one_holds_it_at_a_time_however_the_path_is_spelt(tmp_path: Path) -> None:
    (tmp_path / "real.db").touch()
    (tmp_path / "link.db").symlink_to("real.db")
    locks = [WriterLock(tmp_path / "real.db"), WriterLock(tmp_path / "link.db")]
    inside = 0

    async def write(lock: WriterLock) -> None:
        nonlocal inside
        for _ in range(20):
            async with lock.held():
                inside += 1
                await asyncio.sleep(0)
                assert inside == 1
                inside -= 1

    await asyncio.gather(*(write(lock) for lock in locks))
    for lock in locks:
        lock.close()


async def test_who_gives_up_waiting_lets_the_next_one_in(tmp_path: Path) -> None:
    one, two, three = (WriterLock(tmp_path / "x.db") for _ in range(3))
    async with one.held():
        waiting = asyncio.create_task(_enter(two))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await _enter(three)
    for lock in (one, two, three):
        lock.close()


async def _enter(lock: WriterLock) -> None:
    async with lock.held():
        pass


async def _ring(database: Database) -> None:
    async with database.write() as tx:
        await tx.signals.ring()
