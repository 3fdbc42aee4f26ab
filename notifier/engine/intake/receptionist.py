"""Whatever comes in, to whoever sees to it: who is it, what is it, what is answered."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.roster import ChannelName, Person
from notifier.domain.vouchers import read_code
from notifier.engine.intake.conversation import Conversation
from notifier.engine.intake.doorway import Doorway
from notifier.engine.intake.errands import Errand, end_tap, leave_group
from notifier.engine.intake.replies import Replies, cap_for
from notifier.engine.intake.visit import Reply
from notifier.engine.parts import Parts
from notifier.store.tx import Tx

_SHOWS = frozenset({IncomingKind.MEDIA, IncomingKind.PLACE})
_SPEAKS = _SHOWS | {IncomingKind.TEXT, IncomingKind.EDITED}
"""A caption under a picture is words like any."""
_TYPED = frozenset({IncomingKind.TEXT, IncomingKind.EDITED})


class Receptionist:
    """Handles one thing that came in, within the reader's transaction."""

    def __init__(self, parts: Parts) -> None:
        """Wire the doorway and the conversation."""
        self._doorway = Doorway(parts)
        self._conversation = Conversation(parts)
        self._replies = Replies(parts)

    async def receive(self, tx: Tx, item: int, incoming: Incoming, now: datetime) -> list[Errand]:
        """Do what it asks, queue the answers; returns the calls to be made once this is committed."""
        if incoming.kind is IncomingKind.GROUP:
            told = await self._doorway.group(tx, incoming, now)
            return [leave_group(incoming.account, incoming.sender, told=told)]
        if incoming.kind is IncomingKind.BLOCKED:
            await self._doorway.blocked(tx, incoming, now)
            return []
        people = await _who(tx, incoming)
        await self._doorway.back(tx, incoming, people, now)
        replies, has_open = await self._answers(tx, item, incoming, people, now)
        cap = cap_for(people, has_open=has_open)
        await self._replies.post(tx, item, incoming, replies, now, cap=cap)
        return [end_tap(incoming.account, incoming.callback)] if incoming.callback else []

    async def _answers(
        self, tx: Tx, item: int, incoming: Incoming, people: Sequence[Person], now: datetime
    ) -> tuple[list[Reply], bool]:
        if incoming.kind is IncomingKind.START:
            return await self._doorway.start(tx, incoming, people, now), False
        if (code := _code(incoming)) is not None:
            replies = await self._doorway.try_code(tx, incoming, code, people, now)
            if replies is not None:
                return replies, False
        if not people:
            return await self._doorway.stranger(tx, item, incoming, now), False
        if incoming.kind is IncomingKind.TAP or (incoming.kind in _SPEAKS and incoming.text.strip()):
            return await self._conversation.hear(tx, item, incoming, people, now)
        if incoming.kind in _SHOWS:
            return await self._conversation.shown(tx, item, incoming, people, now)
        return [], False


def _code(incoming: Incoming) -> str | None:
    """The code that was typed, by Telegram: who sent an SMS cannot be known for certain."""
    typed = incoming.channel is ChannelName.TELEGRAM and incoming.kind in _TYPED
    return read_code(incoming.text) if typed else None


async def _who(tx: Tx, incoming: Incoming) -> list[Person]:
    """Whose chat it is, or everybody who has that phone, by id; empty for a stranger."""
    if incoming.channel is ChannelName.SMS:
        return await tx.contacts.by_phone(incoming.sender)
    person_id = await tx.contacts.by_chat(incoming.account, incoming.sender)
    person = await tx.roster.person(person_id) if person_id else None
    return [person] if person else []
