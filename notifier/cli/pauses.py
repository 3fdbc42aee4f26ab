"""Commands about pauses: a post withdrawn, a unit sent home, for a while."""

from datetime import timedelta
from typing import Annotated

import typer

from notifier.cli.cases import By, who_decides
from notifier.cli.output import civil, print_document, print_table
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import duration_of, end_in, moment_in
from notifier.config import Config
from notifier.domain.ids import PostCode, UnitCode
from notifier.domain.pausing import Pause
from notifier.domain.times import iso_utc
from notifier.engine.parts import Parts
from notifier.engine.pausing import PauseOrder
from notifier.errors import NotFound

Post = Annotated[str | None, typer.Option("--post", metavar="CODE", help="A post, as in posts.csv.")]
Unit = Annotated[str | None, typer.Option("--unit", metavar="CODE", help="A unit with all below it.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("pause")(pause)
    app.command("resume")(resume)
    app.command("pauses")(list_pauses)


def pause(
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Told to who was to come, and journalled.")],
    post: Post = None,
    unit: Unit = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="Now, when left out.")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When it ends; a day alone: its end.")
    ] = None,
    span: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="Or how long.")] = None,
) -> None:
    """Call nobody for a post, or for a unit, until an end or until `resume`; prints the pause's number."""
    if (post is None) == (unit is None):
        raise wrong_usage("give either --post or --unit")
    if until is not None and span is not None:
        raise wrong_usage("give either --until or --for")

    async def work(parts: Parts, config: Config) -> Pause:
        now = parts.station.now()
        begin = moment_in(since, "--from", config.zone) if since else now
        end = end_in(until, "--until", config.zone) if until else None
        length: timedelta | None = duration_of(span, "--for") if span else None
        order = PauseOrder(
            reason=reason,
            since=begin,
            until=begin + length if length else end,
            unit=UnitCode(unit) if unit else None,
            post=PostCode(post) if post else None,
        )
        async with parts.station.db.write() as tx:
            return await parts.pausing.pause(tx, order, await who_decides(tx, by), now)

    typer.echo(with_parts(work).id)


def resume(
    number: Annotated[int, typer.Argument(metavar="PAUSE", min=1, show_default=False)], by: By
) -> None:
    """End a pause now: what is empty by then is called for at once."""

    async def work(parts: Parts, config: Config) -> None:
        now = parts.station.now()
        async with parts.station.db.write() as tx:
            found = next((p for p in await tx.pauses.standing(now) if p.id == number), None)
            if found is None:
                raise NotFound(f"there is no pause {number} that still stands; see `notifier pauses`")
            await parts.pausing.resume(tx, found, await who_decides(tx, by), now)

    with_parts(work)


def list_pauses(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the pauses that stand, or will."""

    async def work(parts: Parts, config: Config) -> tuple[list[Pause], Config]:
        async with parts.station.db.read() as tx:
            return await tx.pauses.standing(parts.station.now()), config

    found, config = with_parts(work)
    if as_json:
        print_document([_document(one) for one in found])
        return
    rows = [
        (p.id, p.post or p.unit, civil(p.since, config.zone), civil(p.until, config.zone), p.by, p.reason)
        for p in found
    ]
    print_table(("id", "where", "from", "until", "by", "reason"), rows)


def _document(pause: Pause) -> dict[str, object]:
    return {
        "id": str(pause.id),
        "unit": pause.unit,
        "post": pause.post,
        "from": iso_utc(pause.since),
        "until": iso_utc(pause.until) if pause.until else None,
        "by": pause.by,
        "reason": pause.reason,
    }
