"""The command ``check``: whether everything stands ready, now and in the hours ahead."""

from collections.abc import Iterable
from datetime import tzinfo
from typing import Annotated

import typer

from notifier.cli.output import civil, print_document, print_table, say, working
from notifier.cli.running import FAILURE, with_parts
from notifier.config import Config
from notifier.domain.case import Place
from notifier.domain.coverage import Concern, Weakness
from notifier.domain.digest import UnitReport
from notifier.domain.ids import PersonId
from notifier.domain.policy import ROSTERED, Kind
from notifier.domain.times import iso_utc_or_none
from notifier.engine.checking import Checked, UnitChain, check
from notifier.engine.parts import Parts

_MENDS = {
    Concern.NO_CHAIN: "give the office holders a phone, or link Telegram",
    Concern.UNROSTERED: "roster somebody, or take a post kept no more out of posts.csv",
    Concern.UNREACHED: "add a phone, ask them to switch messages on again, or roster somebody else",
    Concern.MUTE: "link Telegram, or ring them then",
    Concern.SILENCED: "ask whether to switch it on again, or for another number",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("check")(check_all)


def check_all(
    chains: Annotated[
        bool,
        typer.Option(
            "--chains",
            help="Show whom a gap in each unit would reach now and whom not, and what will be amiss ahead.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Check settings, templates, channels, people's addresses, and every unit's chain.

    Exit status 1 when something is broken, not for warnings, nor for what will only be amiss ahead.
    """

    async def work(parts: Parts, config: Config) -> tuple[Checked, Config]:
        with working("reading every chain"):
            return await check(parts, config.schedules_dir, ahead=chains), config

    found, config = with_parts(work)
    if as_json:
        print_document(_document(found, chains=chains))
    else:
        _print(found, config.zone, chains=chains)
    for problem in found.broken:
        say(f"broken: {problem}")
    if found.broken:
        raise typer.Exit(FAILURE)
    if not as_json:
        typer.echo(
            f"ok: {found.units} unit(s), every chain reaches somebody, {len(found.warnings)} warning(s)"
        )


# ── for people ───────────────────────────────────────────────────────────────────────────────────


def _print(found: Checked, zone: tzinfo, *, chains: bool) -> None:
    if chains:
        rows = [row for chain in found.chains for row in _chain_rows(chain)]
        print_table(("unit", "kind", "step", "call", "person", "name", "passed over"), rows)
        ahead = [_ahead_row(report, weakness, zone) for report, weakness in _weaknesses(found)]
        print_table(("unit", "ahead", "what", "from", "until", "could stand in", "mend"), ahead)
    for warning in found.warnings:
        typer.echo(f"warning: {warning}")


def _chain_rows(found: UnitChain) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (
            found.unit,
            found.kind,
            place.step,
            place.title,
            place.person,
            found.names.get(place.person) if place.person else None,
            _reason(place, found.kind),
        )
        for place in found.chain.places
    ]
    return rows or [(found.unit, found.kind, None, None, None, None, "no steps in policies.yaml")]


def _reason(place: Place, kind: Kind) -> str | None:
    if place.person is None and place.title == ROSTERED:
        return "nobody is rostered now" if kind is Kind.UNSTAFFED else "whoever owes it"
    return place.reason


def _weaknesses(found: Checked) -> Iterable[tuple[UnitReport, Weakness]]:
    return ((report, weakness) for report in found.ahead for weakness in report.weaknesses)


def _ahead_row(report: UnitReport, weakness: Weakness, zone: tzinfo) -> tuple[object, ...]:
    return (
        weakness.unit.code,
        weakness.concern,
        _what(report, weakness),
        civil(weakness.start, zone)[:16],
        civil(weakness.end, zone)[:16],
        _named(report, weakness.stand_ins),
        _MENDS[weakness.concern],
    )


def _what(report: UnitReport, weakness: Weakness) -> str:
    people = _named(report, weakness.people)
    match weakness.concern:
        case Concern.NO_CHAIN:
            return ", ".join(weakness.kinds)
        case Concern.UNROSTERED:
            return f"{weakness.post.code if weakness.post else ''}: {weakness.missing} missing"
        case Concern.SILENCED:
            left = "reached otherwise" if weakness.reached else "not reached"
            return f"{weakness.title} {people}: {', '.join(weakness.channels)}, {left}"
        case _:
            return people


def _named(report: UnitReport, people: Iterable[PersonId]) -> str:
    known = report.people
    return ", ".join(f"{person} {known[person].name}" if person in known else person for person in people)


# ── for programs ─────────────────────────────────────────────────────────────────────────────────


def _document(found: Checked, *, chains: bool) -> dict[str, object]:
    document: dict[str, object] = {
        "units": found.units,
        "broken": list(found.broken),
        "warnings": list(found.warnings),
    }
    if chains:
        document["chains"] = [_chain_document(chain) for chain in found.chains]
        document["ahead"] = [_ahead_document(weakness) for _, weakness in _weaknesses(found)]
    return document


def _chain_document(found: UnitChain) -> dict[str, object]:
    places = [
        {
            "step": place.step,
            "call": place.title,
            "person": place.person,
            "passed_over": _reason(place, found.kind),
        }
        for place in found.chain.places
    ]
    return {
        "unit": found.unit,
        "kind": str(found.kind),
        "reaches_somebody": not found.is_broken,
        "places": places,
    }


def _ahead_document(weakness: Weakness) -> dict[str, object]:
    return {
        "unit": weakness.unit.code,
        "concern": str(weakness.concern),
        "people": list(weakness.people),
        "kinds": [str(kind) for kind in weakness.kinds],
        "post": weakness.post.code if weakness.post else None,
        "start": iso_utc_or_none(weakness.start),
        "end": iso_utc_or_none(weakness.end),
        "missing": weakness.missing,
        "office": weakness.title,
        "channels": [str(channel) for channel in weakness.channels],
        "reached": weakness.reached if weakness.concern is Concern.SILENCED else None,
        "stand_ins": list(weakness.stand_ins),
    }
