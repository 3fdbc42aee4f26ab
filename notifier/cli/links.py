"""The command that hands out personal links, by which people connect their Telegram chats."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.running import with_parts, wrong_usage
from notifier.config import Config
from notifier.domain.ids import UnitCode
from notifier.engine.linking import VALID_FOR, DeepLink, bot_name, issue_links, write_links
from notifier.engine.parts import Parts
from notifier.errors import InputError


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("links")(links)


def links(
    unit: Annotated[str, typer.Option("--unit", metavar="CODE", help="The unit, with all below it.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.csv", dir_okay=False)],
) -> None:
    """Make a personal link for each person, by which he connects his Telegram chat; good for 14 days.

    The file holds secrets: whoever opens a link gets that person's messages.
    """
    if out.suffix.lower() != ".csv":
        raise wrong_usage(f"--out {out.name}: links are written as .csv; .pdf is not in this version")
    if not out.absolute().parent.is_dir():
        raise InputError(f"the folder of {out} does not exist; create it")

    async def work(parts: Parts, config: Config) -> Sequence[DeepLink]:
        tokens = list(config.telegram_tokens.values())
        if not tokens:
            raise InputError("Telegram is off; set NOTIFIER_TELEGRAM_TOKEN")
        bot = await bot_name(tokens[0], config.telegram_api_url)
        made = await issue_links(parts, UnitCode(unit), bot)
        write_links(out, made)
        return made

    made = with_parts(work)
    typer.echo(f"{out}: {len(made)} link(s), good for {VALID_FOR.days} days")
