"""Commands about tokens of the API: what a program comes in with, as somebody, within a limit."""

from datetime import timedelta
from typing import Annotated

import typer

from notifier.cli.cases import By, Json, who_decides
from notifier.cli.output import civil, print_document, print_table, say
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import rights_of
from notifier.config import Config
from notifier.domain.access import Limit, Right, Rights, in_order
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.times import iso_utc, iso_utc_or_none
from notifier.engine.access.tokens import NewToken
from notifier.engine.parts import Parts
from notifier.store.rows import ApiToken

LONGEST_DAYS = 3650
_NAMES = ",".join(Right)

token = typer.Typer(no_args_is_help=True, help="Tokens with which programs use the API.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    token.command("create")(create)
    token.command("list")(list_tokens)
    token.command("revoke")(revoke)
    app.add_typer(token, name="token")


def create(
    person: Annotated[str, typer.Option("--for", metavar="PERSON", help="As whom it comes in.")],
    name: Annotated[str, typer.Option("--name", metavar="LABEL", help="What it is for.")],
    by: By,
    rights: Annotated[
        str, typer.Option("--rights", metavar="RIGHTS", help=f"Of {_NAMES}, with commas between; or all.")
    ] = Right.SEE,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="CODE", help="Only there and in all below it.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST_DAYS, help="How long it works.")] = 365,
) -> None:
    """Make a token of PERSON; it is printed once, and kept nowhere.

    It may what he may, within these limits; whatever he may no longer, it may no longer.
    """
    limit = Limit(rights=_rights(rights), unit=UnitCode(unit) if unit else None)

    async def work(parts: Parts, _: Config) -> NewToken:
        async with parts.station.db.write() as tx:
            decided = await who_decides(tx, by)
            span, now = timedelta(days=days), parts.station.now()
            return await parts.tokens.give(tx, PersonId(person), name, limit, span, decided, now)

    made = with_parts(work)
    say(f"token {made.id}; keep it as you would a password: it is shown this once")
    typer.echo(made.text)


def list_tokens(as_json: Json = False) -> None:
    """List the tokens that stand; never what they are."""

    async def work(parts: Parts, config: Config) -> tuple[list[ApiToken], Config]:
        async with parts.station.db.read() as tx:
            return await parts.tokens.standing(tx), config

    found, config = with_parts(work)
    if as_json:
        print_document([_document(one) for one in found])
        return
    rows = [
        (
            one.id,
            one.person,
            one.label,
            " ".join(in_order(one.limit.rights)),
            one.limit.unit,
            civil(one.until, config.zone),
            civil(one.last_used, config.zone),
            one.by,
        )
        for one in found
    ]
    print_table(("id", "person", "name", "rights", "unit", "until", "last used", "by"), rows)


def revoke(
    number: Annotated[int, typer.Argument(metavar="ID", min=1, show_default=False)],
    by: By,
) -> None:
    """End a token now."""

    async def work(parts: Parts, _: Config) -> None:
        async with parts.station.db.write() as tx:
            decided = await who_decides(tx, by)
            await parts.tokens.revoke(tx, number, decided, parts.station.now())

    with_parts(work)


def _rights(text: str) -> Rights:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise wrong_usage(f"--rights: it is empty; give some of {_NAMES}, or all")
    return rights_of(names, "--rights")


def _document(token: ApiToken) -> dict[str, object]:
    return {
        "id": str(token.id),
        "person": token.person,
        "name": token.label,
        "rights": in_order(token.limit.rights),
        "unit": token.limit.unit,
        "created_at": iso_utc(token.created_at),
        "until": iso_utc(token.until),
        "last_used": iso_utc_or_none(token.last_used),
        "by": token.by,
    }
