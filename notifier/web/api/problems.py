"""Every refusal as one document (RFC 9457, ``application/problem+json``)."""

from collections.abc import Mapping
from typing import Final

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.errors import Conflict, InputError, NotAllowed, NotFound
from notifier.store.outage import outage_of

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
DOCS: Final = "/api/v1/docs"
RETRY_AFTER_S: Final = 5
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="notifier"'}


class Problem(BaseModel):
    """What is wrong with a request. ``type`` is where it is explained; ``instance`` the path asked for."""

    type: str = Field(examples=[f"{DOCS}#problem-403"])
    title: str = Field(examples=["not allowed"])
    status: int = Field(examples=[403])
    detail: str = Field(examples=["that is out of reach of this token, or there is no such thing"])
    instance: str = Field(examples=["/api/v1/units/BS01"])


TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad request", "the request cannot be read; look at its form"),
    401: ("no token", "send `Authorization: Bearer ...` with a token that still works"),
    403: ("not allowed", "that is out of reach of this token, or there is no such thing"),
    404: ("not found", "there is no such thing; look at its id"),
    405: ("no such method", "look into Allow for what may be done here"),
    408: ("too slow", "the body did not come in time; send it again"),
    409: ("conflict", "something changed meanwhile; read it again and decide again"),
    413: ("too large", "send less than 1 MiB at a time"),
    415: ("not JSON", "send a body as application/json"),
    422: ("bad input", "look at what is named, and mend it"),
    500: ("internal error", "that is a fault of ours; it is in the log"),
    503: ("not now", "the database is away for now; try again after Retry-After seconds"),
}
"""What each status means here: a title, and what there is to say where nothing more is known."""

_REFUSALS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (InputError, 422),
)


def path_of(request: Request) -> str:
    """The path that is routed by. Starlette's ``url`` ends it at a ``?`` or ``#`` that was sent encoded."""
    path: str = request.scope["path"]
    return path


def problem(
    path: str, status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer."""
    title, usual = TITLES.get(status, ("refused", "that cannot be done"))
    told = Problem(
        type=f"{DOCS}#problem-{status}", title=title, status=status, detail=detail or usual, instance=path
    )
    return JSONResponse(told.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def answer_to(request: Request, error: Exception) -> Response:
    """What whoever asked is told of an error. Of a fault of ours only its kind is logged."""
    path = path_of(request)
    if isinstance(error, HTTPException):
        return problem(path, error.status_code, headers=error.headers)
    if isinstance(error, RequestValidationError):
        return problem(path, 422, _misread(error))
    for kind, status in _REFUSALS:
        if isinstance(error, kind):
            return problem(path, status, _line(error) if status in (409, 422) else "")
    if outage := outage_of(error):
        log.warning("api_away", outage=outage)
        return problem(path, 503, headers={"Retry-After": str(RETRY_AFTER_S)})
    log.error(
        "api_failed", route=getattr(request.scope.get("route"), "path", "none"), error=type(error).__name__
    )
    return problem(path, 500)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _misread(error: RequestValidationError) -> str:
    """The first thing that is wrong, and where; never what was sent."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg'].removeprefix('Value error, ')}; mend it"
