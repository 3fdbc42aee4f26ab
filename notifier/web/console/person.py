"""One person of the roster: how he is reached, what he holds, where he stands and stood."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.engine.access.within import is_within
from notifier.engine.case_letters import local_phone
from notifier.engine.console.person_view import read_person
from notifier.engine.console.unmasking import unmask
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

PERSON: Final = f"{ROSTER}/people/{{person}}"
DID: Final = ("changed", "added")
"""What the page may be led back to with, having been done."""


class PersonPages:
    """Pages below ``/console/roster/people``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(PERSON, self.person)
        routes.post(f"{PERSON}/phone", self.show_phone)

    async def person(self, request: Request, visitor: Visitor) -> Response:
        """Who it is. Everybody sees himself."""
        return await self._page(request, visitor)

    async def show_phone(self, request: Request, visitor: Visitor) -> Response:
        """The same, with the number in full; who looked at it is journalled."""
        async with self._kit.write(visitor) as (tx, guard):
            person = await guard.person(tx, request.path_params["person"], Right.UNMASK)
            phone = await unmask(tx, person, actor(visitor), self._kit.parts.station.now())
        return await self._page(request, visitor, shown=local_phone(phone))

    async def _page(self, request: Request, visitor: Visitor, *, shown: str | None = None) -> Response:
        station = self._kit.parts.station
        async with self._kit.read(visitor) as (tx, guard):
            person = await guard.person(tx, request.path_params["person"], Right.SEE)
            is_own = person.id == visitor.person.id
            seen = None if is_own else guard.units(Right.SEE)
            view = await read_person(station, tx, person, seen, station.now())
            may_edit = view.is_in_roster and await is_within(tx, guard, person, station.now())
        did = request.query_params.get("did", "")
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_person.html",
            view=view,
            shown=shown,
            did=did if did in DID else "",
            may_edit=may_edit,
            may_unmask=guard.may(person.unit, Right.UNMASK),
            sees=guard.units(Right.SEE),
            changes=guard.units(Right.ROSTER),
            tell=Teller.of(self._kit, visitor.locale, view.people),
        )
