"""Waiting for a ring: within about 0.1 s on SQLite, at once on PostgreSQL."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from notifier.store.outage import is_outage
from notifier.store.signals import CHANNEL, SignalRepo

SQLITE_POLL_S = 0.1
POSTGRES_POLL_S = 5.0
"""Notifications wake us; the slow look is for one that got lost with its connection."""
_BROKEN_PAUSE_S = 0.5


class SignalWatch:
    """Reads the count on one connection of its own, opened at the first wait."""

    def __init__(self, engine: AsyncEngine, *, poll_s: float, listen: bool) -> None:
        """``listen``: PostgreSQL, which tells us; otherwise the count is looked at every ``poll_s``."""
        self._engine = engine
        self._poll_s = poll_s
        self._listen = listen
        self._conn: AsyncConnection | None = None
        self._lock = asyncio.Lock()
        # Replaced at each nudge, never cleared: who took it before reading cannot miss a nudge.
        self._event = asyncio.Event()
        self._on_note: Callable[[tuple[str, ...]], None] | None = None

    def on_note(self, call: Callable[[tuple[str, ...]], None]) -> None:
        """Have it called with the topics of each note of another process; with none when some may be lost."""
        self._on_note = call

    def nudge(self) -> None:
        """Let every waiter look again now."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, seen: int, timeout: float) -> int:  # noqa: ASYNC109 -- part of the promise
        """The count as soon as it differs from ``seen``; ``seen`` itself after ``timeout`` seconds.

        An outage is waited out: it never raises one.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while True:
            event = self._event
            count = await self._try_count()
            remaining = deadline - clock()
            if count not in (None, seen) or remaining <= 0:
                return seen if count is None else count
            pause = _BROKEN_PAUSE_S if count is None else self._poll_s
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), min(pause, remaining))

    async def close(self) -> None:
        """Give the connection back."""
        async with self._lock:
            await self._drop()

    async def _try_count(self) -> int | None:
        async with self._lock:
            try:
                return await self._count()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                await self._drop()
                if not is_outage(error):
                    raise
                return None

    async def _count(self) -> int:
        if self._conn is None:
            self._conn = await self._connect()
        async with self._conn.begin():
            return await SignalRepo(self._conn).count()

    async def _connect(self) -> AsyncConnection:
        conn = await self._engine.connect()
        if self._listen:
            raw = await conn.get_raw_connection()
            driver: Any = raw.driver_connection
            # Both only wake the waiters, who then look for themselves.
            driver.add_termination_listener(lambda *_: self.nudge())
            await driver.add_listener(CHANNEL, self._hear)
            self._pass_on(())
        return conn

    def _hear(self, _connection: object, _pid: int, _channel: str, topics: str) -> None:
        if topics:
            self._pass_on(tuple(topics.split()))
        else:
            self.nudge()

    def _pass_on(self, topics: tuple[str, ...]) -> None:
        if self._on_note is not None:
            self._on_note(topics)

    async def _drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is None:
            return
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            await conn.invalidate()
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            await conn.close()
