"""A contact that stopped working for good: marked, and the unit's secretary is told.

A silent cadre is a hole in the chain, so somebody is asked to find another way to reach him.
"""

from datetime import datetime

from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.roster import ChannelName
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.letters import Letter, Letters
from notifier.engine.station import Station
from notifier.store.rows import JournalLine, StoredMessage
from notifier.store.tx import Tx

CONTACT = "contact"
"""The topic of the matter in which a secretary is told; its subject is the person who was lost."""

STOPPED, BLOCKED, WRONG = "stopped", "blocked", "wrong"


class ContactsLost:
    """Marks contacts and tells who must know."""

    def __init__(self, station: Station, letters: Letters) -> None:
        """Work with the station's letters."""
        self._station = station
        self._letters = letters

    async def mark(self, tx: Tx, message: StoredMessage, code: str, now: datetime) -> None:
        """A carrier said that nothing will ever reach this address."""
        telegram = message.channel is ChannelName.TELEGRAM
        account = message.account if telegram else ""
        state = BLOCKED if telegram else STOPPED
        await self.lose(tx, message.way, account, message.address, state, code, now)

    async def lose(
        self,
        tx: Tx,
        channel: ChannelName,
        account: str,
        address: str,
        state: str,
        code: str | None,
        now: datetime,
    ) -> None:
        """Mark an address as lost and tell the secretary of everybody who shares it, once."""
        if not await tx.contacts.mark(channel, account, address, state, code, now):
            return
        for person in await self._sharing(tx, channel, account, address):
            await tx.journal.write(
                [JournalLine(at=now, event="contact_lost", person=person, channel=channel, reason=state)]
            )
            await self._tell_secretary(tx, person, state, now)

    async def unlinked(self, tx: Tx, person: PersonId, now: datetime) -> None:
        """His chat is somebody else's now: that is told as a contact lost."""
        line = JournalLine(at=now, event="unlinked", person=person, channel=ChannelName.TELEGRAM)
        await tx.journal.write([line])
        await self._tell_secretary(tx, person, BLOCKED, now)

    async def _sharing(self, tx: Tx, channel: ChannelName, account: str, address: str) -> list[PersonId]:
        if channel is ChannelName.SMS:
            return [person.id for person in await tx.contacts.by_phone(address)]
        person = await tx.contacts.by_chat(account, address)
        return [person] if person else []

    async def _tell_secretary(self, tx: Tx, lost: PersonId, state: str, now: datetime) -> None:
        person = await tx.roster.person(lost)
        if person is None:
            return
        lineage = await self._station.lineage(tx, person.unit, now)
        secretary = secretary_or_stand_in(lineage, now)
        if secretary is None or secretary == lost:
            return
        [matter] = await tx.matters.ensure([(secretary, CONTACT, lost, person.unit)], now)
        letter = Letter(
            key=f"contact_lost:{lost}:{secretary}:{now.isoformat()}",
            person=secretary,
            template="wrong_number_told" if state == WRONG else "contact_lost_told",
            values={
                **base_values(lineage, secretary, now),
                "sender_name": person.name,
                "sender_phone": local_phone(person.phone),
                "at": iso_utc(now),
            },
            lane=Lane.DUTY,
            matter=matter.id,
            number=matter.number,
        )
        await self._letters.post(tx, [letter], now)
