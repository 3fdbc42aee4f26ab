"""Values read from the database for whoever watches us: never waited for long, never read twice at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from notifier.store.outage import Outage, outage_of

log = structlog.get_logger(__name__)

T = TypeVar("T")


class Reading(Generic[T]):
    """One value, read anew when it is older than ``keep_s``. ``get`` waits ``wait_s`` at the most.

    A read that takes longer goes on by itself, and the next ``get`` waits for that same one: cancelling it
    would wait for the database, which may be what hangs.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], *, keep_s: float, wait_s: float) -> None:
        """Nothing is read yet."""
        self._read = read
        self._keep_s = keep_s
        self._wait_s = wait_s
        self._task: asyncio.Task[None] | None = None
        self._value: T | None = None
        self._read_at = float("-inf")
        self.outage: Outage | None = None
        """What kept the last read from its value, if the database did."""

    async def get(self) -> T | None:
        """The value; None when the database did not give it in time."""
        if time.monotonic() - self._read_at < self._keep_s:
            return self._value
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._refresh())
        done, _ = await asyncio.wait({self._task}, timeout=self._wait_s)
        if not done:
            self.outage = Outage.AWAY
        return self._value if done else None

    async def close(self) -> None:
        """Give up a read that still runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=self._wait_s)

    async def _refresh(self) -> None:
        self._value = None
        try:
            self._value = await self._read()
            self.outage = None
        except Exception as error:
            self.outage = outage_of(error)
            if self.outage is None:
                log.exception("reading_failed", error=type(error).__name__, exc_info=False)
            return
        self._read_at = time.monotonic()
