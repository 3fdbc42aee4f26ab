"""Routes of the console: before anything of a request is looked at, its session is, and its token."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.errors import Conflict, InputError, NotAllowed, NotFound
from notifier.store.outage import outage_of
from notifier.web.body import MAX_BODY
from notifier.web.console.csrf import (
    FIELD,
    HEADER,
    MAX_UPLOAD,
    read_form,
    require_own_site,
    require_token,
    text_of,
)
from notifier.web.console.render import Renderer
from notifier.web.console.visit import Door, Guest, SignInNeeded, Visitor, sign_in_address

log = structlog.get_logger(__name__)

Page = Callable[[Request, Visitor], Awaitable[Response]]
"""A page for who has signed in. It reads path, query and form itself, as plain text."""
OpenPage = Callable[[Request, Guest], Awaitable[Response]]
"""A page for everybody."""

_READ: Final = ["GET", "HEAD"]
_CHANGE: Final = ["POST"]
_ANY: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CHALLENGE: Final = {"WWW-Authenticate": 'Session realm="notifier"'}
_RETRY_AFTER_S: Final = 5
_TOO_LARGE: Final = 413

_REFUSALS: Final[tuple[tuple[type[Exception], int, str], ...]] = (
    (NotAllowed, 403, "not_allowed"),
    (NotFound, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (InputError, 400, "bad_input"),
)
"""What an error of ours is to whoever looks: a status, and the name of the words for it."""


class Routes:
    """Takes pages in. All of them are behind the session but those that are said to be open."""

    def __init__(self, door: Door, renderer: Renderer, public_url: str | None) -> None:
        """There are no pages yet."""
        self.router = APIRouter()
        self._door = door
        self._renderer = renderer
        self._public_url = public_url

    def get(self, path: str, page: Page) -> None:
        """A page; who has no session is led to the sign-in."""
        self._add(path, _READ, page, leads_to_sign_in=True)

    def get_part(self, path: str, page: Page) -> None:
        """Part of a page, a stream or a file; who has no session gets 401."""
        self._add(path, _READ, page)

    def post(self, path: str, page: Page) -> None:
        """A change; it must come from a page of ours that was made for this session."""

        async def checked(request: Request, visitor: Visitor) -> Response:
            await self._check(request, visitor, most=MAX_BODY)
            return await page(request, visitor)

        self._add(path, _CHANGE, checked)

    def post_files(self, path: str, page: Page) -> None:
        """The same with files, up to MAX_UPLOAD; only from who may do everything, or they are not read."""

        async def checked(request: Request, visitor: Visitor) -> Response:
            if not visitor.scope.everything:
                raise NotAllowed("files are taken from who may do everything")
            await self._check(request, visitor, most=MAX_UPLOAD)
            return await page(request, visitor)

        self._add(path, _CHANGE, checked)

    async def _check(self, request: Request, visitor: Visitor, *, most: int) -> None:
        require_own_site(request, self._public_url)
        given = request.headers.get(HEADER)
        if given is not None:
            require_token(given, visitor.csrf)
        form = await read_form(request, most=most)
        if given is None:
            require_token(text_of(form, FIELD), visitor.csrf)

    def open_get(self, path: str, page: OpenPage) -> None:
        """A page for everybody."""
        self._add_open(path, _READ, page)

    def open_post(self, path: str, page: OpenPage) -> None:
        """A form for everybody; it must come from a page of ours."""

        async def checked(request: Request, guest: Guest) -> Response:
            require_own_site(request, self._public_url)
            await read_form(request)
            return await page(request, guest)

        self._add_open(path, _CHANGE, checked)

    def close(self) -> None:
        """Last of all: whatever else is asked for under /console, by whatever method."""
        for path in ("/console", "/console/{rest:path}"):
            self._add(path, _ANY, _nothing, leads_to_sign_in=True)

    def _add(self, path: str, methods: list[str], page: Page, *, leads_to_sign_in: bool = False) -> None:
        async def answer(request: Request) -> Response:
            who: Visitor | Guest = self._door.guest(request)
            try:
                who = visitor = await self._door.admit(request)
                return await page(request, visitor)
            except SignInNeeded:
                return self._sign_in_first(request, who, leads_there=leads_to_sign_in)
            except Exception as error:
                refusal = self._refusal(request, who, error)
                if refusal is None:
                    raise
                return refusal
            finally:
                # Files that came are gone from the disk before their answer goes out.
                await request.close()

        self.router.add_route(path, answer, methods=methods)

    def _add_open(self, path: str, methods: list[str], page: OpenPage) -> None:
        async def answer(request: Request) -> Response:
            guest = self._door.guest(request)
            try:
                return await page(request, guest)
            except Exception as error:
                refusal = self._refusal(request, guest, error)
                if refusal is None:
                    raise
                return refusal
            finally:
                await request.close()

        self.router.add_route(path, answer, methods=methods)

    # ── refusing ──

    def _sign_in_first(self, request: Request, who: Visitor | Guest, *, leads_there: bool) -> Response:
        live = "HX-Request" in request.headers
        if leads_there and not live and request.method in _READ:
            return RedirectResponse(sign_in_address(request), status_code=303)
        answer = self._renderer.page(request, who, "refused.html", status=401, why="sign_in_first")
        answer.headers.update(_CHALLENGE)
        if live:
            # Else a page that was left open would only stop to answer.
            answer.headers["HX-Redirect"] = "/console"
        return answer

    def _refusal(self, request: Request, who: Visitor | Guest, error: Exception) -> Response | None:
        """The page that says what is wrong; None for a fault of ours."""
        for kind, status, why in _REFUSALS:
            if isinstance(error, kind):
                line = str(error) if isinstance(error, InputError) else ""
                return self._renderer.page(request, who, "refused.html", status=status, why=why, line=line)
        if isinstance(error, HTTPException) and error.status_code == _TOO_LARGE:
            return self._renderer.page(request, who, "refused.html", status=_TOO_LARGE, why="too_large")
        if outage := outage_of(error):
            log.warning("console_away", outage=outage)
            answer = self._renderer.page(request, who, "refused.html", status=503, why="away")
            answer.headers["Retry-After"] = str(_RETRY_AFTER_S)
            return answer
        return None


async def _nothing(_request: Request, visitor: Visitor) -> Response:
    if visitor.scope.everything:
        raise NotFound("there is no such page")
    raise NotAllowed("there is no such page, or it is out of reach")
