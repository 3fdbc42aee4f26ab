"""Styles and scripts: read once, named with a hash of what is in them, and so kept by browsers for good."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

STATIC: Final = Path(__file__).parent / "static"
FOR_GOOD: Final = "public, max-age=31536000, immutable"
_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    digest: str


class Assets:
    """What lies in ``static/``. Everybody may read it; nothing in it says anything of anybody."""

    def __init__(self) -> None:
        """Read it all."""
        self._assets = {
            file.relative_to(STATIC).as_posix(): _asset(file)
            for file in sorted(STATIC.rglob("*"))
            if file.suffix in _KINDS
        }

    def url(self, name: str) -> str:
        """Its address. Raises KeyError for a name that there is not."""
        return f"/static/{name}?v={self._assets[name].digest}"

    def router(self) -> APIRouter:
        """Its route."""
        router = APIRouter()
        router.add_api_route("/static/{name:path}", self.give, methods=["GET", "HEAD"], response_model=None)
        return router

    async def give(self, request: Request) -> Response:
        """One of them: kept for good under its present hash, asked for anew each time under any other."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        current = request.query_params.get("v") == asset.digest
        headers = {"Cache-Control": FOR_GOOD if current else "no-cache"}
        return Response(asset.content, media_type=asset.media_type, headers=headers)


def _asset(file: Path) -> _Asset:
    content = file.read_bytes()
    return _Asset(content, _KINDS[file.suffix], sha256(content).hexdigest()[:12])
