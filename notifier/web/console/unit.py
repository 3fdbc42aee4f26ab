"""One unit: who stands where tonight, who would be called, what is open, and what was done today."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.engine.case_letters import local_phone
from notifier.engine.console.unit_view import read_unit
from notifier.engine.console.unmasking import unmask
from notifier.web.console.case import Said
from notifier.web.console.faces import GLYPHS
from notifier.web.console.kit import Kit, actor
from notifier.web.console.pauses import DID, LONGEST_PAUSE_H
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

UNITS: Final = "/console/units"


class UnitPages:
    """Pages below ``/console/units``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(f"{UNITS}/{{unit}}", self.unit)
        routes.post(f"{UNITS}/{{unit}}/phones/{{person}}", self.show_phone)

    async def unit(self, request: Request, visitor: Visitor) -> Response:
        """How it stands."""
        did = request.query_params.get("did", "")
        if did not in DID:
            return await self._page(request, visitor)
        text = self._kit.renderer.say(visitor.locale, f"case.did_{did}")
        return await self._page(request, visitor, said=Said(text=text, is_done=DID[did]))

    async def show_phone(self, request: Request, visitor: Visitor) -> Response:
        """The same, with one number in full; who looked at it is journalled."""
        async with self._kit.write(visitor) as (tx, guard):
            guard.unit(request.path_params["unit"], Right.SEE)
            person = await guard.person(tx, request.path_params["person"], Right.UNMASK)
            phone = await unmask(tx, person, actor(visitor), self._kit.parts.station.now())
        return await self._page(request, visitor, shown={person.id: local_phone(phone) or ""})

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        *,
        said: Said | None = None,
        shown: Mapping[PersonId, str] | None = None,
    ) -> Response:
        station = self._kit.parts.station
        async with self._kit.read(visitor) as (tx, guard):
            code = guard.unit(request.path_params["unit"], Right.SEE)
            view = await read_unit(station, tx, code, station.now())
        return self._kit.renderer.page(
            request,
            visitor,
            "unit.html",
            view=view,
            said=said,
            shown=shown or {},
            tell=Teller.of(self._kit, visitor.locale, view.people),
            glyphs=GLYPHS,
            here=f"{UNITS}/{code}",
            may_pause=guard.may(code, Right.PAUSE),
            may_unmask=guard.may(code, Right.UNMASK),
            seen=[unit.code for unit in view.path if guard.may(unit.code, Right.SEE)],
            longest_pause=LONGEST_PAUSE_H,
        )
