"""A stream of events to one page, which ends when the page is closed or does not read."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import lru_cache
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from notifier.engine.loops import either

SLOW_S: Final = 20.0
"""A page that has taken nothing for so long is dropped; it connects again by itself and gets the whole."""


@lru_cache(maxsize=32)
def event(name: str, markup: str) -> bytes:
    """One event as it goes over the line; made once for all the pages that are sent the same."""
    lines = "".join(f"data: {line}\n" for line in markup.splitlines())
    return f"event: {name}\n{lines}\n".encode()


KEEP_ALIVE: Final = b": still here\n\n"
"""Says nothing, and lets both sides notice that the other is gone."""


class EventStream(Response):
    """Sends what a generator of events yields, as it comes."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        """Nothing is generated before it is sent."""
        # Not buffered by whatever stands between us and the page.
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the generator ends, or the page is gone. Who asks for the head gets that."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        try:
            await either(self._send(send), _until_gone(receive))
        except TimeoutError:
            # Left unfinished, so that the server cuts the line: an ending would wait behind what is not read.
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send) -> None:
        async with aclosing(self._events) as events:
            async for told in events:
                async with asyncio.timeout(SLOW_S):
                    await send({"type": "http.response.body", "body": told, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
