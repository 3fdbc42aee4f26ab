"""Rows claimed but not yet sent, by lane; at most one message of a chat is in flight."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from notifier.domain.message import Lane
from notifier.store.rows import StoredMessage


class Buffer:
    """What this account has claimed, in the order of claiming within each lane."""

    def __init__(self) -> None:
        """Nothing is claimed."""
        self._lanes: dict[Lane, deque[StoredMessage]] = {lane: deque() for lane in Lane}
        self._in_flight: set[str] = set()

    def __len__(self) -> int:
        """How many wait here."""
        return sum(len(lane) for lane in self._lanes.values())

    def waiting(self, lane: Lane) -> int:
        """How many of that lane wait here."""
        return len(self._lanes[lane])

    def add(self, messages: Iterable[StoredMessage]) -> None:
        """Take claimed rows in."""
        for message in messages:
            self._lanes[message.lane].append(message)

    def ready(self, lane: Lane, is_at_rest: Callable[[StoredMessage], bool]) -> StoredMessage | None:
        """The first of that lane whose chat is neither in flight nor within its spacing; left in place."""
        waiting = self._lanes[lane]
        if not waiting:
            return None
        held_back: set[str] = set()
        for message in waiting:
            if message.address in held_back:
                continue
            if message.address not in self._in_flight and is_at_rest(message):
                return message
            held_back.add(message.address)
        return None

    def addresses(self) -> set[str]:
        """Everybody who has a message waiting here or in flight."""
        return {m.address for lane in self._lanes.values() for m in lane} | self._in_flight

    def resting(self) -> Iterator[StoredMessage]:
        """Those whose chat has nothing in flight."""
        return (m for lane in self._lanes.values() for m in lane if m.address not in self._in_flight)

    def take(self, message: StoredMessage) -> None:
        """It is being sent now."""
        waiting = self._lanes[message.lane]
        if waiting[0] is message:
            waiting.popleft()
        else:
            waiting.remove(message)
        self._in_flight.add(message.address)

    def landed(self, message: StoredMessage) -> None:
        """Its call has ended; the chat is free again."""
        self._in_flight.discard(message.address)

    def drain(self) -> list[StoredMessage]:
        """Give everything back that has not been sent."""
        left = [message for lane in self._lanes.values() for message in lane]
        for lane in self._lanes.values():
            lane.clear()
        return left
