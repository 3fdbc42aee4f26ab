"""Lists instead of storms: which asks ride on one.

A list is a message without a case of its own. Its text is made as it is claimed for sending (``listing``), of
what rides on it and is still open then; so nothing has to be mended when an ask is withdrawn, or answered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.ids import MatterId, MessageId
from notifier.domain.joining import WINDOW, Listed, Seat, find_seat, is_list, list_key
from notifier.domain.language.model import Verb
from notifier.domain.message import Draft, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.station import Station
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx
from notifier.texts.catalogue import Catalogue

POLICY_KIND = "policy_kind"
"""The key under which a message's values keep its kind, for the text of the other channel."""

STACK = "stack"
"""The key under which a list's values keep what kind of thing it lists."""

EDITS = "edits"
"""The key under which a list's values keep the message that it changes."""

ASKED = "asked"
"""The key under which a list's values keep the matters that it named when it went."""

STILL = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNCERTAIN,
    }
)
"""States of what is, or may be, with its reader, or on its way to him."""

_TOLD = {
    "taken": "joined_taken",
    "taken_unstaffed": "joined_taken",
    "who_has_it": "joined_who_has_it",
    "stand_down": "joined_over",
    "stand_down_unstaffed": "joined_over",
    "stand_down_cancelled": "joined_over",
    "stand_down_missed": "joined_missed",
}
"""What is told of cases, and the list of several of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What may stand in one list: of one kind, said by one text, and answered by one ``verb`` if it asks."""

    kind: str
    template: str
    verb: Verb | None = None

    @property
    def name(self) -> str:
        """As a list's values keep it."""
        return f"{self.kind}|{self.template}|{self.verb or ''}"

    @classmethod
    def named(cls, name: str) -> "Stack":
        """The inverse of ``name``."""
        kind, template, verb = name.split("|")
        return cls(kind=kind, template=template, verb=Verb(verb) if verb else None)


class Joining:
    """Says of what is posted whether it goes by itself, or rides on a list."""

    def __init__(self, station: Station) -> None:
        """Use the station's texts."""
        self._texts = station.texts

    async def seat(self, tx: Tx, draft: Draft, now: datetime) -> Draft:
        """The draft as it is to be queued; the list that it rides on is queued, too."""
        stack = stack_of(draft, self._texts)
        if stack is None or draft.person is None or draft.state is not MessageState.QUEUED:
            return draft
        told = await tx.messages.lately_told(draft.person, draft.account, draft.address, now - WINDOW)
        if any(row.key == draft.key for row in told):
            return draft
        lists, singles = sorted_by(stack, told, self._texts)
        if stack.verb is None:
            # What asks for nothing is not held up, and rings as it comes: only what waits is joined.
            lists, singles = _waiting(lists), _waiting(singles)
        can_edit = draft.channel is ChannelName.TELEGRAM
        seat = find_seat(len(singles), [_listed(row) for row in lists], now, can_edit=can_edit)
        if seat is None:
            return draft
        on = await self._board(tx, draft, stack, seat, singles, now)
        return replace(draft, rides_on=on, not_before=None)

    async def _board(
        self,
        tx: Tx,
        draft: Draft,
        stack: Stack,
        seat: Seat,
        singles: Sequence[StoredMessage],
        now: datetime,
    ) -> MessageId:
        """The list to ride on; those that wait by themselves come aboard a new one."""
        if seat.on is not None and await tx.messages.holds_back(seat.on):
            return seat.on
        starts = [moment for moment in (draft.not_before, seat.not_before) if moment is not None]
        head = list_draft(draft, stack, max(starts, default=now), edits=seat.edits)
        [(on, _)] = await tx.messages.queue([head], now)
        waiting = [row.id for row in _waiting(singles) if row.rides_on is None]
        if waiting:
            await tx.messages.board(on, waiting)
        return on


def list_draft(first: Draft, stack: Stack, not_before: datetime, *, edits: MessageId | None = None) -> Draft:
    """The list that ``first`` calls for, to the same address; it has no text until it goes."""
    return replace(
        first,
        key=list_key(first.key),
        template=stack.template,
        values={STACK: stack.name, EDITS: edits},
        text="",
        keyboard=(),
        matter=None,
        case=None,
        not_before=not_before,
        fallback_at=None,
    )


def stack_of(message: Draft | StoredMessage, texts: Catalogue) -> Stack | None:
    """Where a message belongs once there are several; None: always by itself."""
    if message.case is None or message.matter is None:
        return None
    kind = str(message.values.get(POLICY_KIND))
    if message.template in _TOLD:
        return Stack(kind=kind, template=_TOLD[message.template])
    buttons = texts.rules.buttons.get(message.template)
    if not message.call or not buttons:
        return None
    verb = Verb(buttons[0][0])
    return Stack(kind=kind, template="joined_call" if verb is Verb.ACK else "joined_each", verb=verb)


def sorted_by(
    stack: Stack, told: Iterable[StoredMessage], texts: Catalogue
) -> tuple[list[StoredMessage], list[StoredMessage]]:
    """The lists of that stack, and the single messages that belong in one."""
    rows = list(told)
    lists = [row for row in rows if is_list(row.key) and row.values.get(STACK) == stack.name]
    return lists, [row for row in rows if row.state in STILL and stack_of(row, texts) == stack]


def base_id(row: StoredMessage) -> MessageId:
    """The list that the reader sees: this one, or the one that it changes."""
    changed = row.values.get(EDITS)
    return MessageId(changed) if isinstance(changed, int) else row.id


def asked_in(listed: StoredMessage) -> tuple[MatterId, ...]:
    """The matters that a list named when it went."""
    found = listed.values.get(ASKED)
    return tuple(MatterId(one) for one in found) if isinstance(found, list) else ()


async def as_asked(tx: Tx, message: StoredMessage, state: MessageState) -> list[StoredMessage]:
    """The message; or instead of a list, what rides on it and has come to that state with it."""
    if not is_list(message.key):
        return [message]
    return [rider for rider in await tx.messages.riders_of([message.id]) if rider.state is state]


def _waiting(rows: Iterable[StoredMessage]) -> list[StoredMessage]:
    return [row for row in rows if row.state is MessageState.QUEUED]


def _listed(row: StoredMessage) -> Listed:
    at = row.sent_at or row.not_before or row.created_at
    return Listed(id=row.id, base=base_id(row), at=at, state=row.state)
