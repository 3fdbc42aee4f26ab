"""What happens in the sandbox, told to whoever listens: pages, and tests that wait for something."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Event = dict[str, Any]
Found = TypeVar("Found")

QUEUE_LENGTH = 1_000


class Feed:
    """A stream of events without memory. Publishing costs next to nothing while nobody listens."""

    def __init__(self) -> None:
        """Open, with no listeners."""
        self._queues: set[asyncio.Queue[Event]] = set()
        self._waiters: set[asyncio.Event] = set()
        self._closing = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether the sandbox is going down."""
        return self._closing.is_set()

    async def closing(self) -> None:
        """Return when the sandbox goes down."""
        await self._closing.wait()

    def close(self) -> None:
        """Wake all that wait: nothing more will come."""
        self._closing.set()
        self.stir()

    def stir(self) -> None:
        """Let those who wait for a condition look again."""
        for waiter in self._waiters:
            waiter.set()

    def publish(self, make: Callable[[], Event]) -> None:
        """Tell listeners an event; it is only made if there are any. Who fell behind is told to reload."""
        self.stir()
        if not self._queues:
            return
        event = make()
        for queue in self._queues:
            if queue.full():
                _drain(queue)
                queue.put_nowait({"type": "reload"})
            else:
                queue.put_nowait(event)

    @contextmanager
    def subscription(self) -> Iterator[asyncio.Queue[Event]]:
        """A queue of all events from now on."""
        queue: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LENGTH)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    async def until(self, look: Callable[[], Found], seconds: float = 5.0) -> Found:
        """What `look` finds, as soon as that is true. Looks after every event; raises TimeoutError."""
        woken = asyncio.Event()
        self._waiters.add(woken)
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):
                    await woken.wait()
                    woken.clear()
            return found
        finally:
            self._waiters.discard(woken)


def _drain(queue: asyncio.Queue[Event]) -> None:
    while not queue.empty():
        queue.get_nowait()
