"""Matters: which number means what towards whom."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import MatterId, PersonId, UnitCode
from notifier.domain.matters import UNIQUE_FOR, allocate
from notifier.store.rows import Matter
from notifier.store.statements import batches, locking, may_be_among, plan_afresh
from notifier.store.tables import matters, people

Request = tuple[PersonId, str, str, UnitCode]
"""Person, topic, subject, unit."""
Name = tuple[PersonId, str, str]
"""What names a matter: person, topic, subject."""

_MANY = 100
"""Requests from which on a kept plan could be a slow one."""

_NAME = (matters.c.person, matters.c.topic, matters.c.subject)
_OPEN = matters.c.closed_at.is_(None)


def matter_of(row: RowMapping) -> Matter:
    """The value of one row."""
    return Matter(
        id=row["id"],
        person=row["person"],
        number=row["number"],
        topic=row["topic"],
        subject=row["subject"],
        unit=row["unit"],
        issued_at=row["issued_at"],
        closed_at=row["closed_at"],
    )


class MatterRepo:
    """Matters, and the numbers that they are given."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def get(self, matter: MatterId) -> Matter | None:
        """One matter, open or closed."""
        return next(iter(await self._load(matters.c.id == matter)), None)

    async def find(self, person: PersonId, topic: str, subject: str) -> Matter | None:
        """That person's matter about that subject, open or closed."""
        named = (matters.c.person == person) & (matters.c.topic == topic) & (matters.c.subject == subject)
        return next(iter(await self._load(named)), None)

    async def open_of(self, person: PersonId) -> list[Matter]:
        """What is open for that person, the oldest first."""
        return await self._load(matters.c.person == person, _OPEN)

    async def open_of_people(self, ids: Collection[PersonId]) -> list[Matter]:
        """What is open for those people, the oldest first."""
        found = [await self._load(matters.c.person.in_(batch), _OPEN) for batch in batches(ids)]
        return sorted((matter for part in found for matter in part), key=lambda matter: matter.id)

    async def about(self, topic: str, subjects: Collection[str]) -> list[Matter]:
        """Everybody's matters about those subjects, open or closed."""
        told = (matters.c.topic == topic,)
        found = [await self._load(*told, matters.c.subject.in_(batch)) for batch in batches(subjects)]
        return [matter for part in found for matter in part]

    async def by_number(self, ids: Collection[PersonId], number: int) -> list[Matter]:
        """What that number means towards those people, open or closed, the last used first."""
        meant = (matters.c.person.in_(list(ids)), matters.c.number == number)
        query = select(matters).where(*meant).order_by(matters.c.used_at.desc(), matters.c.id.desc())
        return [matter_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def numbers_of(self, ids: Collection[PersonId], since: datetime) -> set[int]:
        """The numbers used towards those people at or after ``since``."""
        query = select(matters.c.number).where(matters.c.person.in_(list(ids)), matters.c.used_at >= since)
        return set(await self._conn.scalars(query))

    async def close(self, topic: str, subject: str, now: datetime, person: PersonId | None = None) -> int:
        """Close the open matters about that subject (of one person, or of all); returns how many."""
        about = [matters.c.topic == topic, matters.c.subject == subject, _OPEN]
        his = [matters.c.person == person] if person is not None else []
        closing = update(matters).where(*about, *his).values(closed_at=now)
        return (await self._conn.execute(closing)).rowcount

    async def ensure(self, requests: Sequence[Request], now: datetime) -> list[Matter]:
        """One open matter for each request, in its order; requests that name the same get the same.

        A matter that is there keeps its number, unless it was closed and its number is older than 30 days
        or was given at another address. New numbers are unique for 30 days among all who share an address.
        """
        wanted: dict[Name, UnitCode] = {request[:3]: request[3] for request in requests}
        if len(wanted) > _MANY:
            await plan_afresh(self._conn)
        pools = await self._lock_pools({person for person, _, _ in wanted})
        stored = await self._stored(wanted)
        await self._touch(stored.values(), now)
        stale = [row for row in stored.values() if _is_stale(row, pools[row["person"]], now)]
        fresh = [name for name in wanted if name not in stored]
        pool_of_each = [pools[row["person"]] for row in stale] + [pools[person] for person, _, _ in fresh]
        numbers = await self._numbers(pool_of_each, now)
        await self._renew([(row["id"], pools[row["person"]], next(numbers)) for row in stale], now)
        await self._issue([_row(name, wanted[name], pools[name[0]], next(numbers), now) for name in fresh])
        found = {name: matter_of(row) for name, row in (await self._stored(wanted)).items()}
        return [found[request[:3]] for request in requests]

    async def _load(self, *conditions: ColumnElement[bool]) -> list[Matter]:
        rows = await self._conn.execute(select(matters).where(*conditions).order_by(matters.c.id))
        return [matter_of(row) for row in rows.mappings()]

    async def _lock_pools(self, ids: Collection[PersonId]) -> dict[PersonId, str]:
        """Each person's pool. Nobody else gives out numbers in those pools until this transaction ends."""
        pools: dict[PersonId, str] = {person: f"person:{person}" for person in ids}
        for batch in batches(sorted(ids)):
            phones = select(people.c.phone).where(people.c.id.in_(batch), people.c.phone.is_not(None))
            shared = or_(people.c.id.in_(batch), people.c.phone.in_(phones))
            # Always in the same order, so that two transactions never wait for each other.
            query = select(people.c.id, people.c.phone).where(shared).order_by(people.c.id)
            for person, phone in await self._conn.execute(locking(self._conn, query)):
                if person in pools and phone is not None:
                    pools[person] = phone
        return pools

    async def _stored(self, names: Iterable[Name]) -> dict[Name, RowMapping]:
        found: dict[Name, RowMapping] = {}
        for batch in batches(names):
            rows = await self._conn.execute(select(matters).where(may_be_among(self._conn, _NAME, batch)))
            asked = set(batch)
            for row in rows.mappings():
                name: Name = (row["person"], row["topic"], row["subject"])
                if name in asked:
                    found[name] = row
        return found

    async def _touch(self, rows: Iterable[RowMapping], now: datetime) -> None:
        for batch in batches(row["id"] for row in rows):
            touching = update(matters).where(matters.c.id.in_(batch))
            await self._conn.execute(touching.values(used_at=now, closed_at=None))

    async def _numbers(self, pools: Sequence[str], now: datetime) -> Iterator[int]:
        """A number for each of the pools named, in their order; the same pool named twice gets two."""
        used: dict[str, dict[int, datetime]] = {pool: {} for pool in pools}
        for batch in batches(used):
            last_use = func.max(matters.c.used_at)
            query = select(matters.c.pool, matters.c.number, last_use).where(matters.c.pool.in_(batch))
            for pool, number, at in await self._conn.execute(
                query.group_by(matters.c.pool, matters.c.number)
            ):
                used[pool][number] = at
        wants = Counter(pools)
        # In circles, should a pool run dry: a call with a number twice given beats no call.
        given = {pool: cycle(allocate(pool, used[pool], now, wants[pool])) for pool in used}
        return iter([next(given[pool]) for pool in pools])

    async def _renew(self, numbered: Sequence[tuple[int, str, int]], now: datetime) -> None:
        renewing = update(matters).where(matters.c.id == bindparam("_id"))
        rows = [
            {"_id": matter, "pool": pool, "number": number, "issued_at": now}
            for matter, pool, number in numbered
        ]
        if rows:
            await self._conn.execute(renewing, rows)

    async def _issue(self, rows: Sequence[dict[str, Any]]) -> None:
        for batch in batches(rows):
            await self._conn.execute(insert(matters), batch)


def _is_stale(row: RowMapping, pool: str, now: datetime) -> bool:
    """Whether a matter must not come back under its number."""
    return row["closed_at"] is not None and (now - row["issued_at"] >= UNIQUE_FOR or row["pool"] != pool)


def _row(name: Name, unit: UnitCode, pool: str, number: int, now: datetime) -> dict[str, Any]:
    person, topic, subject = name
    return {
        "person": person,
        "pool": pool,
        "number": number,
        "topic": topic,
        "subject": subject,
        "unit": unit,
        "issued_at": now,
        "used_at": now,
        "closed_at": None,
    }
