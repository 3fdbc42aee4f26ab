"""What was sent and what became of it, for the console: counts, failures, lost addresses, single messages.

``units`` everywhere are those whose messages are meant; None is every message to people, those to nobody
known included. A message belongs to its case's unit, or else to its person's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, false, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import CaseId, MessageId, PersonId, UnitCode
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName, Person
from notifier.domain.secrecy import SECRET_TEMPLATES
from notifier.store.mappers import PERSON_COLUMNS, person_of
from notifier.store.message_values import in_states, stored
from notifier.store.rows import StoredMessage
from notifier.store.statements import batches, plan_afresh
from notifier.store.tables import address_states, cases, links, messages, people

_UNIT = func.coalesce(cases.c.unit, people.c.unit)
_OWNED = messages.outerjoin(cases, cases.c.id == messages.c.case).outerjoin(
    people, people.c.id == messages.c.person
)
_IN_ROSTER = people.c.removed_at.is_(None)
_TO_PEOPLE = messages.c.channel.in_([channel.value for channel in ChannelName])
"""What goes to other programs is no delivery to anybody."""

_FIRST = MessageId(0)
Units = Collection[UnitCode] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which messages are meant; None does not filter. ``first`` is the lowest id that counts."""

    first: MessageId = _FIRST
    units: Units = None
    state: MessageState | None = None
    channel: ChannelName | None = None
    lane: Lane | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """Messages of one template and channel of which nobody knows whether they arrived.

    ``people`` is how many get them, ``last`` the highest id among them.
    """

    template: str
    channel: ChannelName
    number: int
    people: int
    last: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSubject:
    """What a message belongs to."""

    case: CaseId | None
    person: PersonId | None
    unit: UnitCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAddress:
    """An address of somebody that takes nothing any more: ``state`` is stopped, blocked or wrong."""

    person: Person
    channel: ChannelName
    state: str
    since: datetime


class DeliveryRepo:
    """Readings of messages and addresses; nothing here changes one."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def first_since(self, moment: datetime) -> MessageId:
        """The first message queued at ``moment`` or later; one past the last where there is none.

        Ids follow the clock, so it is found by halving, with one look at the primary key each time.
        """
        low = await self._conn.scalar(select(func.coalesce(func.min(messages.c.id), 0))) or 0
        high = (await self._conn.scalar(select(func.coalesce(func.max(messages.c.id), 0))) or 0) + 1
        while low < high:
            middle = (low + high) // 2
            found = await self._next_from(middle)
            if found is not None and found[1] < moment:
                low = found[0] + 1
            else:
                high = middle
        return MessageId(low)

    async def counts(self, first: MessageId, units: Units) -> dict[tuple[ChannelName, MessageState], int]:
        """How many messages from ``first`` on are in each state, by channel; without zeros."""
        await plan_afresh(self._conn)
        state = (messages.c.channel, messages.c.state)
        query = of_units(select(*state, func.count()), units).where(messages.c.id >= first, _TO_PEOPLE)
        found = await self._conn.execute(query.group_by(*state))
        return {(ChannelName(channel), MessageState(name)): number for channel, name, number in found}

    async def failures(self, first: MessageId, units: Units) -> list[tuple[ChannelName, str | None, int]]:
        """Failed messages from ``first`` on by channel and the carrier's code, the most frequent first."""
        code = (messages.c.channel, messages.c.error)
        query = of_units(select(*code, func.count().label("number")), units)
        failed = (messages.c.id >= first, _TO_PEOPLE, in_states(MessageState.FAILED))
        query = query.where(*failed).group_by(*code)
        found = await self._conn.execute(query.order_by(func.count().desc(), *code))
        return [(ChannelName(channel), error, number) for channel, error, number in found]

    async def listing(
        self, which: DeliveryFilter, limit: int, before: MessageId | None = None
    ) -> list[StoredMessage]:
        """The newest first; ``before`` is the last id of the page before."""
        await plan_afresh(self._conn)
        query = of_units(select(messages), which.units).where(*_meant(which))
        if before is not None:
            query = query.where(messages.c.id < before)
        found = await self._conn.execute(query.order_by(messages.c.id.desc()).limit(limit))
        return [stored(row) for row in found.mappings()]

    # ── what may be sent again ──

    async def uncertain(self, which: DeliveryFilter) -> list[Uncertain]:
        """Of those meant, what can be sent again, by template and channel; in order."""
        kind = (messages.c.template, messages.c.channel)
        counted = (func.count(), func.count(messages.c.person.distinct()), func.max(messages.c.id))
        query = of_units(select(*kind, *counted), which.units).where(*_meant(which), *_SENDABLE)
        found = await self._conn.execute(query.group_by(*kind).order_by(*kind))
        return [
            Uncertain(
                template=template,
                channel=ChannelName(channel),
                number=number,
                people=people_meant,
                last=MessageId(last),
            )
            for template, channel, number, people_meant, last in found
        ]

    async def uncertain_ids(self, which: DeliveryFilter, last: MessageId) -> list[MessageId]:
        """The ids of the same up to ``last``, in order."""
        query = of_units(select(messages.c.id), which.units).where(*_meant(which), *_SENDABLE)
        return list(await self._conn.scalars(query.where(messages.c.id <= last).order_by(messages.c.id)))

    async def subjects(self, ids: Collection[MessageId]) -> dict[MessageId, MessageSubject]:
        """What each of those messages belongs to."""
        found: dict[MessageId, MessageSubject] = {}
        columns = (messages.c.id, messages.c.case, messages.c.person, _UNIT.label("unit"))
        for batch in batches(ids):
            query = select(*columns).select_from(_OWNED).where(messages.c.id.in_(batch))
            for row in await self._conn.execute(query):
                found[row.id] = MessageSubject(case=row.case, person=row.person, unit=row.unit)
        return found

    # ── who cannot be reached ──

    async def lost_addresses(self, units: Units, limit: int | None) -> list[LostAddress]:
        """Addresses of people in the roster that take nothing, the latest loss first; all for no limit."""
        by_phone = address_states.join(people, people.c.phone == address_states.c.address)
        own_chat = and_(links.c.account == address_states.c.account, links.c.chat == address_states.c.address)
        by_chat = address_states.join(links, own_chat).join(people, people.c.id == links.c.person)
        found = [
            *await self._lost(ChannelName.SMS, by_phone, units, limit),
            *await self._lost(ChannelName.TELEGRAM, by_chat, units, limit),
        ]
        return sorted(found, key=lambda lost: lost.since, reverse=True)[:limit]

    async def _lost(
        self, channel: ChannelName, joined: FromClause, units: Units, limit: int | None
    ) -> list[LostAddress]:
        state = address_states.c
        query = select(*PERSON_COLUMNS, state.state, state.since).select_from(joined)
        query = query.where(state.channel == channel.value, _IN_ROSTER, within(people.c.unit, units))
        found = await self._conn.execute(query.order_by(state.since.desc(), people.c.id).limit(limit))
        return [
            LostAddress(person=person_of(row), channel=channel, state=row["state"], since=row["since"])
            for row in found.mappings()
        ]

    async def without_contact(
        self, units: Units, limit: int, *, channels: Collection[ChannelName], accounts: Collection[str]
    ) -> tuple[int, list[Person]]:
        """People in the roster with no address on ``channels``: how many, and the first ``limit`` by unit."""
        chat = exists().where(links.c.person == people.c.id, links.c.account.in_(accounts))
        no_phone = people.c.phone.is_(None) if ChannelName.SMS in channels else true()
        no_chat = ~chat if ChannelName.TELEGRAM in channels else true()
        nobody = (_IN_ROSTER, no_phone, no_chat, within(people.c.unit, units))
        number = await self._conn.scalar(select(func.count()).select_from(people).where(*nobody)) or 0
        query = select(*PERSON_COLUMNS).where(*nobody).order_by(people.c.unit, people.c.id).limit(limit)
        found = await self._conn.execute(query)
        return number, [person_of(row) for row in found.mappings()]

    async def _next_from(self, number: int) -> tuple[int, datetime] | None:
        query = select(messages.c.id, messages.c.created_at).where(messages.c.id >= number)
        row = (await self._conn.execute(query.order_by(messages.c.id).limit(1))).one_or_none()
        return (row.id, row.created_at) if row else None


_SENDABLE = (
    in_states(MessageState.UNCERTAIN),
    messages.c.rides_on.is_(None),
    messages.c.template.not_in(SECRET_TEMPLATES),
)


def _meant(which: DeliveryFilter) -> list[ColumnElement[bool]]:
    """The filter, but for its units."""
    wanted = [messages.c.id >= which.first, _TO_PEOPLE]
    if which.state is not None:
        wanted.append(in_states(which.state))
    if which.channel is not None:
        wanted.append(messages.c.channel == which.channel.value)
    if which.lane is not None:
        wanted.append(messages.c.lane == int(which.lane))
    if which.template is not None:
        wanted.append(messages.c.template == which.template)
    return wanted


def of_units(query: Select[Any], units: Units) -> Select[Any]:
    """What is asked of messages to people, asked of the messages of those units."""
    if units is None:
        return query.select_from(messages).where(messages.c.channel.in_(ChannelName))
    return query.select_from(_OWNED).where(within(_UNIT, units))


def within(column: ColumnElement[Any], units: Units) -> ColumnElement[bool]:
    """That the unit in ``column`` is one of those."""
    if units is None:
        return true()
    return column.in_(units) if units else false()
