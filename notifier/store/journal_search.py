"""Searching the journal: by unit, person, case, event, channel, words and time, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.store.rows import JournalLine
from notifier.store.tables import journal, people

_MOST_NAMESAKES = 100
_OUT_OF_ORDER = 1000
"""So many ids two lines may be apart of which the later one was decided on first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFilter:
    """Which lines to find, of ``since`` up to and without ``until``; None does not filter.

    ``people``: they did it, or it was about them. ``text`` is part of the reason, in whatever case.
    """

    since: datetime
    until: datetime
    units: Collection[UnitCode] | None = None
    people: Collection[PersonId] | None = None
    case: CaseId | None = None
    event: str | None = None
    channel: str | None = None
    text: str | None = None


class JournalSearchRepo:
    """Finds lines."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def find(self, which: JournalFilter, limit: int, before: int | None = None) -> list[JournalLine]:
        """The newest first; ``before`` is the last id of the page before."""
        first = await self._first_at(which.since)
        if first is None:
            return []
        within = [
            journal.c.id > first - _OUT_OF_ORDER,
            journal.c.at >= which.since,
            journal.c.at < which.until,
        ]
        if before is not None:
            within.append(journal.c.id < before)
        query = select(journal).where(*within, *_conditions(which)).order_by(journal.c.id.desc())
        found = await self._conn.execute(query.limit(limit))
        return [JournalLine(**row) for row in found.mappings()]

    async def people_called(self, text: str) -> list[PersonId]:
        """Whoever has that id, or exactly that name; in the roster or gone from it."""
        query = select(people.c.id).where(or_(people.c.id == text, people.c.name == text))
        return list(await self._conn.scalars(query.order_by(people.c.id).limit(_MOST_NAMESAKES)))

    async def _first_at(self, since: datetime) -> int | None:
        """The lowest id from then on: where a reading by id may stop."""
        # By the index on the time. Those written down at one moment are close together, so few are looked at.
        moment = select(func.min(journal.c.at)).where(journal.c.at >= since).scalar_subquery()
        first: int | None = await self._conn.scalar(
            select(func.min(journal.c.id)).where(journal.c.at == moment)
        )
        return first


def _conditions(which: JournalFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if which.units is not None:
        found.append(journal.c.unit.in_(which.units))
    if which.people is not None:
        found.append(or_(journal.c.person.in_(which.people), journal.c.subject.in_(which.people)))
    if which.case is not None:
        found.append(journal.c.case == which.case)
    if which.event is not None:
        found.append(journal.c.event == which.event)
    if which.channel is not None:
        found.append(journal.c.channel == which.channel)
    if which.text is not None:
        found.append(func.lower(journal.c.reason).contains(which.text.lower(), autoescape=True))
    return [and_(*found)] if found else []
