"""A duty station in a test: the real engine, store, senders and web app, a fake civil clock, fake phones.

The civil clock moves from due row to due row. What happens in between is settled by turning the program's
own loops until they are at rest; nothing here sleeps.
"""

import itertools
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from notifier.config import Config
from notifier.domain.case import Case
from notifier.engine import reports
from notifier.engine.clock import ManualClock
from notifier.engine.importing import ImportReport, import_roster
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.store.rows import CaseFilter, JournalLine, MessageFilter
from notifier.store.tables import inbox
from notifier.web.serve import serve
from tests.stories.engine import Engine, open_engine
from tests.stories.handset import Handset
from tests.stories.surroundings import Front, carriers, config_for, register_people

CITY = Path(__file__).parents[1] / "fixtures" / "city"
ZONE = ZoneInfo("Asia/Shanghai")
MORNING = "2026-11-23 07:00"

Edits = Mapping[str, Mapping[str, str]]
"""File -> what stands there -> what is to stand there instead."""

ONE_POST: Edits = {
    "shifts.csv": {"BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22\n": ""},
}
"""Without 密东村's shift: most stories are about one post."""

AFTER_MIDNIGHT = "BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15\n"
"""孙小军's shift, for stories in which the night must be quiet."""


@dataclass
class Station:
    """Everything that a story works with. Open with ``duty_station``."""

    config: Config
    clock: ManualClock
    sandbox: RunningSandbox
    city: Path
    front: Front
    tolerant: bool = False
    _engine: Engine | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _handsets: dict[str, Handset] = field(default_factory=dict)
    _folders: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def engine(self) -> Engine:
        """The engine that runs now."""
        assert self._engine is not None, "the station is down"
        return self._engine

    # ── time ─────────────────────────────────────────────────────────────────────────────────────

    async def settle(self) -> None:
        """Let everything happen that is due now."""
        await self.engine.settle()

    async def advance(self, **span: float) -> None:
        """Let that much civil time pass (``minutes=15``), stopping at every moment where something is due."""
        await self._move_to(self.clock.now() + timedelta(**span))

    async def until_civil(self, moment: str) -> None:
        """Go on to that civil time, today's or the next: ``20:10``, or ``2026-11-24 08:00``."""
        await self._move_to(self.civil(moment))

    def civil(self, moment: str) -> datetime:
        """That civil time as a moment: the next one, where only the hour is given."""
        if "-" in moment:
            return datetime.fromisoformat(moment).replace(tzinfo=ZONE).astimezone(UTC)
        now = self.clock.now().astimezone(ZONE)
        hour, _, minute = moment.partition(":")
        target = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        return (target if target >= now else target + timedelta(days=1)).astimezone(UTC)

    async def _move_to(self, target: datetime) -> None:
        await self.engine.plan()
        while True:
            await self.settle()
            due = await self.engine.next_due()
            if due is None or due > target:
                break
            assert due > self.clock.now(), await self.engine.left_undone()
            self.clock.set(due)
        self.clock.set(target)
        await self.settle()

    # ── people ───────────────────────────────────────────────────────────────────────────────────

    def phone(self, person: str) -> Handset:
        """That person's phone."""
        if person not in self._handsets:
            found = self.sandbox.state.phones.get(person)
            assert found is not None, f"nobody is called {person}"
            self._handsets[person] = Handset(self.sandbox.state, found, self.settle)
        return self._handsets[person]

    def reads_all(self) -> None:
        """Everybody has read what came so far."""
        for phone in self.sandbox.state.phones:
            self.phone(phone.id).reads()

    def arm(self, carrier: Carrier, kind: FaultKind, person: str | None = None, **more: Any) -> None:
        """Have something go wrong at a carrier, for one person's address or for everybody's."""
        address = None
        if person is not None:
            phone = self.phone(person).phone
            address = phone.number if carrier is Carrier.TWILIO else str(phone.chat)
        self.sandbox.state.arm(Fault(carrier=carrier, kind=kind, address=address, **more))

    def without_receipts(self, *people: str) -> None:
        """Their texts are taken by the carrier and never heard of again."""
        for person in people:
            self.arm(Carrier.TWILIO, FaultKind.RECEIPT_DROP, person, times=None)

    # ── the roster ───────────────────────────────────────────────────────────────────────────────

    async def edits(self, file: str, changes: Mapping[str, str]) -> ImportReport:
        """Change one file of the city and import it alone, as a clerk does while everything runs."""
        edit(self.city / file, changes)
        return await self.imports({file: (self.city / file).read_text(encoding="utf-8")})

    async def imports(self, files: Mapping[str, str]) -> ImportReport:
        """Import these files, and let what follows happen."""
        folder = self.city.parent / f"import-{next(self._folders)}"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        report = await import_roster(self.engine.parts, folder)
        await self.settle()
        return report

    # ── what became of it ────────────────────────────────────────────────────────────────────────

    async def cases(self, what: str = "") -> list[Case]:
        """All cases, or those of that kind or subject, oldest first."""
        async with self.engine.parts.station.db.read() as tx:
            found = await tx.cases.listing(CaseFilter())
        return [case for case in found if what in ("", case.kind, case.subject)]

    async def case(self, what: str = "") -> Case:
        """The latest case of that kind or subject."""
        found = await self.cases(what)
        assert found, f"there is no case {what}"
        return found[-1]

    async def trace(self, case: Case) -> list[dict[str, Any]]:
        """A case's events as ``trace`` tells them."""
        document: Any = await reports.trace(self.engine.parts, case.id)
        return list(document["events"])

    async def events(self, case: Case) -> list[tuple[str, str | None]]:
        """(event, person) of a case, as ``trace`` tells them."""
        return [(event["event"], event["person"]) for event in await self.trace(case)]

    async def called(self, case: Case) -> list[str | None]:
        """Who was called in a case, in order; repeats are not counted."""
        return [person for event, person in await self.events(case) if event == "called"]

    async def reasons(self, case: Case, event: str) -> list[tuple[str | None, str | None]]:
        """(person, reason) of every event of that name in a case."""
        return [(e["person"], e["reason"]) for e in await self.trace(case) if e["event"] == event]

    async def journal(self, subject: str) -> list[JournalLine]:
        """All that was written down about a subject."""
        async with self.engine.parts.station.db.read() as tx:
            lines = await tx.journal.recent(10_000)
        return [line for line in reversed(lines) if line.subject == subject]

    async def messages(self, **wanted: Any) -> list[dict[str, Any]]:
        """The messages that pass a filter, oldest first, as ``messages --json`` shows them."""
        found: Any = await reports.messages(self.engine.parts, MessageFilter(**wanted))
        return list(reversed(found))

    async def dump(self) -> dict[str, int]:
        """Messages by state."""
        document: Any = await reports.status(self.engine.parts)
        return dict(document["messages"])

    # ── up and down ──────────────────────────────────────────────────────────────────────────────

    async def goes_up(self) -> None:
        """Start a process."""
        stack = AsyncExitStack()
        self._engine = await stack.enter_async_context(
            open_engine(self.config, self.clock, self.sandbox.state)
        )
        self.front.app = self._engine.app()
        self._stack = stack

    async def goes_down(self, *, tidily: bool = True) -> None:
        """End the process: as when told to, or leaving everything as it lies."""
        await (self.engine.hand_over() if tidily else self.engine.give_up())
        self.front.app, self._engine = None, None
        await self._stack.aclose()

    async def restarts(self, *, tidily: bool = True) -> None:
        """Go down and come up again on the same database."""
        await self.goes_down(tidily=tidily)
        await self.goes_up()

    async def check(self) -> None:
        """No timer and nothing that came in failed, not even once."""
        if self.tolerant or self._engine is None:
            return
        async with self.engine.parts.station.db.read() as tx:
            stumbled = (await tx.conn.execute(select(inbox).where(inbox.c.tries > 0))).all()
        assert not stumbled, f"could not be read: {stumbled}"
        families = self.engine.service.metrics.timers_failed.collect()
        failed = [sample for family in families for sample in family.samples if sample.value]
        assert not [sample for sample in failed if sample.name.endswith("_total")], failed


@asynccontextmanager
async def duty_station(
    tmp_path: Path,
    database_url: str,
    *,
    start: str = MORNING,
    edits: Edits | None = None,
    tolerant: bool = False,
    **settings: Any,
) -> AsyncIterator[Station]:
    """A station in the fixture city at a civil time. ``edits`` change the city before it is taken in."""
    city = tmp_path / "city"
    # Its rotas begin weeks after these stories and would only be read over and over.
    shutil.copytree(CITY, city, ignore=shutil.ignore_patterns("rotas.yaml"))
    for name, changes in (edits or {}).items():
        edit(city / name, changes)
    clock = ManualClock(datetime.fromisoformat(start).replace(tzinfo=ZONE).astimezone(UTC))
    front = Front()
    async with (
        serve(front, "127.0.0.1", 0) as public,
        serve_sandbox(carriers(clock, public)) as sandbox,
    ):
        register_people(sandbox, city)
        config = config_for(database_url, city, sandbox.url, public, settings)
        station = Station(
            config=config, clock=clock, sandbox=sandbox, city=city, front=front, tolerant=tolerant
        )
        await station.goes_up()
        try:
            await import_roster(station.engine.parts, city)
            await station.settle()
            yield station
            await station.check()
        finally:
            if station._engine is not None:
                await station.goes_down()


def edit(path: Path, changes: Mapping[str, str]) -> None:
    """Replace in a file; what is to be replaced must be there, once."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
