"""How coverage is shown: the same table for `links --coverage` and `status`."""

from collections.abc import Sequence

import typer

from notifier.cli.output import print_table
from notifier.engine.reports import Document

_SHOWN = 20


def print_coverage(found: Sequence[Document]) -> None:
    """Every unit: how many people, and how they can be reached."""
    columns = ("unit", "name", "people", "Telegram", "SMS only", "neither")
    rows = [
        (
            one["unit"],
            one["name"],
            one["people"],
            *(f"{one[way]} ({one[f'{way}_percent']} %)" for way in ("telegram", "sms_only", "neither")),
        )
        for one in found
    ]
    print_table(columns, rows, title="who can be written to, each unit with all below it")


def print_least_covered(found: object) -> None:
    """The units with the smallest part on Telegram, as many as a screen holds."""
    listed = list(found) if isinstance(found, list) else []
    listed.sort(key=lambda one: (one["telegram_percent"], one["unit"]))
    print_coverage(listed[:_SHOWN])
    if len(listed) > _SHOWN:
        typer.echo(f"the {_SHOWN} least covered of {len(listed)} units; `notifier links --coverage` has all")
