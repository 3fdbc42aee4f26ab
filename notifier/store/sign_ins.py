"""Askings to come in: each with a code, and perhaps a link, that works once, for minutes, for few tries."""

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import MessageId, PersonId
from notifier.domain.roster import ChannelName
from notifier.store.rows import SignIn
from notifier.store.secret_texts import blank_texts
from notifier.store.tables import messages, people, sign_ins

_ASKING = 0x6E6F7473
"""PostgreSQL's advisory lock for asking, so that limits are counted exactly."""


class SignInRepo:
    """Times are the machine's own."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def find_person(self, person: str, phone: str) -> PersonId | None:
        """Who is in the roster under that id or, if nobody is, as the only one with that number."""
        query = select(people.c.id, people.c.phone).where(
            (people.c.id == person) | (people.c.phone == phone), people.c.removed_at.is_(None)
        )
        found = [row.id for row in await self._conn.execute(query.limit(3))]
        if person in found:
            return PersonId(person)
        return found[0] if len(found) == 1 else None

    async def count_from(self, address_hash: str, since: datetime) -> int:
        """How often it was asked from that address since then, and let nobody in."""
        counted = select(func.count()).where(
            sign_ins.c.address_hash == address_hash, sign_ins.c.asked_at > since, sign_ins.c.used_at.is_(None)
        )
        return await self._conn.scalar(counted) or 0

    async def count_alone(self, asked_hash: str, address_hash: str, since: datetime) -> tuple[int, int]:
        """How often that was asked, and asked from that address, since then, and let nobody in.

        Nobody else asks until this transaction ends.
        """
        if self._conn.dialect.name == "postgresql":
            await self._conn.execute(select(func.pg_advisory_xact_lock(_ASKING)))
        about = (sign_ins.c.asked_hash == asked_hash) & sign_ins.c.limited.is_(False)
        counted = select(
            func.count().filter(about), func.count().filter(sign_ins.c.address_hash == address_hash)
        ).where(sign_ins.c.asked_at > since, sign_ins.c.used_at.is_(None))
        asked, came = (await self._conn.execute(counted)).one()
        return asked, came

    async def add(self, sign_in: SignIn, *, asked_hash: str, address_hash: str, ticket_hash: str) -> int:
        """Write an asking down, without a code yet; returns its id."""
        row = {
            "person": sign_in.person,
            "asked_hash": asked_hash,
            "address_hash": address_hash,
            "ticket_hash": ticket_hash,
            "asked_at": sign_in.asked_at,
            "expires_at": sign_in.expires_at,
            "tries_left": sign_in.tries_left,
            "limited": sign_in.limited,
        }
        written = await self._conn.execute(insert(sign_ins).values(row).returning(sign_ins.c.id))
        return int(written.scalar_one())

    async def get(self, number: int) -> SignIn | None:
        """One asking."""
        rows = await self._conn.execute(select(sign_ins).where(sign_ins.c.id == number))
        row = rows.mappings().one_or_none()
        return _sign_in(row) if row else None

    async def give_code(self, number: int, *, salt: str, code_hash: str, link_hash: str | None) -> None:
        """From now on this code, and this link, let that person in."""
        giving = update(sign_ins).where(sign_ins.c.id == number)
        await self._conn.execute(giving.values(salt=salt, code_hash=code_hash, link_hash=link_hash))

    async def has_tries(self, ticket_hash: str, now: datetime) -> bool:
        """Whether the asking that the browser holds works still."""
        query = select(sign_ins.c.id).where(sign_ins.c.ticket_hash == ticket_hash, _works(now))
        return await self._conn.scalar(query) is not None

    async def try_ticket(self, ticket_hash: str, now: datetime) -> SignIn | None:
        """Spend one try of the asking that the browser holds. None when it works no more."""
        trying = update(sign_ins).where(sign_ins.c.ticket_hash == ticket_hash, _works(now))
        spent = trying.values(tries_left=sign_ins.c.tries_left - 1)
        row = (await self._conn.execute(spent.returning(*sign_ins.c))).mappings().one_or_none()
        return _sign_in(row) if row else None

    async def by_link(self, link_hash: str, now: datetime) -> SignIn | None:
        """The asking of that link. None when it works no more."""
        found = await self._conn.execute(
            select(sign_ins).where(sign_ins.c.link_hash == link_hash, _works(now))
        )
        row = found.mappings().one_or_none()
        return _sign_in(row) if row else None

    async def use(self, number: int, now: datetime) -> PersonId | None:
        """Use it up: whom it lets in, once; None when it was used before, or he has left the roster."""
        in_roster = sign_ins.c.person.in_(select(people.c.id).where(people.c.removed_at.is_(None)))
        unused = (sign_ins.c.id == number) & sign_ins.c.used_at.is_(None) & in_roster
        using = update(sign_ins).where(unused).values(used_at=now)
        person: PersonId | None = await self._conn.scalar(using.returning(sign_ins.c.person))
        return person

    async def end_all(self, person: PersonId, now: datetime) -> None:
        """Let no code and no link of that person work any more."""
        ending = update(sign_ins).where(sign_ins.c.person == person, _works(now))
        await self._conn.execute(ending.values(expires_at=now))

    async def blank(self, occasion: str, now: datetime) -> None:
        """Let no message of that letter go out any more, and none keep its text. ``now`` is civil."""
        keys = [f"{occasion}:{channel}" for channel in ChannelName]
        own = select(messages.c.id).where(messages.c.key.in_(keys))
        ids = [MessageId(number) for number in await self._conn.scalars(own)]
        await blank_texts(self._conn, ids, now)


def _works(now: datetime) -> ColumnElement[bool]:
    return sign_ins.c.used_at.is_(None) & (sign_ins.c.expires_at > now) & (sign_ins.c.tries_left > 0)


def _sign_in(row: RowMapping) -> SignIn:
    return SignIn(
        id=row["id"],
        person=row["person"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        tries_left=row["tries_left"],
        limited=row["limited"],
        salt=row["salt"],
        code_hash=row["code_hash"],
        used_at=row["used_at"],
    )
