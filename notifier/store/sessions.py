"""Sessions of the console: a random token in the browser, its hash here."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.store.rows import Session
from notifier.store.statements import batches
from notifier.store.tables import people, sessions

_COLUMNS = (sessions.c.id, sessions.c.person, sessions.c.created_at, sessions.c.last_seen, sessions.c.agent)


class SessionRepo:
    """Times are the machine's own. A session lives until it is revoked, or was idle for too long."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def begin(self, token_hash: str, person: PersonId, agent: str, now: datetime) -> int:
        """Write a session down; returns its id."""
        row = {
            "token_hash": token_hash,
            "person": person,
            "created_at": now,
            "last_seen": now,
            "agent": agent,
        }
        written = await self._conn.execute(insert(sessions).values(row).returning(sessions.c.id))
        return int(written.scalar_one())

    async def find(self, token_hash: str, seen_after: datetime) -> Session | None:
        """The session of that token: not revoked, seen after that time, of somebody in the roster."""
        in_roster = sessions.c.person.in_(select(people.c.id).where(people.c.removed_at.is_(None)))
        found = (sessions.c.token_hash == token_hash) & in_roster & _lives(seen_after)
        row = (await self._conn.execute(select(*_COLUMNS).where(found))).mappings().one_or_none()
        return _session(row) if row else None

    async def of_person(self, person: PersonId, seen_after: datetime) -> list[Session]:
        """That person's sessions that live, the newest first."""
        his = (sessions.c.person == person) & _lives(seen_after)
        rows = await self._conn.execute(select(*_COLUMNS).where(his).order_by(sessions.c.id.desc()))
        return [_session(row) for row in rows.mappings()]

    async def see(self, session: int, now: datetime) -> None:
        """It was used just now."""
        await self._conn.execute(update(sessions).where(sessions.c.id == session).values(last_seen=now))

    async def revoke(self, session: int, now: datetime) -> None:
        """End one."""
        await self._revoke(sessions.c.id == session, now)

    async def revoke_all(self, ids: Collection[PersonId], seen_after: datetime, now: datetime) -> int:
        """End all of those people; how many of them lived."""
        return sum(
            [
                await self._revoke(sessions.c.person.in_(some) & _lives(seen_after), now)
                for some in batches(ids)
            ]
        )

    async def _revoke(self, which: ColumnElement[bool], now: datetime) -> int:
        ending = update(sessions).where(which, sessions.c.revoked_at.is_(None)).values(revoked_at=now)
        return (await self._conn.execute(ending)).rowcount


def _lives(seen_after: datetime) -> ColumnElement[bool]:
    return sessions.c.revoked_at.is_(None) & (sessions.c.last_seen > seen_after)


def _session(row: RowMapping) -> Session:
    return Session(**row)
