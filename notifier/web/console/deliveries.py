"""Deliveries: what went out, what failed and what mends it, who cannot be reached, and every message."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import MessageId
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.access.guard import Guard
from notifier.engine.console.deliveries import read_deliveries, resend
from notifier.store.deliveries import DeliveryFilter
from notifier.web.console.asked import address, chosen, number
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

DELIVERIES: Final = "/console/deliveries"
SPANS: Final = (1, 7)
"""Days that the page may look back."""
_KEPT: Final = ("days", "state", "channel", "lane", "unit")


class DeliveryPages:
    """Pages below ``/console/deliveries``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(DELIVERIES, self.deliveries)
        routes.post(f"{DELIVERIES}/{{message}}/resend", self.resend)

    async def deliveries(self, request: Request, visitor: Visitor) -> Response:
        """How sending goes."""
        query, station = request.query_params, self._kit.parts.station
        asked = {name: query.get(name, "") for name in _KEPT}
        days = number(asked["days"])
        days = days if days in SPANS else SPANS[0]
        async with self._kit.read(visitor) as (tx, guard):
            before = number(query.get("before"))
            view = await read_deliveries(
                station,
                tx,
                guard.some(Right.OVERSEE),
                _wanted(guard, asked),
                whole=guard.scope.everything,
                span=timedelta(days=days),
                before=None if before is None else MessageId(before),
                now=station.now(),
            )
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "deliveries.html",
            view=view,
            units={code: unit for code, unit in units.items() if guard.may(code, Right.OVERSEE)},
            tell=Teller.of(self._kit, visitor.locale, view.people),
            asked=asked,
            days=days,
            spans=SPANS,
            states=tuple(MessageState),
            channels=tuple(ChannelName),
            lanes=tuple(lane.name.lower() for lane in Lane),
            link=partial(address, DELIVERIES),
            resent=query.get("did") == "resent",
        )

    async def resend(self, request: Request, visitor: Visitor) -> Response:
        """Send an uncertain message again; back to the page as it was filtered."""
        form = await read_form(request)
        async with self._kit.write(visitor) as (tx, guard):
            message = await guard.message(tx, request.path_params["message"], Right.OVERSEE)
            await resend(tx, message, actor(visitor), self._kit.parts.station.now())
        kept = {name: text_of(form, name) for name in _KEPT}
        return RedirectResponse(address(DELIVERIES, did="resent", **kept), status_code=303)


def _wanted(guard: Guard, asked: Mapping[str, str]) -> DeliveryFilter:
    """The filter of the list. A unit stands for all below it. Raises NotAllowed, NotFound."""
    lane = asked["lane"].upper()
    everywhere = None if guard.scope.everything else guard.some(Right.OVERSEE)
    return DeliveryFilter(
        units=guard.below(asked["unit"], Right.OVERSEE) if asked["unit"] else everywhere,
        state=chosen(MessageState, asked["state"]),
        channel=chosen(ChannelName, asked["channel"]),
        lane=Lane[lane] if lane in Lane.__members__ else None,
    )
