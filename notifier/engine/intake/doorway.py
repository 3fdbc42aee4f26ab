"""Who comes in without being known yet, and what is no conversation: links, strangers, groups, blocks."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.language.model import Verb
from notifier.domain.language.parse import parse
from notifier.domain.message import Incoming, IncomingKind, Lane
from notifier.domain.roster import ChannelName, Person
from notifier.domain.times import iso_utc
from notifier.domain.vouchers import TRIES_PER_CHAT, read_code
from notifier.engine.case_letters import base_values
from notifier.engine.contacts_lost import BLOCKED, STOPPED
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.passing import Passing
from notifier.engine.intake.replies import civil_day
from notifier.engine.intake.visit import Reply, contact_of
from notifier.engine.letters import Letter
from notifier.engine.linking.joining import Joining
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

_SAY_SOMETHING = frozenset(
    {
        IncomingKind.TEXT,
        IncomingKind.EDITED,
        IncomingKind.MEDIA,
        IncomingKind.PLACE,
        IncomingKind.START,
        IncomingKind.TAP,
    }
)


class Doorway:
    """Lets people in, and answers those who have no business here."""

    def __init__(self, parts: Parts) -> None:
        """Work through the parts."""
        facts = Facts(parts)
        self._parts = parts
        self._facts = facts
        self._passing = Passing(parts, facts)
        self._joining = Joining(parts)

    async def start(self, tx: Tx, incoming: Incoming, known: Sequence[Person], now: datetime) -> list[Reply]:
        """/start: with a token the chat becomes that person's, without one who is known is welcome back."""
        if not incoming.data:
            return await self._start_again(tx, incoming, known, now)
        if code := read_code(incoming.data):
            return await self.try_code(tx, incoming, code, known, now) or []
        person = await self._joining.by_token(tx, incoming.data, contact_of(incoming), now)
        if person is None:
            values = await self._values(tx, known[0], now) if known else _of_nobody()
            # Somebody who opens his own link once more is linked already: no cause for alarm.
            template = "welcome" if known else "link_refused"
            return [
                Reply(template=template, values=values, person=known[0] if known else None, courtesy=True)
            ]
        return [Reply(template="linked", values=await self._values(tx, person, now), person=person)]

    async def try_code(
        self, tx: Tx, incoming: Incoming, code: str, known: Sequence[Person], now: datetime
    ) -> list[Reply] | None:
        """A code from somebody's secretary: with the right one the chat becomes that person's.

        A stranger hears the same whether it was wrong, used or too old, and nothing more once he has tried
        too often. None: from somebody known it was no code, but words like any.
        """
        day = f"{civil_day(now, self._parts.station.zone)} code"
        tried = await tx.answers.count_courtesy(incoming.channel, incoming.sender, day)
        may = tried <= TRIES_PER_CHAT
        person = await self._joining.by_voucher(tx, code, contact_of(incoming), now) if may else None
        if person is not None:
            return [Reply(template="linked", values=await self._values(tx, person, now), person=person)]
        if known:
            return None
        return [Reply(template="link_refused", values=_of_nobody())] if may else []

    async def _start_again(
        self, tx: Tx, incoming: Incoming, known: Sequence[Person], now: datetime
    ) -> list[Reply]:
        if not known:
            return [Reply(template="not_linked", values=_of_nobody(), courtesy=True)]
        person = known[0]
        cleared = await self._clear(tx, incoming)
        if cleared:
            await self._journal(tx, "contact_back", person, incoming, now)
        values = await self._values(tx, person, now)
        template = "started" if cleared else "welcome"
        return [Reply(template=template, values=values, person=person, courtesy=not cleared)]

    async def stranger(self, tx: Tx, item: int, incoming: Incoming, now: datetime) -> list[Reply]:
        """Fixed answers, once a day; danger is passed on, and answered every time."""
        if incoming.kind not in _SAY_SOMETHING:
            return []
        said = parse(incoming.text)
        values = {**_of_nobody(), "at": iso_utc(now)}
        if said.verb is Verb.DANGER:
            await self._passing.danger_of_stranger(tx, item, incoming.text, incoming.sender, now)
            return [Reply(template="danger", values=values, always=True)]
        if incoming.opt is not None or said.verb in (Verb.STOP, Verb.START):
            await self._opt(tx, incoming, said.verb, now)
            return []
        template = "stranger" if incoming.channel is ChannelName.SMS else "not_linked"
        return [Reply(template=template, values=values, courtesy=True)]

    async def _opt(self, tx: Tx, incoming: Incoming, verb: Verb, now: datetime) -> None:
        contact = contact_of(incoming)
        if "STOP" in (incoming.opt, verb.upper()):
            await tx.contacts.mark(contact.channel, contact.account, contact.address, STOPPED, None, now)
        else:
            await tx.contacts.clear(contact.channel, contact.account, contact.address)

    async def blocked(self, tx: Tx, incoming: Incoming, now: datetime) -> None:
        """He blocked the bot: that chat is lost, and his secretary hears of it."""
        await self._parts.contacts_lost.lose(
            tx, ChannelName.TELEGRAM, incoming.account, incoming.sender, BLOCKED, "blocked", now
        )

    async def back(self, tx: Tx, incoming: Incoming, known: Sequence[Person], now: datetime) -> None:
        """Whoever writes, or takes the block back, is not blocked any more."""
        contact = contact_of(incoming)
        state = await tx.contacts.state_of(contact.channel, contact.account, contact.address)
        if state == BLOCKED and await self._clear(tx, incoming):
            for person in known:
                await self._journal(tx, "contact_back", person, incoming, now)

    async def group(self, tx: Tx, incoming: Incoming, now: datetime) -> bool:
        """Say once that this is no place for us. True when it is to be said now."""
        letter = Letter(
            key=f"group:{incoming.account}:{incoming.sender}",
            person=None,
            template="group_leave",
            values=_of_nobody(),
            lane=Lane.REPLY,
            to=contact_of(incoming),
        )
        [posted] = await self._parts.letters.post(tx, [letter], now)
        return posted.new

    async def _clear(self, tx: Tx, incoming: Incoming) -> bool:
        contact = contact_of(incoming)
        return await tx.contacts.clear(contact.channel, contact.account, contact.address)

    async def _values(self, tx: Tx, person: Person, now: datetime) -> dict[str, object]:
        lineage = await self._facts.lineage(tx, person.unit, now, person.id)
        return {**_of_nobody(), **base_values(lineage, person.id, now), "at": iso_utc(now)}

    async def _journal(self, tx: Tx, event: str, person: Person, incoming: Incoming, now: datetime) -> None:
        line = JournalLine(at=now, event=event, unit=person.unit, person=person.id, channel=incoming.channel)
        await tx.journal.write([line])


def _of_nobody() -> dict[str, object]:
    """Values of a text to somebody of whom nothing is known; it tells him nothing either."""
    return {"phone": None, "unit": "", "town": None}
