"""The visitor himself: what he may see and do, where else he is signed in, his tokens, and going out."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.errors import NotFound
from notifier.web.console.asked import number
from notifier.web.console.kit import Kit, actor
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
        routes.post(f"{ME}/tokens/{{token}}/revoke", self.revoke_token)

    async def me(self, request: Request, visitor: Visitor) -> Response:
        """Who is signed in, what he may do, and where else he is."""
        async with self._kit.parts.station.db.read() as tx:
            sessions = await self._kit.parts.sessions.of_person(tx, visitor.person.id)
            tokens = await self._kit.parts.tokens.standing(tx, visitor.person.id)
            limits = {token.limit.unit for token in tokens if token.limit.unit is not None}
            units = await tx.roster.units_named({visitor.person.unit, *visitor.scope.over, *limits})
        return self._kit.renderer.page(
            request,
            visitor,
            "me.html",
            sessions=sessions,
            tokens=tokens,
            units=units,
            all_rights=tuple(Right),
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

    async def revoke_token(self, request: Request, visitor: Visitor) -> Response:
        """End one of the visitor's own tokens."""
        asked = number(request.path_params["token"])
        if asked is None:
            raise NotFound("that is no token")
        parts = self._kit.parts
        async with parts.station.db.write() as tx:
            await parts.tokens.revoke(tx, asked, actor(visitor), parts.station.now(), visitor.person.id)
        return RedirectResponse(f"{ME}#tokens", status_code=303)

    def _leave(self) -> Response:
        answer = RedirectResponse(SIGN_IN, status_code=303)
        self._door.let_out(answer)
        return answer
