"""What the API lists, a page at a time, each page beginning behind the last one's key.

``units`` everywhere are those that are meant; None is every one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import CaseId, MessageId, PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.message import AnyChannel, MessageState
from notifier.domain.roster import Office, Shift
from notifier.store.mappers import OFFICE_COLUMNS, office_of
from notifier.store.message_values import in_states, stored
from notifier.store.rows import StoredMessage
from notifier.store.shifts import load_shifts, shift_query
from notifier.store.statements import plan_afresh
from notifier.store.tables import cases, messages, offices, people, posts, shifts

Units = Collection[UnitCode] | None

_UNIT = func.coalesce(cases.c.unit, people.c.unit)
_OWNED = messages.outerjoin(cases, cases.c.id == messages.c.case).outerjoin(
    people, people.c.id == messages.c.person
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftFilter:
    """Shifts that stand and touch the span [start, end)."""

    start: datetime
    end: datetime
    units: Units = None
    post: PostCode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFilter:
    """Messages from ``first`` on; None does not filter."""

    first: MessageId
    units: Units = None
    state: MessageState | None = None
    channel: AnyChannel | None = None
    case: CaseId | None = None
    person: PersonId | None = None


class ApiListRepo:
    """Readings only."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def offices(
        self, units: Units, limit: int, after: tuple[UnitCode, int, str] | None = None
    ) -> list[Office]:
        """By unit, rank and title; ``after`` is the last of the page before."""
        order = (offices.c.unit, offices.c.rank, offices.c.title)
        query = select(*OFFICE_COLUMNS).order_by(*order).limit(limit)
        if units is not None:
            query = query.where(offices.c.unit.in_(units))
        if after is not None:
            query = query.where(tuple_(*order) > after)
        return [office_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def shifts(
        self, which: ShiftFilter, limit: int, after: tuple[datetime, ShiftKey] | None = None
    ) -> list[Shift]:
        """By start, then key, with their people; ``after`` is the last of the page before."""
        await plan_afresh(self._conn)
        conditions = [shifts.c.start < which.end, shifts.c.end > which.start]
        if which.post is not None:
            conditions.append(shifts.c.post == which.post)
        if which.units is not None:
            kept = select(posts.c.code).where(posts.c.unit.in_(which.units))
            conditions.append(shifts.c.post.in_(kept))
        if after is not None:
            start, key = after
            conditions.append(or_(shifts.c.start > start, and_(shifts.c.start == start, shifts.c.key > key)))
        return await load_shifts(self._conn, shift_query(*conditions).limit(limit))

    async def messages(
        self, which: SentFilter, limit: int, before: MessageId | None = None
    ) -> list[StoredMessage]:
        """The newest first; ``before`` is the last of the page before."""
        await plan_afresh(self._conn)
        query = select(messages).where(messages.c.id >= which.first)
        if which.units is not None:
            query = query.select_from(_OWNED).where(_UNIT.in_(which.units))
        if before is not None:
            query = query.where(messages.c.id < before)
        if which.state is not None:
            query = query.where(in_states(which.state))
        for name in ("channel", "case", "person"):
            if (wanted := getattr(which, name)) is not None:
                query = query.where(messages.c[name] == wanted)
        found = await self._conn.execute(query.order_by(messages.c.id.desc()).limit(limit))
        return [stored(row) for row in found.mappings()]

    async def units_of(self, ids: Collection[MessageId]) -> dict[MessageId, UnitCode | None]:
        """The unit of each message: its case's, or else its person's; None for one to nobody known."""
        query = select(messages.c.id, _UNIT.label("unit")).select_from(_OWNED)
        found = await self._conn.execute(query.where(messages.c.id.in_(ids)))
        return {MessageId(number): unit for number, unit in found}
