"""Telling every running process that something was written which it should look at now."""

from collections.abc import Collection

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.statements import insert_or
from notifier.store.tables import signals

CHANNEL = "notifier_signal"
"""PostgreSQL's notification channel."""

_NAME = "wake"


class SignalRepo:
    """Counters, which only grow: the one that rings, and others by name."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn
        self.rung = False
        self._noted: set[str] = set()

    async def ring(self) -> None:
        """Wake everybody once this transaction is committed (see ``Database.wait_signal``).

        The count is raised as the last statement of the transaction: raised at once, its row would be
        locked for as long as the rest takes, and two ringers that go on to touch each other's rows would
        deadlock.
        """
        self.rung = True

    def note(self, *topics: str) -> None:
        """Wake just those loops of other processes that wait for these topics, once this is committed.

        Cheaper than ``ring``, and it may get lost with a connection: for what is looked at anyway every few
        seconds. On SQLite one process turns all loops, and nothing is said.
        """
        self._noted.update(topics)

    async def flush(self) -> None:
        """Raise the count if ``ring`` was called. The Database's part, just before the commit."""
        if self.rung:
            await self._raise_count()
        elif self._noted and self._conn.dialect.name == "postgresql":
            said = {"channel": CHANNEL, "topics": " ".join(sorted(self._noted))}
            await self._conn.execute(text("SELECT pg_notify(:channel, :topics)"), said)

    async def _raise_count(self) -> None:
        await self.add(_NAME)
        if self._conn.dialect.name == "postgresql":
            await self._conn.execute(text(f"NOTIFY {CHANNEL}"))

    async def add(self, name: str) -> None:
        """Raise a counter of one's own by one; nobody is woken by that."""
        insert = insert_or(self._conn, signals).values(name=name, count=1)
        await self._conn.execute(
            insert.on_conflict_do_update(index_elements=["name"], set_={"count": signals.c.count + 1})
        )

    async def counts(self, names: Collection[str]) -> dict[str, int]:
        """How often each of these was raised, zeros too."""
        query = select(signals.c.name, signals.c.count).where(signals.c.name.in_(names))
        return dict.fromkeys(names, 0) | {name: count for name, count in await self._conn.execute(query)}

    async def count(self) -> int:
        """How often it was rung, ever."""
        found = await self._conn.scalar(select(func.max(signals.c.count)).where(signals.c.name == _NAME))
        return found or 0
