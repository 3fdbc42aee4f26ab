"""Who holds an office, by hand: suspended, reinstated, appointed, removed, by a person and with a reason.

Nothing here is ever done by the program itself: a sanction is somebody's decision, and his name stands by it.
"""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.holdings import Entry, OfficeRecord, Seat, Standing, What, not_before_entry
from notifier.domain.ids import PersonId
from notifier.engine.office_letters import Decided
from notifier.engine.offices import Offices
from notifier.engine.station import Actor
from notifier.errors import InputError, NotFound
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOrder:
    """A decision about a seat. ``since`` None: at once; ``until`` None: until further notice."""

    seat: Seat
    reason: str
    since: datetime | None = None
    until: datetime | None = None
    order: str | None = None


class Seats:
    """Decisions about who holds a seat. Each is one record; what follows is as for an absence."""

    def __init__(self, offices: Offices) -> None:
        """Work with the books of the offices."""
        self._offices = offices

    async def suspend(self, tx: Tx, order: SeatOrder, by: Actor, now: datetime) -> OfficeRecord:
        """The holder is suspended. Raises InputError where there is none, or he is suspended already."""
        since, how = await self._stands(tx, order, now)
        where = _named(order.seat)
        if how.holder is None:
            raise InputError(
                f"{where} is vacant, so that nobody can be suspended; see `notifier office show`"
            )
        if how.away is not None and how.away.what is What.SUSPENDED:
            raise InputError(f"{how.holder} is suspended already (record {how.away.id}); reinstate him first")
        if order.until is not None and order.until <= max(since, now):
            raise InputError("--until is not after --from, or is past; give a later time")
        entry = Entry(seat=order.seat, what=What.SUSPENDED, person=how.holder, since=since, until=order.until)
        return await self._decide(tx, entry, "suspended", order, by, now)

    async def reinstate(self, tx: Tx, order: SeatOrder, by: Actor, now: datetime) -> OfficeRecord:
        """The holder's suspension ends now. Raises InputError when he is not suspended."""
        since, how = await self._stands(tx, order, now)
        if how.away is None or how.away.what is not What.SUSPENDED:
            whoever = f"{how.holder} is not suspended as" if how.holder else "nobody is suspended as"
            raise InputError(
                f"{whoever} {_named(order.seat)}; an absence ends by `office back`, and a suspension"
                " that has not begun by `office take-back`"
            )
        entry = Entry(seat=order.seat, what=What.ENDED, person=how.holder, since=since, of=how.away.id)
        return await self._decide(tx, entry, "reinstated", order, by, now)

    async def appoint(
        self,
        tx: Tx,
        order: SeatOrder,
        person: PersonId,
        by: Actor,
        now: datetime,
        *,
        replacing: PersonId | None = None,
        from_elsewhere: bool = False,
    ) -> OfficeRecord:
        """``person`` holds the seat. Whoever holds it already must be named as ``replacing``.

        Somebody who belongs neither to the unit nor above it: only with ``from_elsewhere``, since a slip in
        an id would hand a village to a stranger. Raises NotFound, InputError.
        """
        since, how = await self._stands(tx, order, now)
        if how.holder == person:
            raise InputError(f"{person} holds that office already; see `notifier office show`")
        if how.holder != replacing:
            raise InputError(_not_replaced(order.seat, how.holder, replacing))
        await self._check_belongs(tx, order.seat, person, from_elsewhere)
        entry = Entry(seat=order.seat, what=What.APPOINTED, person=person, since=since)
        return await self._decide(tx, entry, "office_appointed", order, by, now)

    async def vacate(self, tx: Tx, order: SeatOrder, by: Actor, now: datetime) -> OfficeRecord:
        """The holder holds the seat no more; it stays, empty. Raises InputError when it is vacant already."""
        since, how = await self._stands(tx, order, now)
        if how.holder is None:
            raise InputError(f"{_named(order.seat)} is vacant already; to fill it use `office appoint`")
        entry = Entry(seat=order.seat, what=What.APPOINTED, person=None, since=since)
        return await self._decide(tx, entry, "office_vacated", order, by, now, about=how.holder)

    async def _stands(self, tx: Tx, order: SeatOrder, now: datetime) -> tuple[datetime, Standing]:
        """From when the order holds, and how the seat stands then."""
        book = await tx.office_records.of_seat(order.seat)
        since = order.since or not_before_entry(book, now)
        how = await self._offices.standing(tx, order.seat, max(since, now))
        if how.appointment is not None and since < how.appointment.since:
            # It would be superseded before it began, and have no effect at all.
            raise InputError(
                f"--from lies before {_named(order.seat)} was last filled or vacated"
                f" (record {how.appointment.id}); give a later time"
            )
        return since, how

    async def _check_belongs(self, tx: Tx, seat: Seat, person: PersonId, from_elsewhere: bool) -> None:
        if person not in await tx.roster.present([person]):
            raise NotFound(f"there is no person {person}; give an id of people.csv")
        known = await tx.roster.person(person)
        above = {unit.code for unit in await tx.roster.path(seat.unit)}
        if known is not None and known.unit not in above and not from_elsewhere:
            raise InputError(
                f"{person} belongs to {known.unit}, not to {seat.unit}; add --force if that is meant"
            )

    async def _decide(
        self,
        tx: Tx,
        entry: Entry,
        event: str,
        order: SeatOrder,
        by: Actor,
        now: datetime,
        about: PersonId | None = None,
    ) -> OfficeRecord:
        decided = Decided(by=by.person, reason=order.reason, order=order.order)
        record = await self._offices.enter(tx, entry, event, by, now, decided, about=about)
        await self._offices.take_effect(tx, order.seat, now, decided)
        return record


def _named(seat: Seat) -> str:
    return f"{seat.title} of {seat.unit}"


def _not_replaced(seat: Seat, holder: PersonId | None, replacing: PersonId | None) -> str:
    if holder is None:
        return f"{replacing} does not hold {_named(seat)}, it is vacant; leave --replacing out"
    return f"{holder} holds {_named(seat)}; add --replacing {holder} if he is to go, or vacate it first"
