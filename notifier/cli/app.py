"""The command line, put together."""

import typer

from notifier.cli import (
    broadcasts,
    cases,
    checking,
    grants,
    keeping,
    links,
    messages,
    office_seats,
    offices,
    pauses,
    roster,
    rotas,
    service,
    tokens,
)
from notifier.cli.running import OneLineGroup

app = typer.Typer(
    cls=OneLineGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    help="Keeps posts manned: reminders, calls along the chain, lists and commendations by Telegram and SMS.",
)
for _part in (
    service,
    roster,
    rotas,
    checking,
    offices,
    pauses,
    links,
    cases,
    messages,
    broadcasts,
    grants,
    tokens,
    keeping,
):
    _part.add_to(app)
office_seats.add_to(offices.office)
