"""The roster: people by search, and a unit's offices and posts."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.console.roster_view import read_people, read_unit_roster
from notifier.web.console.asked import address, words
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

ROSTER: Final = "/console/roster"


class RosterPages:
    """The page at ``/console/roster``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the page in."""
        routes.get(ROSTER, self.roster)

    async def roster(self, request: Request, visitor: Visitor) -> Response:
        """People of the units in reach, found by ``q`` and ``unit``; a unit with its offices and posts."""
        query, station = request.query_params, self._kit.parts.station
        text, code = words(query, "q"), query.get("unit", "")
        after = words(query, "after")
        now = station.now()
        async with self._kit.read(visitor) as (tx, guard):
            everywhere = guard.units(Right.SEE)
            page = await read_people(
                station,
                tx,
                guard.below(code, Right.SEE) if code else everywhere,
                text,
                whole=guard.scope.everything and not code,
                after=PersonId(after) if after else None,
                now=now,
            )
            unit = await read_unit_roster(tx, guard.unit(code, Right.SEE), now) if code else None
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "roster.html",
            page=page,
            unit=unit,
            units={one: units[one] for one in units if one in everywhere},
            text=text,
            code=code,
            reach={one.id for one in unit.people.values() if one.unit in everywhere} if unit else (),
            may_change=bool(code) and guard.may(UnitCode(code), Right.ROSTER),
            tell=Teller.of(self._kit, visitor.locale, unit.people if unit else {}),
            link=partial(address, ROSTER, q=text, unit=code),
        )
