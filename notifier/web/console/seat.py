"""One seat: who holds it and who acts in it, and what may be done about that."""

from collections.abc import Iterable
from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.holdings import OfficeRecord
from notifier.domain.ids import PersonId
from notifier.domain.roster import Office, Person
from notifier.engine.console.coming import announced_of, seats_of
from notifier.engine.console.seat_actions import SeatChange, SeatDeed, change_seat, seen_of
from notifier.engine.console.seat_candidates import candidates_for
from notifier.errors import InputError
from notifier.store.tx import Tx
from notifier.web.console.asked import words
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.seat_form import SeatForm, seat_meant
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

SEAT: Final = f"{ROSTER}/units/{{unit}}/offices/{{title}}/{{rank}}"
_LEAVES_IT_OPEN: Final = frozenset({SeatDeed.ABSENT, SeatDeed.SUSPEND, SeatDeed.VACATE, SeatDeed.END_ACTING})
"""After which somebody else may be called in its place."""


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
        """How it stands, and the forms; ``q`` looks for somebody for them."""
        did, text = request.query_params.get("did", ""), words(request.query_params, "q")
        station = self._kit.parts.station
        now = station.now()
        async with self._kit.read(visitor) as (tx, guard):
            office = await seat_meant(tx, guard, request)
            coming = await announced_of(tx, seats_of([office]), now)
            people = await _people(tx, [office], coming)
            choice = await candidates_for(
                station, tx, office, guard.units(Right.SEE), text, whole=guard.scope.everything, now=now
            )
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_seat.html",
            office=office,
            coming=coming,
            choice=choice,
            text=text,
            unit=units[office.unit],
            units=units,
            now=now,
            did=did if did in {str(deed) for deed in SeatDeed} else "",
            seen=seen_of(office),
            here=address(office),
            is_own=office.person == visitor.person.id,
            reach={one.id for one in people.values() if guard.may(one.unit, Right.SEE)},
            tell=Teller.of(self._kit, visitor.locale, people),
        )

    async def change(self, request: Request, visitor: Visitor, *, deed: SeatDeed) -> Response:
        """Show what would be done; with ``sure``, do it."""
        form = await read_form(request)
        asking = SeatForm(self._kit, visitor, form, deed)
        if not text_of(form, "sure"):
            return await self._confirm(request, visitor, asking)
        async with self._kit.write(visitor) as (tx, guard):
            # Before it is read, so that of two who press at once the second finds it changed.
            await tx.cases.decide_alone()
            change = (await asking.read(tx, guard, request)).change
            await self._do(tx, visitor, form, change)
        return RedirectResponse(f"{address(change.office)}?did={deed}", status_code=303)

    async def _do(self, tx: Tx, visitor: Visitor, form: FormData, change: SeatChange) -> None:
        now = self._kit.parts.station.now()
        try:
            await change_seat(self._kit.parts, tx, change, actor(visitor), text_of(form, "seen"), now)
        except InputError as error:
            cannot = self._kit.renderer.say(visitor.locale, "seat.cannot")
            raise InputError(f"{cannot} ({error})") from None

    async def _confirm(self, request: Request, visitor: Visitor, asking: SeatForm) -> Response:
        now = self._kit.parts.station.now()
        async with self._kit.read(visitor) as (tx, guard):
            asked = await asking.read(tx, guard, request)
            change = asked.change
            coming = [one for one in await announced_of(tx, [change.seat], now) if one.id == change.record]
            following = None
            if change.deed in _LEAVES_IT_OPEN:
                following = await self._kit.parts.offices.next_in_rank(tx, change.seat, now)
            people = await _people(tx, asked.seats, coming, change.person, following)
            units = await tx.roster.units_named({office.unit for office in asked.seats})
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_seat_sure.html",
            change=change,
            seats=asked.seats,
            coming=coming,
            following=following,
            units=units,
            fields=asking.fields,
            here=address(change.office),
            tell=Teller.of(self._kit, visitor.locale, people),
        )


async def _people(
    tx: Tx, offices: Iterable[Office], records: Iterable[OfficeRecord], *also: PersonId | None
) -> dict[PersonId, Person]:
    named = {person for office in offices for person in (office.person, office.acting)} | {*also}
    named |= {person for record in records for person in (record.person, record.by)}
    return await tx.roster.people([person for person in named if person is not None])


def address(office: Office) -> str:
    """The page of that seat."""
    unit, title = quote(office.unit, safe=""), quote(office.title, safe="")
    return SEAT.format(unit=unit, title=title, rank=office.rank)
