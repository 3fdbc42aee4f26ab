"""Values that only the store and the engine share: rows with ids, as the engine works on them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.access import Limit
from notifier.domain.case import CaseState
from notifier.domain.ids import (
    BroadcastId,
    CaseId,
    MatterId,
    MessageId,
    PersonId,
    PostCode,
    ShiftKey,
    UnitCode,
)
from notifier.domain.message import AnyChannel, Keyboard, Lane, MessageState
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName, Office, Person, Post, Presence, PresenceEnd, Shift, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Something that must happen at ``due_at`` (civil). ``key`` is natural and unique."""

    key: str
    lane: int
    due_at: datetime
    kind: str
    subject: str
    id: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One number towards one person. ``topic`` says what ``subject`` is the key of."""

    id: MatterId
    person: PersonId
    number: int
    topic: str
    subject: str
    unit: UnitCode
    issued_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message row as the engine reads it."""

    id: MessageId
    key: str
    person: PersonId | None
    channel: AnyChannel
    account: str
    address: str
    lane: Lane
    call: bool
    template: str
    values: Mapping[str, object]
    text: str
    keyboard: Keyboard
    edits: str | None
    matter: MatterId | None
    case: CaseId | None
    broadcast: BroadcastId | None
    state: MessageState
    error: str | None
    repeated: bool
    attempts: int
    fence: int | None
    provider_id: str | None
    created_at: datetime
    not_before: datetime | None
    expires_at: datetime | None
    fallback_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    rides_on: MessageId | None = None

    @property
    def way(self) -> ChannelName:
        """The channel of a message to somebody. Raises ValueError for one to another program."""
        return ChannelName(self.channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt, to be written in a batch.

    ``not_before`` is set when the message goes back to QUEUED. ``carries``: it is a list.
    """

    message: MessageId
    state: MessageState
    at: datetime
    fence: int
    provider_id: str | None = None
    error: str | None = None
    not_before: datetime | None = None
    repeated: bool = False
    carries: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One decision or answer. ``id`` 0 before it is written."""

    at: datetime
    event: str
    case: CaseId | None = None
    unit: UnitCode | None = None
    subject: str | None = None
    person: PersonId | None = None
    channel: str | None = None
    reason: str | None = None
    message: MessageId | None = None
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAnswer:
    """What a person's own word did, so that he can take it back."""

    person: PersonId
    matter: MatterId | None
    verb: str
    at: datetime
    channel: str
    detail: Mapping[str, object] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """Something that came in, raw. ``source``: ``telegram``, ``sms`` or ``receipt``."""

    source: str
    account: str
    provider_id: str
    payload: str
    received_at: datetime
    id: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """A commendation or notice. ``audience`` are the EXPR texts as given; any of them suffices."""

    id: BroadcastId
    kind: str
    title: str
    body: str
    author: PersonId | None
    audience: tuple[str, ...]
    relay: bool
    state: str
    created_at: datetime
    start_at: datetime
    reply_by: datetime | None
    first_summary_at: datetime | None = None
    final_summary_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """How one unit passes a broadcast on. ``relayed`` None until answered; ``flagged``: more than members."""

    broadcast: BroadcastId
    unit: UnitCode
    members: int
    asked: PersonId | None = None
    relayed: int | None = None
    flagged: bool = False
    answered_at: datetime | None = None
    answered_by: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A named right, held by one process at a time. ``fence`` grows with each change of hands."""

    name: str
    owner: str | None
    fence: int
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases to list; None does not filter."""

    open_only: bool = False
    unit: UnitCode | None = None
    ids: tuple[CaseId, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSearch:
    """Which cases are looked for, in exactly those units; None does not filter."""

    units: Collection[UnitCode] | None = None
    states: Collection[CaseState] | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages to list; None does not filter."""

    state: MessageState | None = None
    broadcast: BroadcastId | None = None
    case: CaseId | None = None
    person: PersonId | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRow:
    """Somebody will not stand a shift. ``reason`` is his own words or ``personal``."""

    person: PersonId
    shift: ShiftKey
    reason: str
    recorded_at: datetime
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverRow:
    """Who was asked to stand a shift for somebody on leave. ``state``: asked, declined, closed or covers."""

    shift: ShiftKey
    absent: PersonId
    person: PersonId
    state: str
    asked_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceRow:
    """A presence with its row's id. ``ended`` None while the person is there in his shift.

    Kept on: his shift has ended, which ``ended`` says, and he is there until he is relieved.
    """

    id: int
    presence: Presence
    ended: PresenceEnd | None = None

    @property
    def is_kept_on(self) -> bool:
        """Whether he is there beyond his shift."""
        return self.presence.until is None and self.ended is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageQuery:
    """What one chain is read for: a unit, whoever else matters (``also``), and the shift leaves are for."""

    unit: UnitCode
    also: tuple[PersonId, ...] = ()
    shift: ShiftKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many of some people can be reached: by Telegram, by SMS only, not at all."""

    telegram: int = 0
    sms_only: int = 0
    neither: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """Somebody who may connect a new chat, who vouched for him, and until when the code works."""

    person: PersonId
    given_by: PersonId
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedCounts:
    """People of the roster; how many have a Telegram chat, a phone, neither."""

    people: int
    telegram: int
    phone: int
    neither: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOrder:
    """What the roster says of somebody's Telegram chat.

    ``chat`` None: forget every chat of his. ``account`` None: the bot given as the default.
    """

    person: PersonId
    account: str | None = None
    chat: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterTables:
    """The roster as told from outside. None: not told, changes nothing; else it is the whole truth.

    ``links`` orders chats for some of ``people``; whoever has no order keeps what he has.
    """

    units: tuple[Unit, ...] | None = None
    people: tuple[Person, ...] | None = None
    links: tuple[LinkOrder, ...] = ()
    offices: tuple[Office, ...] | None = None
    posts: tuple[Post, ...] | None = None
    shifts: tuple[Shift, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCodes:
    """The names that the roster has now; ``named`` has everybody by unit and name."""

    units: frozenset[UnitCode]
    people: frozenset[PersonId]
    posts: frozenset[PostCode]
    named: Mapping[tuple[UnitCode, str], tuple[PersonId, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """How many rows were added, changed and removed (for shifts: cancelled)."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What an import changed: counts by table, and the names of what must be read anew.

    ``units`` are those whose own chain may read differently: themselves changed, or one of their offices,
    posts or office holders. ``shifts`` were added, changed or cancelled.
    """

    tables: Mapping[str, TableDiff]
    units: frozenset[UnitCode] = frozenset()
    people: frozenset[PersonId] = frozenset()
    posts: frozenset[PostCode] = frozenset()
    shifts: frozenset[ShiftKey] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed at all."""
        return all(diff == TableDiff() for diff in self.tables.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who has come in. Times are the machine's own; ``agent`` is what his browser calls itself."""

    id: int
    person: PersonId
    created_at: datetime
    last_seen: datetime
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """What lets a program in as somebody, within a limit. Times are the machine's own."""

    id: int
    person: PersonId
    label: str
    limit: Limit
    by: PersonId | None
    created_at: datetime
    until: datetime
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What was answered to a request that came with a key of its own.

    ``request`` is its method and path, ``body_hash`` of what came with it, ``body`` what was answered.
    """

    request: str
    body_hash: str
    status: int
    body: str

    @property
    def is_in_flight(self) -> bool:
        """Whether it is not answered yet."""
        return self.status == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """An asking to come in. Times are the machine's own; ``person`` None: nobody is known by what was typed.

    ``limited``: nothing is sent, since too many were asked for before it.
    """

    id: int = 0
    person: PersonId | None
    asked_at: datetime
    expires_at: datetime
    tries_left: int
    limited: bool
    salt: str | None = None
    code_hash: str | None = None
    used_at: datetime | None = None
