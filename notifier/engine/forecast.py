"""What a broadcast would come to, before it is sent: how many people by which way, how much, how long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import ChannelName, Contact, Person, Unit
from notifier.engine.broadcasts import Order
from notifier.engine.parts import Parts
from notifier.engine.station import EVERYBODY, Station
from notifier.store.deliveries import LostAddress
from notifier.store.tx import Tx
from notifier.texts.catalogue import Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """What may be sent in a second: messages of each bot, segments of each number. 0 is no limit."""

    telegram: float
    sms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How many people would get it first by Telegram, by SMS, not at all; the four do not overlap.

    ``unreachable`` are those whom no channel reaches. ``withheld`` are those whom ONLY_TO keeps from getting
    it. ``segments`` are SMS segments, ``takes`` the time of sending on channels that do nothing else.
    ``cannot_answer`` are reached by SMS that carries no reply. ``lost`` are addresses of those meant that
    take nothing: its owner opted out, stopped the bot, or has another number. ``begins`` is later than now
    for a broadcast of later, or in quiet hours.
    """

    people: int
    telegram: int
    sms_only: int
    unreachable: tuple[PersonId, ...]
    withheld: tuple[PersonId, ...]
    segments: int
    takes: timedelta
    cannot_answer: tuple[PersonId, ...]
    lost: tuple[LostAddress, ...]
    begins: datetime

    @property
    def held(self) -> int:
        """How many ONLY_TO keeps from getting it."""
        return len(self.withheld)

    @property
    def neither(self) -> int:
        """How many no channel reaches."""
        return len(self.unreachable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One text as somebody's phone will show it. ``segments``: of an SMS; ``buttons``: of Telegram."""

    locale: str
    channel: ChannelName
    can_reply: bool
    text: str
    segments: int | None
    buttons: tuple[str, ...]


async def forecast(parts: Parts, order: Order, pacing: Pacing) -> Forecast:
    """What that broadcast would come to, as things stand now. Raises InputError for an empty audience."""
    station = parts.station
    async with station.db.read() as tx:
        ids = await parts.broadcasts.recipients(tx, order.audience, station.now())
        people = await tx.roster.people(ids)
        units = await tx.roster.units()
        settings = await station.rules.current(tx)
        contacts = await _contacts(tx, station, ids)
        lost = await tx.deliveries.lost_addresses(None, None)
    policy = settings.policy(order.kind)
    allowed = {person.id for person in people.values() if _may_write_to(person, units, station)}
    first = {person: _first(contacts[person], policy.channels) for person in ids if person in allowed}
    sms = [person for person, channel in first.items() if channel is ChannelName.SMS]
    telegram = sum(channel is ChannelName.TELEGRAM for channel in first.values())
    segments = _segments([people[person] for person in sms], units, order, station)
    start = order.start_at or station.now()
    return Forecast(
        people=len(ids),
        telegram=telegram,
        sms_only=len(sms),
        unreachable=tuple(person for person, channel in first.items() if channel is None),
        withheld=tuple(person for person in ids if person not in allowed),
        segments=segments,
        takes=_takes(telegram, segments, station, pacing),
        cannot_answer=tuple(person for person in first if station.reach.is_mute(contacts[person])),
        lost=tuple(one for one in lost if one.person.id in first),
        begins=settings.quiet.open_from(start) if policy.keeps_quiet else start,
    )


async def previews(parts: Parts, order: Order, locales: Iterable[str]) -> tuple[Person, tuple[Preview, ...]]:
    """The first recipient by id, and what he would get in each language by each channel that is on.

    An SMS to whom it carries no replies is there too where its text is another. Raises InputError for an
    empty audience.
    """
    station = parts.station
    async with station.db.read() as tx:
        ids = await parts.broadcasts.recipients(tx, order.audience, station.now())
        person = (await tx.roster.people(ids[:1]))[ids[0]]
        units = await tx.roster.units()
    shown = []
    for locale in locales:
        texts = {}
        for channel, can_reply in _forms(station):
            rendered = _render(person, channel, locale, can_reply, units, order, station)
            texts[channel, rendered.text] = (can_reply, rendered)
        shown += [_preview(locale, channel, *told, station) for (channel, _), told in texts.items()]
    return person, tuple(shown)


def _forms(station: Station) -> Iterable[tuple[ChannelName, bool]]:
    """Each channel that is on; SMS also as it is for numbers that cannot answer, and that first."""
    for channel in station.reach.channels:
        if channel is ChannelName.SMS:
            yield channel, False
        yield channel, True


def _preview(
    locale: str, channel: ChannelName, can_reply: bool, rendered: Rendered, station: Station
) -> Preview:
    is_sms = channel is ChannelName.SMS
    return Preview(
        locale=locale,
        channel=channel,
        can_reply=can_reply,
        text=rendered.text,
        segments=station.texts.sms_segments(rendered.text) if is_sms else None,
        buttons=() if is_sms else (station.texts.label("ack", locale),),
    )


async def _contacts(
    tx: Tx, station: Station, ids: Iterable[PersonId]
) -> Mapping[PersonId, tuple[Contact, ...]]:
    reach = station.reach
    return await tx.contacts.usable(list(ids), channels=reach.channels, accounts=reach.telegram)


def _may_write_to(person: Person, units: Mapping[UnitCode, Unit], station: Station) -> bool:
    if EVERYBODY in station.reach.allowed:
        return True
    return station.reach.may_write_to(person, {code: unit.parent for code, unit in units.items()})


def _first(contacts: Iterable[Contact], order: Iterable[ChannelName]) -> ChannelName | None:
    have = {contact.channel for contact in contacts}
    return next((channel for channel in order if channel in have), None)


def _segments(
    people: Iterable[Person], units: Mapping[UnitCode, Unit], order: Order, station: Station
) -> int:
    """SMS segments for all of them. Rendered once for each unit and language, under the longest name."""
    groups: dict[tuple[UnitCode, str, bool], list[Person]] = {}
    for person in people:
        answers = station.reach.can_reply(person.phone or "")
        groups.setdefault((person.unit, person.locale, answers), []).append(person)
    return sum(
        len(group) * _one_text(max(group, key=lambda p: len(p.name)), answers, units, order, station)
        for (_, _, answers), group in groups.items()
    )


def _one_text(
    person: Person, answers: bool, units: Mapping[UnitCode, Unit], order: Order, station: Station
) -> int:
    rendered = _render(person, ChannelName.SMS, person.locale, answers, units, order, station)
    return station.texts.sms_segments(rendered.text)


def _render(
    person: Person,
    channel: ChannelName,
    locale: str,
    answers: bool,
    units: Mapping[UnitCode, Unit],
    order: Order,
    station: Station,
) -> Rendered:
    unit = units[person.unit]
    town = units.get(unit.parent) if unit.parent else None
    return station.texts.render(
        str(order.kind),
        channel=channel,
        locale=locale,
        values={
            "site": station.site,
            "name": person.name,
            "number": None,
            "unit": unit.name,
            "town": town.name if town else None,
            "title": order.title,
            "body": order.body,
            "broadcast": 0,
        },
        now=station.now(),
        can_reply=answers,
    )


def _takes(telegram: int, segments: int, station: Station, pacing: Pacing) -> timedelta:
    """The slower of the two channels; they send side by side."""
    seconds = [
        amount / (rate * accounts)
        for amount, rate, accounts in (
            (telegram, pacing.telegram, len(station.reach.telegram)),
            (segments, pacing.sms, len(station.reach.sms)),
        )
        if amount and rate and accounts
    ]
    return timedelta(seconds=max(seconds, default=0.0))
