"""The wall clock of a running program is set forward and back: every deadline is met once, and it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from notifier import bootstrap
from notifier.bootstrap import open_parts
from notifier.channels.http import open_session
from notifier.config import load_config
from notifier.engine import house
from notifier.engine.importing import import_roster
from notifier.engine.loops import Pulses
from notifier.engine.parts import Parts
from notifier.engine.reloading import load_settings
from notifier.sandbox.core import SandboxState
from notifier.sandbox.serve import serve_sandbox
from notifier.service import Service
from tests.chaos.books import arrivals, load_books
from tests.chaos.plan import Plan, carriers, settings
from tests.chaos.sending_laws import nothing_is_doubled_blindly
from tests.chaos.stage import NO_ENV_FILE
from tests.chaos.town import plan_town, write_town

STARTS = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WITHIN_S = 30.0
ONCE = ("opened", "called", "exhausted", "shift_over")


class SteppedClock:
    """Runs as the machine's clock does, from where it was last set."""

    speed = 1.0

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Forward or back."""
        self._offset = moment - datetime.now(UTC)


@asynccontextmanager
async def running(
    folder: Path, url: str, clock: SteppedClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Parts, SandboxState]]:
    """All loops of the program in this process, on a clock that can be set."""

    async def stepped(*_: object, **__: object) -> SteppedClock:
        return clock

    monkeypatch.setattr(bootstrap, "_clock", stepped)
    town = plan_town(STARTS, 1, timedelta(hours=1))
    city = write_town(folder / "city", town)
    async with serve_sandbox(carriers("http://127.0.0.1:1")) as sandbox:
        for person in town.people:
            sandbox.state.register(
                name=person.name, phone_id=person.id, number=person.number, chat=person.chat
            )
        given = settings(Plan(name="steps", seed=1, deaths=0), url, sandbox.url, "http://127.0.0.1:1")
        wanted = {name.lower(): value for name, value in given.items() if not name.startswith("CLOCK")}
        config = load_config(NO_ENV_FILE, **wanted, http_port=0, schedules_dir=city)
        async with open_parts(config, running=True) as parts, Service.open(config, parts) as service:
            await load_settings(parts, city, explicit=True)
            await import_roster(parts, city)
            stopping = asyncio.Event()
            turning = asyncio.create_task(service.turn_until(stopping, ("scheduler", "sender", "receiver")))
            try:
                yield parts, sandbox.state
            finally:
                stopping.set()
                await turning


async def test_no_deadline_is_met_twice_or_never(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteppedClock(STARTS - timedelta(minutes=30))
    async with running(tmp_path, database_url, clock, monkeypatch) as (parts, state):

        def texts() -> list[str]:
            return [m.text for m in (*state.telegram.ledger.accepted, *state.twilio.ledger.accepted)]

        async def steps_to(seconds: float, awaited: str, times: int) -> None:
            """The clock shows so long after the start of the first shift; then that many say this."""
            clock.set(STARTS + timedelta(seconds=seconds))
            parts.station.wake.ring()
            await state.until(lambda: sum(awaited in text for text in texts()) >= times, WITHIN_S)

        await steps_to(-15, "卡口", 5)
        await steps_to(-300, "卡口", 5)
        await steps_to(40, "还没收到", 5)
        await steps_to(-600, "还没收到", 5)
        await steps_to(120, "缺1人", 5)
        arrived = arrivals(state)
        books = await load_books(parts.station.db)
    assert not list(nothing_is_doubled_blindly(books, arrived))
    told = [(line.event, line.subject, line.person) for line in books["journal"] if line.event in ONCE]
    assert len(told) == len(set(told))
    assert sum(event == "opened" for event, _, _ in told) == 5


async def test_a_step_of_the_wall_clock_is_told_once(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SteppedClock(STARTS)
    async with running(tmp_path, database_url, clock, monkeypatch) as (parts, _), open_session() as session:
        wall = SimpleNamespace(time=lambda: 1_000.0, monotonic=lambda: 0.0)
        monkeypatch.setattr(house, "time", wall)
        keeper = house.House(parts.station, parts.broadcasts, Pulses(), session, None, lambda: True)
        for seconds in (1_000.0, 1_030.0, 1_130.0, 1_130.0, 900.0):
            monkeypatch.setattr(wall, "time", lambda seconds=seconds: seconds)
            await keeper.look_at_the_clock()
        async with parts.station.db.read() as tx:
            lines = await tx.journal.recent(100, events=["alarm"])
    assert [line.reason for line in reversed(lines)] == [
        "the wall clock jumped by 100 s",
        "the wall clock jumped by -230 s",
    ]
