"""Commands about access to the console: rights given by hand, and sessions ended."""

from datetime import timedelta
from typing import Annotated

import typer

from notifier.cli.cases import SHELL, By, Reason, who_decides
from notifier.cli.output import civil, print_document, print_table
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import duration_of, end_in, rights_of
from notifier.config import Config
from notifier.domain.access import Grant, Right, in_order
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.times import iso_utc
from notifier.engine.parts import Parts
from notifier.engine.station import Actor

_NAMES = ", ".join(Right)

Person = Annotated[str, typer.Argument(metavar="PERSON", show_default=False, help="An id of people.csv.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("grant")(grant)
    app.command("grants")(list_grants)
    app.command("revoke-grant")(revoke_grant)
    app.command("revoke-sessions")(revoke_sessions)


def grant(
    person: Person,
    by: By,
    reason: Reason,
    unit: Annotated[str, typer.Option("--unit", metavar="CODE", help="A unit with all below it.")],
    right: Annotated[
        list[str] | None,
        typer.Option("--right", help=f"{_NAMES}, or all; repeat for several. see, when left out."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When it ends; a day alone: its end.")
    ] = None,
    span: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="Or how long.")] = None,
) -> None:
    """Let PERSON see, or do, in the console more than his offices give him; prints the grant's number."""
    if (until is None) == (span is None):
        raise wrong_usage("give either --until or --for")
    rights = rights_of(right or [], "--right")
    length: timedelta | None = duration_of(span, "--for") if span else None

    async def work(parts: Parts, config: Config) -> int:
        now = parts.station.now()
        given = Grant(
            id=0,
            person=PersonId(person),
            unit=UnitCode(unit),
            rights=rights,
            by=PersonId(by),
            reason=reason,
            since=now,
            until=end_in(until, "--until", config.zone) if until else now + (length or timedelta()),
        )
        async with parts.station.db.write() as tx:
            return await parts.granting.give(tx, given, await who_decides(tx, by), now)

    typer.echo(with_parts(work))


def list_grants(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the grants that stand."""

    async def work(parts: Parts, config: Config) -> tuple[list[Grant], Config]:
        async with parts.station.db.read() as tx:
            return await tx.grants.standing(parts.station.now()), config

    found, config = with_parts(work)
    if as_json:
        print_document([_document(one) for one in found])
        return
    rows = [
        (
            one.id,
            one.person,
            one.unit,
            " ".join(in_order(one.rights)),
            civil(one.until, config.zone),
            one.by,
            one.reason,
        )
        for one in found
    ]
    print_table(("id", "person", "unit", "rights", "until", "by", "reason"), rows)


def revoke_grant(
    number: Annotated[int, typer.Argument(metavar="GRANT", min=1, show_default=False)], by: By, reason: Reason
) -> None:
    """End a grant now."""

    async def work(parts: Parts, _: Config) -> None:
        async with parts.station.db.write() as tx:
            decided = await who_decides(tx, by)
            await parts.granting.revoke(tx, number, decided, reason, parts.station.now())

    with_parts(work)


def revoke_sessions(
    person: Person,
    by: Annotated[
        str | None, typer.Option("--by", metavar="PERSON", help="The id of who decides this.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Kept in the journal.")] = None,
) -> None:
    """Sign PERSON out of the console everywhere, and let codes and links on their way work no more."""

    async def work(parts: Parts, _: Config) -> int:
        async with parts.station.db.write() as tx:
            decided = await who_decides(tx, by) if by else Actor(person=None, channel=SHELL)
            return await parts.granting.end_sessions(
                tx, PersonId(person), decided, reason, parts.station.now()
            )

    typer.echo(f"{with_parts(work)} session(s) ended")


def _document(grant: Grant) -> dict[str, object]:
    return {
        "id": str(grant.id),
        "person": grant.person,
        "unit": grant.unit,
        "rights": in_order(grant.rights),
        "from": iso_utc(grant.since),
        "until": iso_utc(grant.until),
        "by": grant.by,
        "reason": grant.reason,
    }
