"""Printing: documents and tables on standard output, everything said about the work on standard error."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, tzinfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from notifier.domain.times import parse_iso_utc

PIPED_WIDTH = 200
"""Columns of a table that nobody looks at on a terminal: wide enough that nothing is folded."""


def print_document(document: object) -> None:
    """One JSON document and nothing else."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def say(text: str) -> None:
    """Something about the work, on standard error."""
    typer.echo(text, err=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table; None is shown as nothing."""
    if title:
        typer.echo(title)
    table = Table(*columns)
    for row in rows:
        # As Text, since brackets in somebody's words are no markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPED_WIDTH).print(table)


def print_counts(title: str, counts: object) -> None:
    """A mapping of names to numbers on one line."""
    if isinstance(counts, Mapping):
        typer.echo(f"{title}: " + ", ".join(f"{name} {number}" for name, number in counts.items()))


def civil(moment: object, zone: tzinfo) -> str:
    """A time, or its ISO form, as clocks there show it; nothing for None."""
    if moment is None:
        return ""
    known = moment if isinstance(moment, datetime) else parse_iso_utc(str(moment))
    return known.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on standard error that it goes on, for work whose length nobody knows; on terminals only."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield
        return
    with console.status(what):
        yield


def progress() -> Progress:
    """A bar on standard error, for work that takes a while; shown on terminals only."""
    console = Console(file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
