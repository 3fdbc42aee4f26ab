"""The way in: before anything else of a request is looked at, its token is."""

from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from notifier.domain.access import Scope
from notifier.domain.ids import PersonId
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.store.outage import is_outage
from notifier.store.rows import ApiToken
from notifier.web.api.problems import CHALLENGE, DOCS, answer_to, path_of, problem

log = structlog.get_logger(__name__)

API: Final = "api"
"""The channel under which the journal keeps what was done here."""
OPENAPI: Final = "/api/v1/openapi.json"
OPEN: Final = frozenset({OPENAPI, DOCS})
"""For everybody: they tell nothing of anybody."""
_READ: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever holds a token that works. ``scope`` is its person's, cut down to its limit."""

    token: ApiToken
    scope: Scope

    @property
    def person(self) -> PersonId:
        """As whom he comes in."""
        return self.token.person

    @property
    def actor(self) -> Actor:
        """The same, as who does something."""
        return Actor(person=self.token.person, channel=API)


class Gate:
    """Answers 401 to whatever comes without a token, be it any path and any method.

    A cookie is no token: no other site's page can do anything here in a visitor's name.
    """

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        """Stand before that app."""
        self._app = app
        self._parts = parts

    async def __call__(self, connection: Connection, receive: Receive, send: Send) -> None:
        """Let in, or refuse."""
        request = Request(connection)
        if path_of(request) in OPEN and request.method in _READ:
            await self._app(connection, receive, send)
            return
        try:
            refusal = await self._admit(request)
        except Exception as error:  # noqa: BLE001 -- the last wall: whatever fails is answered as a problem
            refusal = answer_to(request, error)
        await (refusal or self._app)(connection, receive, send)

    async def _admit(self, request: Request) -> Response | None:
        """Write down on the request who calls; the refusal where nobody does who may."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        station = self._parts.station
        async with station.db.read() as tx:
            token = await self._parts.tokens.find(tx, text.strip()) if scheme.lower() == "bearer" else None
            if token is None:
                return problem(path_of(request), 401, headers=CHALLENGE)
            scope = await self._parts.tokens.scope(tx, token, station.now())
        request.state.caller = Caller(token=token, scope=scope)
        await self._note_use(token)
        return None

    async def _note_use(self, token: ApiToken) -> None:
        try:
            await self._parts.tokens.see(token)
        except Exception as error:
            if not is_outage(error):
                raise
            # Whoever only reads is not to wait for whoever writes.
            log.warning("token_not_marked")
