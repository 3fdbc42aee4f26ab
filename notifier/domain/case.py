"""A case: something owed is overdue, and people are called until somebody holds it and it is done.

Here are the values; the rule is ``escalation.step``. One case has two clocks, never running together:
the acknowledgement clock while CALLING (who answers?) and the done clock while HELD (is it done?).
While EXHAUSTED the same field times the next loud call to the desk.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from notifier.domain.effects import Effect
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind


class CaseState(StrEnum):
    """calling -> held -> calling ... -> resolved | cancelled; calling -> exhausted when no step is left."""

    CALLING = "calling"
    HELD = "held"
    RESOLVED = "resolved"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


CLOSED = frozenset({CaseState.RESOLVED, CaseState.CANCELLED})
OPEN = frozenset(CaseState) - CLOSED


class CallState(StrEnum):
    """How one person's call stands."""

    ASKED = "asked"
    DECLINED = "declined"
    FAILED = "failed"
    HOLDING = "holding"
    LAPSED = "lapsed"
    REMOVED = "removed"


ANSWERED = frozenset({CallState.DECLINED, CallState.HOLDING, CallState.LAPSED})
"""States that come of somebody's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One person called in a case, at his first position. ``times`` counts repeats too.

    ``times`` 0: never called, he took it of his own accord.
    """

    person: PersonId
    step: int
    at: datetime
    state: CallState = CallState.ASKED
    times: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """The furthest place in the chain reached; calls continue after it, never back.

    ``step`` counts from 1; ``order`` sorts the places within a step; ``repeats`` are further calls made
    to that place. Step 0 is before the first.
    """

    step: int = 0
    order: tuple[int, int, str] = (-1, 0, "")
    repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. ``subject`` is the natural key of what is overdue.

    ``due_at`` is when the clock of the present state runs out; None when closed. ``version`` grows by
    one with each written change. ``previous`` links a recurrence to the case before it.
    ``rounds`` counts the loud calls to the desk, ``takes`` how often somebody took it: both only grow, so
    that each notice has a key of its own. ``passed`` holds the keys of places already journalled as passed
    over, so that each is named once. ``chosen`` were chosen by hand: they may hold it wherever they stand.
    """

    id: CaseId
    kind: Kind
    unit: UnitCode
    subject: str
    opened_at: datetime
    state: CaseState = CaseState.CALLING
    outcome: str | None = None
    cursor: Cursor = Cursor()
    holder: PersonId | None = None
    calls: tuple[Call, ...] = ()
    due_at: datetime | None = None
    closed_at: datetime | None = None
    settings_version: int = 1
    previous: CaseId | None = None
    version: int = 0
    rounds: int = 0
    takes: int = 0
    passed: tuple[str, ...] = ()
    chosen: tuple[PersonId, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen to it."""
        return self.state not in CLOSED

    @property
    def called(self) -> tuple[PersonId, ...]:
        """Everybody called, in order of the first call."""
        return tuple(call.person for call in self.calls if call.times)

    def call_to(self, person: PersonId) -> Call | None:
        """The call to that person, if any."""
        return next((call for call in self.calls if call.person == person), None)


# ── events: what can happen to a case ────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The case has just been opened: call the first step."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRanOut:
    """``due_at`` has come: the acknowledgement, done or repeat clock, as the state says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """Every channel of that person failed for good."""

    person: PersonId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody takes it. ``words`` go into the journal as the reason; ``message`` is what was answered."""

    person: PersonId
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """Somebody called cannot: no blame, the next is called at once."""

    person: PersonId
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheWay:
    """Somebody comes: the clock waits until then, never longer than ``resolve_within``."""

    person: PersonId
    until: datetime
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOn:
    """The holder passes it on: the calls continue."""

    person: PersonId
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedTo:
    """It is to be ``to``'s: of its holder's choice, or of anybody's as long as nobody has it.

    He is called at once, before the calls go on; until he has said so it is not his.
    """

    person: PersonId
    to: PersonId
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged:
    """The roster, a contact or a leave changed: read the chain anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was owed is done (post staffed, list signed ...). ``person`` did it, if anybody in particular.

    ``answered``: he is told so in the answer to his own words, and needs no stand-down beside it.
    """

    outcome: str
    person: PersonId | None = None
    reason: str | None = None
    answered: bool = False
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOff:
    """There is nothing left to be done: shift over (``missed``), shift or unit gone, or by command."""

    outcome: str
    reason: str
    person: PersonId | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """Somebody undoes his own acknowledgement, decline or on-the-way."""

    person: PersonId
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUntil:
    """Somebody has it until then, and says how it stands; he takes it if nobody has it.

    Unlike ``OnTheWay`` it may also shorten the clock: the calls go on at ``until``, or at the latest after
    ``resolve_within``. ``words`` are the note.
    """

    person: PersonId
    until: datetime
    words: str
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Somebody takes it over from whoever holds it, or takes it where nobody does: a desk changes hands.

    The two of them are told by what hands the desk over, not by the case. ``by_deed``: this one case, by
    somebody who may (``precedence.may_take_over``), wherever he stands; then the case tells them.
    """

    person: PersonId
    words: str
    channel: str | None = None
    by_deed: bool = False


Event = (
    Opened | ClockRanOut | CallFailed | Acknowledged | Declined | OnTheWay | HandedOn | RosterChanged
    | Done | CalledOff | TakenBack | HeldUntil | TakenOver | HandedTo
)  # fmt: skip
"""All that can happen to a case; a closed union."""


# ── what was decided ─────────────────────────────────────────────────────────────────────────────


class Verdict(StrEnum):
    """Whether an event from a person changed anything, for the answer he gets."""

    TAKEN = "taken"
    HELD_BY_OTHER = "held_by_other"
    HELD_ALREADY = "held_already"
    CLOSED = "closed"
    NOT_CALLED = "not_called"
    HELD_BEFORE = "held_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rule decided: the case as it is now, and what is to be done. Equal case: nothing changed."""

    case: Case
    effects: tuple[Effect, ...] = ()
    verdict: Verdict = Verdict.TAKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in a chain as it stands now: somebody to call, or a place passed over and why.

    ``reason`` None means callable. ``group`` places of one step are called all together.
    ``title`` is the office, or ``rostered``; ``acting``: the person acts in it.
    """

    step: int
    order: tuple[int, int, str]
    title: str
    person: PersonId | None
    reason: str | None = None
    group: bool = False
    acting: bool = False

    @property
    def key(self) -> str:
        """What tells this place from every other of its chain, as long as nobody else takes the seat."""
        return f"{self.step}/{self.order[0]}/{self.order[1]}/{self.title}/{self.person or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The whole chain of a case, read live: every place in order, and the desk for loud calls."""

    places: tuple[Place, ...]
    desk: tuple[PersonId, ...] = ()
    people: frozenset[PersonId] = field(default_factory=frozenset)
    """Everybody who stands anywhere in the chain now, called or not, reachable or not."""
    unable: frozenset[PersonId] = field(default_factory=frozenset)
    """Those who cannot hold anything now: absent, suspended, on leave, removed from the roster."""
