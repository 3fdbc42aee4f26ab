"""What may be done about one seat from its page: who holds it, who acts in it, whether its holder is there.

The same functions do it as do the commands; here it is seen to that the page still told how the seat stands.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId
from notifier.domain.roster import Office
from notifier.engine.offices import ActingOrder
from notifier.engine.parts import Parts
from notifier.engine.seats import SeatOrder
from notifier.engine.station import Actor
from notifier.errors import Conflict
from notifier.store.tx import Tx


class SeatDeed(StrEnum):
    """What is done about a seat."""

    ABSENT = "absent"
    BACK = "back"
    ACT = "act"
    END_ACTING = "end-acting"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    APPOINT = "appoint"
    VACATE = "vacate"
    TAKE_BACK = "take-back"


OF_HOLDER: Final = frozenset({SeatDeed.ABSENT, SeatDeed.BACK})
"""What is said of somebody, and so of every seat that he holds."""
OF_SOMEBODY: Final = frozenset({SeatDeed.ACT, SeatDeed.APPOINT})
"""What names somebody else than who holds the seat."""
DECISIONS: Final = frozenset({SeatDeed.SUSPEND, SeatDeed.REINSTATE, SeatDeed.APPOINT, SeatDeed.VACATE})
"""What somebody decides about another: never about himself, and always with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """What is wanted. ``since`` None: from now; ``until`` None: until further notice.

    ``person`` is who is to act, or to hold it; ``replacing`` who is to go for him, and ``from_elsewhere``
    says that he may belong to another unit. ``words`` is the reason, ``order`` the paper behind it;
    ``record`` is what is taken back.
    """

    deed: SeatDeed
    office: Office
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    order: str | None = None
    person: PersonId | None = None
    replacing: PersonId | None = None
    from_elsewhere: bool = False
    record: int | None = None

    @property
    def seat(self) -> Seat:
        """The seat that it is about."""
        return Seat(unit=self.office.unit, title=self.office.title, rank=self.office.rank)


def seen_of(office: Office) -> str:
    """How the seat stands, in a word to compare: another one when anything about it has changed."""
    parts = (office.person, office.status, office.until, office.acting, office.acting_until)
    return "|".join("" if part is None else str(part) for part in parts)


async def seats_held(tx: Tx, person: PersonId) -> list[Office]:
    """Every seat that somebody's absence would be noted for."""
    return [office for office in await tx.roster.offices_held(person) if office.person == person]


async def change_seat(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, seen: str, now: datetime) -> None:
    """Do it, unless the seat stands otherwise than when its page was made. Raises Conflict, InputError."""
    if seen != seen_of(wanted.office):
        raise Conflict("that seat stands otherwise by now")
    await _DEEDS[wanted.deed](parts, tx, wanted, by, now)
    await tx.signals.ring()


# ── each of them ──


async def _absent(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    since = wanted.since or now
    await parts.offices.note_absence(tx, _holder(wanted), since, wanted.until, by, wanted.words, now)


async def _back(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.offices.note_return(tx, _holder(wanted), by, wanted.words, now)


async def _act(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    order = ActingOrder(
        seat=wanted.seat,
        person=_named(wanted),
        since=wanted.since or now,
        until=wanted.until,
        order=wanted.order,
    )
    await parts.offices.appoint_acting(tx, order, by, now)


async def _end_acting(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.offices.end_acting(tx, wanted.seat, by, wanted.words, now)


async def _suspend(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.seats.suspend(tx, _order(wanted), by, now)


async def _reinstate(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.seats.reinstate(tx, _order(wanted), by, now)


async def _appoint(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.seats.appoint(
        tx,
        _order(wanted),
        _named(wanted),
        by,
        now,
        replacing=wanted.replacing,
        from_elsewhere=wanted.from_elsewhere,
    )


async def _vacate(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    await parts.seats.vacate(tx, _order(wanted), by, now)


async def _take_back(parts: Parts, tx: Tx, wanted: SeatChange, by: Actor, now: datetime) -> None:
    if wanted.record is None:
        raise Conflict("there is no such record")
    await parts.offices.take_back(tx, wanted.seat, wanted.record, by, wanted.words or "", now)


_Do = Callable[[Parts, Tx, SeatChange, Actor, datetime], Awaitable[None]]

_DEEDS: Final[Mapping[SeatDeed, _Do]] = {
    SeatDeed.ABSENT: _absent,
    SeatDeed.BACK: _back,
    SeatDeed.ACT: _act,
    SeatDeed.END_ACTING: _end_acting,
    SeatDeed.SUSPEND: _suspend,
    SeatDeed.REINSTATE: _reinstate,
    SeatDeed.APPOINT: _appoint,
    SeatDeed.VACATE: _vacate,
    SeatDeed.TAKE_BACK: _take_back,
}


def _order(wanted: SeatChange) -> SeatOrder:
    return SeatOrder(
        seat=wanted.seat,
        reason=wanted.words or "",
        since=wanted.since,
        until=wanted.until,
        order=wanted.order,
    )


def _holder(wanted: SeatChange) -> PersonId:
    if wanted.office.person is None:
        raise Conflict("that seat has nobody of whom this could be said")
    return wanted.office.person


def _named(wanted: SeatChange) -> PersonId:
    if wanted.person is None:
        raise Conflict("it is not said who")
    return wanted.person
