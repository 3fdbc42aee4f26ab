"""Commands about the roster and the settings: import, export, reload, check, simulate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.output import civil, print_table, say, working
from notifier.cli.running import FAILURE, with_parts, wrong_usage
from notifier.cli.values import moment_in
from notifier.config import Config
from notifier.domain.case import Place
from notifier.domain.ids import UnitCode
from notifier.domain.policy import CASE_KINDS, ROSTERED, Kind
from notifier.engine.checking import Checked, UnitChain, check
from notifier.engine.exporting import export_roster
from notifier.engine.importing import ImportReport, import_roster
from notifier.engine.parts import Parts
from notifier.engine.reloading import load_settings, reload_settings
from notifier.engine.simulate import Scene, simulate


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("import")(import_files)
    app.command("export")(export_files)
    app.command("reload")(reload)
    app.command("check")(check_all)
    app.command("simulate")(simulate_gap)


def import_files(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE.xlsx", show_default=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, change nothing.")
    ] = False,
) -> None:
    """Take in roster files: units, people, offices, posts, shifts, rotas.

    A file that is present is the whole truth about its subject, an absent one changes nothing. Settings files
    beside the tables (policies.yaml, checklists.yaml, calendar.yaml) come into force with them. A bad file
    changes nothing at all.
    """

    async def work(parts: Parts, config: Config) -> ImportReport:
        with working("taking in the files"):
            report = await import_roster(parts, source, dry_run=dry_run)
        if not dry_run:
            # A roster without any rules would be called by nobody: the first import brings the folder's.
            await load_settings(parts, config.schedules_dir, explicit=False)
        return report

    _print_import(with_parts(work))


def _print_import(report: ImportReport) -> None:
    for warning in report.warnings:
        say(f"warning: {warning}")
    rows = [
        (name, diff.added, diff.changed, diff.removed) for name, diff in sorted(report.result.tables.items())
    ]
    title = "would change (dry run, nothing was changed)" if report.dry_run else "changed"
    print_table(("table", "added", "changed", "removed"), rows, title=title)
    if report.rotas_changed:
        typer.echo("rotas.yaml: changed")
    if report.settings_changed:
        version = "" if report.settings is None else f", version {report.settings} is in force"
        typer.echo(f"settings: changed{version}")


def export_files(
    folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, show_default=False)],
) -> None:
    """Write the roster as the files that `import` takes; taking them in again changes nothing."""

    async def work(parts: Parts, _: Config) -> Sequence[Path]:
        return await export_roster(parts, folder)

    for path in with_parts(work):
        typer.echo(str(path))


def reload() -> None:
    """Read the settings files of NOTIFIER_SCHEDULES_DIR again; with a mistake in one, the old stay."""

    async def work(parts: Parts, config: Config) -> tuple[int, Path]:
        return await reload_settings(parts, config.schedules_dir), config.schedules_dir

    version, folder = with_parts(work)
    typer.echo(f"settings version {version} is in force, from {folder}")


# ── check ────────────────────────────────────────────────────────────────────────────────────────


def check_all(
    chains: Annotated[
        bool, typer.Option("--chains", help="Show whom a gap in each unit would reach now, and whom not.")
    ] = False,
) -> None:
    """Check settings, templates, channels, people's addresses, and every unit's chain.

    Exit status 1 when something is broken, not for warnings.
    """

    async def work(parts: Parts, config: Config) -> Checked:
        with working("reading every chain"):
            return await check(parts, config.schedules_dir)

    found = with_parts(work)
    if chains:
        rows = [row for chain in found.chains for row in _chain_rows(chain)]
        print_table(("unit", "kind", "step", "call", "person", "name", "passed over"), rows)
    for warning in found.warnings:
        typer.echo(f"warning: {warning}")
    for problem in found.broken:
        say(f"broken: {problem}")
    if found.broken:
        raise typer.Exit(FAILURE)
    typer.echo(f"ok: {found.units} unit(s), every chain reaches somebody, {len(found.warnings)} warning(s)")


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


# ── simulate ─────────────────────────────────────────────────────────────────────────────────────


def simulate_gap(
    unit: Annotated[str, typer.Argument(metavar="UNIT", show_default=False)],
    kind: Annotated[Kind, typer.Option("--kind", help="What is amiss.", show_default=False)],
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="When the gap is found; now by default.")
    ] = None,
) -> None:
    """Show whom such a gap would call, step by step, and with which words; nothing is sent or written."""
    if kind not in CASE_KINDS:
        raise wrong_usage(f"--kind {kind}: use one of {', '.join(CASE_KINDS)}")

    async def work(parts: Parts, config: Config) -> tuple[Sequence[Scene], Config]:
        moment = moment_in(at, "--at", config.zone) if at else parts.station.now()
        return await simulate(parts, UnitCode(unit), kind, moment), config

    scenes, config = with_parts(work)
    for scene in scenes:
        who = " ".join(word for word in (scene.person, scene.name, scene.channel) if word)
        said = f"  ({scene.reason})" if scene.reason else ""
        typer.echo(f"{civil(scene.at, config.zone)}  step {scene.step}  {scene.event}  {who}{said}".rstrip())
        for line in (scene.text or "").splitlines():
            typer.echo(f"    {line}")
