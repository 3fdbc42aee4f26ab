"""Shifts, who stands them, and who is on leave from them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.cover import with_covers
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Shift
from notifier.store.covers import COVERS
from notifier.store.kept import Kept
from notifier.store.rows import LeaveRow
from notifier.store.statements import batches
from notifier.store.tables import leaves, shift_covers, shift_people, shifts

PAGE = 500
"""Shifts a page of ``between``."""

_STANDS = shifts.c.cancelled_at.is_(None)


_covers = (
    select(shift_covers.c.shift, shift_covers.c.absent, shift_covers.c.person)
    .where(shift_covers.c.state == COVERS)
    .order_by(shift_covers.c.shift, shift_covers.c.answered_at, shift_covers.c.person)
)
"""Who covers whom in a shift, whether it counts or not."""


def leave_of(row: RowMapping) -> LeaveRow:
    """The value of one row."""
    return LeaveRow(
        id=row["id"],
        person=row["person"],
        shift=row["shift"],
        reason=row["reason"],
        recorded_at=row["recorded_at"],
    )


async def load_shifts(conn: AsyncConnection, query: Select[str, PostCode, datetime, datetime]) -> list[Shift]:
    """The shifts that a query of key, post, start and end finds, in its order, with their people."""
    found = (await conn.execute(query)).all()
    people: dict[str, list[PersonId]] = {}
    covers: dict[str, list[tuple[PersonId, PersonId]]] = {}
    for batch in batches(row[0] for row in found):
        named = select(shift_people.c.shift, shift_people.c.person).where(shift_people.c.shift.in_(batch))
        in_order = named.order_by(shift_people.c.shift, shift_people.c.ordinal)
        for shift, person in await conn.execute(in_order):
            people.setdefault(shift, []).append(person)
        for shift, absent, person in await conn.execute(_covers.where(shift_covers.c.shift.in_(batch))):
            covers.setdefault(shift, []).append((absent, person))
    return [
        Shift(post=post, start=start, end=end, people=with_covers(people.get(key, ()), covers.get(key, ())))
        for key, post, start, end in found
    ]


def shift_query(*conditions: ColumnElement[bool]) -> Select[str, PostCode, datetime, datetime]:
    """A query for ``load_shifts``: those not cancelled that meet the conditions, by start, then key."""
    columns = select(shifts.c.key, shifts.c.post, shifts.c.start, shifts.c.end)
    return columns.where(_STANDS, *conditions).order_by(shifts.c.start, shifts.c.key)


class ShiftRepo:
    """Shifts that stand: a cancelled one is not found. Spans of time are [start, end)."""

    def __init__(self, conn: AsyncConnection, kept: Kept | None = None) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._kept = kept or Kept()

    async def get(self, key: ShiftKey) -> Shift | None:
        """The shift of that key."""
        return (await self.many([key])).get(key)

    async def many(self, keys: Collection[ShiftKey]) -> dict[ShiftKey, Shift]:
        """The shifts of those keys, as far as there are such."""
        return await self._kept.many("shifts", keys, self._read_many)

    async def _read_many(self, keys: Collection[ShiftKey]) -> dict[ShiftKey, Shift]:
        found = [shift for batch in batches(keys) for shift in await self._load(shifts.c.key.in_(batch))]
        return {shift.key: shift for shift in found}

    async def at_post(self, post: PostCode, start: datetime, end: datetime) -> list[Shift]:
        """The shifts of a post that touch the span, by start."""
        return await self._load(shifts.c.post == post, _touches(start, end))

    async def running(self, post: PostCode, now: datetime) -> list[Shift]:
        """The shifts of a post that run at ``now``, by start."""
        return await self._load(shifts.c.post == post, shifts.c.start <= now, shifts.c.end > now)

    async def of_person(self, person: PersonId, start: datetime, end: datetime) -> list[Shift]:
        """The shifts that person is rostered for (on leave or not) and that touch the span, by start."""
        return await self.of_people([person], start, end)

    async def of_people(self, people: Collection[PersonId], start: datetime, end: datetime) -> list[Shift]:
        """The same of any of those few."""
        rostered = exists().where(shift_people.c.shift == shifts.c.key, shift_people.c.person.in_(people))
        theirs = _covers.where(shift_covers.c.shift == shifts.c.key, shift_covers.c.person.in_(people))
        found = await self._load(or_(rostered, exists(theirs)), _touches(start, end))
        # A cover may count no more: the roster was given to others.
        return [shift for shift in found if not set(people).isdisjoint(shift.people)]

    async def following(self, shift: Shift) -> Shift | None:
        """The shift of the same post that begins as this one ends, if any."""
        next_one = (shifts.c.post == shift.post) & (shifts.c.start == shift.end)
        return next(iter(await self._load(next_one)), None)

    async def between(
        self, start: datetime, end: datetime, *, after: Shift | None = None, limit: int = PAGE
    ) -> list[Shift]:
        """A page of the shifts that touch the span, by start, then key.

        ``after`` is the last shift of the page before.
        """
        conditions = [_touches(start, end)]
        if after is not None:
            later_key = and_(shifts.c.start == after.start, shifts.c.key > after.key)
            conditions.append(or_(shifts.c.start > after.start, later_key))
        return await load_shifts(self._conn, shift_query(*conditions).limit(limit))

    async def starting(
        self, post: PostCode, after: datetime, until: datetime
    ) -> tuple[list[Shift], list[Shift]]:
        """The shifts of a post that start after and until those times: those that stand, those cancelled."""
        columns = select(shifts.c.key, shifts.c.post, shifts.c.start, shifts.c.end)
        theirs = columns.where(shifts.c.post == post, shifts.c.start > after, shifts.c.start <= until)
        in_order = theirs.order_by(shifts.c.start, shifts.c.key)
        standing = await load_shifts(self._conn, in_order.where(_STANDS))
        return standing, await load_shifts(self._conn, in_order.where(~_STANDS))

    async def add_leave(self, leave: LeaveRow) -> int:
        """Write a leave down; returns its id. A second one of the same person and shift is the first."""
        his = select(leaves.c.id).where(*_standing_leave(leave.person, leave.shift))
        if (known := await self._conn.scalar(his)) is not None:
            return int(known)
        row = {
            "person": leave.person,
            "shift": leave.shift,
            "reason": leave.reason,
            "recorded_at": leave.recorded_at,
        }
        written = await self._conn.execute(insert(leaves).values(row).returning(leaves.c.id))
        return int(written.scalar_one())

    async def revoke_leave(self, person: PersonId, shift: ShiftKey, now: datetime) -> bool:
        """Take a leave back. False when there is none."""
        revoking = update(leaves).where(*_standing_leave(person, shift)).values(revoked_at=now)
        return bool((await self._conn.execute(revoking)).rowcount)

    async def leave_of(self, shift: ShiftKey) -> list[LeaveRow]:
        """The leaves from that shift that stand, in order of entry."""
        query = select(leaves).where(leaves.c.shift == shift, leaves.c.revoked_at.is_(None))
        rows = await self._conn.execute(query.order_by(leaves.c.id))
        return [leave_of(row) for row in rows.mappings()]

    async def on_leave(self, keys: Collection[ShiftKey]) -> set[tuple[PersonId, ShiftKey]]:
        """Who is on leave from which of those shifts."""
        found: set[tuple[PersonId, ShiftKey]] = set()
        for batch in batches(keys):
            standing = (leaves.c.shift.in_(batch), leaves.c.revoked_at.is_(None))
            rows = await self._conn.execute(select(leaves.c.person, leaves.c.shift).where(*standing))
            found.update((person, shift) for person, shift in rows)
        return found

    async def _load(self, *conditions: ColumnElement[bool]) -> list[Shift]:
        return await load_shifts(self._conn, shift_query(*conditions))


def _touches(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(shifts.c.start < end, shifts.c.end > start)


def _standing_leave(person: PersonId, shift: ShiftKey) -> tuple[ColumnElement[bool], ...]:
    return (leaves.c.person == person, leaves.c.shift == shift, leaves.c.revoked_at.is_(None))
