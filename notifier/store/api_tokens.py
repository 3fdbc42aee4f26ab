"""Tokens of the API: a random one with whoever calls, its hash here."""

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.access import Limit, Right
from notifier.domain.ids import PersonId
from notifier.store.rows import ApiToken
from notifier.store.tables import api_tokens, people

_COLUMNS = tuple(
    api_tokens.c[name]
    for name in ("id", "person", "label", "rights", "unit", "by", "created_at", "until", "last_used")
)


class ApiTokenRepo:
    """Times are the machine's own. A token stands until it is revoked, or its time is over."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def add(self, token_hash: str, token: ApiToken) -> int:
        """Write a token down (id 0); returns its id."""
        row = {
            "token_hash": token_hash,
            "person": token.person,
            "label": token.label,
            "rights": sorted(token.limit.rights),
            "unit": token.limit.unit,
            "by": token.by,
            "created_at": token.created_at,
            "until": token.until,
        }
        written = await self._conn.execute(insert(api_tokens).values(row).returning(api_tokens.c.id))
        return int(written.scalar_one())

    async def find(self, token_hash: str, now: datetime) -> ApiToken | None:
        """The token of that hash, if it stands and its person is in the roster."""
        in_roster = api_tokens.c.person.in_(select(people.c.id).where(people.c.removed_at.is_(None)))
        found = (api_tokens.c.token_hash == token_hash, in_roster, *_stands(now))
        row = (await self._conn.execute(select(*_COLUMNS).where(*found))).mappings().one_or_none()
        return _token(row) if row else None

    async def stands(self, token: int, now: datetime) -> bool:
        """Whether that one still does."""
        query = select(api_tokens.c.id).where(api_tokens.c.id == token, *_stands(now))
        return await self._conn.scalar(query) is not None

    async def standing(self, now: datetime, person: PersonId | None = None) -> list[ApiToken]:
        """Those that stand (of one person), by id."""
        query = select(*_COLUMNS).where(*_stands(now)).order_by(api_tokens.c.id)
        if person is not None:
            query = query.where(api_tokens.c.person == person)
        return [_token(row) for row in (await self._conn.execute(query)).mappings()]

    async def see(self, token: int, now: datetime) -> None:
        """It was used just now."""
        await self._conn.execute(update(api_tokens).where(api_tokens.c.id == token).values(last_used=now))

    async def revoke(self, token: int, now: datetime) -> bool:
        """End one. False when there is none of that number that stands."""
        ending = update(api_tokens).where(api_tokens.c.id == token, *_stands(now)).values(revoked_at=now)
        return bool((await self._conn.execute(ending)).rowcount)


def _stands(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return api_tokens.c.revoked_at.is_(None), api_tokens.c.until > now


def _token(row: RowMapping) -> ApiToken:
    told = dict(row)
    limit = Limit(rights=frozenset(Right(name) for name in told.pop("rights")), unit=told.pop("unit"))
    return ApiToken(**told, limit=limit)
