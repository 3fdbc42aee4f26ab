"""What a button carries: a verb, the matter's id, and an argument, joined by colons."""

from dataclasses import dataclass

from notifier.domain.ids import MatterId, number_in
from notifier.domain.joining import ANSWERS_FOR_ALL, FOR_ALL
from notifier.domain.language.model import Verb

SEEN = "seen"
"""A broadcast was read: ``seen:<broadcast>``."""

ITEM = "item"
"""An item of a list is marked, or the mark taken back: ``item:<matter>:<number>``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One tap, read. ``verb`` is a word of people's, ``seen`` or ``item``; ``every``: to a whole list."""

    verb: str
    matter: MatterId | None = None
    argument: int | None = None
    every: bool = False

    @property
    def word(self) -> Verb:
        """The word that the button stands for."""
        return Verb(self.verb) if self.verb in set(Verb) else Verb.UNKNOWN


def read_tap(data: str) -> Tap | None:
    """Total: None for what none of our buttons carries."""
    verb, *rest = data.split(":")
    if verb == FOR_ALL:
        return Tap(verb=rest[0], every=True) if len(rest) == 1 and rest[0] in ANSWERS_FOR_ALL else None
    if verb not in (SEEN, ITEM) and verb not in set(Verb):
        return None
    numbers = [number_in(part) for part in rest]
    if None in numbers or len(numbers) > 2:
        return None
    matter = numbers[0] if numbers else None
    return Tap(
        verb=verb,
        matter=MatterId(matter) if matter is not None and verb != SEEN else None,
        argument=numbers[1] if len(numbers) > 1 else None,
    )
