"""How every command runs: one event loop, one opening of the parts, one line for what a user can mend."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import typer
from sqlalchemy.exc import DBAPIError
from typer.core import TyperGroup

from notifier.bootstrap import open_parts, set_up_logs
from notifier.cli.output import say
from notifier.config import Config, load_config
from notifier.engine.parts import Parts
from notifier.errors import NotifierError
from notifier.store.outage import is_outage

T = TypeVar("T")

FAILURE = 1


class OneLineGroup(TyperGroup):
    """A group whose failures are lines on standard error and exit status 1, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except NotifierError as error:
            say(str(error))
        except DBAPIError as error:
            if not _is_about_the_connection(error):
                raise
            # Never the error itself: a driver's may quote a row, or the address with its password.
            reason = type(error.orig).__name__
            say(f"the database cannot be used now ({reason}); check that it runs, and NOTIFIER_DATABASE_URL")
        except OSError as error:
            say(f"{str(error) or type(error).__name__}; check that it runs, and the settings")
        raise typer.Exit(FAILURE)


def _is_about_the_connection(error: DBAPIError) -> bool:
    """Whether a user can mend it: the database is away, or it never took a statement from us."""
    return is_outage(error) or error.statement is None


def run_async(work: Coroutine[object, object, T]) -> T:
    """Run to the end."""
    return asyncio.run(work)


def with_parts(work: Callable[[Parts, Config], Awaitable[T]]) -> T:
    """Open everything as the settings say, do the work, close. Raises what the work raises."""

    async def opened() -> T:
        config = load_config()
        set_up_logs("warning")
        async with open_parts(config) as parts:
            return await work(parts, config)

    return run_async(opened())


def wrong_usage(problem: str) -> typer.BadParameter:
    """The error to raise for wrong usage: exit status 2."""
    return typer.BadParameter(problem)
