"""Searching the roster for the console, a page at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Office, Person, Post
from notifier.store.mappers import (
    OFFICE_COLUMNS,
    PERSON_COLUMNS,
    POST_COLUMNS,
    office_of,
    person_of,
    post_of,
)
from notifier.store.tables import offices, people, posts, shift_people, shifts


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleFilter:
    """Which people to list. ``units`` None: of any unit. ``text`` is part of a name or an id; empty: any."""

    units: Collection[UnitCode] | None = None
    text: str = ""


class RosterSearchRepo:
    """Readings of people in the roster."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def people(self, which: PeopleFilter, limit: int, after: PersonId | None = None) -> list[Person]:
        """By id; ``after`` is the last id of the page before. Upper and lower case are the same."""
        query = select(*PERSON_COLUMNS).where(people.c.removed_at.is_(None))
        if which.units is not None:
            query = query.where(people.c.unit.in_(which.units))
        if which.text:
            columns = (people.c.name, people.c.id)
            part = which.text.lower()
            query = query.where(or_(*(func.lower(c).contains(part, autoescape=True) for c in columns)))
        if after is not None:
            query = query.where(people.c.id > after)
        found = await self._conn.execute(query.order_by(people.c.id).limit(limit))
        return [person_of(row) for row in found.mappings()]

    async def posts(
        self, units: Collection[UnitCode] | None, text: str, limit: int, after: PostCode | None = None
    ) -> list[Post]:
        """The posts kept whose name or code has ``text`` in it, by code; ``units`` None: of any unit."""
        query = select(*POST_COLUMNS).where(posts.c.removed_at.is_(None))
        if units is not None:
            query = query.where(posts.c.unit.in_(units))
        if text:
            part, columns = text.lower(), (posts.c.name, posts.c.code)
            query = query.where(or_(*(func.lower(c).contains(part, autoescape=True) for c in columns)))
        if after is not None:
            query = query.where(posts.c.code > after)
        found = await self._conn.execute(query.order_by(posts.c.code).limit(limit))
        return [post_of(row) for row in found.mappings()]

    async def offices_of(self, ids: Collection[PersonId]) -> list[Office]:
        """The seats that any of those people holds, or is to act in, by unit, rank and title."""
        theirs = or_(offices.c.person.in_(ids), offices.c.acting.in_(ids))
        query = select(*OFFICE_COLUMNS).where(theirs)
        found = await self._conn.execute(query.order_by(offices.c.unit, offices.c.rank, offices.c.title))
        return [office_of(row) for row in found.mappings()]

    async def posts_of(
        self, ids: Collection[PersonId], start: datetime, end: datetime
    ) -> dict[PersonId, list[PostCode]]:
        """The posts at which those people are rostered in that span of time, by code."""
        query = select(shift_people.c.person, shifts.c.post).distinct()
        query = query.join(shifts, shifts.c.key == shift_people.c.shift)
        touching = (shifts.c.start < end, shifts.c.end > start, shifts.c.cancelled_at.is_(None))
        found: dict[PersonId, list[PostCode]] = {}
        query = query.where(shift_people.c.person.in_(ids), *touching).order_by(shifts.c.post)
        for person, post in await self._conn.execute(query):
            found.setdefault(person, []).append(post)
        return found
