"""Rights that an operator gave by hand; there are few."""

from datetime import datetime

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.access import Grant, Right
from notifier.domain.ids import PersonId
from notifier.store.tables import grants


class GrantRepo:
    """Grants are added and revoked, never changed otherwise."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def add(self, grant: Grant) -> int:
        """Write it down; returns its id."""
        row = {
            "person": grant.person,
            "unit": grant.unit,
            "rights": sorted(grant.rights),
            "by": grant.by,
            "reason": grant.reason,
            "since": grant.since,
            "until": grant.until,
        }
        written = await self._conn.execute(insert(grants).values(row).returning(grants.c.id))
        return int(written.scalar_one())

    async def of_person(self, person: PersonId, now: datetime) -> list[Grant]:
        """That person's grants that are in force, by id."""
        return [grant for grant in await self._standing(now, person) if grant.holds(now)]

    async def standing(self, now: datetime) -> list[Grant]:
        """Everybody's that are in force, or will be, by id."""
        return await self._standing(now)

    async def revoke(self, number: int, now: datetime) -> bool:
        """End one. False when there is none of that number that stands."""
        ends = (grants.c.id == number) & grants.c.revoked_at.is_(None) & (grants.c.until > now)
        return bool((await self._conn.execute(update(grants).where(ends).values(revoked_at=now))).rowcount)

    async def _standing(self, now: datetime, person: PersonId | None = None) -> list[Grant]:
        query = select(grants).where(grants.c.revoked_at.is_(None), grants.c.until > now)
        if person is not None:
            query = query.where(grants.c.person == person)
        rows = await self._conn.execute(query.order_by(grants.c.id))
        return [_grant(row) for row in rows.mappings()]


def _grant(row: RowMapping) -> Grant:
    return Grant(**{**row, "rights": frozenset(Right(name) for name in row["rights"])})
