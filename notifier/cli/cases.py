"""Commands about cases: list them, trace one, and act on one by hand."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated

import typer

from notifier.cli.output import civil, print_document, print_table
from notifier.cli.running import with_parts, wrong_usage
from notifier.cli.values import duration_of, moment_in
from notifier.config import Config
from notifier.domain.case import Case, Event, Verdict
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.engine import reports
from notifier.engine.console.case_actions import Deed, event_of
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.engine.verdicts import unchanged
from notifier.errors import InputError, NotFound
from notifier.store.rows import CaseFilter
from notifier.store.tx import Tx

SHELL = "shell"
"""The channel under which the journal keeps what was done here."""

Id = Annotated[int, typer.Argument(metavar="ID", min=1, show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help="The id of who decides this.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept in the journal.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

by_hand = typer.Typer(no_args_is_help=True, help="Act on a case by hand.")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("cases")(list_cases)
    app.command("trace")(trace)
    by_hand.command("ack")(acknowledge)
    by_hand.command("hold")(hold)
    by_hand.command("resolve")(resolve)
    by_hand.command("cancel")(cancel)
    app.add_typer(by_hand, name="case")


def list_cases(
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="CODE", help="Only of that unit and all below it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List cases, oldest first."""
    wanted = CaseFilter(open_only=open_only, unit=UnitCode(unit) if unit else None)

    async def work(parts: Parts, config: Config) -> tuple[list[reports.Document], Config]:
        return await reports.cases(parts, wanted), config

    found, config = with_parts(work)
    if as_json:
        print_document(found)
        return
    columns = ("id", "kind", "unit", "subject", "state", "outcome", "step", "holder")
    rows = [
        (*(case[name] for name in columns), civil(case["opened_at"], config.zone), _ids(case["called"]))
        for case in found
    ]
    print_table((*columns, "opened", "called"), rows)


def trace(case: Id, as_json: Json = False) -> None:
    """Show everything decided in a case, and what became of its messages."""

    async def work(parts: Parts, config: Config) -> tuple[reports.Document, Config]:
        return await reports.trace(parts, CaseId(case)), config

    found, config = with_parts(work)
    if as_json:
        print_document(found)
        return
    _print_trace(found, config)


def _print_trace(found: reports.Document, config: Config) -> None:
    about, events = found["case"], found["events"]
    if not isinstance(about, Mapping) or not isinstance(events, list):
        raise TypeError("a trace is a case and its events")
    title = f"case {about['id']}: {about['kind']} {about['subject']}, {about['state']}"
    columns = ("event", "person", "channel", "reason", "message")
    rows = [(civil(event["at"], config.zone), *(event[name] for name in columns)) for event in events]
    print_table(("at", *columns), rows, title=title)


def _ids(people: object) -> str:
    return " ".join(people) if isinstance(people, list) else ""


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────


def acknowledge(case: Id, by: By, reason: Reason) -> None:
    """Let PERSON take the case; he must have been called in it, or stand in its chain now."""
    _act(case, by, event_of(Deed.TAKE, PersonId(by), SHELL, reason))


def hold(
    case: Id,
    by: By,
    note: Annotated[str, typer.Option("--note", help="How it stands; kept in the journal.")],
    span: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="How long.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Or until when.")] = None,
) -> None:
    """Let PERSON hold the case with a note, and take it if nobody has it; the calls wait until then.

    Never longer than the policy's resolve_within from now: until when is printed. Hold it again before then.
    """
    if (span is None) == (until is None):
        raise wrong_usage("give either --for or --until")
    length: timedelta | None = duration_of(span, "--for") if span else None

    def held(now: datetime, config: Config) -> Event:
        end = moment_in(until, "--until", config.zone) if until else now + (length or timedelta())
        if end <= now:
            raise wrong_usage(f"--until: {until} is past; give a time to come, or --for 20m")
        return event_of(Deed.HOLD, PersonId(by), SHELL, note, end)

    found, config = _let_happen(case, by, held)
    typer.echo(f"case {found.id} is held by {found.holder} until {civil(found.due_at, config.zone)}")


def resolve(case: Id, by: By, reason: Reason) -> None:
    """Close the case: what was owed is done."""
    _act(case, by, event_of(Deed.DONE, PersonId(by), SHELL, reason))


def cancel(case: Id, by: By, reason: Reason) -> None:
    """Close the case: there is nothing to be done."""
    _act(case, by, event_of(Deed.CANCEL, PersonId(by), SHELL, reason))


def _act(case_id: int, by: str, event: Event) -> None:
    case, _ = _let_happen(case_id, by, lambda now, config: event)
    held = f" by {case.holder}" if case.holder else ""
    typer.echo(f"case {case.id} is {case.state}{held}")


def _let_happen(case_id: int, by: str, event: Callable[[datetime, Config], Event]) -> tuple[Case, Config]:
    """Let what ``event`` makes of the moment happen to the case. Raises InputError when nothing changes."""

    async def work(parts: Parts, config: Config) -> tuple[Case, Config]:
        station = parts.station
        now = station.now()
        said = event(now, config)
        async with station.db.write() as tx:
            await who_decides(tx, by)
            happened = await parts.cases.happen(tx, CaseId(case_id), said, now)
            if happened.verdict is not Verdict.TAKEN:
                raise InputError(unchanged(happened.case, by, happened.verdict))
            await tx.signals.ring()
        return happened.case, config

    return with_parts(work)


async def who_decides(tx: Tx, by: str) -> Actor:
    """Who is named by ``--by``, acting at the shell. Raises NotFound for somebody not in the roster."""
    if by not in await tx.roster.present([PersonId(by)]):
        raise NotFound(f"there is no person {by}; give an id of people.csv")
    return Actor(person=PersonId(by), channel=SHELL)
