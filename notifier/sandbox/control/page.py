"""The page of phones: its three files, and the stream that keeps it fresh."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from notifier.sandbox.feed import Event, Feed

STATIC = Path(__file__).parent.parent / "static"
FILES = {
    "/": ("phones.html", "text/html; charset=utf-8"),
    "/static/phones.js": ("phones.js", "text/javascript; charset=utf-8"),
    "/static/phones.css": ("phones.css", "text/css; charset=utf-8"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
PING_SECONDS = 15.0


def page_routes(feed: Feed) -> list[Route]:
    """The page's files and its event stream."""

    async def stream(request: Request) -> Response:
        return StreamingResponse(_events(feed), media_type="text/event-stream", headers=HEADERS)

    return [*(_file_route(path) for path in FILES), Route("/control/events", stream, methods=["GET"])]


def _file_route(path: str) -> Route:
    name, media_type = FILES[path]
    content = (STATIC / name).read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return Route(path, serve, methods=["GET"])


async def _events(feed: Feed) -> AsyncIterator[str]:
    """Server-sent events until the sandbox goes down; a comment now and then shows that it is alive."""
    with feed.subscription() as queue:
        yield ": open\n\n"
        while not feed.closed:
            event = await _next(feed, queue)
            yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n" if event else ": still here\n\n"


async def _next(feed: Feed, queue: asyncio.Queue[Event]) -> Event | None:
    arrival = asyncio.ensure_future(queue.get())
    closing = asyncio.ensure_future(feed.closing())
    try:
        await asyncio.wait({arrival, closing}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return arrival.result() if arrival.done() else None
    finally:
        arrival.cancel()
        closing.cancel()
