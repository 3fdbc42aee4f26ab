"""Telegram chats, phones and what is known against an address."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import ChannelName, Contact, Person
from notifier.store.coverage import load_coverage
from notifier.store.mappers import PERSON_COLUMNS, person_of
from notifier.store.reach import load_reached
from notifier.store.rows import LinkedCounts, Reach
from notifier.store.statements import batches, insert_or
from notifier.store.tables import address_states, link_tokens, links, people

_IN_ROSTER = people.c.removed_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token for linking, without itself: it works until ``expires_at``, and once."""

    created_at: datetime
    expires_at: datetime
    used_at: datetime | None

    def works_at(self, now: datetime) -> bool:
        """Whether somebody could still link with it."""
        return self.used_at is None and now < self.expires_at


class ContactRepo:
    """How people are reached, and who writes from an address. People gone from the roster are nobody."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    # ── who is it ──

    async def by_chat(self, account: str, chat: str) -> PersonId | None:
        """Whose chat with that bot it is."""
        query = select(links.c.person).join(people, people.c.id == links.c.person)
        return await self._conn.scalar(
            query.where(links.c.account == account, links.c.chat == chat, _IN_ROSTER)
        )

    async def by_phone(self, phone: str) -> list[Person]:
        """Everybody with that number, by id."""
        query = select(*PERSON_COLUMNS).where(people.c.phone == phone, _IN_ROSTER).order_by(people.c.id)
        return [person_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def sharing(self, person: PersonId) -> list[PersonId]:
        """Everybody who has that person's phone number, himself included, by id."""
        phone = select(people.c.phone).where(people.c.id == person).scalar_subquery()
        same = or_(people.c.phone == phone, people.c.id == person)
        return list(
            await self._conn.scalars(select(people.c.id).where(same, _IN_ROSTER).order_by(people.c.id))
        )

    # ── where do they read ──

    async def usable(
        self, ids: Collection[PersonId], *, channels: Collection[ChannelName], accounts: Collection[str]
    ) -> dict[PersonId, tuple[Contact, ...]]:
        """The contacts of those people that work right now; nobody is left out, some have none."""
        reached = await load_reached(self._conn, ids, channels=channels, accounts=accounts)
        return {person: reached.contacts.get(person, ()) for person in ids}

    async def chats(self, person: PersonId) -> list[tuple[str, str]]:
        """That person's chats, working or not: (account, chat), by account."""
        query = select(links.c.account, links.c.chat).where(links.c.person == person)
        return [
            (account, chat) for account, chat in await self._conn.execute(query.order_by(links.c.account))
        ]

    async def linked_counts(self) -> LinkedCounts:
        """How many people of the roster have a chat with a bot, a phone, neither."""
        linked = people.c.id.in_(select(links.c.person))
        phone = people.c.phone.is_not(None)
        query = select(
            func.count(),
            func.count().filter(linked),
            func.count().filter(phone),
            func.count().filter(~linked, ~phone),
        )
        everybody, telegram, phones, neither = (
            await self._conn.execute(query.select_from(people).where(_IN_ROSTER))
        ).one()
        return LinkedCounts(people=everybody, telegram=telegram, phone=phones, neither=neither)

    async def coverage(
        self, *, channels: Collection[ChannelName], accounts: Collection[str]
    ) -> dict[UnitCode, Reach]:
        """How many people of exactly each unit can be written to; units without people are left out."""
        return await load_coverage(self._conn, channels=channels, accounts=accounts)

    # ── links ──

    async def link(self, person: PersonId, account: str, chat: str, now: datetime) -> None:
        """Make it that person's chat with that bot: instead of his chat before, and of its owner before."""
        either = or_(links.c.person == person, links.c.chat == chat)
        await self._conn.execute(delete(links).where(links.c.account == account, either))
        row = {"account": account, "chat": chat, "person": person, "linked_at": now}
        await self._conn.execute(insert(links).values(row))

    async def unlink(self, person: PersonId, account: str | None = None) -> bool:
        """Forget that person's chat with that bot (with any). False when there was none."""
        with_bot = [links.c.account == account] if account is not None else []
        written = await self._conn.execute(delete(links).where(links.c.person == person, *with_bot))
        return bool(written.rowcount)

    async def issue_tokens(
        self, items: Iterable[tuple[str, PersonId]], created: datetime, expires: datetime
    ) -> None:
        """Keep tokens for linking: (hash of the token, whom it links)."""
        rows = [
            {"token_hash": token, "person": person, "created_at": created, "expires_at": expires}
            for token, person in items
        ]
        if rows:
            await self._conn.execute(insert(link_tokens), rows)

    async def redeem(self, token_hash: str, now: datetime) -> PersonId | None:
        """Whom that token links, and it is used up; None when unknown, used or expired."""
        valid = (link_tokens.c.used_at.is_(None), link_tokens.c.expires_at > now)
        in_roster = link_tokens.c.person.in_(select(people.c.id).where(_IN_ROSTER))
        using = update(link_tokens).where(link_tokens.c.token_hash == token_hash, *valid, in_roster)
        person: PersonId | None = await self._conn.scalar(
            using.values(used_at=now).returning(link_tokens.c.person)
        )
        return person

    async def revoke_tokens(self, ids: Collection[PersonId], now: datetime) -> int:
        """Let those people's unused tokens work no more; how many did."""
        revoked = 0
        for batch in batches(ids):
            works = link_tokens.c.used_at.is_(None) & (link_tokens.c.expires_at > now)
            ending = update(link_tokens).where(link_tokens.c.person.in_(batch), works)
            revoked += (await self._conn.execute(ending.values(expires_at=now))).rowcount
        return revoked

    async def last_token(self, person: PersonId) -> IssuedToken | None:
        """The token that was made last for that person, whatever became of it."""
        columns = select(link_tokens.c.created_at, link_tokens.c.expires_at, link_tokens.c.used_at)
        newest = columns.where(link_tokens.c.person == person).order_by(link_tokens.c.created_at.desc())
        row = (await self._conn.execute(newest.limit(1))).mappings().first()
        return None if row is None else IssuedToken(**row)

    # ── what is against an address ──

    async def mark(
        self, channel: ChannelName, account: str, address: str, state: str, code: str | None, now: datetime
    ) -> bool:
        """Note that an address is ``stopped``, ``blocked`` or ``wrong``. False when that was noted already.

        ``account`` is "" for SMS. ``code`` is the carrier's; that of the first time stays.
        """
        row = {"state": state, "code": code, "since": now}
        statement = insert_or(self._conn, address_states)
        noting = statement.values(channel=channel, account=account, address=address, **row)
        upsert = noting.on_conflict_do_update(
            index_elements=["channel", "account", "address"],
            set_=row,
            where=address_states.c.state != state,
        )
        written = await self._conn.execute(upsert.returning(address_states.c.state))
        return written.first() is not None

    async def clear(self, channel: ChannelName, account: str, address: str) -> bool:
        """Forget what was against an address. False when nothing was."""
        forgetting = delete(address_states).where(_is(channel, account, address))
        return bool((await self._conn.execute(forgetting)).rowcount)

    async def state_of(self, channel: ChannelName, account: str, address: str) -> str | None:
        """``stopped``, ``blocked``, ``wrong``, or None when nothing is against the address."""
        return await self._conn.scalar(select(address_states.c.state).where(_is(channel, account, address)))

    async def states_of(self, channel: ChannelName, addresses: Collection[str]) -> dict[str, str]:
        """What is against those addresses, whatever the account; those with nothing are left out."""
        columns = select(address_states.c.address, address_states.c.state)
        found: dict[str, str] = {}
        for batch in batches(addresses):
            query = columns.where(address_states.c.channel == channel, address_states.c.address.in_(batch))
            found |= {address: state for address, state in await self._conn.execute(query)}
        return found


def _is(channel: ChannelName, account: str, address: str) -> ColumnElement[bool]:
    return (
        (address_states.c.channel == channel)
        & (address_states.c.account == account)
        & (address_states.c.address == address)
    )
