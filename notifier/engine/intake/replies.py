"""Answers on their way back: the way the words came, and never so many that two machines talk on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from notifier.domain.message import Incoming, Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Person
from notifier.engine.contacts_lost import STOPPED, WRONG
from notifier.engine.intake.visit import Reply, contact_of
from notifier.engine.letters import Letter
from notifier.engine.parts import Parts
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """How many answers that change nothing an address may have a civil day. Each tally counts for itself."""

    limit: int
    tally: str = ""


KNOWN = Cap(limit=3)
BUSY = Cap(limit=20, tally=" busy")
"""While something is open for him: what he asks about it costs him none of the other three."""
STRANGER = Cap(limit=1)


class Replies:
    """Posts replies in the transaction of what they answer."""

    def __init__(self, parts: Parts) -> None:
        """Through the parts' letters."""
        self._letters = parts.letters
        self._station = parts.station

    async def post(
        self, tx: Tx, item: int, incoming: Incoming, replies: Sequence[Reply], now: datetime, *, cap: Cap
    ) -> int:
        """Queue what may be said to that address; returns how many are new."""
        letters = []
        silenced = await self._is_silenced(tx, incoming)
        for position, reply in enumerate(replies, 1):
            if silenced and not reply.always:
                continue
            if reply.courtesy and not await self._may(tx, incoming, now, cap):
                continue
            letters.append(self._letter(item, position, incoming, reply))
        return sum(posted.new for posted in await self._letters.post(tx, letters, now))

    def _letter(self, item: int, position: int, incoming: Incoming, reply: Reply) -> Letter:
        matter = reply.matter
        values = {**reply.values, "name": reply.person.name if reply.person else ""}
        return Letter(
            key=f"answer:{item}:{position}",
            person=reply.person.id if reply.person else None,
            template=reply.template,
            values=values,
            lane=Lane.REPLY,
            kind=Kind.NOTICE,
            matter=matter.id if matter else None,
            number=matter.number if matter else None,
            to=contact_of(incoming),
            keyboard=reply.keyboard,
            edits=reply.edits,
        )

    async def _is_silenced(self, tx: Tx, incoming: Incoming) -> bool:
        contact = contact_of(incoming)
        state = await tx.contacts.state_of(contact.channel, contact.account, contact.address)
        return state in (STOPPED, WRONG)

    async def _may(self, tx: Tx, incoming: Incoming, now: datetime, cap: Cap) -> bool:
        day = f"{civil_day(now, self._station.zone)}{cap.tally}"
        return await tx.answers.count_courtesy(incoming.channel, incoming.sender, day) <= cap.limit


def civil_day(now: datetime, zone: tzinfo) -> str:
    """The civil day, as answers are counted by."""
    return now.astimezone(zone).date().isoformat()


def cap_for(people: Sequence[Person], *, has_open: bool) -> Cap:
    """The cap for an address, by who reads there and whether anything is open for them."""
    if not people:
        return STRANGER
    return BUSY if has_open else KNOWN
