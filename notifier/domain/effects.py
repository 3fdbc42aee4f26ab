"""What a decision about a case wants done: a closed list, which the engine carries out."""

from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.ids import PersonId


class Notice(StrEnum):
    """What a person is told in the course of a case."""

    CALL = "call"
    REPEAT = "repeat"
    EXHAUSTED = "exhausted"
    TAKEN = "taken"
    WHO_HAS_IT = "who_has_it"
    LAPSED = "lapsed"
    STAND_DOWN = "stand_down"
    REMOVED = "removed"
    HANDED = "handed"
    TAKEN_OVER = "taken_over"


CALLS = frozenset({Notice.CALL, Notice.REPEAT, Notice.EXHAUSTED, Notice.HANDED})
"""Notices that ask for an answer at once: escalation lane, fallback until a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Send a notice to a person. ``n`` tells repeats of one notice to one person apart.

    ``channel`` is the way his own words came, where the notice answers them: it goes back that way.
    ``acting``: he is called in an office in which he acts. ``by`` and ``words``: whose doing it is, and why,
    where the notice says so.
    """

    person: PersonId
    notice: Notice
    n: int = 1
    step: int = 0
    channel: str | None = None
    acting: bool = False
    by: PersonId | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelCalls:
    """Cancel the calls of this case that have not gone out, to all or to one person."""

    person: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A line of the journal. ``event`` is one of the contract's trace events."""

    event: str
    person: PersonId | None = None
    reason: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlarm:
    """The duty desk itself cannot be reached: raise ALARM_URL and the metric."""

    reason: str


Effect = Tell | CancelCalls | Record | RaiseAlarm
