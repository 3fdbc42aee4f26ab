"""The program's own loops, turned by hand until nothing is left to do: no task, no sleep, no real time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from unittest.mock import patch

from fastapi import FastAPI

from notifier.bootstrap import ROLES, open_parts
from notifier.config import Config
from notifier.domain.message import MessageState
from notifier.domain.pacing import ChatPacer
from notifier.engine.catching_up import FETCH
from notifier.engine.clock import ManualClock
from notifier.engine.loops import Turn
from notifier.engine.parts import Parts, assemble
from notifier.engine.sending.account import Account
from notifier.sandbox.core import SandboxState
from notifier.service import Service
from notifier.store.rows import MessageFilter
from notifier.texts.catalogue import Catalogue
from notifier.web.app import create_app

RENEW_AFTER_S = 1.0
"""Leases run on real time, of which a long story spends a little."""

MOST_ROUNDS = 2000
"""More rounds without coming to rest than any story needs: something goes round in circles."""


class Engine:
    """One process's parts, as ``Service`` wires them. Open with ``open_engine``."""

    def __init__(self, service: Service, parts: Parts, sandbox: SandboxState) -> None:
        self.parts = parts
        self.service = service
        self._sandbox = sandbox
        self._turns: dict[str, Turn] = {
            name: turn
            for name, (turn, _) in service._loops(set(ROLES)).items()  # the real wiring
        }
        for account in self.accounts:
            # No setting lifts the spacing of texts to one phone, and a story spends no real time on it.
            account._chats = ChatPacer(0, None)
        self._renewed = 0.0
        self._signals = -1
        self._polled: dict[int, object] = {}

    @property
    def accounts(self) -> list[Account]:
        """The accounts that this process sends from."""
        return self.service._accounts

    def app(self) -> FastAPI:
        """The web app of this process."""
        return create_app(self.service._web())

    async def start(self) -> None:
        """Take the leases, choose how to hear from Telegram, plan."""
        await self.service._prepare(set(ROLES))
        self._renewed = time.monotonic()

    async def plan(self) -> None:
        """Look at the roster as the planner does every few minutes."""
        await self.parts.planner.plan()

    async def next_due(self) -> datetime | None:
        """When something is due that has not been done: a timer, a fallback, a message to be sent."""
        async with self.parts.station.db.read() as tx:
            moments = [
                await tx.timers.next_due(),
                await tx.messages.next_deadline(),
                *[await tx.messages.next_release(account.name) for account in self.accounts],
            ]
        return min((moment for moment in moments if moment is not None), default=None)

    async def left_undone(self) -> str:
        """What is due now and does not get done, for whoever reads the failure."""
        now = self.parts.station.now()
        async with self.parts.station.db.write() as tx:
            timers = [timer for lane in range(10) for timer in await tx.timers.due(now, lane, 10)]
            queued = await tx.messages.listing(MessageFilter(state=MessageState.QUEUED))
        late = [(m.key, m.account, m.not_before, m.fallback_at, m.expires_at) for m in queued]
        return f"due at {now} and not done: {timers} {late}; {await self.next_due()}"

    async def watch_only(self) -> None:
        """Do what is due now, and send nothing."""
        await self._renew()
        await self._exhaust("watch")

    async def settle_set_by_set(self) -> None:
        """The same as ``settle``, but what one set of timers queues is sent before the next is taken."""
        while await self._turns["watch"]():
            await self._send()
        await self.settle()

    async def settle(self) -> None:
        """Turn everything until all is at rest at this moment of the civil clock."""
        for _ in range(MOST_ROUNDS):
            if not await self._round():
                return
        raise AssertionError("the engine does not come to rest")

    async def _round(self) -> bool:
        await self._renew()
        busy = await self._heed_signals()
        busy |= await self._exhaust("watch")
        busy |= await self._exhaust("digests")
        await self._turns["alarms"]()
        busy |= await self._send()
        busy |= await self._let_receipts_come()
        busy |= await self._poll()
        return busy | await self._exhaust("reader")

    async def _renew(self) -> None:
        if time.monotonic() - self._renewed > RENEW_AFTER_S:
            await self.service._tenures.turn()
            self._renewed = time.monotonic()

    async def _heed_signals(self) -> bool:
        """Another process, or an import, has rung: plan anew, as the planner does when it is woken."""
        async with self.parts.station.db.read() as tx:
            count = await tx.signals.count()
        if count == self._signals:
            return False
        self._signals = count
        await self.plan()
        return True

    async def _exhaust(self, name: str) -> bool:
        busy = False
        while await self._turns[name]():
            busy = True
        return busy

    async def _send(self) -> bool:
        busy = False
        for account in self.accounts:
            while await account.turn():
                busy = True
                await account.stop()
            # What was claimed while its chat was being written to goes back, and is claimed anew.
            await account.stop()
        return busy

    async def _let_receipts_come(self) -> bool:
        """Wait for the sandbox's own tasks: receipts on their way, texts that people sent."""
        busy = False
        while tasks := list(self._sandbox.background._tasks):
            busy = True
            await asyncio.wait(tasks)
        return busy

    async def _poll(self) -> bool:
        """Fetch updates, but only when there are any: an empty long poll would spend real time.

        A poller that is behind, or is asked to be quick, comes back at once.
        """
        busy = False
        for position, bot in enumerate(self._sandbox.telegram.bots.all(), 1):
            newest = bot.updates.pending[-1] if bot.updates.pending else None
            turn = self._turns.get(f"poller-{position}")
            if turn is None:
                continue
            if self._asked_to_fetch(bot.account) or turn.__self__.behind:  # type: ignore[attr-defined]
                await turn()
                busy = True
            elif newest is not None and newest is not self._polled.get(bot.id):
                await turn()
                self._polled[bot.id] = newest
                busy = True
        return busy

    def _asked_to_fetch(self, account: str) -> bool:
        return self.parts.station.wake._event(f"{FETCH}:{account}").is_set()

    async def hand_over(self) -> None:
        """Stop as when told to: what is being sent is finished, leases are given back."""
        for account in self.accounts:
            await account.stop()
        await self.give_up()

    async def give_up(self) -> None:
        """Leave everything as it lies. Leases are freed, so that nobody waits out their terms."""
        await self.service._tenures.release()


_load = cache(Catalogue.load)
"""Trying every text with its worst-case values takes more than a second; once is enough."""


@asynccontextmanager
async def open_engine(config: Config, clock: ManualClock, sandbox: SandboxState) -> AsyncIterator[Engine]:
    """Parts and service on this database, at this clock in place of the machine's."""
    async with AsyncExitStack() as stack:
        with patch.object(Catalogue, "load", _load):
            opened = await stack.enter_async_context(open_parts(config))
        parts = assemble(replace(opened.station, clock=clock))
        service = await stack.enter_async_context(Service.open(config, parts))
        engine = Engine(service, parts, sandbox)
        await engine.start()
        yield engine
