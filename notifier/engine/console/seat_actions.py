"""What may be done about one seat from its page: its holder is away or back, somebody acts in it or no more.

The same functions do it as do the commands; here it is seen to that the page still told how the seat stands.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId
from notifier.domain.roster import Office
from notifier.engine.offices import ActingOrder
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.errors import Conflict
from notifier.store.tx import Tx


class SeatDeed(StrEnum):
    """What is done about a seat."""

    ABSENT = "absent"
    BACK = "back"
    ACT = "act"
    END_ACTING = "end-acting"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """What is wanted. ``since`` None: from now; ``until`` None: until further notice.

    ``person`` is who is to act. ``words`` is the order of an acting appointment, else the reason.
    """

    deed: SeatDeed
    office: Office
    since: datetime | None
    until: datetime | None
    words: str | None
    person: PersonId | None


def seen_of(office: Office) -> str:
    """How the seat stands, in a word to compare: another one when anything about it has changed."""
    parts = (office.person, office.status, office.until, office.acting, office.acting_until)
    return "|".join("" if part is None else str(part) for part in parts)


async def seats_held(tx: Tx, person: PersonId) -> list[Office]:
    """Every seat that somebody's absence would be noted for."""
    return [office for office in await tx.roster.offices_held(person) if office.person == person]


async def change_seat(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, seen: str, now: datetime) -> None:
    """Do it, unless the seat stands otherwise than when its page was made. Raises Conflict, InputError."""
    office, offices = wanted.office, parts.offices
    if seen != seen_of(office):
        raise Conflict("that seat stands otherwise by now")
    seat = Seat(unit=office.unit, title=office.title, rank=office.rank)
    since = wanted.since or now
    if wanted.deed is SeatDeed.END_ACTING:
        await offices.end_acting(tx, seat, by, wanted.words, now)
    elif wanted.deed is SeatDeed.ACT and wanted.person is not None:
        order = ActingOrder(
            seat=seat, person=wanted.person, since=since, until=wanted.until, order=wanted.words
        )
        await offices.appoint_acting(tx, order, by, now)
    elif wanted.deed is SeatDeed.ABSENT and office.person is not None:
        await offices.note_absence(tx, office.person, since, wanted.until, by, wanted.words, now)
    elif wanted.deed is SeatDeed.BACK and office.person is not None:
        await offices.note_return(tx, office.person, by, wanted.words, now)
    else:
        raise Conflict("that seat has nobody of whom this could be said")
    await tx.signals.ring()
