"""One seat: who holds it and who acts in it, and what may be done about that."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.domain.roster import Office, Person
from notifier.engine.access.guard import Guard
from notifier.engine.console.seat_actions import SeatChange, SeatDeed, change_seat, seats_held, seen_of
from notifier.errors import InputError, NotFound
from notifier.files.findings import BadValue
from notifier.files.moments import moment_reader
from notifier.store.tx import Tx
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

SEAT: Final = f"{ROSTER}/units/{{unit}}/offices/{{title}}/{{rank}}"
_OF_HOLDER: Final = frozenset({SeatDeed.ABSENT, SeatDeed.BACK})
_MOST_WORDS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a form asks for, and every seat that it is about."""

    change: SeatChange
    seats: tuple[Office, ...]


class SeatPages:
    """Pages of one seat. Each change is shown first, and made when that is confirmed."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(SEAT, self.seat)
        for deed in SeatDeed:
            routes.post(f"{SEAT}/{deed}", partial(self.change, deed=deed))

    async def seat(self, request: Request, visitor: Visitor) -> Response:
        """How it stands, and the forms."""
        did = request.query_params.get("did", "")
        async with self._kit.read(visitor) as (tx, guard):
            office = await _seat(tx, guard, request)
            people = await _people(tx, [office])
            units = await tx.roster.units_named([office.unit])
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_seat.html",
            office=office,
            unit=units[office.unit],
            now=self._kit.parts.station.now(),
            did=did if did in {str(deed) for deed in SeatDeed} else "",
            seen=seen_of(office),
            here=_address(office),
            tell=Teller.of(self._kit, visitor.locale, people),
        )

    async def change(self, request: Request, visitor: Visitor, *, deed: SeatDeed) -> Response:
        """Show what would be done; with ``sure``, do it."""
        form = await read_form(request)
        if not text_of(form, "sure"):
            return await self._confirm(request, visitor, form, deed)
        now = self._kit.parts.station.now()
        async with self._kit.write(visitor) as (tx, guard):
            # Before it is read, so that of two who press at once the second finds it changed.
            await tx.cases.decide_alone()
            asked = await self._asked(tx, guard, request, visitor, form, deed)
            await change_seat(self._kit.parts, tx, asked.change, actor(visitor), text_of(form, "seen"), now)
        return RedirectResponse(f"{_address(asked.change.office)}?did={deed}", status_code=303)

    async def _confirm(self, request: Request, visitor: Visitor, form: FormData, deed: SeatDeed) -> Response:
        async with self._kit.read(visitor) as (tx, guard):
            asked = await self._asked(tx, guard, request, visitor, form, deed)
            people = await _people(tx, asked.seats, asked.change.person)
            units = await tx.roster.units_named({office.unit for office in asked.seats})
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_seat_sure.html",
            change=asked.change,
            seats=asked.seats,
            units=units,
            fields={name: text_of(form, name) for name in ("person", "since", "until", "words", "seen")},
            here=_address(asked.change.office),
            tell=Teller.of(self._kit, visitor.locale, people),
        )

    # ── what is asked for ──

    async def _asked(
        self, tx: Tx, guard: Guard, request: Request, visitor: Visitor, form: FormData, deed: SeatDeed
    ) -> _Asked:
        """Raises NotAllowed, NotFound, InputError."""
        office = await _seat(tx, guard, request)
        seats = [office]
        if deed in _OF_HOLDER:
            if office.person is None:
                raise InputError(self._say(visitor, "vacant"))
            seats = await seats_held(tx, office.person)
            for one in seats:
                # An absence counts for all of them, so each must be in reach.
                guard.unit(one.unit, Right.ROSTER)
        person = None
        if deed is SeatDeed.ACT:
            told = text_of(form, "person").strip()
            if not told:
                raise InputError(self._say(visitor, "needs_person"))
            person = (await guard.person(tx, told, Right.SEE)).id
        since, until = self._span(visitor, form)
        change = SeatChange(
            deed=deed,
            office=office,
            since=since,
            until=until,
            words=self._words(visitor, form, deed),
            person=person,
        )
        return _Asked(change=change, seats=tuple(seats))

    def _span(self, visitor: Visitor, form: FormData) -> tuple[datetime | None, datetime | None]:
        since, until = self._moment(visitor, form, "since"), self._moment(visitor, form, "until")
        now = self._kit.parts.station.now()
        if until is not None and until <= max(since or now, now):
            raise InputError(self._say(visitor, "until_first"))
        return since, until

    def _moment(self, visitor: Visitor, form: FormData, name: str) -> datetime | None:
        told = text_of(form, name).strip()
        if not told:
            return None
        try:
            return moment_reader(self._kit.parts.station.zone)(told)
        except BadValue:
            raise InputError(self._say(visitor, "bad_time")) from None

    def _words(self, visitor: Visitor, form: FormData, deed: SeatDeed) -> str | None:
        told = " ".join(text_of(form, "words").split())[:_MOST_WORDS]
        if deed is SeatDeed.ABSENT and not told:
            raise InputError(self._say(visitor, "needs_reason"))
        return told or None

    def _say(self, visitor: Visitor, name: str) -> str:
        return self._kit.renderer.say(visitor.locale, f"seat.{name}")


async def _seat(tx: Tx, guard: Guard, request: Request) -> Office:
    asked = request.path_params
    unit = guard.unit(asked["unit"], Right.ROSTER)
    for office in await tx.roster.offices_of(unit):
        if (office.title, str(office.rank)) == (asked["title"], asked["rank"]):
            return office
    raise NotFound(f"{unit} has no such office")


async def _people(tx: Tx, offices: Iterable[Office], also: PersonId | None = None) -> dict[PersonId, Person]:
    named = {person for office in offices for person in (office.person, office.acting)} | {also}
    return await tx.roster.people([person for person in named if person is not None])


def _address(office: Office) -> str:
    unit, title = quote(office.unit, safe=""), quote(office.title, safe="")
    return SEAT.format(unit=unit, title=title, rank=office.rank)
