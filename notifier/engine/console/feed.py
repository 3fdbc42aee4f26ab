"""What changes on the wall, read once a second for all who watch; nothing is read while nobody does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notifier.engine.clock import Clock
from notifier.engine.console.wall import Snapshot, keep_equal, read_snapshot
from notifier.engine.loops import Pulse, keep_turning
from notifier.store.database import Database
from notifier.store.walls import Mark

LOOK_EVERY_S = 1.0
READ_ANYWAY_S = 10.0
"""Shifts begin, queues grow and pauses end without a word: the city is read this often all the same."""


class Watcher:
    """One open page. ``snapshot`` is the newest; None before the first."""

    def __init__(self) -> None:
        """Nothing has been seen yet."""
        self.snapshot: Snapshot | None = None
        self._news = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for a snapshot newer than the one that was waited for before; False when none came.

        Who comes late finds the newest only: what he missed in between is in it.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True

    def show(self, snapshot: Snapshot) -> None:
        """Hand it the newest."""
        self.snapshot = snapshot
        self.wake()

    def wake(self) -> None:
        """Have who waits look up."""
        self._news.set()


class Feed:
    """Looks at the city while somebody watches."""

    def __init__(self, database: Database, clock: Clock, pulse: Pulse) -> None:
        """``clock`` is the civil one; ``pulse`` says how the looks fare."""
        self._database = database
        self._clock = clock
        self._pulse = pulse
        self._watchers: set[Watcher] = set()
        self._stopping = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._mark: Mark | None = None
        self._snapshot: Snapshot | None = None
        self._read_at = float("-inf")

    @property
    def is_closed(self) -> bool:
        """Whether it is over with watching, since the program stops."""
        return self._stopping.is_set()

    @property
    def watched(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Watcher]:
        """A watcher, for as long as the block lasts. The first one sets the looking going."""
        watcher = Watcher()
        self._watchers.add(watcher)
        if self._snapshot is not None and self._is_looking():
            watcher.show(self._snapshot)
        self._begin()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                await self._end()

    def stop(self) -> None:
        """Let everybody who watches go."""
        self._stopping.set()
        for watcher in self._watchers:
            watcher.wake()

    async def close(self) -> None:
        """Stop, and end the looking."""
        self.stop()
        await self._end()

    async def look(self) -> bool:
        """See whether anything changed, and if so show it to everybody. Returns False: there is no hurry."""
        async with self._database.read() as tx:
            mark = await tx.walls.mark()
            if mark == self._mark and time.monotonic() - self._read_at < READ_ANYWAY_S:
                return False
            snapshot = keep_equal(self._snapshot, await read_snapshot(tx, self._clock))
        self._mark, self._snapshot, self._read_at = mark, snapshot, time.monotonic()
        for watcher in self._watchers:
            watcher.show(snapshot)
        return False

    def _begin(self) -> None:
        if not self._is_looking() and not self.is_closed:
            turning = keep_turning(self._pulse, self.look, _a_while, self._stopping)
            self._looking = asyncio.create_task(turning, name="wall")

    def _is_looking(self) -> bool:
        return self._looking is not None and not self._looking.done()

    async def _end(self) -> None:
        looking, self._looking = self._looking, None
        self._mark = None
        if looking is not None:
            looking.cancel()
            await asyncio.wait({looking})


async def _a_while() -> None:
    await asyncio.sleep(LOOK_EVERY_S)
