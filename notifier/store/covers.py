"""Who was asked to stand a shift for somebody on leave, and who does."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, ShiftKey
from notifier.store.kept import Kept
from notifier.store.rows import CoverRow
from notifier.store.tables import shift_covers

ASKED, DECLINED, CLOSED, COVERS = "asked", "declined", "closed", "covers"


class CoverRepo:
    """One search is named by the shift and who is absent from it."""

    def __init__(self, conn: AsyncConnection, kept: Kept) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._kept = kept

    async def ask(
        self, shift: ShiftKey, absent: PersonId, people: Collection[PersonId], now: datetime
    ) -> None:
        """These are asked; each once in a search."""
        named = {"shift": shift, "absent": absent, "state": ASKED, "asked_at": now}
        await self._conn.execute(insert(shift_covers), [{**named, "person": person} for person in people])

    async def of(self, shift: ShiftKey, absent: PersonId, *, lock: bool = False) -> list[CoverRow]:
        """Everybody asked in that search, in order; ``lock`` keeps others from answering meanwhile."""
        theirs = select(shift_covers).where(shift_covers.c.shift == shift, shift_covers.c.absent == absent)
        in_order = theirs.order_by(shift_covers.c.asked_at, shift_covers.c.person)
        rows = await self._conn.execute(in_order.with_for_update() if lock else in_order)
        return [CoverRow(**row) for row in rows.mappings()]

    async def move(self, row: CoverRow, state: str, now: datetime) -> None:
        """That is his answer, or what became of his being asked."""
        named = (
            shift_covers.c.shift == row.shift,
            shift_covers.c.absent == row.absent,
            shift_covers.c.person == row.person,
        )
        moving = update(shift_covers).where(*named).values(state=state, answered_at=now)
        await self._conn.execute(moving)
        self._kept.forget()
