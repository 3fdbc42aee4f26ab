"""What is in force, how each text may look at worst, and how the program itself fares."""

from datetime import timedelta
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.engine.console.health import Running, read_health
from notifier.engine.console.settings_view import previews, read_in_force
from notifier.web.console.asked import address, words
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Say, Teller
from notifier.web.console.visit import Visitor

SETTINGS: Final = "/console/settings"
_PARTS: Final = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
)


class SettingsPages:
    """Pages below ``/console/settings``."""

    def __init__(self, kit: Kit, running: Running) -> None:
        """Work with the console's kit; ``running`` is the process that serves it."""
        self._kit = kit
        self._running = running

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(SETTINGS, self.settings)
        routes.get(f"{SETTINGS}/texts", self.texts)
        routes.get(f"{SETTINGS}/health", self.health)

    async def settings(self, request: Request, visitor: Visitor) -> Response:
        """Policies, lists and calendar."""
        async with self._kit.read(visitor) as (tx, guard):
            guard.some(Right.OVERSEE)
            view = await read_in_force(self._kit.parts.station, tx)
        say = partial(self._kit.renderer.say, visitor.locale)
        return self._kit.renderer.page(
            request,
            visitor,
            "settings.html",
            view=view,
            tell=Teller.of(self._kit, visitor.locale, {}),
            lasting=partial(lasting, say),
        )

    async def texts(self, request: Request, visitor: Visitor) -> Response:
        """Every template by name, and one of them with worst-case values."""
        station = self._kit.parts.station
        async with self._kit.read(visitor) as (_tx, guard):
            guard.some(Right.OVERSEE)
        names = station.texts.names()
        asked = words(request.query_params, "name")
        chosen = asked if asked in names else ""
        return self._kit.renderer.page(
            request,
            visitor,
            "settings_texts.html",
            names=names,
            chosen=chosen,
            previews=previews(station, chosen, station.now()) if chosen else (),
            tell=Teller.of(self._kit, visitor.locale, {}),
            link=partial(address, f"{SETTINGS}/texts"),
        )

    async def health(self, request: Request, visitor: Visitor) -> Response:
        """Loops, leases, accounts."""
        async with self._kit.read(visitor) as (tx, guard):
            guard.some(Right.OVERSEE)
            health = await read_health(self._running, tx, self._kit.parts.station.now())
        tell = Teller.of(self._kit, visitor.locale, {})
        return self._kit.renderer.page(request, visitor, "settings_health.html", health=health, tell=tell)


def lasting(say: Say, span: timedelta) -> str:
    """A duration in words: ``1 小时 30 分``."""
    told = []
    for name, unit in _PARTS:
        number, span = divmod(span, unit)
        if number:
            told.append(say(f"settings.span_{name}", number=number))
    if span:
        told.append(say("settings.span_s", number=f"{span.total_seconds():g}"))
    return " ".join(told) or say("settings.span_none")
