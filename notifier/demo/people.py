"""The people of the evening, who act through their phones only: they read, press a button, write back."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from notifier.sandbox.core import SandboxState
from notifier.sandbox.phones import Bubble, Channel, Phone

PATIENCE_S = 30.0
"""Real seconds after which a text that has not come is not coming."""

Pressed = Callable[["Human", str], None]
_NUMBER = re.compile(r"\d{3,4}(?= )")


class StoryBroke(Exception):
    """Something that the story waits for did not happen. The message says what, and what was there."""


@dataclass(slots=True, kw_only=True)
class Human:
    """One person with one phone."""

    id: str
    name: str
    unit: str
    title: str
    state: SandboxState
    phone: Phone
    pressed: Pressed
    _read: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """Unit, office and name, as people would introduce somebody."""
        return f"{self.unit}{self.title}{self.name}"

    async def gets(self, pattern: str, channel: Channel | None = None) -> Bubble:
        """The next text on this phone that the pattern is found in. Raises StoryBroke."""
        bubble = None
        with suppress(TimeoutError):
            bubble = await self.state.until(lambda: self._unread(pattern, channel), PATIENCE_S)
        if bubble is None:
            there = "\n".join(f"  - {text}" for text in self.phone.texts()) or "  (nothing)"
            wanted = f"{pattern!r} {f'by {channel}' if channel else ''}".strip()
            raise StoryBroke(f"{self.label} never got {wanted}; on the phone there is:\n{there}")
        self._read.add(bubble.id)
        return bubble

    def _unread(self, pattern: str, channel: Channel | None) -> Bubble | None:
        return next((bubble for bubble in self._fitting(channel) if re.search(pattern, bubble.text)), None)

    def _fitting(self, channel: Channel | None) -> Iterator[Bubble]:
        for bubble in self.phone.bubbles:
            if bubble.reached() and bubble.id not in self._read and channel in (None, bubble.channel):
                yield bubble

    def answers(self, bubble: Bubble, words: str) -> None:
        """Write back the way the text came; ``{}`` in the words is the number that the text begins with."""
        number = _NUMBER.match(bubble.text)
        if "{}" in words and number is None:
            raise StoryBroke(f"{self.label} finds no number in {bubble.text!r}")
        text = words.format(number[0] if number else "")
        if bubble.channel is Channel.SMS:
            self.state.texters.write(self.phone, text)
        else:
            self.state.chatters.write(self.phone, text)

    def presses(self, bubble: Bubble, label: str) -> None:
        """Press a button under a text."""
        for button in (button for row in bubble.buttons() for button in row):
            if button["text"] == label:
                self.state.chatters.tap(self.phone, int(bubble.ref), button["callback_data"])
                self.pressed(self, label)
                return
        raise StoryBroke(f"{self.label} finds no button {label} under {bubble.text!r}")
