"""What a form about a seat asks for, held against what the visitor may do and what can be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request

from notifier.domain.access import Right
from notifier.domain.holdings import announced
from notifier.domain.roster import Office, Person
from notifier.engine.access.guard import Guard
from notifier.engine.console.seat_actions import (
    DECISIONS,
    OF_HOLDER,
    OF_SOMEBODY,
    SeatChange,
    SeatDeed,
    seats_held,
)
from notifier.errors import Conflict, InputError, NotFound
from notifier.files.findings import BadValue
from notifier.files.moments import moment_reader
from notifier.store.tx import Tx
from notifier.web.console.asked import number
from notifier.web.console.csrf import text_of
from notifier.web.console.kit import Kit
from notifier.web.console.visit import Visitor

FIELDS: Final = ("person", "since", "until", "words", "order", "replacing", "elsewhere", "record", "seen")
_NEED_REASON: Final = DECISIONS | {SeatDeed.ABSENT, SeatDeed.TAKE_BACK}
_NEED_HOLDER: Final = OF_HOLDER | {SeatDeed.SUSPEND, SeatDeed.REINSTATE, SeatDeed.VACATE}
_MOST_WORDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a form asks for, and every seat that it is about."""

    change: SeatChange
    seats: tuple[Office, ...]


async def seat_meant(tx: Tx, guard: Guard, request: Request) -> Office:
    """The seat in the address. Raises NotAllowed, NotFound."""
    asked = request.path_params
    unit = guard.unit(asked["unit"], Right.ROSTER)
    for office in await tx.roster.offices_of(unit):
        if (office.title, str(office.rank)) == (asked["title"], asked["rank"]):
            return office
    raise NotFound(f"{unit} has no such office")


class SeatForm:
    """One form, posted by one visitor."""

    def __init__(self, kit: Kit, visitor: Visitor, form: FormData, deed: SeatDeed) -> None:
        """Read what stands in it."""
        self._kit = kit
        self._visitor = visitor
        self._form = form
        self._deed = deed
        self._now = kit.parts.station.now()

    @property
    def fields(self) -> dict[str, str]:
        """The fields as they were filled in."""
        return {name: text_of(self._form, name) for name in FIELDS}

    async def read(self, tx: Tx, guard: Guard, request: Request) -> Asked:
        """What is asked for. Raises NotAllowed, NotFound, Conflict, InputError."""
        office = await seat_meant(tx, guard, request)
        if self._deed in _NEED_HOLDER and office.person is None:
            raise self._wrong("vacant")
        person = await self._person(tx, guard, office)
        self._refuse_own(office, person)
        since, until = self._span()
        change = SeatChange(
            deed=self._deed,
            office=office,
            since=since,
            until=until,
            words=self._text("words", needed=self._deed in _NEED_REASON),
            order=self._text("order"),
            person=person.id if person else None,
            replacing=office.person if text_of(self._form, "replacing") else None,
            from_elsewhere=bool(text_of(self._form, "elsewhere")),
            record=number(text_of(self._form, "record")),
        )
        if self._deed is SeatDeed.APPOINT and person is not None:
            await self._check_appointed(tx, change, person)
        if self._deed is SeatDeed.TAKE_BACK:
            await self._check_announced(tx, change)
        return Asked(change=change, seats=await self._seats(tx, guard, office))

    async def _seats(self, tx: Tx, guard: Guard, office: Office) -> tuple[Office, ...]:
        if self._deed not in OF_HOLDER or office.person is None:
            return (office,)
        seats = await seats_held(tx, office.person)
        for one in seats:
            # An absence counts for all of them, so each must be in reach.
            guard.unit(one.unit, Right.ROSTER)
        return tuple(seats)

    # ── who ──

    async def _person(self, tx: Tx, guard: Guard, office: Office) -> Person | None:
        if self._deed not in OF_SOMEBODY:
            return None
        told = text_of(self._form, "person").strip()
        if not told:
            raise self._wrong("needs_person")
        person = await guard.person(tx, told, Right.SEE)
        if person.id == office.person:
            raise self._wrong("holds_already")
        if not await tx.roster.present([person.id]):
            raise self._wrong("gone")
        return person

    def _refuse_own(self, office: Office, person: Person | None) -> None:
        """Nobody decides about himself here: not that he is suspended no more, nor that an office is his."""
        own = self._visitor.person.id
        about = person.id if person else office.person
        if self._deed in DECISIONS and own in (about, office.person):
            raise self._wrong("own")

    async def _check_appointed(self, tx: Tx, change: SeatChange, person: Person) -> None:
        if change.office.person is not None and change.replacing is None:
            raise self._wrong("needs_replacing")
        above = {unit.code for unit in await tx.roster.path(change.office.unit)}
        if person.unit not in above and not change.from_elsewhere:
            raise self._wrong("needs_elsewhere")

    async def _check_announced(self, tx: Tx, change: SeatChange) -> None:
        """What holds by now is ended, not taken back."""
        book = await tx.office_records.of_seat(change.seat)
        if change.record not in {record.id for record in announced(book, self._now)}:
            raise Conflict("that has begun by now, or was taken back")

    # ── when, and why ──

    def _span(self) -> tuple[datetime | None, datetime | None]:
        since, until = self._moment("since"), self._moment("until")
        if until is not None and until <= max(since or self._now, self._now):
            raise self._wrong("until_first")
        if self._deed in DECISIONS and since is not None and since < self._now:
            raise self._wrong("since_past")
        return since, until

    def _moment(self, name: str) -> datetime | None:
        told = text_of(self._form, name).strip()
        if not told:
            return None
        try:
            return moment_reader(self._kit.parts.station.zone)(told)
        except BadValue:
            raise self._wrong("bad_time") from None

    def _text(self, name: str, *, needed: bool = False) -> str | None:
        told = " ".join(text_of(self._form, name).split())[:_MOST_WORDS]
        if needed and not told:
            raise self._wrong("needs_reason")
        return told or None

    def _wrong(self, name: str) -> InputError:
        return InputError(self._kit.renderer.say(self._visitor.locale, f"seat.{name}"))
