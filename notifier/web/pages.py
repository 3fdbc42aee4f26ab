"""The page at ``/``, and the doors that are shut."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

_STATIC: Final = Path(__file__).parent / "static"
_ANY: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_READ: Final = ["GET", "HEAD"]


def page_router() -> APIRouter:
    """The page that says what this is, its style, and what must not tell what exists."""
    router = APIRouter()
    router.add_api_route("/", home, methods=_READ, response_model=None)
    router.add_api_route("/static/home.css", style, methods=_READ, response_model=None)
    for path in ("/console", "/console/{rest:path}"):
        router.add_api_route(path, to_home, methods=_READ, response_model=None)
    for path in ("/api", "/api/{rest:path}"):
        router.add_api_route(path, not_signed_in, methods=_ANY, response_model=None)
    return router


async def home() -> Response:
    """What this is and which commands show its state; no data."""
    return FileResponse(_STATIC / "home.html", media_type="text/html; charset=utf-8")


async def style() -> Response:
    """The page's style: our own policy forbids it inline."""
    return FileResponse(_STATIC / "home.css", media_type="text/css; charset=utf-8")


async def to_home() -> Response:
    """There is no console in this version; the page says so."""
    return RedirectResponse("/", status_code=303)


async def not_signed_in() -> Response:
    """401 for everything below, whether it exists or not: nobody can sign in yet."""
    headers = {"WWW-Authenticate": 'Session realm="notifier"'}
    return JSONResponse({"detail": "not signed in"}, status_code=401, headers=headers)
