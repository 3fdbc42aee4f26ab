"""Whatever people do at a post that is kept until it is relieved: nothing but 离岗 empties it.

All examples are played on one database, each on days of its own; nothing is sent.
"""

import asyncio
import shutil
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.bootstrap import open_parts
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.policy import Kind
from notifier.domain.presence import shift_meant
from notifier.engine.cases import CASE_CLOCK
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts, assemble
from notifier.engine.shifts import END, WATCH
from notifier.engine.station import Actor
from notifier.engine.watch import Handler
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx
from tests.stories.harness import CITY, edit
from tests.stories.surroundings import config_for

POST = PostCode("BS02-G1")
"""Two are wanted there."""
PEOPLE = ("p21", "p22", "p11", "p12")
CHECKIN = timedelta(hours=1)
TURN = timedelta(hours=4)
TURNS = 3

KEPT = {
    "  checkin_from: 60m\n": "  checkin_from: 60m\n  relief: keep\n",
    # Who is called is no matter here, and every call costs time.
    "    - {call: secretary, wait: 10m}\n    - {call: succession, wait: 10m}\n"
    "    - {call: liaison, wait: 15m}\n    - {call: duty_desk, wait: 15m, repeat: 2}\n": "",
    "  repeat_exhausted: 15m\n": "  repeat_exhausted: 12h\n",
}

rosters = st.lists(
    st.lists(st.sampled_from(PEOPLE), min_size=0, max_size=3, unique=True), min_size=TURNS, max_size=TURNS
)
"""Who is rostered for each turn."""

deeds = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=150),
        st.sampled_from(PEOPLE),
        st.sampled_from(["here", "here", "here", "hand_over", "off"]),
    ),
    max_size=14,
)
"""So many minutes later somebody says something."""


class Days:
    """Plays one example after the other, a week apart, with the timers of posts and cases alone."""

    def __init__(self, parts: Parts, clock: ManualClock, folder: Path) -> None:
        self._parts = parts
        self._clock = clock
        self._folder = folder
        self._there: set[str] = set()
        self._end = clock.now()
        self._handlers: dict[str, Handler] = {
            END: parts.planner.end_of_shift,
            WATCH: parts.shifts.watch,
            CASE_CLOCK: parts.cases.clock,
        }

    async def plays(self, roster: list[list[str]], said: list[tuple[int, str, str]]) -> None:
        start = self._end + timedelta(days=7)
        self._clock.set(start - timedelta(hours=2))
        begins = [start + n * TURN for n in range(len(roster))]
        rows = [
            f"{POST},{begin.isoformat()},{(begin + TURN).isoformat()},{';'.join(people)}"
            for begin, people in zip(begins, roster, strict=True)
        ]
        self._end = start + len(roster) * TURN
        text = "\n".join(["post,start,end,people", *rows, ""])
        (self._folder / "shifts.csv").write_text(text, encoding="utf-8")
        await import_roster(self._parts, self._folder)
        for minutes, person, what in said:
            await self._until(self._clock.now() + timedelta(minutes=minutes))
            if self._clock.now() >= self._end:
                break
            await self._does(PersonId(person), what)
        await self._until(self._end + timedelta(minutes=1))
        assert not self._there, "the rota has ended"

    async def _until(self, target: datetime) -> None:
        """Let timers have their turn, one moment after the other, and look after each."""
        while True:
            async with self._parts.station.db.read() as tx:
                due = await tx.timers.next_due()
            if due is None or due > target:
                break
            self._clock.set(max(due, self._clock.now()))
            await self._have_their_turn()
            await self._look("time")
        self._clock.set(target)

    async def _have_their_turn(self) -> None:
        now = self._clock.now()
        async with self._parts.station.db.write() as tx:
            timers = [timer for lane in range(10) for timer in await tx.timers.due(now, lane, 100)]
            await tx.timers.finish([timer.id for timer in timers])
            for timer in timers:
                if timer.kind in self._handlers:
                    await self._handlers[timer.kind](tx, timer.subject, now)

    async def _does(self, person: PersonId, what: str) -> None:
        parts, now = self._parts, self._clock.now()
        by = Actor(person=person, channel="shell")
        async with parts.station.db.write() as tx:
            if what == "here":
                shifts = await tx.shifts.of_person(person, now, now + CHECKIN)
                meant = shift_meant(shifts, person, now, CHECKIN)
                if meant is not None:
                    await parts.arrivals.arrive(tx, meant.shift, person, by, now)
            elif what == "hand_over":
                await parts.relief.hand_over(tx, person, by, now)
            else:
                await parts.arrivals.leave_post(tx, person, by, now)
        await self._look(what)

    async def _look(self, what: str) -> None:
        """The laws, after each thing that happens."""
        now = self._clock.now()
        async with self._parts.station.db.read() as tx:
            rows = await tx.presences.on_post(POST)
            there = {row.presence.person for row in rows}
            if now < self._end:
                assert there or not self._there or what == "off", f"{what} emptied the post"
                await self._holds(tx, rows, now)
        self._there = {str(person) for person in there}

    async def _holds(self, tx: Tx, rows: list[PresenceRow], now: datetime) -> None:
        kept = [row for row in rows if row.is_kept_on]
        if not kept:
            return
        [running] = await tx.shifts.running(POST, now)
        counted = {row.presence.person for row in rows if not row.is_kept_on}
        assert len(counted) < 2, "enough have come, and somebody is kept on"
        assert not {row.presence.person for row in kept} & set(running.people), "the relief is kept on"
        assert await tx.cases.open_for(Kind.UNSTAFFED, running.key), "nobody is called for"


def test_nothing_but_leaving_empties_a_post_that_is_kept(tmp_path: Path, sqlite_url: str) -> None:
    city, folder = tmp_path / "city", tmp_path / "shifts"
    shutil.copytree(CITY, city, ignore=shutil.ignore_patterns("rotas.yaml", "shifts.csv"))
    folder.mkdir()
    edit(city / "policies.yaml", KEPT)
    config = config_for(sqlite_url, city, "http://127.0.0.1:9", "http://127.0.0.1:9", {})
    clock = ManualClock(datetime(2026, 11, 22, 23, tzinfo=UTC))
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        opened = runner.run(stack.enter_async_context(open_parts(config)))
        parts = assemble(replace(opened.station, clock=clock))
        runner.run(import_roster(parts, city))
        days = Days(parts, clock, folder)

        @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
        @given(roster=rosters, said=deeds)
        def plays(roster: list[list[str]], said: list[tuple[int, str, str]]) -> None:
            runner.run(days.plays(roster, said))

        try:
            plays()
        finally:
            runner.run(stack.aclose())
