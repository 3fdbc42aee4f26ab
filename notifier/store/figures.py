"""What the figures of past days are made of, counted by the database. Spans of time are [since, until).

``units`` everywhere are those that are meant; None is every unit, and messages to nobody known.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Interval,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.case import CaseState
from notifier.domain.figures import CaseTimes, MessageCount, ShiftCount
from notifier.domain.ids import MessageId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import PresenceEnd
from notifier.store.deliveries import Units, of_units, within
from notifier.store.statements import plan_afresh
from notifier.store.tables import cases, journal, messages, posts, presences, shifts

TAKEN: Final = ("acknowledged", "on_the_way", "held")
"""Events with which somebody takes a case."""
_QUARTER_S: Final = 900
"""No zone is less than a quarter of an hour apart from another: no quarter is of two civil days."""
_MICROSECONDS: Final = 1_000_000


class FigureRepo:
    """Counts; nothing here changes anything."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def cases(self, since: datetime, until: datetime, units: Units) -> list[CaseTimes]:
        """The cases that opened in that time."""
        taken = select(func.min(journal.c.at)).where(journal.c.case == cases.c.id, journal.c.event.in_(TAKEN))
        columns = (cases.c.kind, cases.c.state, cases.c.opened_at, cases.c.closed_at)
        query = select(*columns, taken.scalar_subquery().label("taken_at")).where(
            cases.c.opened_at >= since, cases.c.opened_at < until, within(cases.c.unit, units)
        )
        return [
            CaseTimes(
                kind=Kind(row["kind"]),
                state=CaseState(row["state"]),
                opened_at=row["opened_at"],
                taken_at=row["taken_at"],
                closed_at=row["closed_at"],
            )
            for row in (await self._conn.execute(query)).mappings()
        ]

    async def shifts(
        self, since: datetime, until: datetime, grace: timedelta, units: Units
    ) -> list[ShiftCount]:
        """The shifts that began in that time, by their beginning; cancelled ones do not count.

        On time is one on which, ``grace`` after its start, as many people were as its post asks for.
        """
        asked = self._later(shifts.c.start, grace)
        there = (
            select(func.count(presences.c.person.distinct()))
            .where(
                presences.c.shift == shifts.c.key,
                presences.c.since <= asked,
                presences.c.until.is_(None) | (presences.c.until > asked),
                presences.c.ended.is_(None) | (presences.c.ended != PresenceEnd.UNDONE),
            )
            .scalar_subquery()
        )
        on_time = func.sum(case((there >= posts.c.headcount, 1), else_=0))
        query = select(shifts.c.start, func.count(), on_time).join(posts, posts.c.code == shifts.c.post)
        # What begins later also ends later: the only index on time is that of the end.
        query = query.where(
            shifts.c.end > since,
            shifts.c.start >= since,
            shifts.c.start < until,
            shifts.c.cancelled_at.is_(None),
            within(posts.c.unit, units),
        )
        found = await self._conn.execute(query.group_by(shifts.c.start))
        return [
            ShiftCount(start=start, shifts=number, on_time=int(in_time)) for start, number, in_time in found
        ]

    async def messages(self, first: MessageId, until: datetime, units: Units) -> list[MessageCount]:
        """The messages from ``first`` on by the quarter of an hour and the lane.

        What went out with a list that says it too is not counted: the list is.
        """
        await plan_afresh(self._conn)
        quarter = self._quarter(messages.c.created_at).label("quarter")
        query = of_units(select(quarter, messages.c.lane, func.count()), units).where(
            messages.c.id >= first, messages.c.created_at < until, messages.c.rides_on.is_(None)
        )
        found = await self._conn.execute(query.group_by(quarter, messages.c.lane))
        return [
            MessageCount(
                moment=datetime.fromtimestamp(int(number) * _QUARTER_S, UTC), lane=Lane(lane), number=count
            )
            for number, lane, count in found
        ]

    # ── time, as each database reckons it ──

    def _later(self, column: ColumnElement[datetime], by: timedelta) -> ColumnElement[Any]:
        if self._is_sqlite:
            microseconds = by // timedelta(microseconds=1)
            return type_coerce(type_coerce(column, BigInteger) + microseconds, column.type)
        return column + literal(by, Interval)

    def _quarter(self, column: ColumnElement[datetime]) -> ColumnElement[int]:
        if self._is_sqlite:
            return type_coerce(column, BigInteger) // (_QUARTER_S * _MICROSECONDS)
        return cast(func.floor(func.date_part("epoch", column) / _QUARTER_S), Integer)

    @property
    def _is_sqlite(self) -> bool:
        return self._conn.dialect.name == "sqlite"
