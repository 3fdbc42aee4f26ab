"""Commands about rotas: what they would bring, and what is wrong with it."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.output import print_document, working
from notifier.cli.rota_pages import print_preview
from notifier.cli.running import FAILURE, with_parts
from notifier.cli.values import date_of
from notifier.config import Config
from notifier.domain.ids import PostCode
from notifier.domain.roster import Shift
from notifier.domain.rota_review import Clash
from notifier.domain.times import iso_utc
from notifier.engine.parts import Parts
from notifier.engine.rota_preview import RotaPreview, preview_rotas

MOST_DAYS = 366

rota = typer.Typer(no_args_is_help=True, help="Rotas: the patterns that yield shifts.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    rota.command("preview")(preview)
    app.add_typer(rota, name="rota")


@rota.callback()
def _group() -> None:
    """Rotas: the patterns that yield shifts."""


def preview(
    source: Annotated[Path | None, typer.Argument(metavar="[FILE|DIR]", show_default=False)] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=MOST_DAYS, help="How many days.")] = 14,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first day; today by default.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show who stands where in the days ahead, everybody's hours, and what is wrong; changes nothing.

    FILE is a rotas.yaml, DIR a folder as `import` takes it, to be tried before it is imported, with its
    policies and calendar; without either, what is in force. Exit status 1 where a post is short of people or
    somebody is in two places; too little rest is only said.
    """

    async def work(parts: Parts, config: Config) -> tuple[RotaPreview, Config]:
        today = parts.station.now().astimezone(config.zone).date()
        with working("laying out the rotas"):
            return await preview_rotas(
                parts, source, date_of(first, "--from") if first else today, days
            ), config

    found, config = with_parts(work)
    if json:
        print_document(document(found))
    else:
        print_preview(found, config.zone, config.locale)
    if not found.review.is_sound:
        raise typer.Exit(FAILURE)


def document(found: RotaPreview) -> dict[str, object]:
    """The preview as JSON: times ISO in UTC, hours as numbers."""
    review = found.review
    by_post: dict[PostCode, list[Shift]] = {code: [] for code in found.posts}
    for shift in review.shifts:
        by_post.setdefault(shift.post, []).append(shift)
    return {
        "from": iso_utc(found.span[0]),
        "until": iso_utc(found.span[1]),
        "posts": [
            {
                "post": code,
                "name": found.posts[code].name if code in found.posts else None,
                "headcount": found.posts[code].headcount if code in found.posts else None,
                "shifts": [{**_span(shift), **_people(shift, found)} for shift in shifts],
            }
            for code, shifts in sorted(by_post.items())
        ],
        "people": [
            {
                "person": person,
                "name": found.people[person].name if person in found.people else None,
                "hours": _hours(hours),
                "shifts": review.counts[person],
            }
            for person, hours in sorted(review.hours.items())
        ],
        "gaps": [
            {
                "post": gap.post.code,
                "start": iso_utc(gap.start),
                "end": iso_utc(gap.end),
                "missing": gap.missing,
            }
            for gap in review.gaps
        ],
        "double_bookings": _clashes(review.doubles),
        "short_rests": [
            {**clash, "rest_hours": _hours(one.rest)}
            for clash, one in zip(_clashes(review.short_rests), review.short_rests, strict=True)
        ],
        "rest_hours": _hours(found.rest),
        "unrostered": list(found.unrostered),
        "ending": {post: day.isoformat() for post, day in sorted(found.ending.items())},
        "unknown_years": list(found.unknown_years),
    }


def _span(shift: Shift) -> dict[str, object]:
    return {"start": iso_utc(shift.start), "end": iso_utc(shift.end)}


def _people(shift: Shift, found: RotaPreview) -> dict[str, object]:
    return {"people": list(shift.people), "source": "file" if shift.key in found.filed else "rota"}


def _clashes(clashes: Iterable[Clash]) -> list[dict[str, object]]:
    return [
        {
            "person": clash.person,
            "first": {"post": clash.before.post, **_span(clash.before)},
            "second": {"post": clash.after.post, **_span(clash.after)},
        }
        for clash in clashes
    ]


def _hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 2)
