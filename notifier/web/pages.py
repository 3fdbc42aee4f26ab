"""The way to the console, and the doors that are shut."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse, RedirectResponse, Response

_ANY: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_READ: Final = ["GET", "HEAD"]


def page_router() -> APIRouter:
    """The way in, and what must not tell what exists."""
    router = APIRouter()
    router.add_api_route("/", home, methods=_READ, response_model=None)
    for path in ("/api", "/api/{rest:path}"):
        router.add_api_route(path, not_signed_in, methods=_ANY, response_model=None)
    return router


async def home() -> Response:
    """The console is what there is to see."""
    return RedirectResponse("/console", status_code=303)


async def not_signed_in() -> Response:
    """401 for everything below, whether it exists or not: it takes a token, and there are none yet."""
    headers = {"WWW-Authenticate": 'Session realm="notifier"'}
    return JSONResponse({"detail": "not signed in"}, status_code=401, headers=headers)
