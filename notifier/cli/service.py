"""Commands about the program itself: run, demo, db upgrade."""

from importlib import import_module
from typing import Annotated

import typer

from notifier import bootstrap
from notifier.cli.running import run_async, wrong_usage
from notifier.config import load_config
from notifier.store.database import Database

database = typer.Typer(no_args_is_help=True, help="The database.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("run")(run)
    app.command("demo")(demo)
    database.command("upgrade")(upgrade)
    app.add_typer(database, name="db")


def run(
    only: Annotated[
        str | None,
        typer.Option("--only", metavar=",".join(bootstrap.ROLES), help="Some of the roles; all by default."),
    ] = None,
) -> None:
    """Run the service until it is told to stop (Ctrl-C, SIGTERM)."""
    roles = _roles(only)
    raise typer.Exit(run_async(bootstrap.run(load_config(), roles)))


def _roles(only: str | None) -> tuple[str, ...]:
    if only is None:
        return bootstrap.ROLES
    named = [name.strip() for name in only.split(",") if name.strip()]
    strange = [name for name in named if name not in bootstrap.ROLES]
    if strange or not named:
        raise wrong_usage(f"--only {only}: use some of {', '.join(bootstrap.ROLES)}, joined by commas")
    return tuple(role for role in bootstrap.ROLES if role in named)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when the story is over.")] = False,
) -> None:
    """Play one evening in an example city on this machine, with phones to look at."""
    # Only here, since the demo starts carriers of its own that no other command needs.
    story = import_module("notifier.demo.story")
    raise typer.Exit(run_async(story.play(once)))


def upgrade() -> None:
    """Bring the database to this program's version; harmless when it is."""

    async def work() -> None:
        opened = Database.open(load_config().database_url)
        try:
            await opened.upgrade()
        finally:
            await opened.close()

    run_async(work())
    typer.echo("the database is at this program's version")
