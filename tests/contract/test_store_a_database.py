"""Opening, migrating, transactions and waking: the same on SQLite and PostgreSQL."""

import asyncio
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from notifier.errors import InputError
from notifier.store.database import Database, is_outage
from notifier.store.tables import metadata


async def test_migrations_and_tables_are_the_same_schema(database: Database) -> None:
    def differences(conn: Connection) -> list[object]:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.read() as tx:
        assert await tx.conn.run_sync(differences) == []


async def test_upgrading_twice_and_at_once_is_harmless(database: Database, database_url: str) -> None:
    other = Database.open(database_url)
    await asyncio.gather(database.upgrade(), other.upgrade())
    assert await database.is_current()
    await other.close()


async def test_first_upgrade_from_two_processes_at_once(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/new.db"
    one, two = Database.open(url), Database.open(url)
    assert not await one.is_current()
    assert not (tmp_path / "new.db").exists()
    await asyncio.gather(one.upgrade(), two.upgrade())
    assert await two.is_current()
    await one.close()
    await two.close()


async def test_missing_folder_is_named_with_the_mend(tmp_path: Path) -> None:
    database = Database.open(f"sqlite+aiosqlite:///{tmp_path}/nowhere/notifier.db")
    with pytest.raises(InputError, match="nowhere does not exist; create it"):
        await database.upgrade()
    await database.close()


@pytest.mark.parametrize("url", ["mysql://root:geheim@h/x", "nonsense geheim", "sqlite+aiosqlite://", ""])
def test_a_url_we_cannot_use_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InputError) as refused:
        Database.open(url)
    assert "geheim" not in str(refused.value)


async def test_a_newer_schema_is_refused(database: Database) -> None:
    async with database.write() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not await database.is_current()
    with pytest.raises(InputError, match="newer notifier"):
        await database.upgrade()


async def test_what_raises_is_rolled_back(database: Database) -> None:
    async def stumble() -> None:
        async with database.write() as tx:
            await tx.signals.ring()
            await tx.signals.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stumble()
    async with database.read() as tx:
        assert await tx.signals.count() == 0


async def test_reading_cannot_write(database: Database) -> None:
    async with database.read() as tx:
        with pytest.raises(DBAPIError):
            await tx.conn.execute(text("INSERT INTO signals (name, count) VALUES ('wake', 1)"))


async def test_a_reader_sees_one_state_throughout(database: Database) -> None:
    async with database.read() as reader:
        assert await reader.signals.count() == 0
        async with database.write() as tx:
            await tx.signals.ring()
        assert await reader.signals.count() == 0
    async with database.read() as reader:
        assert await reader.signals.count() == 1


async def test_fifty_writers_at_once_all_pass(database: Database, database_url: str) -> None:
    other = Database.open(database_url)

    async def raise_count(on: Database) -> None:
        async with on.write() as tx:
            await tx.signals.count()
            await asyncio.sleep(0.002)
            await tx.signals.ring()

    await asyncio.gather(*(raise_count(on) for on in (database, other) for _ in range(25)))
    async with database.read() as tx:
        assert await tx.signals.count() == 50
    await other.close()


async def test_a_cancelled_writer_leaves_nothing_behind(database: Database) -> None:
    async def linger() -> None:
        async with database.write() as tx:
            await tx.signals.ring()
            await tx.signals.flush()
            await asyncio.sleep(60)

    task = asyncio.create_task(linger())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.write() as tx:
        assert await tx.signals.count() == 0


async def test_waiting_ends_when_another_process_rings(database: Database, database_url: str) -> None:
    other = Database.open(database_url)
    waiting = [asyncio.create_task(database.wait_signal(0, 10)) for _ in range(3)]
    await asyncio.sleep(0.3)
    before = time.monotonic()
    async with other.write() as tx:
        await tx.signals.ring()
    assert await asyncio.gather(*waiting) == [1, 1, 1]
    assert time.monotonic() - before < 1
    await other.close()


async def test_a_ring_from_before_the_wait_is_seen_at_once(database: Database) -> None:
    async with database.write() as tx:
        await tx.signals.ring()
    assert await database.wait_signal(0, 10) == 1


async def test_waiting_ends_at_its_time_out(database: Database) -> None:
    assert await database.wait_signal(0, 0.15) == 0
    assert await database.wait_signal(0, 0) == 0


async def test_a_file_locked_by_another_program_is_an_outage(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.store.engines._SQLITE_PRAGMAS", ("PRAGMA busy_timeout = 50",))
    database = Database.open(sqlite_url)
    stranger = sqlite3.connect(sqlite_url.partition("///")[2], isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(DBAPIError) as locked:
        async with database.write():
            pass
    assert is_outage(locked.value)
    stranger.close()
    await database.close()


async def test_a_full_disk_is_an_outage(sqlite_database: Database) -> None:
    async def write_much() -> None:
        async with sqlite_database.write() as tx:
            await tx.conn.execute(text("PRAGMA max_page_count = 1"))
            await tx.conn.execute(text("CREATE TABLE much AS SELECT zeroblob(1000000) AS blob"))

    with pytest.raises(DBAPIError) as full:
        await write_much()
    assert is_outage(full.value)


async def test_a_violated_key_is_no_outage(database: Database) -> None:
    async def write_twice() -> None:
        async with database.write() as tx:
            for _ in range(2):
                await tx.conn.execute(text("INSERT INTO signals (name, count) VALUES ('other', 1)"))

    with pytest.raises(DBAPIError) as violated:
        await write_twice()
    assert not is_outage(violated.value)


def test_a_fault_of_ours_is_no_outage() -> None:
    assert not is_outage(ValueError())
    assert is_outage(ConnectionRefusedError())


def test_no_test_gets_out_to_the_network() -> None:
    with pytest.raises((SocketConnectBlockedError, UserWarning), match=r"socket\.connect"):
        socket.create_connection(("192.0.2.1", 9), timeout=1)
