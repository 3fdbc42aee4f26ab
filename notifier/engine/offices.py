"""Offices, run: who is away, who acts from when until when, and what passes on with an office.

Whatever is done enters a record and lets it *take effect*: the seat is read anew, and where somebody else
acts in it now, that is announced and the open asks pass on. What is to take effect later does so by a timer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.chain import first_reachable, read_chain
from notifier.domain.holdings import Entry, OfficeRecord, Seat, Standing, What, not_before_entry, standing
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.message import Lane
from notifier.domain.policy import SUCCESSION, Kind, Step
from notifier.domain.roster import Office, OfficeStatus
from notifier.domain.times import iso_utc
from notifier.engine.cases import Cases
from notifier.engine.office_letters import Handing, OfficeLetters, OpenList
from notifier.engine.planner import reread_all
from notifier.engine.relays import Relays
from notifier.engine.sheets import Sheets
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

    def __init__(
        self, station: Station, letters: OfficeLetters, cases: Cases, sheets: Sheets, relays: Relays
    ) -> None:
        """Work with the station's cases, lists and relays, whose asks pass on with an office."""
        self._station = station
        self._letters = letters
        self._cases = cases
        self._sheets = sheets
        self._relays = relays

    # ── orders ───────────────────────────────────────────────────────────────────────────────────

    async def appoint_acting(self, tx: Tx, order: ActingOrder, by: Actor, now: datetime) -> OfficeRecord:
        """Have somebody act in a seat. Raises NotFound, InputError."""
        how = await self._standing(tx, order.seat, max(order.since, now))
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
            of=how.away.id if how.away else None,
        )
        [record] = await tx.office_records.enter([entry], by=by.person, now=now, order=order.order)
        await self._journal(tx, record, "acting_ordered", by, order.order, now)
        await self.take_effect(tx, order.seat, now)
        return record

    async def end_acting(self, tx: Tx, seat: Seat, by: Actor, reason: str | None, now: datetime) -> None:
        """Who acts in the seat now ceases to. Raises InputError when nobody does."""
        how = await self._standing(tx, seat, now)
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
            [record] = await tx.office_records.enter([entry], by=by.person, now=now, reason=reason)
            await self._journal(tx, record, "absent", by, reason, now)
            await self.take_effect(tx, seat, now)
        return seats

    async def note_return(
        self, tx: Tx, person: PersonId, by: Actor, reason: str | None, now: datetime
    ) -> list[Seat]:
        """Somebody is back: his absences end, and with them who acts for him. Raises InputError."""
        back: list[Seat] = []
        for seat in await self._seats_of(tx, person):
            how = await self._standing(tx, seat, now)
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
        [entered] = await tx.office_records.enter([entry], by=by.person, now=now, reason=reason)
        await self._journal(tx, entered, "office_taken_back", by, reason, now)
        await self.take_effect(tx, seat, now)

    async def next_in_rank(self, tx: Tx, seat: Seat, now: datetime) -> PersonId | None:
        """Who would act in that seat by succession: the first of the unit who can be reached.

        Neither its holder nor who acts in it now.
        """
        lineage = await self._station.lineage(tx, seat.unit, now)
        how = await self._standing(tx, seat, now)
        excluded = {who for who in (how.holder, how.acting) if who is not None}
        steps = (Step(call=SUCCESSION, wait=timedelta()),)
        return first_reachable(read_chain(steps, lineage, now=now, excluded=excluded))

    # ── taking effect ────────────────────────────────────────────────────────────────────────────

    async def change(self, tx: Tx, subject: str, now: datetime) -> None:
        """A moment has come at which a seat may stand otherwise; ``subject`` is as by ``subject_of``."""
        await self.take_effect(tx, seat_of(subject), now)

    async def take_effect(self, tx: Tx, seat: Seat, now: datetime) -> Standing:
        """Let the seat stand as its book says now, with all that follows from it."""
        before = await self._stored(tx, seat)
        tx.kept.forget()
        how = (await tx.office_records.settle([seat], now))[seat]
        if how.away is not None and how.acting is None and await self._has_stand_in(tx, seat):
            how = await self._stand_in(tx, seat, how, now)
        await self._wake_later(tx, seat, now)
        after = await self._stored(tx, seat)
        if before != after:
            await reread_all(tx, now)
        was = before.acting if before else None
        if was != how.acting:
            await self._hand(tx, seat, was, how, now)
        return how

    async def _stand_in(self, tx: Tx, seat: Seat, how: Standing, now: datetime) -> Standing:
        person = await self.next_in_rank(tx, seat, now)
        if person is None or how.away is None:
            return how
        entry = Entry(seat=seat, what=What.ACTING, person=person, since=now, of=how.away.id)
        await tx.office_records.enter([entry], by=None, now=now, reason=STANDING_IN)
        return (await tx.office_records.settle([seat], now))[seat]

    async def _has_stand_in(self, tx: Tx, seat: Seat) -> bool:
        return seat.title in (await self._station.rules.current(tx)).stand_in

    async def _hand(self, tx: Tx, seat: Seat, was: PersonId | None, how: Standing, now: datetime) -> None:
        """Announce that somebody else acts now, or nobody; what was asked of the one before passes on."""
        mark = f"{subject_of(seat)}:{iso_utc(now)}"
        if was is not None:
            await self._note(tx, seat, "acting_ended", was, now)
            await self._pass_on(tx, seat.unit, was, now)
            in_post = how.holder if how.away is None and how.acting is None else None
            handing = Handing(seat=seat, titular=in_post, acting=was, since=now, mark=mark)
            await self._letters.ended(tx, await self._listing(tx, handing, in_post, now), now)
        if how.acting is not None:
            await self._note(tx, seat, "acting_began", how.acting, now)
            if how.holder is not None:
                await self._pass_on(tx, seat.unit, how.holder, now)
            record = how.acting_record
            handing = Handing(
                seat=seat,
                titular=how.holder,
                acting=how.acting,
                since=record.since if record else now,
                until=how.acting_until,
                order=record.order if record else None,
                mark=mark,
            )
            await self._letters.begun(tx, await self._listing(tx, handing, how.acting, now), now)

    async def _pass_on(self, tx: Tx, unit: UnitCode, giver: PersonId, now: datetime) -> None:
        await self._sheets.pass_on(tx, unit, giver, now)
        await self._relays.pass_on(tx, unit, giver, now)

    async def _listing(self, tx: Tx, handing: Handing, reader: PersonId | None, now: datetime) -> Handing:
        if reader is None:
            return handing
        return replace(handing, open_list=await self._open(tx, handing.seat.unit, reader, now))

    async def _open(self, tx: Tx, unit: UnitCode, reader: PersonId, now: datetime) -> OpenList:
        """The unit's open cases, and what waits for ``reader`` himself, each with his number of it."""
        cases = [await tx.cases.get(case) for case in await tx.cases.open_ids([unit])]
        matters: dict[tuple[Kind, str], None] = {(case.kind, case.subject): None for case in cases}
        for sheet in await tx.sheets.to_verify(reader):
            if sheet.unit == unit:
                matters[Kind.UNVERIFIED, sheet.key] = None
        for relay in await tx.broadcasts.unanswered(unit, reader):
            matters[Kind.UNRELAYED, f"{relay.broadcast}:{unit}"] = None
        briefs = [await self._cases.brief(tx, kind, key, reader, now) for kind, key in matters]
        return [brief for brief in briefs if brief is not None]

    # ── records ──────────────────────────────────────────────────────────────────────────────────

    async def _standing(self, tx: Tx, seat: Seat, at: datetime) -> Standing:
        book = await tx.office_records.of_seat(seat)
        how = standing(book, not_before_entry(book, at))
        if how.appointment is None:
            raise NotFound(f"{seat.unit} has no office {seat.title} of rank {seat.rank}; see offices.csv")
        return how

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
        [entered] = await tx.office_records.enter([entry], by=by.person, now=now, reason=reason)
        event = "back_in_office" if record.what is What.ABSENT else "acting_called_off"
        await self._journal(tx, entered, event, by, reason, now)

    async def _wake_later(self, tx: Tx, seat: Seat, now: datetime) -> None:
        moment = await tx.office_records.next_change(seat, now)
        if moment is None:
            await tx.timers.drop([_timer(seat, now).key])
        else:
            await tx.timers.set(_timer(seat, moment))

    async def _journal(
        self, tx: Tx, record: OfficeRecord, event: str, by: Actor, reason: str | None, now: datetime
    ) -> None:
        line = JournalLine(
            at=now,
            event=event,
            unit=record.seat.unit,
            subject=subject_of(record.seat),
            person=record.person,
            channel=by.channel,
            reason="; ".join(part for part in (f"by {by.person}" if by.person else None, reason) if part),
        )
        await tx.journal.write([line])

    async def _note(self, tx: Tx, seat: Seat, event: str, person: PersonId, now: datetime) -> None:
        line = JournalLine(at=now, event=event, unit=seat.unit, subject=subject_of(seat), person=person)
        await tx.journal.write([line])


async def offices_told(tx: Tx, told: Mapping[Seat, Office | None], now: datetime) -> None:
    """After an import, in its transaction: look at once where somebody acts, or may have to."""
    stood = {seat: office.status_at(now) for seat, office in told.items() if office}
    away = {seat for seat, status in stood.items() if status is not OfficeStatus.IN_POST}
    acting = await tx.office_records.acting_in(told)
    await tx.timers.set(*(_timer(seat, now) for seat in sorted(acting | away)))


def _timer(seat: Seat, due_at: datetime) -> Timer:
    subject = subject_of(seat)
    return Timer(key=f"{OFFICE}:{subject}", lane=Lane.ESCALATION, due_at=due_at, kind=OFFICE, subject=subject)


def subject_of(seat: Seat) -> str:
    """The seat as a timer's, a case's and the journal's subject."""
    return f"{seat.unit}|{seat.title}|{seat.rank}"


def seat_of(subject: str) -> Seat:
    """The inverse of ``subject_of``; a title may itself hold a bar."""
    unit, _, rest = subject.partition("|")
    title, _, rank = rest.rpartition("|")
    return Seat(unit=UnitCode(unit), title=title, rank=int(rank))
