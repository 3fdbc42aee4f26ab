"""Offices, run: who is away, and who acts from when until when.

Whatever is done enters a record and lets it *take effect*: the seat is read anew, and where somebody else
is in charge in it now, that is announced and the open asks pass on. What is to take effect later does so by
a timer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.holdings import (
    Entry,
    OfficeRecord,
    Seat,
    Standing,
    What,
    called_off,
    not_before_entry,
    seat_of,
    standing,
    subject_of,
)
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.roster import Office
from notifier.engine.office_letters import Decided
from notifier.engine.office_passing import OfficePassing, SeatChange
from notifier.engine.planner import reread_all
from notifier.engine.station import Actor, Station
from notifier.errors import InputError, NotFound
from notifier.store.rows import JournalLine, Timer
from notifier.store.tx import Tx

OFFICE = "office"

STANDING_IN = "standing in"
"""The reason of an appointment that nobody ordered: the policy has the next in rank act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActingOrder:
    """Somebody is to act in a seat from ``since``, until ``until`` or until further notice."""

    seat: Seat
    person: PersonId
    since: datetime
    until: datetime | None
    order: str | None


class Offices:
    """Everything about who is in charge."""

    def __init__(self, station: Station, passing: OfficePassing) -> None:
        """Work with the station's rules; ``passing`` sees to what goes over with a seat."""
        self._station = station
        self._passing = passing

    # ── orders ───────────────────────────────────────────────────────────────────────────────────

    async def appoint_acting(self, tx: Tx, order: ActingOrder, by: Actor, now: datetime) -> OfficeRecord:
        """Have somebody act in a seat. Raises NotFound, InputError."""
        how = await self.standing(tx, order.seat, max(order.since, now))
        if order.person not in await tx.roster.present([order.person]):
            raise NotFound(f"there is no person {order.person}; give an id of people.csv")
        if order.person == how.holder:
            raise InputError(f"{order.person} holds that office; name who is to act for him")
        if order.until is not None and order.until <= max(order.since, now):
            raise InputError("--until is not after --from; give a later time")
        entry = Entry(
            seat=order.seat,
            what=What.ACTING,
            person=order.person,
            since=order.since,
            until=order.until,
            of=_cause(how),
        )
        record = await self.enter(tx, entry, "acting_ordered", by, now, Decided(order=order.order))
        await self.take_effect(tx, order.seat, now)
        return record

    async def end_acting(self, tx: Tx, seat: Seat, by: Actor, reason: str | None, now: datetime) -> None:
        """Who acts in the seat now ceases to. Raises InputError when nobody does."""
        how = await self.standing(tx, seat, now)
        if how.acting_record is None:
            raise InputError(f"nobody acts as {seat.title} of {seat.unit} now")
        await self._end(tx, how.acting_record, by, reason, now)
        await self.take_effect(tx, seat, now)

    async def note_absence(
        self,
        tx: Tx,
        person: PersonId,
        since: datetime,
        until: datetime | None,
        by: Actor,
        reason: str | None,
        now: datetime,
    ) -> list[Seat]:
        """Somebody is away from every seat that he holds. Raises InputError when he holds none."""
        if until is not None and until <= max(since, now):
            raise InputError("--until is not after --from; give a later time")
        seats = await self._seats_of(tx, person)
        for seat in seats:
            entry = Entry(seat=seat, what=What.ABSENT, person=person, since=since, until=until)
            await self.enter(tx, entry, "absent", by, now, Decided(reason=reason))
            await self.take_effect(tx, seat, now)
        return seats

    async def note_return(
        self, tx: Tx, person: PersonId, by: Actor, reason: str | None, now: datetime
    ) -> list[Seat]:
        """Somebody is back: his absences end, and with them who acts for him. Raises InputError."""
        back: list[Seat] = []
        for seat in await self._seats_of(tx, person):
            how = await self.standing(tx, seat, now)
            if how.away is not None and how.away.what is What.ABSENT:
                await self._end(tx, how.away, by, reason, now)
                await self.take_effect(tx, seat, now)
                back.append(seat)
        if not back:
            raise InputError(f"{person} is not noted as absent")
        return back

    async def take_back(self, tx: Tx, seat: Seat, record: int, by: Actor, reason: str, now: datetime) -> None:
        """A record was a mistake: from now on the seat is read as if it had never been. Raises NotFound."""
        mistaken = next((one for one in await tx.office_records.of_seat(seat) if one.id == record), None)
        if mistaken is None:
            raise NotFound(f"{seat.title} of {seat.unit} has no record {record}; see `notifier office show`")
        entry = Entry(seat=seat, what=What.TAKEN_BACK, person=mistaken.person, since=now, of=record)
        decided = Decided(by=by.person, reason=reason)
        await self.enter(tx, entry, "office_taken_back", by, now, decided)
        await self.take_effect(tx, seat, now, decided)

    async def next_in_rank(self, tx: Tx, seat: Seat, now: datetime) -> PersonId | None:
        """Who would act in that seat by succession: the first of the unit who can be reached.

        Neither its holder nor who acts in it now.
        """
        how = await self.standing(tx, seat, now)
        return await self._passing.next_in_rank(tx, seat, (how.holder, how.acting), now)

    # ── taking effect ────────────────────────────────────────────────────────────────────────────

    async def change(self, tx: Tx, subject: str, now: datetime) -> None:
        """A moment has come at which a seat may stand otherwise; ``subject`` is as by ``subject_of``."""
        await self.take_effect(tx, seat_of(subject), now)

    async def take_effect(
        self, tx: Tx, seat: Seat, now: datetime, decided: Decided | None = None
    ) -> Standing:
        """Let the seat stand as its book says now, with all that follows from it.

        ``decided`` None: a moment has come, and the records say who decided what begins.
        """
        before = await self._stored(tx, seat)
        tx.kept.forget()
        how = (await tx.office_records.settle([seat], now))[seat]
        if _is_left_alone(how) and await self._has_stand_in(tx, seat):
            how = await self._stand_in(tx, seat, how, now)
        await self._wake_later(tx, seat, now)
        if before != await self._stored(tx, seat):
            await reread_all(tx, now)
        await self._passing.follow(tx, SeatChange(seat=seat, before=before, how=how, decided=decided), now)
        return how

    async def _stand_in(self, tx: Tx, seat: Seat, how: Standing, now: datetime) -> Standing:
        cause = _cause(how)
        # What somebody has called off, no rule brings back: then the next in rank follows.
        off = called_off(await tx.office_records.of_seat(seat), cause)
        person = await self._passing.next_in_rank(tx, seat, (how.holder, *off), now)
        if person is None:
            return how
        entry = Entry(seat=seat, what=What.ACTING, person=person, since=now, of=cause)
        await tx.office_records.enter([entry], by=None, now=now, reason=STANDING_IN)
        return (await tx.office_records.settle([seat], now))[seat]

    async def _has_stand_in(self, tx: Tx, seat: Seat) -> bool:
        return seat.title in (await self._station.rules.current(tx)).stand_in

    # ── records ──────────────────────────────────────────────────────────────────────────────────

    async def standing(self, tx: Tx, seat: Seat, at: datetime) -> Standing:
        """How the seat stands at ``at``, by its book. Raises NotFound when it is no more."""
        book = await tx.office_records.of_seat(seat)
        how = standing(book, not_before_entry(book, at))
        if how.appointment is None:
            raise NotFound(f"{seat.unit} has no office {seat.title} of rank {seat.rank}; see offices.csv")
        return how

    async def enter(
        self,
        tx: Tx,
        entry: Entry,
        event: str,
        by: Actor,
        now: datetime,
        decided: Decided,
        *,
        about: PersonId | None = None,
    ) -> OfficeRecord:
        """Add one record to a seat's book, and say so in the journal: of its person, or ``about``."""
        [record] = await tx.office_records.enter(
            [entry], by=by.person, now=now, reason=decided.reason, order=decided.order
        )
        why = (f"by {by.person}" if by.person else None, decided.reason or decided.order)
        line = JournalLine(
            at=now,
            event=event,
            unit=entry.seat.unit,
            subject=subject_of(entry.seat),
            person=about or entry.person,
            channel=by.channel,
            reason="; ".join(part for part in why if part),
        )
        await tx.journal.write([line])
        return record

    async def _seats_of(self, tx: Tx, person: PersonId) -> list[Seat]:
        held = [office for office in await tx.roster.offices_held(person) if office.person == person]
        if not held:
            raise InputError(f"{person} holds no office; give the id of an office's holder")
        return [Seat(unit=office.unit, title=office.title, rank=office.rank) for office in held]

    async def _stored(self, tx: Tx, seat: Seat) -> Office | None:
        offices = await tx.roster.offices_of(seat.unit)
        return next((o for o in offices if (o.title, o.rank) == (seat.title, seat.rank)), None)

    async def _end(self, tx: Tx, record: OfficeRecord, by: Actor, reason: str | None, now: datetime) -> None:
        entry = Entry(seat=record.seat, what=What.ENDED, person=record.person, since=now, of=record.id)
        event = "back_in_office" if record.what is What.ABSENT else "acting_called_off"
        await self.enter(tx, entry, event, by, now, Decided(reason=reason))

    async def _wake_later(self, tx: Tx, seat: Seat, now: datetime) -> None:
        moment = await tx.office_records.next_change(seat, now)
        if moment is None:
            await tx.timers.drop([_timer(seat, now).key])
        else:
            await tx.timers.set(_timer(seat, moment))


async def offices_told(tx: Tx, told: Mapping[Seat, Office | None], now: datetime) -> None:
    """After an import, in its transaction: look at once where somebody acts, or may have to."""
    unkept = {seat for seat, office in told.items() if office and not office.is_kept_at(now)}
    acting = await tx.office_records.acting_in(told)
    await tx.timers.set(*(_timer(seat, now) for seat in sorted(acting | unkept)))


def _timer(seat: Seat, due_at: datetime) -> Timer:
    subject = subject_of(seat)
    return Timer(key=f"{OFFICE}:{subject}", lane=Lane.ESCALATION, due_at=due_at, kind=OFFICE, subject=subject)


def _is_left_alone(how: Standing) -> bool:
    """Whether its holder is away, or there is none, and nobody acts in it."""
    is_kept = how.holder is not None and how.away is None
    return how.appointment is not None and how.acting is None and not is_kept


def _cause(how: Standing) -> int | None:
    """The record of what somebody acts for, and no longer than: an absence, a suspension, a vacancy."""
    if how.away is not None:
        return how.away.id
    return how.appointment.id if how.appointment and how.holder is None else None
