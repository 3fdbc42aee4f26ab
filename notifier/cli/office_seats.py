"""Commands about who holds an office: suspend, reinstate, appoint, remove."""

from typing import Annotated

import typer

from notifier.cli.cases import By
from notifier.cli.offices import (
    From,
    Order,
    Person,
    Rank,
    Title,
    Unit,
    Until,
    seat_meant,
    shell_actor,
    write_by,
)
from notifier.cli.running import wrong_usage
from notifier.cli.values import end_in, moment_in
from notifier.config import Config
from notifier.domain.ids import PersonId
from notifier.engine.parts import Parts
from notifier.engine.seats import SeatOrder
from notifier.store.tx import Tx

Why = Annotated[str, typer.Option("--reason", help="Kept in the record, and told to whom it concerns.")]


def add_to(office: typer.Typer) -> None:
    """Register the commands beside those about who acts."""
    office.command("suspend")(suspend)
    office.command("reinstate")(reinstate)
    office.command("appoint")(appoint)
    office.command("vacate")(vacate)


def suspend(
    unit: Unit,
    title: Title,
    by: By,
    reason: Why,
    rank: Rank = None,
    since: From = None,
    until: Until = None,
) -> None:
    """Suspend who holds an office: a person's decision. He is told by whom, why, and whom to answer to."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        order = await _order(tx, config, unit, title, rank, reason, since=since, until=until)
        record = await parts.seats.suspend(tx, order, shell_actor(by), parts.station.now())
        typer.echo(record.id)

    write_by(work, by)


def reinstate(unit: Unit, title: Title, by: By, reason: Why, rank: Rank = None) -> None:
    """End a suspension now: the office is its holder's again."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        order = await _order(tx, config, unit, title, rank, reason)
        record = await parts.seats.reinstate(tx, order, shell_actor(by), parts.station.now())
        typer.echo(record.id)

    write_by(work, by)


def appoint(
    unit: Unit,
    title: Title,
    person: Person,
    by: By,
    reason: Why,
    rank: Rank = None,
    since: From = None,
    order: Order = None,
    replacing: Annotated[
        str | None, typer.Option("--replacing", metavar="ID", help="Who holds it now, where somebody does.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even somebody who is neither of the unit nor of one above it.")
    ] = False,
) -> None:
    """Let PERSON hold an office. Who held it before is told so."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        decided = await _order(tx, config, unit, title, rank, reason, since=since, paper=order)
        record = await parts.seats.appoint(
            tx,
            decided,
            PersonId(person),
            shell_actor(by),
            parts.station.now(),
            replacing=PersonId(replacing) if replacing else None,
            from_elsewhere=force,
        )
        typer.echo(record.id)

    write_by(work, by)


def vacate(
    unit: Unit,
    title: Title,
    by: By,
    reason: Why,
    rank: Rank = None,
    since: From = None,
    order: Order = None,
) -> None:
    """Let who holds an office hold it no more; the seat stays, empty. He is told by whom and why."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        decided = await _order(tx, config, unit, title, rank, reason, since=since, paper=order)
        record = await parts.seats.vacate(tx, decided, shell_actor(by), parts.station.now())
        typer.echo(record.id)

    write_by(work, by)


async def _order(
    tx: Tx,
    config: Config,
    unit: str,
    title: str,
    rank: int | None,
    reason: str,
    *,
    since: str | None = None,
    until: str | None = None,
    paper: str | None = None,
) -> SeatOrder:
    if not reason.strip():
        raise wrong_usage("--reason is empty; say in a few words why")
    return SeatOrder(
        seat=await seat_meant(tx, unit, title, rank),
        reason=reason,
        since=moment_in(since, "--from", config.zone) if since else None,
        until=end_in(until, "--until", config.zone) if until else None,
        order=paper,
    )
