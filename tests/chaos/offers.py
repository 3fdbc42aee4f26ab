"""What a message offers its reader: answers by a button, or in the words that it proposes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from notifier.sandbox.phones import Bubble, Channel

WORDS: Mapping[str, str] = {
    "here": "到岗",
    "sign": "签",
    "verify": "核实",
    "ack": "收到",
    "decline": "不便",
}
"""What is written for a button; the matter's number follows."""

LIKES: Mapping[str, int] = {
    "ack": 5,
    "here": 4,
    "sign": 6,
    "verify": 6,
    "seen": 4,
    "relayed": 4,
    "decline": 2,
    "hand_on": 2,
    "return": 1,
    "off": 1,
    "undo": 1,
}
DUTIFUL = ("here", "sign", "verify", "relayed", "ack", "seen")
"""What somebody does who does his best, the most wanted first."""

_NUMBER = re.compile(r"^(?:（重发）)?\D{0,8}(\d{3,4})(?!\d)")
_PROPOSED = re.compile(r"回 ?(?:如)?([\u4e00-\u9fff]{1,2})(\d{3,4})")
_TO_RELAY = re.compile(r"转达(\d{3,4}) (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer that a message offers: by a button's ``data``, in ``words``, or both."""

    verb: str
    data: str | None
    words: str | None

    @property
    def key(self) -> str:
        """What tells it from every other answer of the same reader."""
        return self.data or self.words or ""


def options(bubble: Bubble) -> Iterator[Option]:
    """What a message offers, in the words of its buttons or of its text."""
    found = _NUMBER.match(bubble.text)
    number = found[1] if found else None
    for row in bubble.buttons():
        for button in row:
            verb = button["callback_data"].partition(":")[0]
            words = f"{WORDS[verb]}{number}" if number and verb in WORDS else None
            yield Option(verb=verb, data=button["callback_data"], words=words)
    if to_relay := _TO_RELAY.search(bubble.text):
        yield Option(verb="relayed", data=None, words=f"转达{to_relay[1]} {to_relay[2]}")
    if bubble.channel is Channel.SMS:
        yield from _proposed(bubble.text)


def _proposed(text: str) -> Iterator[Option]:
    for word, matter in _PROPOSED.findall(text):
        for verb, said in WORDS.items():
            if said == word:
                yield Option(verb=verb, data=None, words=f"{word}{matter}")
