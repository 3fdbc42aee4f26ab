"""The week of a unit: who stands where, day by day, with gaps marked."""

from datetime import date, timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.engine.console.week_view import DAYS, read_week
from notifier.web.console.asked import address, day_of
from notifier.web.console.kit import Kit
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

WEEK: Final = f"{ROSTER}/units/{{unit}}/week"
DID: Final = ("filled",)
"""What the page may be led back to with, having been done."""


class WeekPages:
    """Pages below ``/console/roster/units``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the page in."""
        routes.get(WEEK, self.week)

    async def week(self, request: Request, visitor: Visitor) -> Response:
        """Seven days from ``from`` on; from this Monday where none is named."""
        station = self._kit.parts.station
        today = station.now().astimezone(station.zone).date()
        first = day_of(request.query_params.get("from")) or _monday(today)
        async with self._kit.read(visitor) as (tx, guard):
            code = guard.unit(request.path_params["unit"], Right.SEE)
            week = await read_week(station, tx, code, first)
            units = await tx.roster.units_named([code])
        did = request.query_params.get("did", "")
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_week.html",
            week=week,
            unit=units[code],
            today=today,
            now=station.now(),
            did=did if did in DID else "",
            may_change=guard.may(code, Right.ROSTER),
            before=first - timedelta(days=DAYS),
            after=first + timedelta(days=DAYS),
            tell=Teller.of(self._kit, visitor.locale, week.people),
            link=partial(address, request.url.path),
        )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
