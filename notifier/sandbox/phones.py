"""People as the carriers know them: a phone each, with what it received and wrote."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

NEVER = datetime.fromtimestamp(0, UTC)


class Channel(StrEnum):
    """How a text travels."""

    TELEGRAM = "telegram"
    SMS = "sms"


@dataclass(slots=True, kw_only=True, eq=False)
class Bubble:
    """One text on a phone, as its owner sees it now.

    `incoming`: towards the phone. `account`: the bot id or SMS sender at the other end; `ref`: message_id or
    sid there. `status`: received for texts to the phone; sent, delivered, undelivered, failed. `note`: the
    last pop-up of a button. `silent`: it came without a sound.
    """

    id: str
    channel: Channel
    incoming: bool
    text: str
    at: datetime
    account: str
    ref: int | str
    status: str = "delivered"
    markup: Mapping[str, Any] | None = None
    entities: tuple[Mapping[str, Any], ...] = ()
    reply_to: int | None = None
    edited: bool = False
    deleted: bool = False
    error: int | None = None
    note: str | None = None
    chat: int | None = None
    silent: bool = False

    def reached(self) -> bool:
        """Whether the owner can read it here as something received."""
        return self.incoming and not self.deleted and self.status not in ("undelivered", "failed")

    def buttons(self) -> list[list[dict[str, Any]]]:
        """The rows of buttons under the text."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [[dict(button) for button in row] for row in rows]

    def keyboard(self) -> list[list[str]] | None:
        """The keyboard this message brought; an empty one if it took it away; None: no change."""
        markup = self.markup or {}
        if "keyboard" in markup:
            return [[_key_text(key) for key in row] for row in markup["keyboard"]]
        return [] if markup.get("remove_keyboard") else None

    def view(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.id,
            "channel": self.channel.value,
            "direction": "in" if self.incoming else "out",
            "text": self.text,
            "at": self.at.isoformat(),
            "account": self.account,
            "message_id": self.ref,
            "status": self.status,
            "buttons": self.buttons(),
            "keyboard": self.keyboard(),
            "entities": [dict(entity) for entity in self.entities],
            "reply_to": self.reply_to,
            "edited": self.edited,
            "deleted": self.deleted,
            "error": self.error,
            "note": self.note,
            "silent": self.silent,
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Phone:
    """One person's phone: a number, a Telegram chat, or both. A negative chat is a group."""

    id: str
    name: str
    number: str | None = None
    chat: int | None = None
    language: str = "zh-hans"
    unread: int = 0
    last_at: datetime = NEVER
    bots: set[int] = field(default_factory=set)
    bubbles: deque[Bubble] = field(default_factory=deque)
    _index: dict[tuple[str, int | str], Bubble] = field(default_factory=dict, repr=False)

    def add(self, bubble: Bubble, max_bubbles: int) -> None:
        """Show a text; the oldest goes when there are too many."""
        self.bubbles.append(bubble)
        self._index[bubble.account, bubble.ref] = bubble
        self.last_at = bubble.at
        if bubble.incoming:
            self.unread += 1
        if len(self.bubbles) > max_bubbles:
            oldest = self.bubbles.popleft()
            self._index.pop((oldest.account, oldest.ref), None)

    def find(self, account: str, ref: int | str) -> Bubble | None:
        """A text by its carrier's number for it."""
        return self._index.get((account, ref))

    def wipe(self) -> None:
        """Forget all texts."""
        self.bubbles.clear()
        self._index.clear()
        self.unread = 0

    def latest(self, channel: Channel, *, incoming: bool = True) -> Bubble | None:
        """The newest text of a channel and direction that was not deleted."""
        fitting = (
            bubble
            for bubble in reversed(self.bubbles)
            if bubble.channel is channel and bubble.incoming is incoming and not bubble.deleted
        )
        return next(fitting, None)

    def texts(self, channel: Channel | None = None) -> list[str]:
        """What the person got, oldest first."""
        return [
            bubble.text for bubble in self.bubbles if bubble.reached() and channel in (None, bubble.channel)
        ]


class PhoneBook:
    """All phones. Addresses nobody registered get a phone named by the address, up to a bound."""

    def __init__(self, *, max_phones: int, max_bubbles: int) -> None:
        """Begin empty."""
        self.max_bubbles = max_bubbles
        self._max_phones = max_phones
        self._phones: dict[str, Phone] = {}
        self._by_chat: dict[int, Phone] = {}
        self._by_number: dict[str, list[Phone]] = {}
        self._bubble_ids = itertools.count(1)
        self._phone_ids = itertools.count(1)

    def __len__(self) -> int:
        """How many phones there are."""
        return len(self._phones)

    def __iter__(self) -> Iterator[Phone]:
        """All phones in the order they came."""
        return iter(list(self._phones.values()))

    def next_bubble_id(self) -> str:
        """A name no other bubble has."""
        return f"b{next(self._bubble_ids)}"

    def get(self, phone_id: str) -> Phone | None:
        """A phone by its id."""
        return self._phones.get(phone_id)

    def named(self, name: str) -> Phone:
        """The phone whose owner has this name. Raises KeyError."""
        for phone in self._phones.values():
            if phone.name == name:
                return phone
        raise KeyError(name)

    def register(
        self,
        *,
        name: str,
        phone_id: str | None = None,
        number: str | None = None,
        chat: int | None = None,
        language: str = "zh-hans",
    ) -> Phone:
        """Add a phone, or bring one up to date: the same id, else the same chat, is the same phone."""
        known = self._phones.get(phone_id) if phone_id else self._by_chat.get(chat) if chat else None
        if known is None:
            known = Phone(id=phone_id or self._free_id(), name=name)
            self._phones[known.id] = known
        known.name, known.language = name, language
        self._move(known, number=number, chat=chat)
        return known

    def _free_id(self) -> str:
        return next(name for n in self._phone_ids if (name := f"phone-{n}") not in self._phones)

    def _move(self, phone: Phone, *, number: str | None, chat: int | None) -> None:
        if phone.number is not None and phone in self._by_number.get(phone.number, []):
            self._by_number[phone.number].remove(phone)
        if phone.chat is not None and self._by_chat.get(phone.chat) is phone:
            del self._by_chat[phone.chat]
        phone.number, phone.chat = number, chat
        if number is not None:
            self._by_number.setdefault(number, []).append(phone)
        if chat is not None:
            self._by_chat[chat] = phone

    def with_chat(self, chat: int) -> Phone | None:
        """The phone of a chat; None for an unknown one when there are too many phones."""
        phone = self._by_chat.get(chat)
        if phone is None and len(self._phones) < self._max_phones:
            phone = self.register(name=str(chat), chat=chat)
        return phone

    def with_number(self, number: str) -> list[Phone]:
        """All phones that share a number; none for an unknown one when there are too many phones."""
        phones = self._by_number.get(number)
        if not phones and len(self._phones) < self._max_phones:
            phones = [self.register(name=number, number=number)]
        return phones or []

    def wipe(self) -> None:
        """Empty all phones, but keep them."""
        for phone in self._phones.values():
            phone.wipe()

    def clear(self) -> None:
        """Forget all phones."""
        self._phones.clear()
        self._by_chat.clear()
        self._by_number.clear()

    def search(self, words: str) -> Iterable[Phone]:
        """Phones whose name, number or chat has these words, the latest active first."""
        wanted = words.casefold().strip()
        found = [phone for phone in self._phones.values() if wanted in _label(phone)]
        return sorted(found, key=lambda phone: phone.last_at, reverse=True)


def _key_text(key: Any) -> str:
    return str(key.get("text", "")) if isinstance(key, Mapping) else str(key)


def _label(phone: Phone) -> str:
    return f"{phone.name} {phone.number or ''} {phone.chat or ''} {phone.id}".casefold()
