"""The console, put together: who adds a subject adds one line here."""

from typing import Final

from fastapi import APIRouter

from notifier.engine.parts import Parts
from notifier.web.console.assets import Assets
from notifier.web.console.kit import Kit
from notifier.web.console.render import Renderer
from notifier.web.console.routes import Routes
from notifier.web.console.visit import Door
from notifier.web.console.wall import WallPages
from notifier.web.console.words import Words

_HTTPS: Final = "https://"


def console_routers(parts: Parts, public_url: str | None) -> tuple[APIRouter, ...]:
    """The console's routes, in order; nothing may come behind them under /console."""
    assets = Assets()
    station = parts.station
    renderer = Renderer(assets, Words.load(), station.zone, station.site)
    door = Door(parts, secure=(public_url or "").startswith(_HTTPS))
    routes = Routes(door, renderer, public_url)
    kit = Kit(parts, renderer)
    WallPages(kit).add_to(routes)
    routes.close()
    return assets.router(), routes.router
