"""Commands about the whole and about messages: status, messages, messages resend."""

from collections.abc import Mapping
from typing import Annotated

import typer

from notifier.cli.coverage import print_least_covered
from notifier.cli.output import civil, print_counts, print_document, print_table, say
from notifier.cli.running import with_parts, wrong_usage
from notifier.config import Config
from notifier.domain.ids import MessageId
from notifier.domain.message import MessageState
from notifier.engine import reports
from notifier.engine.broadcasts import SHELL
from notifier.engine.parts import Parts
from notifier.engine.resending import resend_all, resend_one
from notifier.store.rows import MessageFilter

SHOWN = 100
"""Messages in a table; ``--json`` has them all."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

outbox = typer.Typer(help="List messages, newest first; or send uncertain ones again.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("status")(status)
    outbox.callback(invoke_without_command=True)(list_messages)
    outbox.command("resend")(resend)
    app.add_typer(outbox, name="messages")


def status(as_json: Json = False) -> None:
    """Show how everything stands: messages, cases, lateness, channels, links."""

    async def work(parts: Parts, _: Config) -> reports.Document:
        return await reports.status(parts)

    found = with_parts(work)
    if as_json:
        print_document(found)
        return
    print_counts("messages", found["messages"])
    print_counts("cases", found["cases"])
    print_counts("on post", found["on_post"])
    typer.echo(f"oldest due timer: {found['timers_late_s']} s late")
    channels = found["channels"]
    for name, channel in channels.items() if isinstance(channels, Mapping) else ():
        print_counts(name, channel)
    print_counts("linked", found["linked"])
    print_least_covered(found["coverage"])


def list_messages(
    context: typer.Context,
    state: Annotated[MessageState | None, typer.Option("--state", help="Only in that state.")] = None,
    as_json: Json = False,
) -> None:
    """List messages, newest first; or send uncertain ones again."""
    if context.invoked_subcommand is not None:
        return
    limit = None if as_json else SHOWN + 1

    async def work(parts: Parts, config: Config) -> tuple[list[reports.Document], Config]:
        return await reports.messages(parts, MessageFilter(state=state, limit=limit)), config

    found, config = with_parts(work)
    if as_json:
        print_document(found)
        return
    columns = ("id", "state", "channel", "lane", "kind", "person", "case", "broadcast", "error")
    rows = [
        (*(row[name] for name in columns), civil(row["created_at"], config.zone)) for row in found[:SHOWN]
    ]
    print_table((*columns, "created"), rows)
    if len(found) > SHOWN:
        say(f"only the newest {SHOWN} are shown; --json has them all")


def resend(
    message: Annotated[int | None, typer.Argument(metavar="ID", min=1, show_default=False)] = None,
    uncertain: Annotated[bool, typer.Option("--uncertain", help="All that are uncertain.")] = False,
) -> None:
    """Send an uncertain message again, marked as a repeat: its reader may get it twice."""
    if (message is None) is not uncertain:
        raise wrong_usage("give the ID of one message, or --uncertain for all that are")

    async def work(parts: Parts, _: Config) -> int:
        if message is None:
            return await resend_all(parts, SHELL)
        await resend_one(parts, MessageId(message), SHELL)
        return 1

    typer.echo(f"{with_parts(work)} message(s) will be sent again")
