"""Commands about what is kept: back up, restore, move to another database, one person's data."""

import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from notifier.cli.cases import SHELL, By
from notifier.cli.output import print_counts, print_document, progress, say
from notifier.cli.running import run_async, with_parts
from notifier.cli.service import database
from notifier.config import Config, load_config
from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.engine import keeping
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.store import backup as backups
from notifier.store.copying import Progress, TableContent, copy_all
from notifier.store.database import Database

T = TypeVar("T")

File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]
Person = Annotated[str, typer.Argument(metavar="ID", show_default=False)]

person = typer.Typer(no_args_is_help=True, help="What is stored about one person.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    database.command("copy")(copy)
    person.command("export")(export)
    person.command("erase")(erase)
    app.add_typer(person, name="person")


def backup(
    file: File, force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False
) -> None:
    """Write everything as it stands now into FILE; the service may go on running."""

    async def work(opened: Database) -> None:
        with _bars() as step:
            await backups.back_up(opened, file, force=force, progress=step)

    _with_database(work)
    typer.echo(f"backed up to {file}")


def restore(
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Empty a database that is not empty.")] = False,
) -> None:
    """Bring a backup back into the database of the settings, and check it; stop the service first.

    On SQLite a service that still runs is noticed, and nothing is done.
    What waited to be sent when the backup was made is sent when the service starts, unless it has expired.
    """

    async def work(opened: Database) -> tuple[dict[str, TableContent], Mapping[MessageState, int]]:
        async with opened.alone():
            with _bars() as step:
                held = await backups.restore(file, opened, force=force, progress=step)
        async with opened.read() as tx:
            return held, await tx.messages.counts()

    held, counts = _with_database(work)
    typer.echo(f"restored and checked: {_total(held)}")
    if waiting := counts[MessageState.QUEUED] + counts[MessageState.SENDING]:
        say(f"{waiting} messages waited to be sent; the service sends those that have not expired")


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TO", show_default=False)],
) -> None:
    """Copy everything from one database (its URL) into another, empty one; stop the service first.

    Every table is read back and compared, row for row, before anything counts as copied.
    """

    async def work() -> dict[str, TableContent]:
        origin = Database.open(source)
        into = Database.open(target)
        try:
            async with origin.alone(), into.alone():
                with _bars() as step:
                    return await copy_all(origin, into, progress=step)
        finally:
            await into.close()
            await origin.close()

    typer.echo(f"copied and checked: {_total(run_async(work()))}")


def export(of: Person) -> None:
    """Print everything that is stored about a person, as one JSON document."""

    async def work(parts: Parts, _: Config) -> Mapping[str, object]:
        return await keeping.export_person(parts.station, PersonId(of))

    print_document(with_parts(work))


def erase(
    of: Person,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the journal.")],
) -> None:
    """Blank a person's name, addresses, words, and what was written to him. Nothing brings them back.

    His id stays, with the decisions that name it. Take him out of people.csv too, or the next import
    brings his name and phone back.
    """

    async def work(parts: Parts, _: Config) -> dict[str, int]:
        actor = Actor(person=PersonId(by), channel=SHELL)
        return await keeping.erase_person(parts.station, PersonId(of), actor, reason)

    print_counts(f"erased {of}", with_parts(work))


def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Open the database of the settings, as it is: nothing is migrated."""

    async def opened() -> T:
        chosen = Database.open(load_config().database_url)
        try:
            return await work(chosen)
        finally:
            await chosen.close()

    return run_async(opened())


@contextmanager
def _bars() -> Iterator[Progress]:
    """How far it is, on standard error: bars on a terminal, else a line for each table."""
    with progress() as shown:
        tasks = {}

        def step(table: str, done: int, total: int) -> None:
            if not sys.stderr.isatty():
                if done == total:
                    say(f"{table}: {total} rows")
                return
            if table not in tasks:
                tasks[table] = shown.add_task(table, total=total)
            shown.update(tasks[table], completed=done)

        yield step


def _total(held: Mapping[str, TableContent]) -> str:
    return f"{sum(table.rows for table in held.values())} rows in {len(held)} tables"
