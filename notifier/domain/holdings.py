"""Offices over time: who holds a seat from when until when, who is away from it, who acts for him.

Records are only ever added. A correction is a record too: it ends an earlier one, or takes it back as a
mistake. How a seat stands at any moment is a pure reading of its records, and so is how it was *known* to
stand then: each record says when it took effect, and when it was entered, by whom and why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, OfficeStatus


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Seat:
    """One seat of a unit; several of one title differ by rank."""

    unit: UnitCode
    title: str
    rank: int


def subject_of(seat: Seat) -> str:
    """The seat as a timer's, a case's and the journal's subject."""
    return f"{seat.unit}|{seat.title}|{seat.rank}"


def seat_of(subject: str) -> Seat:
    """The inverse of ``subject_of``; a title may itself hold a bar."""
    unit, _, rest = subject.partition("|")
    title, _, rank = rest.rpartition("|")
    return Seat(unit=UnitCode(unit), title=title, rank=int(rank))


class What(StrEnum):
    """What a record says of its seat."""

    APPOINTED = "appointed"
    """``person`` holds the seat from ``since``; None: it is vacant. Supersedes whoever held it before."""
    ABSENT = "absent"
    """The holder ``person`` is away."""
    SUSPENDED = "suspended"
    """The holder ``person`` is suspended."""
    ACTING = "acting"
    """``person`` acts; with ``of``, an absence, a suspension or a vacancy, never longer than that lasts."""
    ENDED = "ended"
    """The record ``of`` ends at ``since``, whatever ``until`` it had; the last one entered counts."""
    TAKEN_BACK = "taken_back"
    """The record ``of`` was a mistake: it never held."""


SPANS = frozenset({What.APPOINTED, What.ABSENT, What.SUSPENDED, What.ACTING})
"""Records that hold for a span; the others say something about one of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRecord:
    """One line about a seat. ``id`` orders what was entered; ``by`` is None for an import.

    ``since`` is included, ``until`` is not, and None is open. ``order`` names the paper behind it, if any.
    """

    id: int
    seat: Seat
    what: What
    person: PersonId | None
    since: datetime
    recorded_at: datetime
    until: datetime | None = None
    of: int | None = None
    by: PersonId | None = None
    reason: str | None = None
    order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a seat stands at one moment. The three records are those it is read from."""

    holder: PersonId | None = None
    status: OfficeStatus = OfficeStatus.IN_POST
    until: datetime | None = None
    """When the status ends by itself, as far as is known."""
    acting: PersonId | None = None
    acting_until: datetime | None = None
    appointment: OfficeRecord | None = None
    away: OfficeRecord | None = None
    acting_record: OfficeRecord | None = None


def standing(records: Iterable[OfficeRecord], at: datetime, *, known_at: datetime | None = None) -> Standing:
    """How one seat stands at ``at``, from its ``records`` in any order.

    With ``known_at``, as it was known then: without what was entered later.
    """
    book = _Book(records, known_at)
    appointment = book.latest(What.APPOINTED, at)
    if appointment is not None and not book.holds(appointment, at):
        # Ended, not superseded: whoever held it before does not come back by that.
        appointment = None
    holder = appointment.person if appointment else None
    away = None
    if appointment is not None and holder is not None:
        # What kept him away when he held it before, and was never ended, ended with that.
        away = book.in_force(What.SUSPENDED, at, appointment) or book.in_force(What.ABSENT, at, appointment)
    acting = book.acting(at, appointment)
    return Standing(
        holder=holder,
        status=OfficeStatus(away.what) if away else OfficeStatus.IN_POST,
        until=book.end_of(away) if away else None,
        acting=acting.person if acting else None,
        acting_until=book.end_of(acting) if acting else None,
        appointment=appointment,
        away=away,
        acting_record=acting,
    )


def not_before_entry(records: Iterable[OfficeRecord], now: datetime) -> datetime:
    """``now``, or when the last of them was entered, if another machine's clock had come further by then.

    What was to take effect at once has taken effect, whatever our own clock says.
    """
    return max((now, *(record.recorded_at for record in records)))


def called_off(records: Iterable[OfficeRecord], cause: int | None) -> frozenset[PersonId]:
    """Who acted because of the record ``cause``, until somebody ended that or took it back."""
    known = list(records)
    ended = {r.of for r in known if r.what in (What.ENDED, What.TAKEN_BACK) and r.by is not None}
    acted = (r for r in known if r.what is What.ACTING and r.of == cause and r.id in ended)
    return frozenset(r.person for r in acted if r.person is not None)


def next_change(records: Iterable[OfficeRecord], after: datetime) -> datetime | None:
    """The first moment after ``after`` at which the seat may stand otherwise; None when there is none."""
    book = _Book(records, None)
    moments = [moment for span in book.spans for moment in (span.since, book.end_of(span)) if moment]
    return min((moment for moment in moments if moment > after), default=None)


def announced(records: Iterable[OfficeRecord], after: datetime) -> tuple[OfficeRecord, ...]:
    """What is entered and takes effect only after ``after``, in that order; each with its end, if known."""
    known = list(records)
    book = _Book(known, None)
    coming = sorted((s for s in book.spans if s.since > after), key=lambda span: (span.since, span.id))
    return tuple(replace(s, until=book.end_of(s)) for s in coming if s.id in _in_effect(known, s.since))


def _in_effect(records: Iterable[OfficeRecord], at: datetime) -> set[int]:
    how = standing(records, at)
    return {record.id for record in (how.appointment, how.away, how.acting_record) if record}


def office_at(seat: Seat, now: Standing) -> Office:
    """The seat as the chain of succession reads it."""
    return Office(
        unit=seat.unit,
        title=seat.title,
        rank=seat.rank,
        person=now.holder,
        status=now.status,
        until=now.until,
        acting=now.acting,
        acting_until=now.acting_until,
    )


class _Book:
    """One seat's records, without what was taken back, each with its end."""

    def __init__(self, records: Iterable[OfficeRecord], known_at: datetime | None) -> None:
        known = [r for r in records if known_at is None or r.recorded_at <= known_at]
        mistaken = {record.of for record in known if record.what is What.TAKEN_BACK}
        valid = sorted((r for r in known if r.id not in mistaken), key=lambda record: record.id)
        self.spans = [record for record in valid if record.what in SPANS]
        self._by_id = {record.id: record for record in self.spans}
        # In the order of entering: a later end corrects an earlier one.
        self._ended = {record.of: record.since for record in valid if record.what is What.ENDED}
        self._mistaken = mistaken

    def end_of(self, span: OfficeRecord) -> datetime | None:
        """When it ends: as entered later, else its own ``until``; never after what it depends on."""
        end = self._ended.get(span.id, span.until)
        if span.of is None:
            return end
        if span.of in self._mistaken:
            return span.since
        cause = self._by_id.get(span.of)
        return _earlier(end, self.end_of(cause)) if cause else end

    def holds(self, span: OfficeRecord, at: datetime) -> bool:
        """Whether it is in force at ``at``."""
        end = self.end_of(span)
        return span.since <= at and (end is None or at < end)

    def latest(self, what: What, at: datetime) -> OfficeRecord | None:
        """The last to take effect by ``at``; of two at one moment the one entered later."""
        begun = [span for span in self.spans if span.what is what and span.since <= at]
        return max(begun, key=lambda span: (span.since, span.id), default=None)

    def in_force(self, what: What, at: datetime, under: OfficeRecord | None = None) -> OfficeRecord | None:
        """The last of those in force at ``at``; ``under`` an appointment, of those about its holder since."""
        found = [
            span
            for span in self.spans
            if span.what is what
            and self.holds(span, at)
            and (under is None or (span.person == under.person and span.since >= under.since))
        ]
        return max(found, key=lambda span: (span.since, span.id), default=None)

    def acting(self, at: datetime, appointment: OfficeRecord | None) -> OfficeRecord | None:
        """Who acts at ``at``: the last in force, unless somebody was appointed over what it depends on."""
        found = [
            span
            for span in self.spans
            if span.what is What.ACTING and self.holds(span, at) and self._is_needed(span, appointment)
        ]
        return max(found, key=lambda span: (span.since, span.id), default=None)

    def _is_needed(self, acting: OfficeRecord, appointment: OfficeRecord | None) -> bool:
        cause = self._by_id.get(acting.of) if acting.of is not None else None
        if cause is None or appointment is None or appointment.person is None:
            return True
        if cause.what is What.APPOINTED:
            return cause.id == appointment.id
        return cause.person == appointment.person and cause.since >= appointment.since


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


# ── from a roster file to records ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record to be written: all but its number, and who enters it when."""

    seat: Seat
    what: What
    person: PersonId | None
    since: datetime
    until: datetime | None = None
    of: int | None = None


def entries_for(seat: Seat, now: Standing, told: Office | None, at: datetime) -> Sequence[Entry]:
    """What is to be entered at ``at`` so that the seat stands as a file tells; nothing when it does.

    ``told`` None: the file has the seat no longer. A file says nothing of who acts; acting ends with the
    absence that it depends on, and with the seat.
    """
    if told is None:
        gone = [record for record in (now.acting_record, now.away, now.appointment) if record]
        return [_end(seat, record, at) for record in gone]
    entries: list[Entry] = []
    if told.person != now.holder or now.appointment is None:
        entries.append(Entry(seat=seat, what=What.APPOINTED, person=told.person, since=at))
    same_holder = told.person == now.holder
    status = told.status_at(at)
    until = told.until if status is OfficeStatus.ABSENT else None
    if same_holder and (status, until) == (now.status, now.until):
        return entries
    if same_holder and now.away is not None:
        entries.append(_end(seat, now.away, at))
    if status is not OfficeStatus.IN_POST:
        entries.append(Entry(seat=seat, what=What(status), person=told.person, since=at, until=until))
    return entries


def _end(seat: Seat, record: OfficeRecord, at: datetime) -> Entry:
    return Entry(seat=seat, what=What.ENDED, person=record.person, since=at, of=record.id)
