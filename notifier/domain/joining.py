"""No storms: what one person is asked about the same kind of matter within a minute is one list.

Nothing waits to be joined: the first two go out by themselves. From the third on there is a list, a message
of its own on which the asks ride. It names everything that is still open when it goes; what comes later
changes it, where its channel can edit, or else goes by one more list a minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import MessageId
from notifier.domain.language.model import Verb
from notifier.domain.message import Button, Keyboard, MessageState

WINDOW = timedelta(minutes=1)
"""Asks this close together are one list."""

HOUR = timedelta(hours=1)
"""The span of the ceiling."""

SPARED = timedelta(minutes=5)
"""So long before something in it would not be worth sending any more a digest goes early."""

ALONE = 2
"""So many go out by themselves before there is a list."""

MOST_BUTTONS = 40
"""Buttons for single asks under one list; Telegram shows no more than a hundred."""

FOR_ALL = "all"
"""The verb of the button that answers for everything in its message."""

ANSWERS_FOR_ALL = frozenset({Verb.ACK})
"""What may be said for several matters at once: taking them. Everything else speaks of one fact."""

_LIST = "list:"
_ON_ITS_WAY = frozenset({MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED})


def list_key(first: str) -> str:
    """The natural key of the list that the ask with that key calls for."""
    return f"{_LIST}{first}"


def is_list(key: str) -> bool:
    """Whether the message of that key is a list, made of what rides on it when it goes."""
    return key.startswith(_LIST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list to one person about one kind of matter. ``at``: when it goes, or went.

    ``base`` is the message that the reader sees: itself, or the one that it changes.
    """

    id: MessageId
    base: MessageId
    at: datetime
    state: MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where an ask goes: ``on`` a list that waits, or on a new one.

    A new list goes at ``not_before`` (None: as soon as the ask itself would), in place of ``edits`` if set.
    """

    on: MessageId | None = None
    edits: MessageId | None = None
    not_before: datetime | None = None


def find_seat(asked: int, lists: Sequence[Listed], now: datetime, *, can_edit: bool) -> Seat | None:
    """Where one more ask goes; None: by itself.

    ``asked`` counts the asks of the last minute and those that wait still; ``lists`` are in order of id.
    """
    newest = lists[-1] if lists else None
    if newest is not None and newest.state is MessageState.QUEUED:
        return Seat(on=newest.id)
    if asked < ALONE:
        return None
    if newest is None or newest.state not in _ON_ITS_WAY:
        return Seat()
    if not can_edit:
        return Seat(not_before=max(now, newest.at + WINDOW))
    base = next((one for one in lists if one.id == newest.base), None)
    # A changed message does not ring: what comes later than a minute after it is a new one.
    if base is None or base.state not in _ON_ITS_WAY or now > base.at + WINDOW:
        return Seat()
    return Seat(edits=base.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One ask as a button says it, and what a tap on it carries."""

    data: str
    label: str


def list_keyboard(verb: Verb | None, lines: Iterable[Line], for_all: str) -> Keyboard:
    """One button for all, where the verb may be said for all, then one for each, two in a row."""
    each = [Button(line.label, line.data) for line in lines][:MOST_BUTTONS]
    rows = tuple(tuple(each[n : n + 2]) for n in range(0, len(each), 2))
    return ((Button(for_all, f"{FOR_ALL}:{verb}"),), *rows) if verb in ANSWERS_FOR_ALL else rows


# ── the ceiling ──────────────────────────────────────────────────────────────────────────────────


def held_until(said: Sequence[datetime], ceiling: int) -> datetime | None:
    """When one more message may go to somebody who was sent those within the hour; None: now.

    ``said`` is in order of time.
    """
    return None if len(said) < ceiling else said[-ceiling] + HOUR


def digest_at(over: datetime, expires_at: datetime | None, now: datetime) -> datetime:
    """When the digest goes that holds something back until ``over``: early, where that would expire."""
    return over if expires_at is None else min(over, max(now, expires_at - SPARED))
