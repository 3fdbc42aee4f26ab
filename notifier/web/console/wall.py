"""The wall: every unit one cell, cut to who looks and to what he wants to see."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import UnitCode
from notifier.domain.policy import Kind
from notifier.domain.wall import MATTER_KINDS, Standing
from notifier.engine.console.own_view import read_own
from notifier.engine.console.wall import EVERYTHING, Filter, look, read_snapshot
from notifier.web.console.asked import chosen
from notifier.web.console.faces import GLYPHS, Faces
from notifier.web.console.kit import Kit
from notifier.web.console.live import Streams
from notifier.web.console.live_wall import LiveWall, WallNews, print_of
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

EVENTS: Final = "/console/events"


class WallPages:
    """The page at ``/console``."""

    def __init__(self, kit: Kit, faces: Faces, streams: Streams) -> None:
        """Work with the console's kit; ``faces`` draw the cells."""
        self._kit = kit
        self._faces = faces
        self._streams = streams
        self._news = WallNews(kit.renderer, faces)

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get("/console", self.wall)
        routes.get_part(EVENTS, self.events)

    async def wall(self, request: Request, visitor: Visitor) -> Response:
        """What the visitor may see, in one glance; his own duties, where that is nothing."""
        wanted = filter_of(request.query_params)
        parts = self._kit.parts
        async with self._kit.read(visitor) as (tx, guard):
            snapshot = await read_snapshot(tx, parts.station.clock)
            seen = guard.units(Right.SEE)
            own = None if seen else await read_own(parts, tx, visitor.person, visitor.locale, snapshot.at)
        wall = look(snapshot, seen, wanted)
        return self._kit.renderer.page(
            request,
            visitor,
            "wall.html",
            wall=wall,
            own=own,
            tell=Teller.of(self._kit, visitor.locale, own.people if own else {}),
            wanted=wanted,
            everything=EVERYTHING,
            faces=self._faces,
            head=self._faces.head(visitor.locale, wall, wanted),
            glyphs=GLYPHS,
            kinds=MATTER_KINDS,
            live=f"{EVENTS}?{urlencode({**query_of(wanted), 'seen': print_of(snapshot, seen)})}",
        )

    async def events(self, request: Request, visitor: Visitor) -> Response:
        """What changes on it, for as long as its page is open."""
        query = request.query_params
        wanted = filter_of(query)
        return self._streams.open(request, LiveWall(self._news, visitor, wanted, query.get("seen", "")))


def filter_of(query: Mapping[str, str]) -> Filter:
    """The filter of a page's address; what means nothing does not filter."""
    return Filter(
        town=UnitCode(query["town"]) if query.get("town") else None,
        kind=chosen(Kind, query.get("kind")),
        standing=chosen(Standing, query.get("state")),
    )


def query_of(wanted: Filter) -> dict[str, str]:
    """The inverse."""
    told = {"town": wanted.town, "kind": wanted.kind, "state": wanted.standing}
    return {name: str(value) for name, value in told.items() if value is not None}
