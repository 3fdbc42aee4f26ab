"""Commands about broadcasts: send one, see how it stands, stop it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.output import civil, print_counts, print_document, print_table, progress, say
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import duration_of, moment_in
from notifier.config import Config
from notifier.domain.audience import parse_audience
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.policy import Kind
from notifier.engine import reports
from notifier.engine.broadcasts import Order
from notifier.engine.forecast import Forecast, Pacing, forecast
from notifier.engine.parts import Parts
from notifier.errors import InputError, NotFound
from notifier.texts.vocabulary import VOCABULARY

NAMED = 20
"""How many of those who cannot answer are named."""

Id = Annotated[int, typer.Argument(metavar="ID", min=1, show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

broadcast = typer.Typer(no_args_is_help=True, help="Commendations and notices.")


class BroadcastKind(StrEnum):
    """What can be broadcast."""

    COMMENDATION = "commendation"
    NOTICE = "notice"


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    broadcast.command("send")(send)
    broadcast.command("show")(show)
    broadcast.command("cancel")(cancel)
    app.add_typer(broadcast, name="broadcast")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What was asked for, before the settings say what its times mean."""

    kind: Kind
    title: str
    body: str
    audience: tuple[str, ...]
    author: PersonId | None
    relay: bool
    reply_by: timedelta | None
    at: str | None

    def order(self, config: Config) -> Order:
        """The order that the engine takes."""
        return Order(
            kind=self.kind,
            title=self.title,
            body=self.body,
            audience=self.audience,
            author=self.author,
            relay=self.relay,
            reply_by=self.reply_by,
            start_at=moment_in(self.at, "--at", config.zone) if self.at else None,
        )


def send(
    kind: Annotated[BroadcastKind, typer.Option("--kind", show_default=False)],
    title: Annotated[str, typer.Option("--title", show_default=False)],
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="EXPR",
            show_default=False,
            help="unit:CODE (with all below), office:TITLE, post:KIND, person:ID; joined by commas all of "
            "them hold; --to again: either.",
        ),
    ],
    body: Annotated[str | None, typer.Option("--body", help="The text.")] = None,
    body_file: Annotated[
        Path | None, typer.Option("--body-file", exists=True, dir_okay=False, help="A file with the text.")
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="PERSON", help="Who gets the summaries.")] = None,
    relay: Annotated[
        bool, typer.Option("--relay", help="Ask each village to pass it on and say how many.")
    ] = (False),
    reply_by: Annotated[
        str | None, typer.Option("--reply-by", metavar="2h", help="By when the villages answer.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Begin then instead of now.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send a commendation or notice to everybody in EXPR; prints its id."""
    if reply_by is not None and not relay:
        raise wrong_usage("--reply-by is the deadline of --relay; give both")
    wish = _Wish(
        kind=Kind(kind),
        title=_text(title, "--title", "title"),
        body=_text(_body(body, body_file), "--body", "body"),
        audience=_audience(to),
        author=PersonId(by) if by else None,
        relay=relay,
        reply_by=duration_of(reply_by, "--reply-by") if reply_by else None,
        at=at,
    )

    async def work(parts: Parts, config: Config) -> BroadcastId:
        order = wish.order(config)
        await _check_author(parts, order)
        expected = await forecast(parts, order, Pacing(telegram=config.telegram_rate, sms=config.twilio_rate))
        _describe(expected, config)
        if not yes:
            _confirm(expected.people)
        return await _prepare(parts, order, expected.people)

    typer.echo(str(with_parts(work)))


def _body(body: str | None, file: Path | None) -> str:
    if (body is None) is (file is None):
        raise wrong_usage("give the text once: --body or --body-file")
    if file is None:
        return body or ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file.name} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{file.name} cannot be read ({error.strerror})") from None


def _text(given: str, option: str, name: str) -> str:
    text, most = given.strip(), VOCABULARY[name].cap
    if not text:
        raise wrong_usage(f"{option} is empty")
    if len(text) > most:
        raise wrong_usage(f"{option} has {len(text)} characters; {most} are the most")
    return text


def _audience(expressions: Sequence[str]) -> tuple[str, ...]:
    try:
        parse_audience(expressions)
    except ValueError as error:
        raise wrong_usage(f"--to: {error}") from None
    return tuple(expressions)


async def _check_author(parts: Parts, order: Order) -> None:
    async with parts.station.db.read() as tx:
        if order.author is not None and order.author not in await tx.roster.present([order.author]):
            raise NotFound(f"--by: there is no person {order.author}; give an id of people.csv")


def _describe(expected: Forecast, config: Config) -> None:
    held = f", {expected.held} held back by NOTIFIER_ONLY_TO" if expected.held else ""
    say(
        f"{expected.people} people: {expected.telegram} by Telegram, {expected.sms_only} by SMS only, "
        f"{expected.neither} nobody can reach{held}"
    )
    takes = timedelta(seconds=round(expected.takes.total_seconds()))
    say(f"{expected.segments} SMS segments; takes {takes} at today's pacing")
    say(f"begins {civil(expected.begins, config.zone)}")
    if expected.cannot_answer:
        more = len(expected.cannot_answer) - NAMED
        named = " ".join(expected.cannot_answer[:NAMED]) + (f" and {more} more" if more > 0 else "")
        say(f"{len(expected.cannot_answer)} cannot answer (SMS only, and it carries no replies): {named}")
    else:
        say("everybody who is reached can answer")


def _confirm(people: int) -> None:
    if not sys.stdin.isatty():
        raise wrong_usage("there is no terminal to ask on; give --yes to send")
    if not typer.confirm(f"Send to {people} people?", err=True):
        raise InputError("nothing was sent")


async def _prepare(parts: Parts, order: Order, people: int) -> BroadcastId:
    with progress() as bar:
        task = bar.add_task("writing messages", total=people)
        return await parts.broadcasts.prepare(
            order, parts.station.now(), lambda done: bar.update(task, completed=done)
        )


def show(broadcast_id: Id, as_json: Json = False) -> None:
    """Show how a broadcast stands: recipients by state, and each unit's relay."""

    async def work(parts: Parts, _: Config) -> reports.Document:
        return await reports.broadcast(parts, BroadcastId(broadcast_id))

    found = with_parts(work)
    if as_json:
        print_document(found)
        return
    typer.echo(f"broadcast {found['id']}: {found['kind']}, {found['state']}: {found['title']}")
    typer.echo(f"expected {found['expected']}, confirmed {found['confirmed']}")
    print_counts("states", found["states"])
    units = found["units"]
    if isinstance(units, list) and units:
        print_table(("unit", "members", "asked", "relayed", ""), [_relay_row(unit) for unit in units])


def _relay_row(unit: Mapping[str, object]) -> tuple[object, ...]:
    flag = "more than members" if unit.get("flagged") else None
    return unit["unit"], unit["members"], unit["asked"], unit["relayed"], flag


def cancel(broadcast_id: Id) -> None:
    """Stop what has not gone out yet, and its relays."""

    async def work(parts: Parts, _: Config) -> int:
        return await parts.broadcasts.stop(BroadcastId(broadcast_id))

    typer.echo(f"broadcast {broadcast_id} is cancelled; {with_parts(work)} message(s) were stopped")
