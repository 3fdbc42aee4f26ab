"""What moves on open pages: one stream a page, each looking through the one feed."""

import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response

from notifier.engine.console.feed import READ_ANYWAY_S, Feed
from notifier.engine.console.wall import Snapshot
from notifier.errors import NotAllowed, NotFound
from notifier.store.outage import is_outage
from notifier.web.console.stream import KEEP_ALIVE, EventStream, event
from notifier.web.console.visit import Door, SignInNeeded, Visitor

log = structlog.get_logger(__name__)

ADMIT_EVERY_S: Final = 30.0
"""How often it is seen whether the visitor may still look, and what at."""
STALE_S: Final = 3 * READ_ANYWAY_S
"""With no reading of the city for so long, the database is away."""


class Live(Protocol):
    """One open page."""

    visitor: Visitor
    every_s: float
    """It is looked at again after so long, news or not."""

    async def news(self, snapshot: Snapshot) -> str | None:
        """The markup that brings the page up to date; None where nothing on it has changed."""
        ...


class Streams:
    """Opens streams, and closes them when their visitors may look no more."""

    def __init__(self, door: Door, feed: Feed) -> None:
        """``feed`` reads once for all; ``door`` is asked again and again about each visitor."""
        self._door = door
        self._feed = feed

    def open(self, request: Request, live: Live) -> Response:
        """The answer that keeps a page up to date as long as it is open."""
        return EventStream(self._until_refused(self._tell(request, live)))

    async def _until_refused(self, events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """The events, up to where the visitor may look no more, or the database is away."""
        try:
            async with aclosing(events):
                async for told in events:
                    yield told
        except (SignInNeeded, NotAllowed, NotFound):
            return
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("stream_away", error=type(error).__name__)

    async def _tell(self, request: Request, live: Live) -> AsyncGenerator[bytes]:
        came_at = time.monotonic()
        # Not all at once, where many pages were opened together.
        admitted_at = came_at - random.uniform(0, ADMIT_EVERY_S)
        async with self._feed.watching() as watcher:
            yield KEEP_ALIVE
            while True:
                came = await watcher.wait(live.every_s)
                if self._feed.is_closed:
                    return
                now = time.monotonic()
                came_at = now if came else came_at
                if now - came_at > STALE_S:
                    # The page connects again, and shows that it is old until it is let in again.
                    return
                if now - admitted_at > ADMIT_EVERY_S:
                    live.visitor, admitted_at = await self._door.admit(request), now
                markup = await live.news(watcher.snapshot) if watcher.snapshot else None
                yield KEEP_ALIVE if markup is None else event("news", markup)
