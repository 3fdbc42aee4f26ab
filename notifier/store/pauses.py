"""Pauses of posts and units; there are few at a time."""

from datetime import datetime

from sqlalchemy import RowMapping, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.pausing import Pause
from notifier.store.tables import pauses


class PauseRepo:
    """Pauses are added and ended, never changed otherwise."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def add(self, pause: Pause) -> Pause:
        """Write it down; returned with its id."""
        row = {
            "unit": pause.unit,
            "post": pause.post,
            "since": pause.since,
            "until": pause.until,
            "reason": pause.reason,
            "by": pause.by,
        }
        made = await self._conn.execute(insert(pauses).values(row).returning(pauses))
        return _pause(made.mappings().one())

    async def get(self, number: int) -> Pause | None:
        """One pause, over or not."""
        found = await self._conn.execute(select(pauses).where(pauses.c.id == number))
        row = found.mappings().one_or_none()
        return _pause(row) if row else None

    async def end(self, number: int, at: datetime) -> None:
        """It is over at ``at``."""
        await self._conn.execute(update(pauses).where(pauses.c.id == number).values(until=at))

    async def standing(self, now: datetime) -> list[Pause]:
        """Those that are in force, or will be, by id."""
        ahead = or_(pauses.c.until.is_(None), pauses.c.until > now)
        rows = await self._conn.execute(select(pauses).where(ahead).order_by(pauses.c.id))
        return [_pause(row) for row in rows.mappings()]


def _pause(row: RowMapping) -> Pause:
    return Pause(**row)
