"""People together with the addresses that reach them right now: the read under every chain."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId
from notifier.domain.roster import ChannelName, Contact, Person
from notifier.store.statements import batches
from notifier.store.tables import address_states, links, people

NO_CONTACT = "no_contact"
"""No address on a channel that is on, or gone from the roster."""
BLOCKED = "blocked"
"""There are addresses, and each is blocked, stopped or wrong."""

_CHAT_STATES = address_states.alias("chat_states")
_PHONE_STATES = address_states.alias("phone_states")


def _reached() -> Select[*tuple[Any, ...]]:
    # Bots are told apart afterwards: asked for here, PostgreSQL may read all chats of a bot first.
    chat_state = and_(
        _CHAT_STATES.c.channel == ChannelName.TELEGRAM,
        _CHAT_STATES.c.account == links.c.account,
        _CHAT_STATES.c.address == links.c.chat,
    )
    phone_state = and_(
        _PHONE_STATES.c.channel == ChannelName.SMS,
        _PHONE_STATES.c.account == "",
        _PHONE_STATES.c.address == people.c.phone,
    )
    joined = (
        people.outerjoin(links, links.c.person == people.c.id)
        .outerjoin(_CHAT_STATES, chat_state)
        .outerjoin(_PHONE_STATES, phone_state)
    )
    person = (people.c.id, people.c.name, people.c.phone, people.c.unit, people.c.locale)
    states = (links.c.account, links.c.chat, _CHAT_STATES.c.state, _PHONE_STATES.c.state)
    query = select(*person, people.c.removed_at.is_not(None), *states).select_from(joined)
    return query.where(people.c.id.in_(bindparam("ids", expanding=True)))


_REACHED = _reached()
"""One row for each chat of the people in the parameter ``ids``, and one for somebody without any."""


@dataclass(slots=True)
class Reached:
    """People by id, their working contacts, and for those with none the reason."""

    people: dict[PersonId, Person] = field(default_factory=dict)
    contacts: dict[PersonId, tuple[Contact, ...]] = field(default_factory=dict)
    lost: dict[PersonId, str] = field(default_factory=dict)


async def load_reached(
    conn: AsyncConnection,
    ids: Collection[PersonId],
    *,
    channels: Collection[ChannelName],
    accounts: Collection[str],
) -> Reached:
    """Those people, reached over ``channels``; Telegram counts with a bot of ``accounts`` only.

    Somebody gone from the roster is found, but has no contact. An id that names nobody is lost, too.
    """
    bots = frozenset(accounts) if ChannelName.TELEGRAM in channels else frozenset()
    reached = Reached(lost=dict.fromkeys(ids, NO_CONTACT))
    for batch in batches(dict.fromkeys(ids)):
        rows = (await conn.execute(_REACHED, {"ids": batch})).all()
        _collect(reached, rows, bots, sms=ChannelName.SMS in channels)
    return reached


def _collect(
    reached: Reached, rows: Iterable[Row[*tuple[Any, ...]]], bots: Collection[str], *, sms: bool
) -> None:
    for person_id, name, phone, unit, locale, removed, account, chat, chat_state, phone_state in rows:
        if person_id not in reached.people:
            person = Person(id=person_id, name=name, phone=phone, unit=unit, locale=locale)
            reached.people[person_id] = person
            if sms and phone is not None and not removed:
                contact = Contact(channel=ChannelName.SMS, account="", address=phone)
                _sort_in(reached, person_id, contact, phone_state)
        if account in bots and not removed:
            contact = Contact(channel=ChannelName.TELEGRAM, account=account, address=chat)
            _sort_in(reached, person_id, contact, chat_state)


def _sort_in(reached: Reached, person: PersonId, contact: Contact, state: str | None) -> None:
    """Whatever the address table has against an address makes it no contact."""
    if state is None:
        reached.contacts[person] = (*reached.contacts.get(person, ()), contact)
        reached.lost.pop(person, None)
    elif person not in reached.contacts:
        reached.lost[person] = BLOCKED
