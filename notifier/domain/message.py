"""Messages: one row a person, channel and occasion; and how they climb from queued to answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from notifier.domain.ids import BroadcastId, CaseId, MatterId, MessageId, PersonId
from notifier.domain.roster import ChannelName


class MachineChannel(StrEnum):
    """A way to tell other programs, not people: nobody's contact, so no policy ever names it."""

    WEBHOOK = "webhook"


AnyChannel = ChannelName | MachineChannel


def channel_named(name: str) -> AnyChannel:
    """The channel of that name. Raises ValueError where there is none."""
    return MachineChannel(name) if name in frozenset(MachineChannel) else ChannelName(name)


class Lane(IntEnum):
    """Order of sending; lower goes first, strictly, but for a small floor for BULK."""

    ESCALATION = 0
    REPLY = 1
    DUTY = 2
    BULK = 3


class MessageState(StrEnum):
    """The contract's states."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button. ``data`` is at most 64 bytes: verb, matter id and an argument, joined by ``:``."""

    label: str
    data: str


Keyboard = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What a channel needs to make one call to its carrier. ``edits`` is the provider id to edit instead.

    ``status_ref`` rides in a status callback's address, so that any receipt finds its message. ``silent``:
    it is to make no sound, where the channel can do without.
    ``validity_s``: whole seconds after which the carrier should drop it undelivered.
    """

    id: MessageId
    account: str
    address: str
    text: str
    keyboard: Keyboard = ()
    edits: str | None = None
    status_ref: str = ""
    validity_s: int | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The carrier took it, under its own id."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a carrier says later. ``message`` from the callback address, else found by ``provider_id``."""

    channel: ChannelName
    provider_id: str
    message: MessageId | None
    state: MessageState
    code: str | None = None


class IncomingKind(StrEnum):
    """Forms of what comes in."""

    TEXT = "text"
    EDITED = "edited"
    TAP = "tap"
    START = "start"
    MEDIA = "media"
    PLACE = "place"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    GROUP = "group"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing a person did, in the domain's terms. ``sender`` is a chat id or an E.164 number.

    ``quoted``: the provider id of the message replied to, or of the one whose button was tapped.
    ``data``: a tap's callback data, or the payload of /start. ``callback``: the tap's own id, to answer it.
    ``opt``: ``STOP`` or ``START`` where the carrier acted on an opt-out word itself.
    """

    channel: ChannelName
    account: str
    sender: str
    kind: IncomingKind
    at: datetime | None = None
    text: str = ""
    quoted: str | None = None
    data: str = ""
    callback: str | None = None
    opt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be queued. ``key`` is its natural unique key: queued twice, it is there once.

    ``template`` and ``values`` are kept so that the other channel's text can be made later.
    ``fallback_at``: when the next channel is tried unless stopped. ``call``: only a sign of life stops it.
    ``not_before`` None: not released yet. ``rides_on`` is the list that says it instead.
    """

    key: str
    person: PersonId | None
    channel: AnyChannel
    account: str
    address: str
    lane: Lane
    template: str
    values: Mapping[str, object]
    text: str
    keyboard: Keyboard = ()
    matter: MatterId | None = None
    case: CaseId | None = None
    broadcast: BroadcastId | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    fallback_at: datetime | None = None
    call: bool = False
    edits: str | None = None
    state: MessageState = MessageState.QUEUED
    error: str | None = None
    rides_on: MessageId | None = None
