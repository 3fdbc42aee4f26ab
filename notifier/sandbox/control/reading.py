"""Bodies and queries of the control API, read strictly, and its errors."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.sandbox.telegram.people import CannotDo
from notifier.sandbox.twilio.people import CannotText

Value = TypeVar("Value")
Handler = Callable[[Request], Awaitable[Response]]
READ_ONLY = frozenset({"GET", "HEAD"})


class ControlError(Exception):
    """The control API cannot do that; `status` is the HTTP status."""

    def __init__(self, reason: str, status: int = 400) -> None:
        """Say why."""
        super().__init__(reason)
        self.status = status


async def read_json(request: Request) -> Any:
    """The body. It must call itself JSON, which a page elsewhere cannot. Raises ControlError."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise ControlError("the body must be application/json", 415)
    try:
        return await request.json()
    except ValueError as wrong:
        raise ControlError("the body is not JSON") from wrong


async def read_body(request: Request) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one. Raises ControlError."""
    if not await request.body():
        return {}
    body = await read_json(request)
    if not isinstance(body, dict):
        raise ControlError("the body must be a JSON object")
    return body


def text_of(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """A field that is text. Raises ControlError."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise ControlError(f"{name} must be text")
    return value


def number_of(body: dict[str, Any], name: str) -> int | None:
    """A field that is a whole number or absent. Raises ControlError."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ControlError(f"{name} must be a whole number") from None


def query_number(request: Request, name: str, default: float) -> float:
    """A number in the query. Raises ControlError."""
    try:
        return float(request.query_params.get(name, default))
    except ValueError:
        raise ControlError(f"{name} must be a number") from None


def build(kind: type[Value], body: dict[str, Any]) -> Value:
    """A frozen dataclass from JSON; unknown names are errors. Raises ControlError."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(body.keys() - known):
        raise ControlError(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    try:
        return TypeAdapter(kind).validate_python(body)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise ControlError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def guarded(handler: Handler) -> Handler:
    """Turn refusals into JSON, and turn away what a page of another origin tries to change."""

    async def serve(request: Request) -> Response:
        origin = request.headers.get("origin")
        own = {f"{scheme}://{request.headers.get('host')}" for scheme in ("http", "https")}
        if request.method not in READ_ONLY and origin is not None and origin not in own:
            return JSONResponse({"error": "another origin"}, 403)
        try:
            return await handler(request)
        except ControlError as wrong:
            return JSONResponse({"error": str(wrong)}, wrong.status)
        except (CannotDo, CannotText) as wrong:
            return JSONResponse({"error": str(wrong)}, 409)

    return serve
