"""The command that hands out personal links, by which people connect their Telegram chats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from notifier.cli.coverage import print_coverage
from notifier.cli.output import civil, print_document, print_table, progress, say
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import duration_of
from notifier.config import Config
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.linking import coverage as covering
from notifier.engine.linking.groups import Group, Whom, anybody_in, find_groups
from notifier.engine.linking.revoking import revoke_links
from notifier.engine.linking.tokens import VALID_FOR, bot_name
from notifier.engine.parts import Parts
from notifier.errors import InputError, NotFound

TABLE, SHEETS = ".csv", ".pdf"

LONGEST = timedelta(days=90)
"""A link that works for longer is a key left lying about."""

_SHOWN = 20
"""Undrawn names listed; the rest are counted."""


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("links")(links)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The options, read."""

    whom: Whom
    out: Path | None
    split: bool
    valid: timedelta
    by: PersonId | None
    font: Path | None


def links(
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="CODE", help="The unit, with all below it.")
    ] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="ID", help="One person alone.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE.csv|.pdf", help="A table, or sheets to be printed and cut apart."
        ),
    ] = None,
    split: Annotated[
        bool, typer.Option("--split", help="--out is a folder: a PDF for each unit, named by its code.")
    ] = False,
    valid: Annotated[
        str, typer.Option("--valid", metavar="TIME", help="How long the links work, such as 7d.")
    ] = f"{VALID_FOR.days}d",
    missing: Annotated[
        bool,
        typer.Option("--missing", help="Only those whom the bot cannot write to now; with --coverage, who."),
    ] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Let their unused links and codes work no more.")
    ] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show how many of each unit can be written to.")
    ] = False,
    by: Annotated[
        str | None, typer.Option("--by", metavar="PERSON", help="Who decides this; kept in the journal.")
    ] = None,
    font: Annotated[
        Path | None,
        typer.Option("--font", metavar="FILE", help="A font for rare characters in names.", dir_okay=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --coverage: one JSON document.")] = False,
) -> None:
    """Make a personal link for each person, by which he connects his Telegram chat; or revoke, or count them.

    What is written holds secrets: whoever opens a link gets that person's messages. A link works once.
    Making links anew leaves those handed out before in force; --revoke ends them.
    """
    _check(unit, person, out, revoke=revoke, coverage=coverage, as_json=as_json)
    whom = Whom(
        unit=UnitCode(unit) if unit else None, person=PersonId(person) if person else None, missing=missing
    )
    if coverage:
        _show_coverage(whom, as_json=as_json)
        return
    asked = _Asked(
        whom=whom,
        out=out,
        split=split,
        valid=_valid(valid),
        by=PersonId(by) if by else None,
        font=font,
    )
    if revoke:
        _revoke(asked)
    else:
        _hand_out(asked, _target(out, split=split))


def _check(
    unit: str | None, person: str | None, out: Path | None, *, revoke: bool, coverage: bool, as_json: bool
) -> None:
    if sum((out is not None, revoke, coverage)) != 1:
        raise wrong_usage("say one of --out FILE, --revoke, --coverage")
    if as_json and not coverage:
        raise wrong_usage("--json goes with --coverage")
    if coverage and person is not None:
        raise wrong_usage("--coverage counts units: use --unit, or leave it out for all")
    if not coverage and (unit is None) == (person is None):
        raise wrong_usage("say for whom: --unit CODE or --person ID")


def _valid(text: str) -> timedelta:
    span = duration_of(text, "--valid")
    if span > LONGEST:
        raise wrong_usage(f"--valid {text}: links work for {LONGEST.days} days at the most")
    return span


def _target(out: Path | None, *, split: bool) -> Path:
    """Where to write. Raises for what cannot be written there, before anything is made."""
    if out is None:
        raise wrong_usage("say where to: --out FILE")
    if split and out.suffix.lower() in (TABLE, SHEETS):
        raise wrong_usage(f"--out {out.name}: with --split name a folder")
    if not split and out.suffix.lower() not in (TABLE, SHEETS):
        raise wrong_usage(f"--out {out.name}: write {TABLE} for a table, {SHEETS} for sheets, or add --split")
    if not split and out.is_dir():
        raise wrong_usage(f"--out {out.name} is a folder; name a file in it, or add --split")
    if not out.absolute().parent.is_dir():
        raise InputError(f"the folder of {out} does not exist; create it")
    return out


# ── making ───────────────────────────────────────────────────────────────────────────────────────


def _hand_out(asked: _Asked, out: Path) -> None:
    # Imported here: fonts and pictures take half a second that no other command should wait for.
    from notifier.engine.linking.handout import HandedOut, Handout, Order
    from notifier.files.typefaces import Typefaces

    async def work(parts: Parts, config: Config) -> tuple[HandedOut, Config]:
        tokens = list(config.telegram_tokens.values())
        if not tokens:
            raise InputError("Telegram is off; set NOTIFIER_TELEGRAM_TOKEN")
        await _check_person(parts, asked.by)
        groups = anybody_in(await find_groups(parts.station, asked.whom), asked.whom)
        order = Order(bot=await bot_name(tokens[0], config.telegram_api_url), valid=asked.valid, by=asked.by)
        with progress() as bar:
            handout = Handout(parts.station, order, _ticking(bar, groups))
            if asked.split:
                return await handout.write_split(out, groups, Typefaces(asked.font)), config
            if out.suffix.lower() == SHEETS:
                return await handout.write_sheets(out, groups, Typefaces(asked.font)), config
            return await handout.write_table(out, groups), config

    made, config = with_parts(work)
    _warn_of_undrawn([(person.id, missing) for person, missing in made.undrawn])
    files = f", {made.files} file(s)" if asked.split else ""
    typer.echo(f"{out}: {made.links} link(s){files}, good until {civil(made.until, config.zone)[:16]}")


def _ticking(bar: Progress, groups: Sequence[Group]) -> Callable[[], None]:
    task = bar.add_task("making links", total=sum(len(group.people) for group in groups))
    return lambda: bar.advance(task)


def _warn_of_undrawn(undrawn: Sequence[tuple[PersonId, str]]) -> None:
    for person, missing in undrawn[:_SHOWN]:
        named = " ".join(f"{character} (U+{ord(character):04X})" for character in missing)
        say(f"warning: {person}'s name has {named}, which no font here can draw; □ is printed instead")
    if len(undrawn) > _SHOWN:
        say(f"warning: and {len(undrawn) - _SHOWN} more names")
    if undrawn:
        say("install a font that has them, such as Debian's fonts-hanazono, or name one with --font FILE")


async def _check_person(parts: Parts, by: PersonId | None) -> None:
    if by is None:
        return
    async with parts.station.db.read() as tx:
        if by not in await tx.roster.present([by]):
            raise NotFound(f"there is no person {by} in the roster; --by wants the id of who decides this")


# ── revoking ─────────────────────────────────────────────────────────────────────────────────────


def _revoke(asked: _Asked) -> None:
    async def work(parts: Parts, _: Config) -> int:
        await _check_person(parts, asked.by)
        groups = anybody_in(await find_groups(parts.station, asked.whom), asked.whom)
        return await revoke_links(parts.station, groups, asked.by)

    typer.echo(f"{with_parts(work)} unused link(s) and code(s) revoked; chats already linked stay")


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────


def _show_coverage(whom: Whom, *, as_json: bool) -> None:
    async def work(parts: Parts, _: Config) -> tuple[list[covering.Coverage], list[covering.Unlinked]]:
        async with parts.station.db.read() as tx:
            found = await covering.coverage(parts.station, tx, whom.unit)
        return found, await covering.unlinked(parts.station, whom.unit) if whom.missing else []

    found, without = with_parts(work)
    if as_json:
        print_document(covering.as_document(found))
        return
    print_coverage(covering.as_document(found))
    if whom.missing:
        rows = [(one.person.unit, one.person.id, one.person.name, one.reason, _way(one)) for one in without]
        print_table(("unit", "person", "name", "Telegram", "left"), rows, title="without Telegram")


def _way(one: covering.Unlinked) -> str:
    return "SMS" if one.sms else "nothing"
