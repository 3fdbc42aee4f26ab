"""Units, people, offices, posts, shifts: what the organisation says about itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.times import iso_utc


class UnitKind(StrEnum):
    """The three levels of the tree."""

    CITY = "city"
    TOWN = "town"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One node of the one tree; only the root has no parent."""

    code: UnitCode
    name: str
    kind: UnitKind
    parent: UnitCode | None


class ChannelName(StrEnum):
    """A way to reach people."""

    TELEGRAM = "telegram"
    SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an id of the organisation's own. ``phone`` is E.164 or None."""

    id: PersonId
    name: str
    phone: str | None
    unit: UnitCode
    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A working address of a person: ``account`` is what we send from, ``address`` where it goes.

    telegram: account = bot id, address = chat id. sms: account = "" (chosen on sending), address = E.164.
    """

    channel: ChannelName
    account: str
    address: str


class OfficeStatus(StrEnum):
    """How a seat's holder stands."""

    IN_POST = "in_post"
    ABSENT = "absent"
    SUSPENDED = "suspended"


OUTSIDE_CHAIN = 90
"""Ranks from here on stand outside the unit's own succession (liaison, duty desk)."""

DUTY_DESK = "duty_desk"
"""The office title, and the post kind, of the duty desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A seat: (unit, title, rank). ``person`` None is a vacancy; ``until`` (UTC) ends an absence.

    ``acting`` stands in for the holder, or in a vacant seat, until ``acting_until`` (UTC; None: until further
    notice).
    """

    unit: UnitCode
    title: str
    rank: int
    person: PersonId | None
    status: OfficeStatus = OfficeStatus.IN_POST
    until: datetime | None = None
    acting: PersonId | None = None
    acting_until: datetime | None = None

    def status_at(self, now: datetime) -> OfficeStatus:
        """The status as it holds at ``now``: an absence is over at its ``until``."""
        if self.status is OfficeStatus.ABSENT and self.until is not None and self.until <= now:
            return OfficeStatus.IN_POST
        return self.status

    def is_kept_at(self, now: datetime) -> bool:
        """Whether it has a holder in post at ``now``."""
        return self.person is not None and self.status_at(now) is OfficeStatus.IN_POST

    def is_kept_by(self, person: PersonId, now: datetime) -> bool:
        """Whether that person acts in it at ``now``, or holds it in post with nobody acting for him."""
        acting = self.acting_at(now)
        if acting is not None:
            return acting == person
        return self.person == person and self.status_at(now) is OfficeStatus.IN_POST

    def acting_at(self, now: datetime) -> PersonId | None:
        """Who acts in the seat at ``now``, if anybody; its own holder, who acted before, does not."""
        over = self.acting_until is not None and self.acting_until <= now
        return None if over or self.acting == self.person else self.acting


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A place to be kept, with how many people it takes."""

    code: PostCode
    unit: UnitCode
    name: str
    kind: str
    headcount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A span of duty at a post; times in UTC."""

    post: PostCode
    start: datetime
    end: datetime
    people: tuple[PersonId, ...] = ()

    @property
    def key(self) -> ShiftKey:
        """The natural key: post and start."""
        return ShiftKey(f"{self.post} {iso_utc(self.start)}")


def post_of(key: ShiftKey) -> PostCode:
    """The post of a shift, by its key."""
    return PostCode(key.rpartition(" ")[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A unit with everything above it, as the chain of succession needs it: small, whatever the city's size.

    ``units`` runs from the unit itself up to the root. ``people`` and ``contacts`` hold everybody named in
    ``offices``, ``desk`` and whoever else the loader was asked for. ``contacts`` has only contacts
    that work right now (channel on, not blocked, not stopped), in no order; ``lost`` says why a person with
    none has none. ``desk`` names who is on post at a duty-desk post, by unit. ``on_leave`` are
    people on leave for the matter at hand.
    """

    units: tuple[Unit, ...]
    offices: tuple[Office, ...] = ()
    people: Mapping[PersonId, Person] = field(default_factory=dict)
    contacts: Mapping[PersonId, tuple[Contact, ...]] = field(default_factory=dict)
    lost: Mapping[PersonId, str] = field(default_factory=dict)
    desk: Mapping[UnitCode, tuple[PersonId, ...]] = field(default_factory=dict)
    on_leave: frozenset[PersonId] = frozenset()

    @property
    def unit(self) -> Unit:
        """The unit itself."""
        return self.units[0]

    def offices_of(self, unit: UnitCode, title: str | None = None) -> list[Office]:
        """The unit's seats (of one title), in order of succession: rank, then person id."""
        seats = [o for o in self.offices if o.unit == unit and title in (None, o.title)]
        return sorted(seats, key=lambda o: (o.rank, o.person or ""))


class PresenceEnd(StrEnum):
    """Why a presence ended."""

    LEFT = "left"
    SHIFT_END = "shift_end"
    MOVED = "moved"
    HANDED_OVER = "handed_over"
    RELIEVED = "relieved"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody on a post from a time on; ``until`` None while still there.

    ``channel`` and ``by`` say how it was recorded and by whom (another person when by proxy).
    """

    person: PersonId
    post: PostCode
    shift: ShiftKey
    since: datetime
    until: datetime | None
    channel: str
    by: PersonId


def overlaps(shifts: Iterable[Shift]) -> list[tuple[PersonId, Shift, Shift]]:
    """Pairs of shifts that put one person in two places at once, in order of time.

    Each shift is named once, with the one before it that lasts longest.
    """
    longest: dict[PersonId, Shift] = {}
    pairs = []
    for shift in sorted(shifts, key=lambda s: (s.start, s.post)):
        for person in shift.people:
            before = longest.get(person)
            if before is not None and shift.start < before.end:
                pairs.append((person, before, shift))
            if before is None or shift.end > before.end:
                longest[person] = shift
    return pairs


LONGEST_SHIFT = timedelta(hours=48)
"""A longer span is a slip of the pen, not a shift."""
