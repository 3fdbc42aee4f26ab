"""Commands about offices: who acts, who is away, and the book of a seat."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import typer

from notifier.cli.cases import SHELL, By, who_decides
from notifier.cli.output import civil, print_document, print_table
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import end_in, moment_in
from notifier.config import Config
from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine import office_reports
from notifier.engine.offices import ActingOrder
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.errors import NotFound
from notifier.files.columns import read_title
from notifier.store.tx import Tx

Unit = Annotated[str, typer.Option("--unit", metavar="CODE", help="The unit of the office.")]
Title = Annotated[str, typer.Option("--title", help="The office, as in offices.csv.")]
Rank = Annotated[
    int | None, typer.Option("--rank", help="Which seat, where the unit has several of that title.")
]
Person = Annotated[str, typer.Option("--person", metavar="ID", help="The id of a person in people.csv.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Now, when left out.")]
Until = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="TIME", help="Until further notice, when left out; a day alone: to its end."
    ),
]
Reason = Annotated[str | None, typer.Option("--reason", help="Kept in the record.")]
Order = Annotated[str | None, typer.Option("--order", help="The reference of the order.")]

office = typer.Typer(no_args_is_help=True, help="Who holds which office, who acts in it, and who is away.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    office.command("act")(act)
    office.command("end-acting")(end_acting)
    office.command("absent")(absent)
    office.command("back")(back)
    office.command("take-back")(take_back)
    office.command("show")(show)
    app.add_typer(office, name="office")


def act(
    unit: Unit,
    title: Title,
    person: Person,
    by: By,
    rank: Rank = None,
    since: From = None,
    until: Until = None,
    order: Order = None,
) -> None:
    """Have PERSON act in an office: its calls, lists and relays are his, open ones included."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        now = parts.station.now()
        ordered = ActingOrder(
            seat=await seat_meant(tx, unit, title, rank),
            person=PersonId(person),
            since=moment_in(since, "--from", config.zone) if since else now,
            until=end_in(until, "--until", config.zone) if until else None,
            order=order,
        )
        record = await parts.offices.appoint_acting(tx, ordered, shell_actor(by), now)
        typer.echo(record.id)

    write_by(work, by)


def end_acting(unit: Unit, title: Title, by: By, rank: Rank = None, reason: Reason = None) -> None:
    """Let who acts in an office cease to, now."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        seat = await seat_meant(tx, unit, title, rank)
        await parts.offices.end_acting(tx, seat, shell_actor(by), reason, parts.station.now())

    write_by(work, by)


def absent(person: Person, by: By, since: From = None, until: Until = None, reason: Reason = None) -> None:
    """Note that PERSON is away from the offices that he holds."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        now = parts.station.now()
        await parts.offices.note_absence(
            tx,
            PersonId(person),
            moment_in(since, "--from", config.zone) if since else now,
            end_in(until, "--until", config.zone) if until else None,
            shell_actor(by),
            reason,
            now,
        )

    write_by(work, by)


def back(person: Person, by: By, reason: Reason = None) -> None:
    """Note that PERSON is back: who acted for him ceases to."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        await parts.offices.note_return(tx, PersonId(person), shell_actor(by), reason, parts.station.now())

    write_by(work, by)


def take_back(
    record: Annotated[int, typer.Argument(metavar="RECORD", min=1, show_default=False)],
    unit: Unit,
    title: Title,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the record.")],
    rank: Rank = None,
) -> None:
    """Take a record back that was a mistake; it stays in the book, marked by this one."""

    async def work(parts: Parts, tx: Tx, config: Config) -> None:
        seat = await seat_meant(tx, unit, title, rank)
        await parts.offices.take_back(tx, seat, record, shell_actor(by), reason, parts.station.now())

    write_by(work, by)


def show(
    unit: Unit,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="Now, when left out.")] = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", metavar="TIME", help="As it was known then.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show how a unit's offices stand, or stood, and every record of them."""

    async def work(parts: Parts, config: Config) -> tuple[office_reports.Document, Config]:
        moment = moment_in(at, "--at", config.zone) if at else None
        known = moment_in(known_at, "--known-at", config.zone) if known_at else None
        return await office_reports.offices(parts, UnitCode(unit), moment, known), config

    found, config = with_parts(work)
    if as_json:
        print_document(found)
        return
    for name, columns in (("seats", _SEAT), ("records", _RECORD)):
        rows = found[name]
        if isinstance(rows, list):
            print_table(columns, [[_cell(row, name, config) for name in columns] for row in rows])


_SEAT = ("title", "rank", "person", "status", "until", "acting", "acting_until")
_RECORD = ("id", "title", "rank", "what", "person", "since", "until", "of", "by", "reason", "order")
_MOMENTS = frozenset({"until", "acting_until", "since"})


def _cell(row: Mapping[str, object], name: str, config: Config) -> object:
    return civil(row[name], config.zone) if name in _MOMENTS else row[name]


# ── how each writes ──────────────────────────────────────────────────────────────────────────────


def write_by(work: Callable[[Parts, Tx, Config], Awaitable[None]], by: str) -> None:
    """Do it in one transaction, as decided by ``by``, who must be in the roster."""

    async def whole(parts: Parts, config: Config) -> None:
        async with parts.station.db.write() as tx:
            await who_decides(tx, by)
            await work(parts, tx, config)
            await tx.signals.ring()

    with_parts(whole)


def shell_actor(by: str) -> Actor:
    """Who decides, acting at the shell."""
    return Actor(person=PersonId(by), channel=SHELL)


async def seat_meant(tx: Tx, unit: str, title: str, rank: int | None) -> Seat:
    """The seat that is meant; its rank may be left out where the unit has one of that title."""
    title = read_title(title)
    seats = [seat for seat in await tx.office_records.of_unit(UnitCode(unit)) if seat.title == title]
    if rank is not None:
        seats = [seat for seat in seats if seat.rank == rank]
    if not seats:
        raise NotFound(f"{unit} has no office {title}{_ranked(rank)}; see offices.csv")
    if len(seats) > 1:
        ranks = ", ".join(str(seat.rank) for seat in sorted(seats))
        raise wrong_usage(f"{unit} has several offices {title}; add --rank, one of {ranks}")
    return seats[0]


def _ranked(rank: int | None) -> str:
    return "" if rank is None else f" of rank {rank}"
