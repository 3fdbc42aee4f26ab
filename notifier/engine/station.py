"""What every part of the engine is handed: the database, the clock, the texts, the rules in force."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notifier.channels.sms.reach import can_reply
from notifier.channels.sms.senders import sender_for
from notifier.domain.ids import PersonId, ShiftKey, UnitCode
from notifier.domain.policy import Settings
from notifier.domain.roster import ChannelName, Contact, Lineage, Person
from notifier.engine.clock import Clock
from notifier.files.settings import settings_from_texts
from notifier.store.database import Database
from notifier.store.tx import Tx
from notifier.texts.catalogue import Catalogue

EVERYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What we can send from, and to whom we may.

    ``telegram`` are bot ids, ``sms`` senders; an empty tuple is a channel that is off. ``allowed`` is
    ONLY_TO. ``webhooks`` are endpoints of other programs, which are told of every case. ``can_reply`` says
    whether a number can answer by SMS.
    """

    telegram: tuple[str, ...] = ()
    sms: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset({EVERYBODY})
    webhooks: tuple[str, ...] = ()
    can_reply: Callable[[str], bool] = can_reply

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """The channels that are on."""
        on = ((ChannelName.TELEGRAM, self.telegram), (ChannelName.SMS, self.sms))
        return tuple(name for name, accounts in on if accounts)

    def account_for(self, contact: Contact) -> str:
        """What that contact is written to from: its bot, or the sender that this number keeps."""
        if contact.channel is ChannelName.TELEGRAM:
            return contact.account
        return sender_for(contact.address, self.sms)

    def is_mute(self, contacts: Sequence[Contact]) -> bool:
        """Whether somebody with these contacts is reached, but cannot answer by any of them."""
        return bool(contacts) and not any(
            contact.channel is ChannelName.TELEGRAM or self.can_reply(contact.address) for contact in contacts
        )

    def may_write_to(self, person: Person, units: Mapping[UnitCode, UnitCode | None]) -> bool:
        """Whether ONLY_TO lets messages to that person out. ``units`` maps each unit to its parent."""
        if EVERYBODY in self.allowed or person.id in self.allowed:
            return True
        unit: UnitCode | None = person.unit
        while unit is not None:
            if unit in self.allowed:
                return True
            unit = units.get(unit)
        return False


class Wake:
    """Wakes the loops of this process; ringing the database wakes those of the others."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._events: dict[str, asyncio.Event] = {}

    def ring(self, *topics: str) -> None:
        """Wake who waits for these topics, or for ``topic:…`` of them (everybody when none is named)."""
        for waiting, event in self._events.items():
            if not topics or waiting.split(":", 1)[0] in topics:
                event.set()

    async def wait(self, topic: str, seconds: float) -> bool:
        """Wait until rung or ``seconds`` (real) have passed; True when rung."""
        event = self._event(topic)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    def _event(self, topic: str) -> asyncio.Event:
        return self._events.setdefault(topic, asyncio.Event())


class Rules:
    """Settings by version, parsed once. The version in force is read in each transaction."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Nothing is parsed yet."""
        self._zone = zone
        self._parsed: dict[int, Settings] = {}

    async def current(self, tx: Tx) -> Settings:
        """The settings in force; the program's defaults, as version 0, before any were stored."""
        stored = await tx.settings.current()
        if stored is None:
            return self._parse(0, {})
        return self._parse(*stored)

    async def at(self, tx: Tx, version: int) -> Settings:
        """The settings a case was opened under."""
        if version in self._parsed:
            return self._parsed[version]
        return self._parse(version, await tx.settings.texts(version))

    def _parse(self, version: int, texts: Mapping[str, str]) -> Settings:
        if version not in self._parsed:
            self._parsed[version] = settings_from_texts(texts, zone=self._zone, version=version)
        return self._parsed[version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The engine's hands. Built once by bootstrap, passed to everything, global to nothing."""

    db: Database
    clock: Clock
    texts: Catalogue
    reach: Reach
    rules: Rules
    wake: Wake
    zone: ZoneInfo
    locale: str
    site: str
    public_url: str | None = None

    def now(self) -> datetime:
        """The civil moment, in UTC."""
        return self.clock.now()

    async def lineage(
        self,
        tx: Tx,
        unit: UnitCode,
        now: datetime,
        *,
        also: Collection[PersonId] = (),
        shift: ShiftKey | None = None,
    ) -> Lineage:
        """The unit with everything above it, as it can be reached from here. Raises NotFound."""
        channels, bots = self.reach.channels, self.reach.telegram
        return await tx.roster.lineage(
            unit, also=also, shift=shift, channels=channels, accounts=bots, now=now
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does something, and by which way it came: ``telegram``, ``sms``, ``shell`` or ``web``."""

    person: PersonId | None
    channel: str
