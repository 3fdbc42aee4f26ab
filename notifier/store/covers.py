"""Who was asked to stand a shift for somebody on leave, and who does."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, or_, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, ShiftKey
from notifier.store.kept import Kept
from notifier.store.rows import CoverRow
from notifier.store.statements import insert_or
from notifier.store.tables import leaves, shift_covers, shift_people, shifts

ASKED, DECLINED, CLOSED, COVERS = "asked", "declined", "closed", "covers"


def who_stands(
    *conditions: ColumnElement[bool], of: Collection[PersonId] | None = None
) -> CompoundSelect[PersonId, datetime, datetime]:
    """(person, start, end) of each shift that stands and meets the conditions: who is to come to it.

    Who covers counts as rostered, as in ``with_covers``; who is covered, and on leave, does not. Of those in
    ``of`` only, if given.
    """
    taken = shift_covers.alias()
    by_roster = _is_rostered(shift_covers.c.shift, shift_covers.c.absent)
    by_cover = exists().where(
        taken.c.shift == shift_covers.c.shift,
        taken.c.person == shift_covers.c.absent,
        taken.c.state == COVERS,
    )
    parts = (
        (shift_people, ()),
        (shift_covers, (shift_covers.c.state == COVERS, or_(by_roster, by_cover))),
    )
    return union_all(
        *(
            select(table.c.person, shifts.c.start, shifts.c.end)
            .join(shifts, shifts.c.key == table.c.shift)
            .where(shifts.c.cancelled_at.is_(None), *conditions, *counting)
            .where(~_is_covered(table.c.shift, table.c.person))
            .where(*([table.c.person.in_(of)] if of is not None else []))
            for table, counting in parts
        )
    )


def _is_rostered(shift: ColumnElement[str], person: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(shift_people.c.shift == shift, shift_people.c.person == person)


def _is_covered(shift: ColumnElement[str], person: ColumnElement[str]) -> ColumnElement[bool]:
    cover = shift_covers.alias()
    away = exists().where(leaves.c.shift == shift, leaves.c.person == person, leaves.c.revoked_at.is_(None))
    return and_(
        exists().where(cover.c.shift == shift, cover.c.absent == person, cover.c.state == COVERS), away
    )


class CoverRepo:
    """One search is named by the shift and who is absent from it."""

    def __init__(self, conn: AsyncConnection, kept: Kept) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._kept = kept

    async def ask(
        self, shift: ShiftKey, absent: PersonId, people: Collection[PersonId], now: datetime
    ) -> None:
        """These are asked; who was asked before, and then told that he need not come, once more."""
        asking = insert_or(self._conn, shift_covers)
        anew = {"state": ASKED, "asked_at": now, "answered_at": None}
        named = {"shift": shift, "absent": absent, **anew}
        await self._conn.execute(
            asking.on_conflict_do_update(index_elements=["shift", "absent", "person"], set_=anew),
            [{**named, "person": person} for person in people],
        )

    async def of(self, shift: ShiftKey, absent: PersonId, *, lock: bool = False) -> list[CoverRow]:
        """Everybody asked in that search, in order; ``lock`` keeps others from answering meanwhile."""
        theirs = select(shift_covers).where(shift_covers.c.shift == shift, shift_covers.c.absent == absent)
        in_order = theirs.order_by(shift_covers.c.asked_at, shift_covers.c.person)
        rows = await self._conn.execute(in_order.with_for_update() if lock else in_order)
        return [CoverRow(**row) for row in rows.mappings()]

    async def record(self, shift: ShiftKey, absent: PersonId, person: PersonId, now: datetime) -> None:
        """That person covers, whatever he was asked or has said before."""
        named = {"shift": shift, "absent": absent, "person": person}
        covers = {"state": COVERS, "answered_at": now}
        writing = insert_or(self._conn, shift_covers).values(**named, **covers, asked_at=now)
        await self._conn.execute(
            writing.on_conflict_do_update(index_elements=["shift", "absent", "person"], set_=covers)
        )
        self._kept.forget()

    async def standing(self, shifts: Collection[ShiftKey]) -> list[CoverRow]:
        """Who covers whom in those few shifts."""
        theirs = select(shift_covers).where(shift_covers.c.shift.in_(shifts), shift_covers.c.state == COVERS)
        rows = await self._conn.execute(theirs.order_by(shift_covers.c.shift, shift_covers.c.answered_at))
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
