"""Copies and backups: everything arrives, on either database, or nothing does."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text

from notifier.errors import InputError, NotifierError
from notifier.store import copying
from notifier.store.backup import back_up, restore
from notifier.store.copying import TableContent, copy_all
from notifier.store.database import Database
from notifier.store.tables import journal, messages, metadata, people, units
from tests.contract.store_a import PLAIN, queued
from tests.contract.store_full import PARCEL, fill


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Database]:
    """A SQLite database that nobody has made anything in."""
    opened = Database.open(f"sqlite+aiosqlite:///{tmp_path}/other.db")
    yield opened
    await opened.close()


async def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.read() as tx:
        return {
            name: sorted((tuple(row) for row in await tx.conn.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


async def test_a_copy_holds_everything_there_and_back(
    database: Database, other: Database, sqlite_url: str
) -> None:
    await fill(database)
    there = await copy_all(database, other)
    assert all(there[name].rows >= 1 for name in metadata.tables)
    assert await contents(other) == await contents(database)
    back = await copy_all(other, database, force=True)
    assert back == there
    assert await contents(database) == await contents(other)


async def test_new_rows_are_numbered_after_those_that_came(database: Database, other: Database) -> None:
    await other.upgrade()
    await fill(other)
    await copy_all(other, database)
    assert await queued(database, PLAIN) == [7002]
    async with database.write() as tx:
        await tx.settings.add({"policies.yaml": "x"}, PLAIN.not_before)  # type: ignore[arg-type]
        await tx.conn.execute(insert(journal).values(at=PLAIN.not_before, event="opened"))
        assert await tx.conn.scalar(select(func.max(journal.c.id))) == 7002


async def test_after_copying_an_empty_table_its_numbers_begin_at_one(
    database: Database, other: Database
) -> None:
    await other.upgrade()
    await copy_all(other, database)
    assert await queued(database, PLAIN) == [1]


async def test_a_target_with_rows_is_refused_and_left_alone(database: Database, other: Database) -> None:
    await other.upgrade()
    async with database.write() as tx:
        await tx.conn.execute(insert(units).values(code="C", name="市", kind="city"))
        await tx.signals.ring()
    before = await contents(database)
    with pytest.raises(InputError, match=r"not empty \(it has units\)"):
        await copy_all(other, database)
    assert await contents(database) == before


async def test_what_does_not_read_back_is_not_kept(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database)
    await other.upgrade()
    async with other.write() as tx:
        await tx.signals.ring()
    before = await contents(other)
    seen: list[str] = []

    async def corrupt(conn: object, table: object, written: TableContent) -> None:
        seen.append("looked")
        await verify(conn, table, TableContent(rows=written.rows, digest=written.digest + 1))  # type: ignore[arg-type]

    verify = copying._verify
    monkeypatch.setattr(copying, "_verify", corrupt)
    with pytest.raises(NotifierError, match="does not read back"):
        await copy_all(database, other)
    assert seen == ["looked"]
    assert await contents(other) == before


async def test_schemas_that_differ_are_refused(database: Database, other: Database) -> None:
    with pytest.raises(InputError, match="to be read is not at this program's version"):
        await copy_all(other, database)
    await other.upgrade()
    async with database.write() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(InputError, match="to be written is not at this program's version"):
        await copy_all(other, database)


async def test_copying_says_how_far_it_is(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "SET_SIZE", 2)
    await fill(database)
    said: list[tuple[str, int, int]] = []
    await copy_all(database, other, progress=lambda *step: said.append(step))
    steps = [step for step in said if step[0] == "people"]
    assert steps == [("people", done, 7) for done in (0, 2, 4, 6, 7)]
    assert {name for name, done, total in said if done == total} == set(metadata.tables)


async def test_a_backup_taken_while_somebody_writes_is_what_was_committed(
    database: Database, tmp_path: Path, other: Database
) -> None:
    await fill(database)
    before = await contents(database)
    file = tmp_path / "backup.db"
    async with database.write() as tx:
        await tx.conn.execute(insert(units).values(code="later", name="x", kind="village"))
        await back_up(database, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [name for name in os.listdir(tmp_path) if "backup" in name] == ["backup.db"]
    await restore(file, other)
    # What is there for an hour only is left out: a backup is kept for years.
    assert await contents(other) == {**before, "uploads": []}
    assert PARCEL not in file.read_bytes()


async def test_a_backup_is_restored_over_what_went_wrong(database: Database, tmp_path: Path) -> None:
    await fill(database)
    before = await contents(database)
    file = tmp_path / "backup.db"
    await back_up(database, file)
    async with database.write() as tx:
        await tx.conn.execute(text("DELETE FROM people"))
    with pytest.raises(InputError, match="not empty"):
        await restore(file, database)
    held = await restore(file, database, force=True)
    assert held["people"].rows == 7
    assert await contents(database) == {**before, "uploads": []}
    assert await queued(database, PLAIN) == [7002]


async def test_a_backup_needs_nobody_to_have_the_database_open(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path, other: Database
) -> None:
    await fill(sqlite_database)
    await sqlite_database.close()
    again = Database.open(sqlite_url)
    await back_up(again, tmp_path / "backup.db")
    await restore(tmp_path / "backup.db", other)
    async with other.read() as tx:
        assert await tx.conn.scalar(select(func.count()).select_from(people)) == 7
    await again.close()


async def test_no_file_is_overwritten_by_mistake(sqlite_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("words")
    with pytest.raises(InputError, match="exists already"):
        await back_up(sqlite_database, file)
    with pytest.raises(InputError, match="the database itself"):
        await back_up(sqlite_database, tmp_path / "notifier.db", force=True)
    with pytest.raises(InputError, match="the database itself"):
        await restore(tmp_path / "notifier.db", sqlite_database, force=True)
    with pytest.raises(InputError, match="cannot be written"):
        await back_up(sqlite_database, tmp_path / "nowhere" / "backup.db")
    assert file.read_text() == "words"
    await back_up(sqlite_database, file, force=True)
    assert file.read_bytes().startswith(b"SQLite format 3")


async def test_what_is_no_backup_is_refused_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    await fill(database)
    before = await contents(database)
    words, strange, torn = (tmp_path / name for name in ("words", "strange.db", "torn.db"))
    words.write_text("no database at all, but long enough to look like one" * 40)
    with closing(sqlite3.connect(strange)) as conn:
        conn.execute("CREATE TABLE somebodys (x)")
    await back_up(database, torn)
    whole = torn.read_bytes()
    torn.write_bytes(whole[:8192] + b"\x00" * (len(whole) // 2))
    for file, problem in ((words, "damaged"), (strange, "none of our tables"), (torn, "damaged")):
        with pytest.raises(InputError, match=problem):
            await restore(file, database, force=True)
    with pytest.raises(InputError, match="is no file"):
        await restore(tmp_path / "absent.db", database, force=True)
    assert await contents(database) == before


async def test_every_column_and_its_kind_takes_part(database: Database) -> None:
    """A content that differs in one value anywhere differs in its digest."""
    await fill(database)
    async with database.read() as tx:
        rows = (await tx.conn.execute(select(messages))).all()
    one, two = TableContent(), TableContent()
    one.add(rows)
    two.add(reversed(rows))
    assert one == two
    three = TableContent()
    three.add([(*rows[0][:-1], "changed"), *rows[1:]])
    assert three.rows == one.rows
    assert three != one


async def test_the_tables_are_all_there_are(database: Database) -> None:
    """What is copied is every table of the schema but Alembic's own."""

    def names(conn: Connection) -> set[str]:
        return set(conn.dialect.get_table_names(conn))

    async with database.read() as tx:
        assert await tx.conn.run_sync(names) - {"alembic_version"} == set(metadata.tables)
