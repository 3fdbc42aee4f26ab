"""One run of chaos: carriers and people in this process, the program in others, which die again and again."""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.config import load_config
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.engine.importing import import_roster
from notifier.sandbox.core import SandboxState
from notifier.sandbox.faults import Carrier
from notifier.sandbox.serve import serve_sandbox
from notifier.sandbox.twilio.hooks import call_hook, taken
from notifier.store.database import Database
from tests.chaos.books import Books, Rest, load_books, look
from tests.chaos.crowd import Crowd, Mood
from tests.chaos.machines import Death, Front, Machine
from tests.chaos.plan import OPENS, SPEED, Plan, carriers, settings
from tests.chaos.town import BOTS, Town, plan_town, write_town
from tests.chaos.weather import Attention, arm_everything
from tests.processes import environment

GROUP = -100_777
STEPS = (timedelta(seconds=-60), timedelta(seconds=-30), timedelta(seconds=30), timedelta(seconds=60))
STEPS_SHARE = 0.2
AT_WORK = 0.75
"""How many of the deaths come when something is being sent; the others may come at any time at all."""

TAKES_OVER_S = 20.0
QUIET_WITHIN_S = 300.0
LOOK_EVERY_S = 0.3
ECHOES = 400
NO_ENV_FILE = Path("/dev/null")


class Stage:
    """Everything of one run. Open with ``set_up``."""

    def __init__(self, plan: Plan, folder: Path, url: str, state: SandboxState, front: Front) -> None:
        """The parts; ``set_up`` starts them."""
        self.plan = plan
        self.folder = folder
        self.state = state
        self.database = Database.open(url)
        self.attention = Attention()
        self.chance = random.Random(plan.seed)
        self.lives = [self.chance.uniform(plan.shortest, plan.longest) for _ in range(plan.deaths)]
        self.town = self._plan_town()
        self.crowd = Crowd(state, random.Random(self.chance.random()))
        self.settings: dict[str, str] = {}
        self.machines = [
            Machine(f"program{n}", folder, lambda: self.settings, front) for n in range(1, plan.processes + 1)
        ]
        self.broadcasts = 1

    def _plan_town(self) -> Town:
        lasts = timedelta(seconds=(sum(self.lives) + self.plan.recovers * self.plan.deaths) * SPEED)
        shifts_each = max(2, round(lasts / self.plan.shift))
        return plan_town(OPENS + timedelta(seconds=20), shifts_each, self.plan.shift)

    @property
    def deaths(self) -> list[Death]:
        """All kills so far."""
        return [death for machine in self.machines for death in machine.deaths]

    @property
    def audience(self) -> list[str]:
        """Who is commended: everybody in the villages."""
        return [person.id for person in self.town.people if person.unit.startswith("V")]

    # ── the story ────────────────────────────────────────────────────────────────────────────────

    async def begin(self) -> None:
        """Start the program, take the city in, and let somebody take the bot into a group."""
        source = write_town(self.folder / "city", self.town)
        self.settings["SCHEDULES_DIR"] = str(source)
        await self.machines[0].start()
        await self._take_in(source)
        for machine in self.machines[1:]:
            await machine.start()
        arm_everything(self.state, self.chance)
        self.crowd.speak_in_a_group(next(iter(self.state.phones)), int(BOTS[0]), GROUP)
        await self._something_is_sent()

    async def storm(self) -> None:
        """Kill at random moments, while everything goes wrong that can."""
        commending = asyncio.create_task(self._commend())
        frozen = set(self.chance.sample(range(len(self.lives)), self.plan.freezes))
        try:
            for number, life in enumerate(self.lives):
                if self.chance.random() < AT_WORK:
                    await self._something_is_sent()
                # Nothing is waited for here: the moment is to be any.
                await asyncio.sleep(life)
                machine = self.chance.choice(self.machines)
                await (self._freeze(machine) if number in frozen else self._kill(machine))
        finally:
            commending.cancel()
        await asyncio.gather(commending, return_exceptions=True)

    async def calm(self) -> Rest:
        """No more faults; then wait until all is at rest."""
        self.state.faults.clear()
        if len(self.machines) == 1:
            # What hangs ends with it. With a heir, taking over would last as long as waiting for that.
            await self._kill(self.machines[0], step=False)
        self.crowd.mood = Mood.DUTIFUL
        return await self._until_quiet()

    async def echo(self) -> Books:
        """Let all that ever came in come again, as if the carriers had forgotten that it was taken."""
        self.crowd.mood = Mood.ASLEEP
        if not self.plan.webhook:
            # Whoever polls on would never get them: to Telegram they are confirmed.
            await self._stop()
        books = await load_books(self.database)
        updates = [row for row in books["inbox"] if row.source == "telegram"]
        updates = self.chance.sample(updates, min(ECHOES, len(updates)))
        if not self.plan.webhook:
            updates.sort(key=lambda row: int(row.provider_id))
        for row in updates:
            bot = self.state.telegram.bots.get(int(row.account))
            assert bot is not None
            bot.updates.put(json.loads(row.payload), unfiltered=True)
        if not self.plan.webhook:
            for machine in self.machines:
                await machine.start()
        await self._call_again()
        await self._until_quiet()
        return books

    async def end(self) -> Books:
        """Stop the program in good order; what is on record then."""
        await self._stop()
        return await load_books(self.database)

    # ── what is done in it ───────────────────────────────────────────────────────────────────────

    async def _take_in(self, source: Path) -> None:
        """As the commands do it, but without the time that it takes to start them."""
        given = {name.lower(): value for name, value in self.settings.items()}
        async with open_parts(load_config(NO_ENV_FILE, **given)) as parts:
            await import_roster(parts, source)
            order = Order(
                kind=Kind.COMMENDATION,
                title="值守辛苦",
                body="感谢大家",
                audience=("unit:C",),
                author=PersonId("d1"),
                relay=True,
                reply_by=timedelta(seconds=60),
                start_at=None,
            )
            await parts.broadcasts.prepare(order, parts.station.now(), lambda _: None)

    async def command(self, *arguments: str) -> None:
        """Run a command of the program, beside whatever runs."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "notifier", *arguments, env=environment(self.settings), cwd=self.folder,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await process.communicate()
        assert process.returncode == 0, f"{arguments[0]} failed: {said.decode()}"

    async def civil_now(self) -> datetime:
        """The program's civil time."""
        async with self.database.read() as tx:
            anchor = await tx.clock.anchor()
        if anchor is None:
            return OPENS
        return anchor.civil_start + (datetime.now(UTC) - anchor.real_start) * anchor.speed

    async def _something_is_sent(self) -> None:
        """Wait until some process is sending; there may be nothing to send just now."""
        before = self._arrivals()
        with suppress(TimeoutError):
            await self.state.until(lambda: self._arrivals() > before, TAKES_OVER_S)

    def _arrivals(self) -> int:
        return sum(ledger.last_seq for ledger in map(self.state.ledger, Carrier))

    async def _commend(self) -> None:
        while True:
            await asyncio.sleep(self.plan.commend_every)
            await self.command(
                "broadcast", "send", "--kind", "commendation", "--title", "值守辛苦", "--yes", "--relay",
                "--body", f"第{self.broadcasts + 1}次感谢", "--to", "unit:C", "--by", "d1",
                "--reply-by", "90s",
            )  # fmt: skip
            self.broadcasts += 1

    async def _stop(self) -> None:
        for machine in self.machines:
            await machine.stop()

    async def _kill(self, machine: Machine, *, step: bool = True) -> None:
        await machine.kill()
        if step and self.chance.random() < STEPS_SHARE:
            moved = await self.civil_now() + self.chance.choice(STEPS)
            self.settings["CLOCK_START"] = moved.isoformat()
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        await machine.start()

    async def _freeze(self, machine: Machine) -> None:
        machine.freeze()
        await asyncio.sleep(self.chance.uniform(6, 10))
        machine.thaw()

    async def _call_again(self) -> None:
        """What Twilio called with and knows to be taken, once more and in any order."""
        calls = {
            (call.url, tuple(sorted(call.params.items()))): call
            for call in self.state.twilio.calls
            if taken(call.answer)
        }
        chosen = self.chance.sample(list(calls.values()), min(ECHOES, len(calls)))
        desk = self.state.twilio
        for call in chosen:
            await call_hook(desk, call.kind, call.url, call.params, tries=8, enough=taken)

    async def _until_quiet(self) -> Rest:
        """Wait until nothing moves any more. Raises TimeoutError with what still does."""
        rest: Rest | None = None
        patience = cycle((True, *(False,) * 9))
        still = 0
        deadline = time.monotonic() + QUIET_WITHIN_S + (self.town.over_at - OPENS).total_seconds() / SPEED
        while time.monotonic() < deadline:
            now = await self.civil_now()
            rest = await look(self.database, now)
            if next(patience):
                self.crowd.catch_up()
            quiet = (
                rest.is_quiet and not rest.open_cases and now > self.town.over_at and self._nobody_speaks()
            )
            still = still + 1 if quiet else 0
            if still == 4:
                return rest
            for machine in self.machines:
                assert machine.process.pid
            await asyncio.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"not at rest: {rest}, {self._pending()} updates wait")

    def _nobody_speaks(self) -> bool:
        return self.crowd.is_idle and not self._pending()

    def _pending(self) -> int:
        return sum(len(bot.updates.pending) for bot in self.state.telegram.bots.all())


@asynccontextmanager
async def set_up(plan: Plan, folder: Path, url: str) -> AsyncIterator[Stage]:
    """Carriers, people and the public address; nothing of the program runs yet, nor afterwards."""
    async with AsyncExitStack() as stack:
        front = Front()
        public = await front.open()
        stack.push_async_callback(front.close)
        sandbox = await stack.enter_async_context(serve_sandbox(carriers(public)))
        stage = Stage(plan, folder, url, sandbox.state, front)
        stack.push_async_callback(stage.database.close)
        for machine in stage.machines:
            stack.push_async_callback(machine.abandon)
        for person in stage.town.people:
            sandbox.state.register(
                name=person.name, phone_id=person.id, number=person.number, chat=person.chat
            )
        stage.settings.update(settings(plan, url, sandbox.url, public))
        watching = [asyncio.create_task(work) for work in (stage.attention.watch(), stage.crowd.live())]
        try:
            yield stage
        finally:
            for task in watching:
                task.cancel()
            ended = await asyncio.gather(*watching, return_exceptions=True)
            _raise_first(ended)


def _raise_first(ended: Sequence[object]) -> None:
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
