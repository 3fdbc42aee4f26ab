"""Backups: one SQLite file, taken while the program runs, whichever database it runs on."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from notifier.errors import InputError
from notifier.store.copying import Progress, TableContent, copy_all
from notifier.store.database import Database


async def back_up(
    database: Database, file: Path, *, force: bool = False, progress: Progress | None = None
) -> None:
    """Write everything, as it stands at one moment, into ``file``; writers go on meanwhile.

    The file is there whole or not at all, and only its owner may read it: it holds everybody's numbers.
    Raises InputError when it exists already (``force``: it is replaced), or cannot be written.
    """
    _refuse_target(database, file, force=force)
    try:
        # Beside the file, so that putting it in place is one step.
        with tempfile.TemporaryDirectory(dir=os.path.dirname(file) or ".", prefix=".notifier-") as folder:
            part = Path(folder) / "part.db"
            if database.file is not None:
                await asyncio.to_thread(_vacuum, database.file, part)
            else:
                await _copy_out(database, part, progress)
            await asyncio.to_thread(_leave_out, part)
            await asyncio.to_thread(_put_in_place, part, file)
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror or error})") from error
    except sqlite3.Error as error:
        raise InputError(f"{file} was not written: {error}") from error


async def restore(
    file: Path, database: Database, *, force: bool = False, progress: Progress | None = None
) -> dict[str, TableContent]:
    """Bring back what ``back_up`` wrote, into an empty database of either kind; what each table holds now.

    A backup of an older version is brought to this one first; the file itself is left as it is. Everything
    written is read back and compared before it counts. Raises InputError when the file is no backup of
    ours, or is damaged, or when the database is not empty (``force``: it is emptied first).
    """
    _refuse_source(file, database)
    async with _opened(file) as source:
        return await copy_all(source, database, force=force, progress=progress)


def _refuse_target(database: Database, file: Path, *, force: bool) -> None:
    if database.file is not None and not database.file.exists():
        raise InputError(f"there is no database {database.file} yet; nothing to back up")
    if not file.exists():
        return
    if database.file is not None and file.samefile(database.file):
        raise InputError(f"{file} is the database itself; give another file")
    if not force:
        raise InputError(f"{file} exists already; give another name, or --force to replace it")


def _refuse_source(file: Path, database: Database) -> None:
    if not file.is_file():
        raise InputError(f"{file} is no file")
    if database.file is not None and database.file.exists() and file.samefile(database.file):
        raise InputError(f"{file} is the database itself, not a backup of it")


def _vacuum(source: Path, target: Path) -> None:
    """Write a compact, consistent copy of a SQLite file. It reads only: nobody who writes is kept waiting."""
    target.touch(mode=0o600)
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as conn:
        conn.execute("VACUUM INTO ?", (str(target),))


def _leave_out(file: Path) -> None:
    """Take out what is there for an hour only: a backup is kept for years."""
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        if conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'uploads'").fetchone():
            conn.execute("PRAGMA secure_delete = ON")
            conn.execute("DELETE FROM uploads")


async def _copy_out(database: Database, part: Path, progress: Progress | None) -> None:
    rows = part.with_name("rows.db")
    target = Database.open(f"sqlite+aiosqlite:///{rows}")
    try:
        await copy_all(database, target, progress=progress)
    finally:
        await target.close()
    await asyncio.to_thread(_vacuum, rows, part)


def _put_in_place(part: Path, file: Path) -> None:
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(file)
    folder = os.open(file.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@asynccontextmanager
async def _opened(file: Path) -> AsyncIterator[Database]:
    """The backup, copied aside and brought to this program's version."""
    with tempfile.TemporaryDirectory(prefix="notifier-restore-") as folder:
        copy = Path(folder) / "backup.db"
        try:
            await asyncio.to_thread(_vacuum, file, copy)
            await asyncio.to_thread(_check, copy)
        except sqlite3.Error as error:
            raise InputError(f"{file} is damaged, or no backup of ours ({error})") from error
        database = Database.open(f"sqlite+aiosqlite:///{copy}")
        try:
            if await database.is_blank():
                raise InputError(f"{file} is no backup of ours: it has none of our tables")
            await database.upgrade()
            yield database
        finally:
            await database.close()


def _check(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        [verdict] = conn.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)
