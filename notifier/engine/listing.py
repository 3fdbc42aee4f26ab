"""What a list says, made as it is claimed for sending: of what rides on it, and is open still."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from notifier.domain.joining import WINDOW, Line, is_list, list_keyboard
from notifier.domain.language.model import BINDING, Verb
from notifier.domain.message import Keyboard, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.ceiling import HELD_BACK
from notifier.engine.joining import ASKED, STACK, STILL, Stack, base_id, sorted_by
from notifier.engine.station import Station
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

_UNDER_WAY = frozenset({MessageState.QUEUED, MessageState.SENDING})
_TAKEN = frozenset({MessageState.SENT, MessageState.DELIVERED})


class ListWriter:
    """Writes lists, in the transaction that claims them."""

    def __init__(self, station: Station) -> None:
        """Use the station's texts and reach."""
        self._station = station

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
        values = {**row.values, ASKED: [entry.matter for entry in entries] if stack.verb else []}
        await tx.messages.write_list(row.id, text=text, keyboard=keyboard, values=values, edits=shown)
        return replace(row, text=text, keyboard=keyboard, values=values, edits=shown)

    async def _open(
        self, tx: Tx, stack: Stack, row: StoredMessage, base: StoredMessage, now: datetime
    ) -> list[StoredMessage]:
        """What is to be named, the first due first."""
        if row.person is None:
            return []
        since = base.created_at - WINDOW
        told = await tx.messages.lately_told(row.person, row.account, row.address, since)
        lists, singles = sorted_by(stack, told, self._station.texts)
        seen = {one.id for one in lists if base_id(one) == base.id} | {row.id}
        riders = await tx.messages.riders_of(seen)
        asks = [one for one in riders if one.state in STILL and not _is_stale(one, now)]
        if stack.verb is None:
            return asks
        if all(one.id in seen for one in lists if one.id < row.id):
            # The first list of the minute names those, too, that went before it by themselves.
            asks += [one for one in singles if one.rides_on is None]
        open_cases = await tx.cases.unheld({one.case for one in asks if one.case})
        unanswered = [one for one in asks if one.case in open_cases and one.answered_at is None]
        # Each matter once: somebody may have been called for it a second time.
        newest = {one.matter: one for one in sorted(unanswered, key=lambda one: one.id)}
        return sorted(newest.values(), key=lambda one: one.id)

    async def _text(
        self, tx: Tx, stack: Stack, row: StoredMessage, entries: Sequence[StoredMessage], now: datetime
    ) -> tuple[str, Keyboard]:
        if len(entries) == 1:
            return entries[0].text, entries[0].keyboard
        person = (await tx.roster.people([row.person])).get(row.person) if row.person else None
        locale = person.locale if person else self._station.locale
        sms = row.channel is ChannelName.SMS
        rendered = self._station.texts.render(
            stack.template,
            channel=row.way,
            locale=locale,
            values={
                "site": self._station.site,
                "name": person.name if person else "",
                "number": None,
                "kind": self._station.texts.label(stack.kind, locale),
                "open_total": len(entries),
                "asked": [_entry(entry) for entry in entries],
                "held_back": [
                    {"text": entry.text.removesuffix(self._station.texts.signature)} for entry in entries
                ],
            },
            now=now,
            can_reply=not sms or self._station.reach.can_reply(row.address),
        )
        return rendered.text, () if sms else self._keyboard(stack, entries, locale)

    def _keyboard(self, stack: Stack, entries: Sequence[StoredMessage], locale: str) -> Keyboard:
        texts = self._station.texts
        if stack.template == HELD_BACK:
            lines = [line for entry in entries for line in self._own_answer(entry, locale)]
            return list_keyboard(None, lines, "")
        if stack.verb is None:
            return ()
        lines = [_line(entry, stack.verb, texts.label(stack.verb, locale)) for entry in entries]
        return list_keyboard(stack.verb, lines, texts.label("all", locale))

    def _own_answer(self, entry: StoredMessage, locale: str) -> list[Line]:
        """The first answer that its own text has a button for, unless it binds: that wants the text whole."""
        texts = self._station.texts
        rows = texts.rules.buttons.get(entry.template)
        if not rows or entry.matter is None or (verb := Verb(rows[0][0])) in BINDING:
            return []
        return [_line(entry, verb, texts.label(verb, locale))]


def _line(entry: StoredMessage, verb: Verb, said: str) -> Line:
    values = entry.values
    return Line(data=f"{verb}:{entry.matter}", label=f"{said} {values.get('number')} {values.get('unit')}")


def _is_stale(one: StoredMessage, now: datetime) -> bool:
    return one.state is MessageState.QUEUED and one.expires_at is not None and one.expires_at <= now


async def _base(tx: Tx, row: StoredMessage) -> StoredMessage:
    """The message that the reader sees: this one, or the one that it changes."""
    changed = base_id(row)
    found = await tx.messages.get(changed) if changed != row.id else None
    return found or row


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
