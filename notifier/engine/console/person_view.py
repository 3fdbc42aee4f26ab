"""One person as the page of his shows him: how he is reached, what he holds, where he stands and stood."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.holdings import OfficeRecord
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.roster import ChannelName, Office, Person, Post, Presence, Shift, Unit
from notifier.engine.access.guard import SeenUnits
from notifier.engine.console.coming import announced_of, seats_of
from notifier.engine.station import Station
from notifier.store.contacts import IssuedToken
from notifier.store.tx import Tx

AHEAD = timedelta(days=14)
BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One address of somebody, without itself. ``state``: ``works``, ``off``, or what is against it."""

    channel: ChannelName
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A shift of his. ``away``: he is on leave from it; ``covers``: for whom he stands it."""

    shift: Shift
    post: Post
    away: bool
    covers: PersonId | None

    def runs_at(self, now: datetime) -> bool:
        """Whether it has begun."""
        return self.shift.start <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A time that he was on post, or is."""

    presence: Presence
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """All that the page says. Seats, shifts and stays are those of units that the visitor sees.

    ``mute``: he can be told, and cannot answer. ``coming`` is what is announced for his seats and has not
    begun. ``stood`` is how long he was on post since BACK before ``at``. ``people`` are all who are named.
    """

    at: datetime
    person: Person
    is_in_roster: bool
    lines: tuple[Line, ...]
    mute: bool
    token: IssuedToken | None
    offices: tuple[Office, ...]
    coming: tuple[OfficeRecord, ...]
    duties: tuple[Duty, ...]
    stays: tuple[Stay, ...]
    stood: timedelta
    units: Mapping[UnitCode, Unit]
    people: Mapping[PersonId, Person]

    @property
    def holds(self) -> tuple[Office, ...]:
        """The seats of which he is the holder, absent or not."""
        return tuple(office for office in self.offices if office.person == self.person.id)


async def read_person(
    station: Station, tx: Tx, person: Person, seen: SeenUnits | None, now: datetime
) -> PersonView:
    """Somebody whom the visitor may see. ``seen`` None: the visitor himself, of whom he sees everything."""
    offices = [o for o in await tx.roster.offices_held(person.id) if seen is None or o.unit in seen]
    coming = await _coming(tx, offices, person.id, now)
    duties = await _duties(tx, person.id, seen, now)
    stays = await _stays(tx, person.id, seen, now)
    contacts = await tx.contacts.usable(
        [person.id], channels=station.reach.channels, accounts=station.reach.telegram
    )
    return PersonView(
        at=now,
        person=person,
        is_in_roster=person.id in await tx.roster.present([person.id]),
        lines=await _lines(station, tx, person),
        mute=station.reach.is_mute(contacts[person.id]),
        token=await tx.contacts.last_token(person.id),
        offices=tuple(offices),
        coming=coming,
        duties=duties,
        stays=stays,
        stood=sum((_within(stay.presence, now - BACK, now) for stay in stays), timedelta()),
        units=await tx.roster.units_named({person.unit, *(office.unit for office in offices)}),
        people=await tx.roster.people(set(_named(person, offices, coming, duties, stays))),
    )


async def _coming(
    tx: Tx, offices: Iterable[Office], person: PersonId, now: datetime
) -> tuple[OfficeRecord, ...]:
    coming = await announced_of(tx, seats_of(offices), now)
    return tuple(record for record in coming if record.person == person)


async def _lines(station: Station, tx: Tx, person: Person) -> tuple[Line, ...]:
    """Every address of his, the bot's chats first."""
    reach, telegram, sms = station.reach, ChannelName.TELEGRAM, ChannelName.SMS
    lines = []
    for account, chat in await tx.contacts.chats(person.id):
        against = await tx.contacts.state_of(telegram, account, chat)
        lines.append(_line(telegram, against, is_on=account in reach.telegram))
    if person.phone is not None:
        against = await tx.contacts.state_of(sms, "", person.phone)
        lines.append(_line(sms, against, is_on=sms in reach.channels))
    return tuple(lines)


def _line(channel: ChannelName, against: str | None, *, is_on: bool) -> Line:
    return Line(channel=channel, state=against or ("works" if is_on else "off"))


async def _duties(
    tx: Tx, person: PersonId, seen: Collection[UnitCode] | None, now: datetime
) -> tuple[Duty, ...]:
    shifts = await tx.shifts.of_people([person], now, now + AHEAD)
    keys = [shift.key for shift in shifts]
    away = await tx.shifts.on_leave(keys)
    covers: dict[ShiftKey, PersonId] = {
        row.shift: row.absent for row in await tx.covers.standing(keys) if row.person == person
    }
    posts = await _posts(tx, (shift.post for shift in shifts), seen)
    return tuple(
        Duty(
            shift=shift,
            post=posts[shift.post],
            away=(person, shift.key) in away,
            covers=covers.get(shift.key),
        )
        for shift in shifts
        if shift.post in posts
    )


async def _stays(
    tx: Tx, person: PersonId, seen: Collection[UnitCode] | None, now: datetime
) -> tuple[Stay, ...]:
    """The newest first."""
    rows = [row.presence for row in await tx.presences.lately_of(person, now - BACK)]
    posts = await _posts(tx, (presence.post for presence in rows), seen)
    return tuple(
        Stay(presence=presence, post=posts[presence.post])
        for presence in reversed(rows)
        if presence.post in posts
    )


async def _posts(
    tx: Tx, codes: Iterable[PostCode], seen: Collection[UnitCode] | None
) -> dict[PostCode, Post]:
    found = await tx.roster.posts(set(codes))
    return {code: post for code, post in found.items() if seen is None or post.unit in seen}


def _within(presence: Presence, since: datetime, until: datetime) -> timedelta:
    return max(timedelta(), min(presence.until or until, until) - max(presence.since, since))


def _named(
    person: Person,
    offices: Iterable[Office],
    coming: Iterable[OfficeRecord],
    duties: Iterable[Duty],
    stays: Iterable[Stay],
) -> Iterable[PersonId]:
    named: list[PersonId | None] = [person.id]
    named += [who for office in offices for who in (office.person, office.acting)]
    named += [who for record in coming for who in (record.person, record.by)]
    named += [duty.covers for duty in duties]
    named += [stay.presence.by for stay in stays]
    return (who for who in named if who is not None)
