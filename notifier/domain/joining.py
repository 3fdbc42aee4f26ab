"""No storms: what one person is asked at the same time about the same kind of matter is one message.

Nothing waits to be joined. Asks that stand ready together, within a minute, go out together; one that
comes later goes into the message that is there, where its channel can edit, else out by itself.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.ids import MatterId, PersonId
from notifier.domain.language.model import Verb
from notifier.domain.message import Button, Keyboard
from notifier.domain.policy import Kind

WINDOW = timedelta(minutes=1)
"""Asks this close together are one message."""

MOST_ASKS = 40
"""Asks in one message: a button each, and Telegram shows no more than a hundred."""

FOR_ALL = "all"
"""The verb of the button that answers for everything in its message."""

ANSWERS_FOR_ALL = frozenset({Verb.ACK, Verb.DECLINE})
"""What may be said for several matters at once: taking them, or not. Everything else speaks of one fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Something one person is asked. ``at`` is when it fell due, ``number`` the matter's towards him."""

    person: PersonId
    kind: Kind
    matter: MatterId
    number: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Asks of one kind for one person, the first due first; one alone is sent as it always was."""

    asks: tuple[Ask, ...]

    @property
    def person(self) -> PersonId:
        """Whom they are for."""
        return self.asks[0].person

    @property
    def kind(self) -> Kind:
        """What they are about."""
        return self.asks[0].kind

    @property
    def is_list(self) -> bool:
        """Whether there are several, so that they are listed."""
        return len(self.asks) > 1

    @property
    def key(self) -> str:
        """The natural key of the list, and the subject of the matter that answers for all of it."""
        return f"{self.kind}|{self.asks[0].matter}"

    def without(self, settled: Collection[MatterId]) -> "Joined | None":
        """What is left to ask when those are settled; None when nothing is."""
        left = tuple(ask for ask in self.asks if ask.matter not in settled)
        return replace(self, asks=left) if left else None


def join(asks: Iterable[Ask], window: timedelta = WINDOW) -> list[Joined]:
    """Every ask exactly once, those of one person and kind within a ``window`` of the first together.

    In order of the first that is due. No list is longer than MOST_ASKS.
    """
    joined: list[list[Ask]] = []
    latest: dict[tuple[PersonId, Kind], list[Ask]] = {}
    for ask in sorted(asks, key=lambda one: (one.at, one.number, one.matter)):
        group = latest.get((ask.person, ask.kind))
        if group is None or ask.at - group[0].at > window or len(group) == MOST_ASKS:
            group = []
            joined.append(group)
            latest[ask.person, ask.kind] = group
        group.append(ask)
    return [Joined(asks=tuple(group)) for group in joined]


def list_keyboard(joined: Joined, verb: Verb, lines: Sequence[str], for_all: str) -> Keyboard:
    """One button for all, then one for each: ``lines`` say which, in the order of the asks.

    Raises ValueError for a verb that may not be said for several matters at once.
    """
    if verb not in ANSWERS_FOR_ALL:
        raise ValueError(f"{verb} cannot be said for several matters at once")
    each = [
        (Button(f"{ask.number} {line}", f"{verb}:{ask.matter}"),)
        for ask, line in zip(joined.asks, lines, strict=True)
    ]
    return ((Button(for_all, f"{FOR_ALL}:{verb}"),), *each)


def answered_by(keyboard: Keyboard, data: str) -> tuple[MatterId, ...]:
    """The matters that a tap with this callback data answers under a message with this keyboard.

    For the button for all: those of every other button, so that a list that has been edited since answers
    for what it showed. Nothing for any other button.
    """
    verb = data.removeprefix(f"{FOR_ALL}:")
    if verb == data:
        return ()
    parts = [button.data.split(":") for row in keyboard for button in row]
    return tuple(MatterId(int(part[1])) for part in parts if part[0] == verb and len(part) == 2)
