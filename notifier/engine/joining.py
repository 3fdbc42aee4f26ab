"""Lists instead of storms: which asks ride on one, and what it says when it goes.

A list is a message without a case of its own. Its text is made as it is claimed for sending, of what rides
on it and is still open then; so nothing has to be mended when an ask is withdrawn, or answered, or added.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.ids import MatterId, MessageId
from notifier.domain.joining import WINDOW, Line, Listed, Seat, find_seat, is_list, list_key, list_keyboard
from notifier.domain.language.model import Verb
from notifier.domain.message import Draft, Keyboard, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.station import Station
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

POLICY_KIND = "policy_kind"
"""The key under which a message's values keep its kind, for the text of the other channel."""

STACK = "stack"
"""The key under which a list's values keep what kind of thing it lists."""

EDITS = "edits"
"""The key under which a list's values keep the message that it changes."""

ASKED = "asked"
"""The key under which a list's values keep the matters that it named when it went."""

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

_STILL = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNCERTAIN,
    }
)
_UNDER_WAY = frozenset({MessageState.QUEUED, MessageState.SENDING})
_TAKEN = frozenset({MessageState.SENT, MessageState.DELIVERED})


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


class Lists:
    """Seats what is posted, and writes lists as they go."""

    def __init__(self, station: Station) -> None:
        """Use the station's texts and reach."""
        self._station = station

    # ── which rides ──────────────────────────────────────────────────────────────────────────────

    async def seat(self, tx: Tx, draft: Draft, now: datetime) -> Draft:
        """The draft as it is to be queued: by itself, or riding on a list, which is then queued too."""
        stack = self._stack_of(draft)
        if stack is None or draft.person is None or draft.state is not MessageState.QUEUED:
            return draft
        told = await tx.messages.lately_told(draft.person, draft.account, draft.address, now - WINDOW)
        if any(row.key == draft.key for row in told):
            return draft
        lists, singles = self._sorted(told, stack)
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
        values = {STACK: stack.name, EDITS: seat.edits}
        starts = [moment for moment in (draft.not_before, seat.not_before) if moment is not None]
        head = replace(
            draft,
            key=list_key(draft.key),
            template=stack.template,
            values=values,
            text="",
            keyboard=(),
            matter=None,
            case=None,
            not_before=max(starts, default=now),
            fallback_at=None,
        )
        [(on, _)] = await tx.messages.queue([head], now)
        waiting = [row.id for row in _waiting(singles) if row.rides_on is None]
        if waiting:
            await tx.messages.board(on, waiting)
        return on

    def _stack_of(self, draft: Draft | StoredMessage) -> Stack | None:
        if draft.case is None or draft.matter is None:
            return None
        kind = str(draft.values.get(POLICY_KIND))
        if draft.template in _TOLD:
            return Stack(kind=kind, template=_TOLD[draft.template])
        buttons = self._station.texts.rules.buttons.get(draft.template)
        if not draft.call or not buttons:
            return None
        verb = Verb(buttons[0][0])
        return Stack(kind=kind, template="joined_call" if verb is Verb.ACK else "joined_each", verb=verb)

    def _sorted(
        self, told: Sequence[StoredMessage], stack: Stack
    ) -> tuple[list[StoredMessage], list[StoredMessage]]:
        """The lists of that stack, and the single messages that may stand in one."""
        lists = [row for row in told if is_list(row.key) and row.values.get(STACK) == stack.name]
        singles = [row for row in told if row.state in _STILL and self._stack_of(row) == stack]
        return lists, singles

    # ── what it says ─────────────────────────────────────────────────────────────────────────────

    async def write(self, tx: Tx, claimed: Sequence[StoredMessage], now: datetime) -> list[StoredMessage]:
        """What of these is to be sent now, lists with their text.

        A list with nothing open left is withdrawn; one that changes a message still on its way waits for it.
        """
        ready = [await self._written(tx, row, now) if is_list(row.key) else row for row in claimed]
        return [row for row in ready if row is not None]

    async def _written(self, tx: Tx, row: StoredMessage, now: datetime) -> StoredMessage | None:
        stack = Stack.named(str(row.values[STACK]))
        base = await _base(tx, row)
        if base.id != row.id and base.state in _UNDER_WAY:
            await tx.messages.release_claims([row.id], row.fence or 0)
            return None
        shown = base.provider_id if base.state in _TAKEN and base.address == row.address else None
        entries = await self._open(tx, stack, row, base, now)
        if not entries:
            await tx.messages.withdraw(row, now)
            return None
        text, keyboard = await self._text(tx, stack, row, entries, now)
        matters = [entry.matter for entry in entries]
        values = {**row.values, ASKED: matters if stack.verb else []}
        await tx.messages.write_list(row.id, text=text, keyboard=keyboard, values=values, edits=shown)
        return replace(row, text=text, keyboard=keyboard, values=values, edits=shown)

    async def _open(
        self, tx: Tx, stack: Stack, row: StoredMessage, base: StoredMessage, now: datetime
    ) -> list[StoredMessage]:
        """The asks to be named, each matter once, the first due first."""
        if row.person is None:
            return []
        since = base.created_at - WINDOW
        lists, singles = self._sorted(
            await tx.messages.lately_told(row.person, row.account, row.address, since), stack
        )
        seen = {one.id for one in lists if _base_id(one) == base.id} | {row.id}
        asks = [one for one in await tx.messages.riders_of(seen) if one.state in _STILL]
        if stack.verb is not None and all(one.id in seen for one in lists if one.id < row.id):
            # The first list of the minute names those, too, that went before it by themselves.
            asks += [one for one in singles if one.rides_on is None]
        if stack.verb is not None:
            open_cases = await tx.cases.unheld({one.case for one in asks if one.case})
            asks = [one for one in asks if one.case in open_cases and one.answered_at is None]
        newest = {one.matter: one for one in sorted(asks, key=lambda one: one.id)}
        return sorted(newest.values(), key=lambda one: one.id)

    async def _text(
        self, tx: Tx, stack: Stack, row: StoredMessage, entries: Sequence[StoredMessage], now: datetime
    ) -> tuple[str, Keyboard]:
        if len(entries) == 1:
            return entries[0].text, entries[0].keyboard
        person = (await tx.roster.people([row.person])).get(row.person) if row.person else None
        locale = person.locale if person else self._station.locale
        texts = self._station.texts
        sms = row.channel is ChannelName.SMS
        rendered = texts.render(
            stack.template,
            channel=row.channel,
            locale=locale,
            values={
                "site": self._station.site,
                "name": person.name if person else "",
                "number": None,
                "kind": texts.label(stack.kind, locale),
                "open_total": len(entries),
                "asked": [_entry(entry) for entry in entries],
            },
            now=now,
            can_reply=not sms or self._station.reach.can_reply(row.address),
        )
        if sms or stack.verb is None:
            return rendered.text, ()
        said = texts.label(stack.verb, locale)
        lines = [
            Line(matter=entry.matter, label=f"{said} {entry.values.get('number')} {entry.values.get('unit')}")
            for entry in entries
            if entry.matter is not None
        ]
        return rendered.text, list_keyboard(stack.verb, lines, texts.label("all", locale))


def asked_in(listed: StoredMessage) -> tuple[MatterId, ...]:
    """The matters that a list named when it went."""
    found = listed.values.get(ASKED)
    return tuple(MatterId(one) for one in found) if isinstance(found, list) else ()


async def as_asked(tx: Tx, message: StoredMessage, state: MessageState) -> list[StoredMessage]:
    """The message; or instead of a list, what rides on it and has come to that state with it."""
    if not is_list(message.key):
        return [message]
    return [rider for rider in await tx.messages.riders_of([message.id]) if rider.state is state]


def _entry(ask: StoredMessage) -> Mapping[str, object]:
    """One line: the matter's number and words, and whom to ring about it, or who has it."""
    values = ask.values
    holder = values.get("holder_name")
    name, phone = (holder, "") if holder else (values.get("contact_name"), values.get("contact_phone"))
    return {
        "number": values.get("number"),
        "text": values.get("matter_text") or values.get("unit"),
        "who": name or "",
        "phone": phone or "",
    }


def _waiting(rows: Collection[StoredMessage]) -> list[StoredMessage]:
    return [row for row in rows if row.state is MessageState.QUEUED]


def _listed(row: StoredMessage) -> Listed:
    at = row.sent_at or row.not_before or row.created_at
    return Listed(id=row.id, base=_base_id(row), at=at, state=row.state)


def _base_id(row: StoredMessage) -> MessageId:
    changed = row.values.get(EDITS)
    return MessageId(changed) if isinstance(changed, int) else row.id


async def _base(tx: Tx, row: StoredMessage) -> StoredMessage:
    """The message that the reader sees: this one, or the one that it changes."""
    changed = _base_id(row)
    found = await tx.messages.get(changed) if changed != row.id else None
    return found or row
