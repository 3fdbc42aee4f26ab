"""One person's phone in a story: what it got, and the hands of its owner."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from notifier.sandbox.core import SandboxState
from notifier.sandbox.phones import Bubble, Channel, Phone

_NUMBER = re.compile(r"^\D{0,8}(\d{3,4})(?!\d)")

Settle = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Got:
    """A message as its reader has it; ``number`` is the matter's, None where the text begins with none."""

    text: str
    number: int | None
    channel: Channel
    buttons: tuple[str, ...]
    bubble: Bubble


class Handset:
    """Reads and answers for one person. What he does is settled before the next line of the story."""

    def __init__(self, state: SandboxState, phone: Phone, settle: Settle) -> None:
        self._state = state
        self._phone = phone
        self._settle = settle
        self._read = 0

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    @property
    def inbox(self) -> list[Got]:
        """Everything received, oldest first; texts that were deleted, or never arrived, are not there."""
        return [_got(bubble) for bubble in self._phone.bubbles if bubble.reached()]

    @property
    def unread(self) -> list[Got]:
        """What came since ``expects`` or ``reads`` was last called."""
        return self.inbox[self._read :]

    @property
    def refused(self) -> list[Bubble]:
        """What the carrier took for this phone and could not deliver."""
        return [bubble for bubble in self._phone.bubbles if bubble.incoming and not bubble.reached()]

    def reads(self) -> list[str]:
        """The texts not read yet; they are read now."""
        texts = [got.text for got in self.unread]
        self._read = len(self.inbox)
        return texts

    def expects(self, *words: str, channel: str | None = None) -> Got:
        """The latest message, which says all these words (and came that way); everything is read now."""
        inbox = self.inbox
        assert inbox, f"{self._phone.id} got nothing; expected {words}"
        latest = inbox[-1]
        missing = [word for word in words if word not in latest.text]
        assert not missing, f"{self._phone.id}'s latest does not say {missing}: {latest.text!r}"
        assert channel in (None, latest.channel), f"{self._phone.id}'s latest came by {latest.channel}"
        self._read = len(inbox)
        return latest

    def got(self, *words: str, channel: str | None = None) -> Got:
        """The latest message that says all these words, whenever it came."""
        for message in reversed(self.inbox):
            if all(word in message.text for word in words) and channel in (None, message.channel):
                return message
        raise AssertionError(f"{self._phone.id} never got {words}: {[m.text for m in self.inbox]}")

    def never_got(self, *words: str, channel: str | None = None) -> None:
        """No message says all these words."""
        fitting = [
            message.text
            for message in self.inbox
            if all(word in message.text for word in words) and channel in (None, message.channel)
        ]
        assert not fitting, f"{self._phone.id} got {fitting}"

    def silent(self) -> None:
        """Nothing came since the last reading."""
        assert not self.unread, f"{self._phone.id} got {[message.text for message in self.unread]}"

    def count(self, *words: str) -> int:
        """How many messages say all these words."""
        return sum(all(word in message.text for word in words) for message in self.inbox)

    # ── answering ────────────────────────────────────────────────────────────────────────────────

    async def replies(self, text: str, *, by: str | None = None) -> None:
        """Writes back: by Telegram where he has it, else by SMS, or the way that is named."""
        self.says(text, by=by)
        await self._settle()

    def says(self, text: str, *, by: str | None = None) -> None:
        """Writes back without waiting for what comes of it."""
        if (by or self.way) == Channel.TELEGRAM:
            self._state.chatters.write(self._phone, text)
        else:
            self._state.texters.write(self._phone, text)

    async def replies_with_number(self, word: str, *, by: str | None = None) -> None:
        """Writes ``word`` and the number of the latest message that has one."""
        await self.replies(f"{word}{self.number}", by=by)

    async def quotes(self, got: Got, text: str) -> None:
        """Replies to one Telegram message."""
        self._state.chatters.write(self._phone, text, reply_to=int(got.bubble.ref))
        await self._settle()

    async def taps(self, label: str, *, on: Got | None = None) -> None:
        """Presses the button so labelled: under the latest message that has it, or under ``on``."""
        bubble, data = self._button(label, on)
        self._state.chatters.tap(self._phone, int(bubble.ref), data)
        await self._settle()

    async def blocks(self) -> None:
        """Blocks the bot, and the program hears of it."""
        self._state.chatters.block(self._phone)
        await self._settle()

    def blocks_unheard(self) -> None:
        """Blocks the bot, of which the program hears when it next writes."""
        chat = self._phone.chat
        assert chat is not None
        self._state.telegram.chats.ensure(chat).blocked = True

    def forgets_the_chat(self) -> None:
        """As if the bot had never been started: chat not found."""
        chat = self._phone.chat
        assert chat is not None
        self._state.telegram.chats.ensure(chat).started = False

    @property
    def way(self) -> Channel:
        """How this person answers."""
        has_chat = self._phone.chat is not None and not self._state.telegram.chats.blocked(self._phone.chat)
        return Channel.TELEGRAM if has_chat else Channel.SMS

    @property
    def number(self) -> int:
        """The number of the latest message that has one."""
        for message in reversed(self.inbox):
            if message.number is not None:
                return message.number
        raise AssertionError(f"{self._phone.id} got no message with a number")

    @property
    def phone(self) -> Phone:
        """The sandbox's own phone."""
        return self._phone

    def _button(self, label: str, on: Got | None) -> tuple[Bubble, str]:
        messages = [on] if on else list(reversed(self.inbox))
        for message in messages:
            for row in message.bubble.buttons():
                for button in row:
                    if label in button["text"]:
                        return message.bubble, button["callback_data"]
        raise AssertionError(f"{self._phone.id} has no button {label}: {[m.buttons for m in messages]}")


def _got(bubble: Bubble) -> Got:
    found = _NUMBER.match(bubble.text)
    return Got(
        text=bubble.text,
        number=int(found[1]) if found else None,
        channel=bubble.channel,
        buttons=tuple(button["text"] for row in bubble.buttons() for button in row),
        bubble=bubble,
    )
