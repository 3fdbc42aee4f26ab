"""Leases: rights that one process holds at a time. No clock is compared between machines.

Beside a lease stands a row for each process that is ready to have it, ``NAME@OWNER``, whose beat shows that
the process lives.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, RowMapping, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import Lease
from notifier.store.statements import insert_or
from notifier.store.tables import leases

_READY = "@"


def ready_name(lease: str, owner: str) -> str:
    """The row by which ``owner`` says that it stands ready for that lease."""
    return f"{lease}{_READY}{owner}"


def lease_meant(name: str) -> str | None:
    """The lease that a row says its owner is ready for; None for a lease itself."""
    lease, found, _ = name.rpartition(_READY)
    return lease if found else None


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

    async def all(self) -> list[Lease]:
        """Every row, of leases and of who stands ready for them, by name."""
        found = await self._conn.execute(select(leases).order_by(leases.c.name))
        return [_lease(row) for row in found.mappings()]

    async def take(self, name: str, owner: str, seen_beat: int | None) -> Lease | None:
        """Take it when it is free, or when its beat is still ``seen_beat``; the fence grows.

        None when somebody else has it, was faster, or is at it just now. ``seen_beat`` None: only when it
        is free.
        """
        if await self._is_being_changed(name):
            return None
        insert = insert_or(self._conn, leases).values(name=name, owner=owner, fence=1, beat=1)
        taken = insert.on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "fence": leases.c.fence + 1, "beat": leases.c.beat + 1},
            where=or_(leases.c.owner.is_(None), leases.c.beat == (-1 if seen_beat is None else seen_beat)),
        )
        row = (await self._conn.execute(taken.returning(leases))).mappings().one_or_none()
        return _lease(row) if row else None

    async def renew(self, owner: str) -> dict[str, int]:
        """Raise the beat of every row of that owner. Their fences by name: what is missing is not his."""
        beat = update(leases).where(leases.c.owner == owner).values(beat=leases.c.beat + 1)
        renewed = await self._conn.execute(beat.returning(leases.c.name, leases.c.fence))
        return {name: fence for name, fence in renewed}

    async def stand_ready(self, owner: str, names: Collection[str]) -> None:
        """Say that this owner is ready to have those leases."""
        if names:
            rows = [
                {"name": ready_name(name, owner), "owner": owner, "fence": 1, "beat": 1} for name in names
            ]
            insert = insert_or(self._conn, leases).on_conflict_do_nothing(index_elements=["name"])
            await self._conn.execute(insert, rows)

    async def stand_back(self, owner: str) -> None:
        """Be ready for nothing any more."""
        own = and_(leases.c.owner == owner, leases.c.name.like(f"%{_READY}{owner}"))
        await self._conn.execute(delete(leases).where(own))

    async def forget_ready(self, still: Mapping[str, int]) -> None:
        """Remove the rows of the dead: name -> the beat at which each has stood still."""
        for name, beat in sorted(still.items()):
            if lease_meant(name) is not None:
                gone = and_(leases.c.name == name, leases.c.beat == beat)
                await self._conn.execute(delete(leases).where(gone))

    async def release(self, name: str, owner: str, fence: int) -> bool:
        """Give it up, so that another can take it at once. False when it was somebody else's already."""
        mine = and_(leases.c.name == name, leases.c.owner == owner, leases.c.fence == fence)
        free = update(leases).where(mine).values(owner=None, beat=leases.c.beat + 1)
        return (await self._conn.execute(free)).rowcount == 1

    async def _is_being_changed(self, name: str) -> bool:
        """Whether another transaction has the row: its process may be frozen, and is not waited for."""
        known: ColumnElement[bool] = leases.c.name == name
        if await self._conn.scalar(select(leases.c.name).where(known)) is None:
            return False
        free = select(leases.c.name).where(known).with_for_update(skip_locked=True)
        return await self._conn.scalar(free) is None


def _lease(row: RowMapping) -> Lease:
    return Lease(name=row["name"], owner=row["owner"], fence=row["fence"], beat=row["beat"])
