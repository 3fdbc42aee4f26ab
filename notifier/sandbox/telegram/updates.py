"""Updates on their way to a bot: kept until confirmed, fetched by polling or pushed to a webhook."""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Update = dict[str, Any]
FIRST_UPDATE_ID = 100_000_001
# What a bot gets only when it asks for it by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Where a bot wants its updates pushed, and how that went last."""

    url: str
    secret: str = ""
    last_error: str = ""
    last_error_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class UpdateQueue:
    """Updates of one bot in order. The oldest are lost when more than `max_updates` wait."""

    max_updates: int
    pending: deque[Update] = field(default_factory=deque)
    allowed: frozenset[str] | None = None
    delivered: int = 0
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(FIRST_UPDATE_ID))
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _poll: asyncio.Future[None] | None = None

    def restart_ids(self, first: int) -> None:
        """Number the next update so, as Telegram does after a silent week."""
        self._ids = itertools.count(first)

    def next_id(self) -> int:
        """The number of the update about to be queued."""
        return next(self._ids)

    def put_all(self, updates: Iterable[Update]) -> None:
        """Queue updates that have their ids."""
        for update in updates:
            self.put(update)

    def put(self, content: Update, *, unfiltered: bool = False) -> int:
        """Queue an update, unless the bot did not ask for its kind; returns its id. Its own id wins."""
        update_id = content.get("update_id")
        if update_id is None:
            update_id = self.next_id()
        if not unfiltered and not self._wanted(content):
            return int(update_id)
        self.pending.append({"update_id": update_id, **content})
        if len(self.pending) > self.max_updates:
            self.pending.popleft()
        self._changed.set()
        return int(update_id)

    def _wanted(self, content: Update) -> bool:
        kinds = content.keys() - {"update_id"}
        if self.allowed is not None:
            return bool(kinds & self.allowed)
        return not kinds & ON_REQUEST

    def take_from(self, offset: int | None, limit: int) -> list[Update]:
        """What to answer a poll; everything below the offset is confirmed and forgotten."""
        if offset is not None and offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()
        elif offset:
            self._confirm_below(offset)
        return list(itertools.islice(self.pending, limit))

    def _confirm_below(self, offset: int) -> None:
        while self.pending and int(self.pending[0]["update_id"]) < offset:
            self.pending.popleft()
            self.delivered += 1

    def confirm(self, update: Update) -> None:
        """The webhook took this one."""
        self.delivered += 1
        if self.pending and self.pending[0] is update:
            self.pending.popleft()

    def clear(self) -> None:
        """Forget all that wait."""
        self.pending.clear()

    async def first(self) -> Update:
        """The update whose turn it is, once there is one."""
        while not self.pending:
            self._changed.clear()
            await self._changed.wait()
        return self.pending[0]

    @property
    def polled(self) -> bool:
        """Whether a poll waits right now."""
        return self._poll is not None

    def oust_poll(self) -> None:
        """End the poll that waits now: another one, or a webhook, takes its place."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def begin_poll(self) -> asyncio.Future[None]:
        """Let a poll wait from now on. What it gets is done when it loses its place."""
        self.oust_poll()
        self._poll = asyncio.get_running_loop().create_future()
        return self._poll

    async def wait(self, ousted: asyncio.Future[None], seconds: float, *ends: asyncio.Future[Any]) -> bool:
        """Wait for an update, the time or one of `ends`. True if the poll lost its place."""
        arrival = asyncio.ensure_future(self.first())
        events: set[asyncio.Future[Any]] = {arrival, ousted, *ends}
        try:
            await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return ousted.done()
        finally:
            arrival.cancel()
            if self._poll is ousted:
                self._poll = None
