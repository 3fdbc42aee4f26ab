"""Timers: everything that must happen later is a row."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, delete, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import Timer
from notifier.store.statements import batches, insert_or
from notifier.store.tables import timers

# Written into the statement, not bound: only so does a partial index serve it.
_PENDING: ColumnElement[bool] = timers.c.state == literal_column("'pending'")


class TimerRepo:
    """A timer is pending until it is finished, given up as failed, or dropped."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def plan(self, planned: Iterable[Timer]) -> int:
        """Add timers whose keys are new; a known key is left as it is, done ones too. How many were added."""
        # In one order always, so that two planners at once wait for each other and do not deadlock.
        rows = [_values(timer) for timer in sorted(planned, key=lambda timer: timer.key)]
        if not rows:
            return 0
        insert = insert_or(self._conn, timers).on_conflict_do_nothing(index_elements=["key"])
        added = await self._conn.execute(insert.returning(timers.c.id), rows)
        return len(added.all())

    async def set(self, *moved: Timer) -> None:
        """Add each timer, or move the one of its key: pending again, with no tries."""
        rows = [_values(timer) for timer in sorted(moved, key=lambda timer: timer.key)]
        if not rows:
            return
        insert = insert_or(self._conn, timers)
        anew = {name: insert.excluded[name] for name in rows[0] if name != "key"}
        await self._conn.execute(insert.on_conflict_do_update(index_elements=["key"], set_=anew), rows)

    async def drop(self, keys: Iterable[str]) -> int:
        """Remove timers, whatever their state. How many there were."""
        dropped = 0
        for batch in batches(keys):
            dropped += (await self._conn.execute(delete(timers).where(timers.c.key.in_(batch)))).rowcount
        return dropped

    async def due(self, now: datetime, lane: int, limit: int) -> list[Timer]:
        """The pending timers of a lane that are due, longest due first.

        They are this transaction's until it ends: on PostgreSQL other processes are given others.
        """
        found = await self._conn.execute(
            select(timers)
            .where(_PENDING, timers.c.lane == lane, timers.c.due_at <= now)
            # Not by id too: thousands due at one moment would be sorted for each batch of them.
            .order_by(timers.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [_timer(row) for row in found.mappings()]

    async def finish(self, ids: Iterable[int]) -> None:
        """They have been seen to."""
        for batch in batches(ids):
            await self._conn.execute(update(timers).where(timers.c.id.in_(batch)).values(state="done"))

    async def is_pending(self, key: str) -> bool:
        """Whether that timer is still to come."""
        query = select(timers.c.id).where(timers.c.key == key, _PENDING)
        return await self._conn.scalar(query) is not None

    async def pending_at(self, key: str) -> datetime | None:
        """When that timer is due; None where it is not to come any more."""
        query = select(timers.c.due_at).where(timers.c.key == key, _PENDING)
        return await self._conn.scalar(query)

    async def is_done(self, key: str) -> bool:
        """Whether that timer has been seen to."""
        query = select(timers.c.id).where(timers.c.key == key, timers.c.state == "done")
        return await self._conn.scalar(query) is not None

    async def postpone(self, timer: int, due_at: datetime) -> None:
        """Try again at ``due_at``; counts the try."""
        again = {"due_at": due_at, "tries": timers.c.tries + 1}
        await self._conn.execute(update(timers).where(timers.c.id == timer).values(again))

    async def fail(self, timer: int) -> None:
        """Give it up; the row stays to be looked at until its age is past."""
        await self._conn.execute(update(timers).where(timers.c.id == timer).values(state="failed"))

    async def next_due(self) -> datetime | None:
        """When the next pending timer of any lane is due, or was."""
        return min((await self.oldest_due()).values(), default=None)

    async def oldest_due(self) -> dict[int, datetime]:
        """When the next pending timer of each lane is due, or was; lanes without any are left out."""
        # From lane to lane through the index: a plain minimum would read every pending timer.
        lanes = select(func.min(timers.c.lane).label("lane")).where(_PENDING).cte("lanes", recursive=True)
        after = (
            select(func.min(timers.c.lane)).where(_PENDING, timers.c.lane > lanes.c.lane).scalar_subquery()
        )
        lanes = lanes.union_all(select(after).where(lanes.c.lane.is_not(None)))
        first = select(func.min(timers.c.due_at)).where(_PENDING, timers.c.lane == lanes.c.lane)
        found = await self._conn.execute(select(lanes.c.lane, first.scalar_subquery()).select_from(lanes))
        return {lane: moment for lane, moment in found if moment is not None}

    async def lateness(self, now: datetime) -> float:
        """By how many seconds the oldest pending timer is late; 0.0 when none is."""
        due_at = await self.next_due()
        return max(0.0, (now - due_at).total_seconds()) if due_at else 0.0


def _values(timer: Timer) -> dict[str, object]:
    return {
        "key": timer.key,
        "lane": timer.lane,
        "due_at": timer.due_at,
        "kind": timer.kind,
        "subject": timer.subject,
        "state": "pending",
        "tries": 0,
    }


def _timer(row: RowMapping) -> Timer:
    return Timer(
        id=row["id"],
        key=row["key"],
        lane=row["lane"],
        due_at=row["due_at"],
        kind=row["kind"],
        subject=row["subject"],
        tries=row["tries"],
    )
