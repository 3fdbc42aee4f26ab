"""The visitor himself: what he may see and do, where else he is signed in, and going out."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.visit import HOME, SIGN_IN, Door, Visitor

ME: Final = f"{HOME}/me"


class MePages:
    """Pages below ``/console/me``, and the way out."""

    def __init__(self, kit: Kit, door: Door) -> None:
        """``door`` keeps what the browser is given."""
        self._kit = kit
        self._door = door

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(ME, self.me)
        routes.post(f"{HOME}/sign-out", self.sign_out)
        routes.post(f"{ME}/sign-out-everywhere", self.sign_out_everywhere)

    async def me(self, request: Request, visitor: Visitor) -> Response:
        """Who is signed in, what he may do, and where else he is."""
        async with self._kit.parts.station.db.read() as tx:
            sessions = await self._kit.parts.sessions.of_person(tx, visitor.person.id)
            units = await tx.roster.units_named({visitor.person.unit, *visitor.scope.over})
        return self._kit.renderer.page(
            request, visitor, "me.html", sessions=sessions, units=units, all_rights=tuple(Right)
        )

    async def sign_out(self, _request: Request, visitor: Visitor) -> Response:
        """End this session."""
        async with self._kit.parts.station.db.write() as tx:
            await self._kit.parts.sessions.end(tx, visitor.session.id)
        return self._leave()

    async def sign_out_everywhere(self, _request: Request, visitor: Visitor) -> Response:
        """End all of the visitor's sessions."""
        async with self._kit.parts.station.db.write() as tx:
            await self._kit.parts.sessions.end_all(tx, visitor.person.id)
        return self._leave()

    def _leave(self) -> Response:
        answer = RedirectResponse(SIGN_IN, status_code=303)
        self._door.let_out(answer)
        return answer
