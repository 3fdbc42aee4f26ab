"""Where a civil clock that runs faster was started, so that every process reads the same time."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.statements import insert_or
from notifier.store.tables import clock_anchors

_ONLY = 1


class ClockAnchor(NamedTuple):
    """At ``real_start`` the civil clock showed ``civil_start``; it runs ``speed`` times as fast."""

    civil_start: datetime
    speed: float
    real_start: datetime


class ClockRepo:
    """One anchor, or none: then civil time is real time."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def anchor(self) -> ClockAnchor | None:
        """The anchor in force."""
        columns = (clock_anchors.c.civil_start, clock_anchors.c.speed, clock_anchors.c.real_start)
        row = (await self._conn.execute(select(*columns))).one_or_none()
        return ClockAnchor(*row) if row else None

    async def set_anchor(self, civil_start: datetime, speed: float, real_start: datetime) -> None:
        """Put the anchor, in place of any before it."""
        anchor = {"civil_start": civil_start, "speed": speed, "real_start": real_start}
        insert = insert_or(self._conn, clock_anchors).values(id=_ONLY, **anchor)
        await self._conn.execute(insert.on_conflict_do_update(index_elements=["id"], set_=anchor))

    async def clear(self) -> None:
        """Back to real time."""
        await self._conn.execute(delete(clock_anchors))
