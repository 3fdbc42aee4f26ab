"""Leases: rights that one process holds at a time. No clock is compared between machines."""

from sqlalchemy import ColumnElement, RowMapping, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import Lease
from notifier.store.statements import insert_or
from notifier.store.tables import leases


class LeaseRepo:
    """The holder raises the beat; who has seen it stand still for a whole term may take the lease."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def read(self, name: str) -> Lease | None:
        """The lease as it stands; None when nobody ever took it."""
        found = await self._conn.execute(select(leases).where(leases.c.name == name))
        row = found.mappings().one_or_none()
        return _lease(row) if row else None

    async def take(self, name: str, owner: str, seen_beat: int | None) -> Lease | None:
        """Take it when it is free, or when its beat is still ``seen_beat``; the fence grows.

        None when somebody else has it, or was faster. ``seen_beat`` None: only when it is free.
        """
        insert = insert_or(self._conn, leases).values(name=name, owner=owner, fence=1, beat=1)
        taken = insert.on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "fence": leases.c.fence + 1, "beat": leases.c.beat + 1},
            where=or_(leases.c.owner.is_(None), leases.c.beat == (-1 if seen_beat is None else seen_beat)),
        )
        row = (await self._conn.execute(taken.returning(leases))).mappings().one_or_none()
        return _lease(row) if row else None

    async def renew(self, name: str, owner: str, fence: int) -> bool:
        """Raise the beat. False: it is somebody else's by now; stop at once."""
        beat = update(leases).where(_held(name, owner, fence)).values(beat=leases.c.beat + 1)
        return (await self._conn.execute(beat)).rowcount == 1

    async def release(self, name: str, owner: str, fence: int) -> bool:
        """Give it up, so that another can take it at once. False when it was somebody else's already."""
        free = update(leases).where(_held(name, owner, fence)).values(owner=None, beat=leases.c.beat + 1)
        return (await self._conn.execute(free)).rowcount == 1


def _held(name: str, owner: str, fence: int) -> ColumnElement[bool]:
    return and_(leases.c.name == name, leases.c.owner == owner, leases.c.fence == fence)


def _lease(row: RowMapping) -> Lease:
    return Lease(name=row["name"], owner=row["owner"], fence=row["fence"], beat=row["beat"])
