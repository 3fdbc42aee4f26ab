"""Operations of the API: what a caller must be allowed is asked before anything he sent is parsed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from notifier.domain.access import Right
from notifier.web.api.kit import Kit, Look
from notifier.web.api.problems import answer_to
from notifier.web.body import Bodies

ROOT: Final = "/api/v1"
Answer = Callable[[Request], Awaitable[Response]]
Need = Callable[[Look, Request], Awaitable[object]]
"""Raises NotAllowed or NotFound unless the caller may come this far."""

_Find = Callable[[Look, str, Right], Awaitable[object]]


async def _unit(look: Look, code: str, right: Right) -> object:
    return look.guard.unit(code, right)


_FIND: Final[Mapping[str, _Find]] = {
    "unit": _unit,
    "case": lambda look, number, right: look.guard.case(look.tx, number, right),
    "person": lambda look, person, right: look.guard.person(look.tx, person, right),
    "post": lambda look, code, right: look.guard.post(look.tx, code, right),
    "broadcast": lambda look, number, right: look.guard.broadcast(look.tx, number, right),
    "message": lambda look, number, right: look.guard.message(look.tx, number, right),
}
"""How what a path or a query names is found, by the parameter's name."""


async def anybody(_look: Look, _request: Request) -> None:
    """Everybody with a token that works."""


def somewhere(right: Right) -> Need:
    """Who has the right anywhere, and in whatever the query names."""

    async def need(look: Look, request: Request) -> None:
        look.guard.some(right)
        for name, find in _FIND.items():
            if name in request.query_params:
                await find(look, request.query_params[name], right)

    return need


def over(name: str, right: Right) -> Need:
    """Who has the right over what the path names by that parameter."""

    async def need(look: Look, request: Request) -> None:
        await _FIND[name](look, request.path_params[name], right)

    return need


class Operation(APIRoute):
    """One operation. A function that reads finds its ``Look`` on the request; errors become problems."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, kit: Kit, bodies: Bodies, need: Need, **told: Any
    ) -> None:
        """``told`` is what FastAPI is told."""
        self._kit = kit
        self._bodies = bodies
        self._need = need
        super().__init__(path, endpoint, **told)

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The guard, then the function."""
        answer = super().get_route_handler()
        handle = self._look if "GET" in (self.methods or ()) else self._change

        async def handled(request: Request) -> Response:
            try:
                return await handle(request, answer)
            except Exception as error:  # noqa: BLE001 -- the last wall: whatever fails is answered as a problem
                return answer_to(request, error)

        return handled

    async def _look(self, request: Request, answer: Answer) -> Response:
        async with self._kit.look(request.state.caller) as look:
            await self._need(look, request)
            request.state.look = look
            return await answer(request)

    async def _change(self, request: Request, answer: Answer) -> Response:
        async with self._kit.look(request.state.caller) as look:
            await self._need(look, request)
        # Read with no transaction open: whoever sends slowly keeps nobody waiting.
        return await answer(await self._read(request))

    async def _read(self, request: Request) -> Request:
        """The request with its body at hand. Raises HTTPException: 415, and what ``Bodies`` raises."""
        body = await self._bodies.read(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if body and kind != "application/json":
            raise HTTPException(415)

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        return Request(request.scope, receive)


class Routes:
    """Takes operations in, below ``/api/v1``."""

    def __init__(self, kit: Kit, router: APIRouter) -> None:
        """There are none yet."""
        self._kit = kit
        self._router = router
        self._bodies = Bodies()

    def get(self, path: str, function: Callable[..., Any], *, need: Need, tag: str, summary: str) -> None:
        """A reading: its function takes ``Looking``, and answers with a model."""
        self._add("GET", path, function, need=need, tags=[tag], summary=summary)

    def post(
        self,
        path: str,
        function: Callable[..., Any],
        *,
        need: Need,
        tag: str,
        summary: str,
        status: int = 200,
        model: Any = None,
    ) -> None:
        """A change: its function takes ``Calling``, and opens ``Kit.write`` or ``Kit.once`` by itself.

        ``model``: what it answers with, where it answers through ``Kit.once``.
        """
        told = {"response_model": model} if model is not None else {}
        self._add("POST", path, function, need=need, tags=[tag], summary=summary, status_code=status, **told)

    def _add(self, method: str, path: str, function: Callable[..., Any], **told: Any) -> None:
        name = function.__name__
        operation = Operation(
            f"{ROOT}{path}",
            function,
            kit=self._kit,
            bodies=self._bodies,
            methods=[method],
            operation_id=f"{told['tags'][0]}_{name}",
            **told,
        )
        self._router.routes.append(operation)
