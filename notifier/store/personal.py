"""Everything that is stored about one person: given out whole, or blanked."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.domain.secrecy import HIDDEN, SECRET_TEMPLATES
from notifier.domain.times import iso_utc
from notifier.errors import NotFound
from notifier.store.messages import MessageRepo
from notifier.store.statements import batches
from notifier.store.tables import (
    address_states,
    answers,
    api_answers,
    api_tokens,
    broadcasts,
    calls,
    cases,
    courtesies,
    grants,
    inbox,
    journal,
    leaves,
    link_tokens,
    links,
    matters,
    messages,
    office_records,
    offices,
    pauses,
    people,
    presences,
    relays,
    sessions,
    sheets,
    shift_covers,
    shift_people,
    sign_ins,
    uploads,
    vouchers,
)
from notifier.store.types import UtcTime

_NAMED_IN: dict[Table, tuple[Column[Any], ...]] = {
    people: (people.c.id,),
    links: (links.c.person,),
    link_tokens: (link_tokens.c.person,),
    vouchers: (vouchers.c.person, vouchers.c.given_by),
    offices: (offices.c.person, offices.c.acting),
    office_records: (office_records.c.person, office_records.c.by),
    shift_people: (shift_people.c.person,),
    shift_covers: (shift_covers.c.absent, shift_covers.c.person),
    leaves: (leaves.c.person,),
    pauses: (pauses.c.by,),
    presences: (presences.c.person, presences.c.by),
    sheets: (sheets.c.signer, sheets.c.verifier),
    cases: (cases.c.holder,),
    calls: (calls.c.person,),
    matters: (matters.c.person,),
    messages: (messages.c.person,),
    answers: (answers.c.person,),
    relays: (relays.c.asked, relays.c.answered_by),
    broadcasts: (broadcasts.c.author,),
    journal: (journal.c.person, journal.c.subject),
    sign_ins: (sign_ins.c.person,),
    sessions: (sessions.c.person,),
    grants: (grants.c.person, grants.c.by),
    api_tokens: (api_tokens.c.person, api_tokens.c.by),
    api_answers: (api_answers.c.person,),
    uploads: (uploads.c.by,),
}
"""Where a person's id stands."""

_IDS = frozenset({"id", "case", "matter", "message", "broadcast", "previous", "rides_on"})
"""Numbers that are names: given out as text."""

_SECRET = frozenset(
    {"token_hash", "code_hash", "selector", "ticket_hash", "link_hash", "asked_hash", "address_hash", "salt"}
    | {"key_hash", "body_hash"}
    # Of an upload, which is about everybody.
    | {"shown", "parcel"}
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A person's chats, each with its bot, and his phone where nobody else has the same."""

    chats: frozenset[tuple[str, str]] = frozenset()
    phone: str | None = None

    def has_written(self, source: str, account: str, payload: str) -> bool:
        """Whether that came from, or is about, one of these addresses."""
        try:
            told = json.loads(payload)
        except (ValueError, RecursionError):
            return False
        if source == "telegram":
            return any((account, chat) in self.chats for chat in _chats(told))
        return self.phone is not None and self.phone in _texts(told)


Rows = dict[str, list[dict[str, object]]]
"""Rows by table, as JSON can say them."""


async def load_addresses(conn: AsyncConnection, person: PersonId) -> Addresses:
    """Where that person is reached. Raises NotFound for somebody who never was in the roster."""
    row = (await conn.execute(select(people.c.phone).where(people.c.id == person))).one_or_none()
    if row is None:
        raise NotFound(f"there is no person {person}")
    chats = await conn.execute(select(links.c.account, links.c.chat).where(links.c.person == person))
    shared = select(people.c.id).where(people.c.phone == row.phone, people.c.id != person)
    alone = row.phone is not None and await conn.scalar(shared.limit(1)) is None
    return Addresses(
        chats=frozenset((account, chat) for account, chat in chats), phone=row.phone if alone else None
    )


async def load_everything(conn: AsyncConnection, person: PersonId) -> Rows:
    """Every row that names him, holds his addresses, or came from them. Raises NotFound."""
    addresses = await load_addresses(conn, person)
    found: Rows = {}
    for table, columns in _NAMED_IN.items():
        his = or_(*(column == person for column in columns))
        found[table.name] = await _rows(conn, table, his)
    found[messages.name] = [_without_secrets(row) for row in found[messages.name]]
    for table in (address_states, courtesies):
        found[table.name] = await _rows(conn, table, _at(table, addresses))
    came = await find_received(conn, addresses)
    found[inbox.name] = [
        row for some in batches(came) for row in await _rows(conn, inbox, inbox.c.id.in_(some))
    ]
    return found


async def find_received(conn: AsyncConnection, addresses: Addresses) -> list[int]:
    """What came in from, or about, those addresses. Reads through all of the intake."""
    said = [inbox.c.payload.contains(chat, autoescape=True) for _, chat in addresses.chats]
    if addresses.phone is not None:
        said.append(inbox.c.payload.contains(addresses.phone, autoescape=True))
    if not said:
        return []
    columns = select(inbox.c.id, inbox.c.source, inbox.c.account, inbox.c.payload)
    rows = await conn.stream(columns.where(or_(*said)).order_by(inbox.c.id))
    return [
        number
        async for number, source, account, payload in rows
        if addresses.has_written(source, account, payload)
    ]


async def erase(
    conn: AsyncConnection, person: PersonId, received: Iterable[int], now: datetime
) -> dict[str, int]:
    """Blank his name, his addresses, his words and what was written to him; how many rows, by table.

    His id stays, with every decision that names it, and he counts as gone from the roster. What is queued
    for him is cancelled. ``received`` is what ``find_received`` named: what has not been read yet of it
    stays until it has.
    """
    addresses = await load_addresses(conn, person)
    waiting = list(await conn.scalars(select(messages.c.id).where(_WAITING, messages.c.person == person)))
    if waiting:
        await MessageRepo(conn).cancel_queued(now, ids=waiting)
    read = inbox.c.state != "new"
    done = {"inbox": 0}
    for some in batches(received):
        blanking = update(inbox).where(inbox.c.id.in_(some), read).values(payload="", error=None)
        done["inbox"] += (await conn.execute(blanking)).rowcount
    for table in (address_states, courtesies):
        done[table.name] = (await conn.execute(delete(table).where(_at(table, addresses)))).rowcount
    for table in (links, link_tokens, vouchers, sign_ins, sessions, api_tokens, api_answers):
        done[table.name] = (await conn.execute(delete(table).where(table.c.person == person))).rowcount
    # Whoever's they are, they may hold him.
    done[uploads.name] = (await conn.execute(delete(uploads))).rowcount
    for table, values in _blanks(person, now).items():
        column, *_ = _NAMED_IN[table]
        done[table.name] = (await conn.execute(update(table).where(column == person).values(values))).rowcount
    return done


_WAITING = messages.c.state.in_(["queued", "sending"])


def _blanks(person: PersonId, now: datetime) -> dict[Table, dict[str, Any]]:
    return {
        people: {
            "name": "",
            "phone": None,
            "removed_at": func.coalesce(people.c.removed_at, literal(now, UtcTime())),
        },
        messages: {"text": "", "values": {}, "keyboard": [], "address": "", "fallback_at": None},
        answers: {"detail": {}},
        leaves: {"reason": None},
        office_records: {"reason": None},
        grants: {"reason": ""},
        matters: {"pool": f"person:{person}"},
    }


def _at(table: Table, addresses: Addresses) -> ColumnElement[bool]:
    """Rows of a table of addresses that are about these."""
    chats = [chat for _, chat in addresses.chats]
    telegram = and_(table.c.channel == "telegram", table.c.address.in_(chats))
    if "account" in table.c:
        telegram = and_(
            table.c.channel == "telegram", tuple_(table.c.account, table.c.address).in_(addresses.chats)
        )
    return or_(telegram, and_(table.c.channel == "sms", table.c.address == addresses.phone))


async def _rows(conn: AsyncConnection, table: Table, which: ColumnElement[bool]) -> list[dict[str, object]]:
    columns = [column for column in table.columns if column.name not in _SECRET]
    rows = await conn.execute(select(*columns).where(which).order_by(*table.primary_key))
    return [{name: _said(name, value) for name, value in row.items()} for row in rows.mappings()]


def _without_secrets(message: dict[str, object]) -> dict[str, object]:
    """A code that still lets somebody in is for its reader's phone alone."""
    if message["template"] not in SECRET_TEMPLATES:
        return message
    return {**message, "text": HIDDEN, "values": {}}


def _said(name: str, value: object) -> object:
    if isinstance(value, datetime):
        return iso_utc(value)
    return str(value) if name in _IDS and isinstance(value, int) else value


def _chats(told: object, name: str = "") -> Iterator[str]:
    """The ids of every chat and sender that an update names."""
    if isinstance(told, list):
        for part in told:
            yield from _chats(part)
    elif isinstance(told, dict):
        if name in ("chat", "from", "user"):
            yield str(told.get("id"))
        for key, part in told.items():
            yield from _chats(part, key)


def _texts(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict | list):
        for part in told.values() if isinstance(told, dict) else told:
            yield from _texts(part)
