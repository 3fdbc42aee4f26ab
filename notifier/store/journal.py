"""The journal: append-only; every decision and answer with its reason."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import RowMapping, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.store.rows import JournalLine
from notifier.store.tables import journal

_WRITTEN = tuple(field.name for field in fields(JournalLine) if field.name != "id")


class JournalRepo:
    """Lines are written and read, never changed."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def write(self, lines: Sequence[JournalLine]) -> None:
        """Append, in this order."""
        if lines:
            rows = [{name: getattr(line, name) for name in _WRITTEN} for line in lines]
            await self._conn.execute(insert(journal), rows)

    async def of_case(self, case: CaseId) -> list[JournalLine]:
        """Everything about a case, in the order it was decided."""
        found = await self._conn.execute(select(journal).where(journal.c.case == case).order_by(journal.c.id))
        return [_line(row) for row in found.mappings()]

    async def of_people(
        self, people: Collection[PersonId], subject: str, events: Collection[str]
    ) -> list[JournalLine]:
        """The lines of those events about that subject and any of these people, in their order."""
        about = (journal.c.subject == subject) & journal.c.event.in_(events)
        found = select(journal).where(journal.c.person.in_(list(people)), about).order_by(journal.c.id)
        return [_line(row) for row in (await self._conn.execute(found)).mappings()]

    async def last_at(self, at: datetime, subject: str, events: Collection[str]) -> JournalLine | None:
        """The last line of those events about that subject, written down at that very moment."""
        about = (journal.c.at == at) & (journal.c.subject == subject) & journal.c.event.in_(events)
        found = await self._conn.execute(select(journal).where(about).order_by(journal.c.id.desc()).limit(1))
        row = found.mappings().one_or_none()
        return _line(row) if row else None

    async def recent(
        self,
        limit: int,
        *,
        before: int | None = None,
        units: Collection[UnitCode] | None = None,
        person: PersonId | None = None,
        events: Collection[str] | None = None,
    ) -> list[JournalLine]:
        """The newest lines first; ``before`` is the last id of the page before. None does not filter."""
        query = select(journal).order_by(journal.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(journal.c.id < before)
        if units is not None:
            query = query.where(journal.c.unit.in_(units))
        if person is not None:
            query = query.where(journal.c.person == person)
        if events is not None:
            query = query.where(journal.c.event.in_(events))
        return [_line(row) for row in (await self._conn.execute(query)).mappings()]

    async def moments(self, person: PersonId, events: Collection[str], since: datetime) -> list[datetime]:
        """When any of those events was written down of that person, from ``since`` on, in order."""
        found = select(journal.c.at).where(
            journal.c.person == person, journal.c.event.in_(events), journal.c.at >= since
        )
        return list(await self._conn.scalars(found.order_by(journal.c.at)))

    async def count(self, event: str, since: datetime) -> int:
        """How many lines of an event there are from ``since`` on."""
        counted = select(func.count()).select_from(journal)
        return await self._conn.scalar(counted.where(journal.c.event == event, journal.c.at >= since)) or 0


def _line(row: RowMapping) -> JournalLine:
    return JournalLine(**row)
