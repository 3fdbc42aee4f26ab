"""The way to the console."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

_READ: Final = ["GET", "HEAD"]


def page_router() -> APIRouter:
    """The way in."""
    router = APIRouter()
    router.add_api_route("/", home, methods=_READ, response_model=None)
    return router


async def home() -> Response:
    """The console is what there is to see."""
    return RedirectResponse("/console", status_code=303)
