"""Commands about the roster and the settings: import, export, reload, simulate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from notifier.cli.output import civil, print_table, say, working
from notifier.cli.roster_rows import row_lines
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import moment_in
from notifier.config import Config
from notifier.domain.ids import UnitCode
from notifier.domain.policy import CASE_KINDS, Kind
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
    app.command("simulate")(simulate_gap)


def import_files(
    source: Annotated[Path, typer.Argument(metavar="DIR|FILE.xlsx", show_default=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, row by row; change nothing.")
    ] = False,
) -> None:
    """Take in roster files: units, people, offices, posts, shifts, rotas.

    A file that is present is the whole truth about its subject, an absent one changes nothing. Settings files
    beside the tables (policies.yaml, checklists.yaml, calendar.yaml) come into force with them. A bad file
    changes nothing at all.
    """

    async def work(parts: Parts, config: Config) -> tuple[ImportReport, Config]:
        with working("taking in the files"):
            report = await import_roster(parts, source, dry_run=dry_run)
        if not dry_run:
            # A roster without any rules would be called by nobody: the first import brings the folder's.
            await load_settings(parts, config.schedules_dir, explicit=False)
        return report, config

    report, config = with_parts(work)
    _print_import(report)
    for line in row_lines(report, config.zone):
        typer.echo(line)


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
