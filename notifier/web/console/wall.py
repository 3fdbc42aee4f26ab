"""The wall: every unit one cell."""

from starlette.requests import Request
from starlette.responses import Response

from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.visit import Visitor


class WallPages:
    """The page at ``/console``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get("/console", self.wall)

    async def wall(self, request: Request, visitor: Visitor) -> Response:
        """What the visitor may see, in one glance."""
        return self._kit.renderer.page(request, visitor, "wall.html")
