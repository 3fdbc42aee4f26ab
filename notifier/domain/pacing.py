"""Exact pacing in memory. Times are monotonic seconds, always an argument; who sends asks and then takes.

An account's budget belongs to one process at a time, so nothing here is shared.
"""

from collections import deque
from collections.abc import Collection

from notifier.domain.message import Lane

TOLERANCE_S = 0.035
"""How far ahead of its even spacing a sending may come, so that a late wake-up costs no throughput.

At 28 a second it lets 29 into a second, where Telegram counts up to 30: one of them may be late on its way.
At 0.05, which lets 30 in, a busy machine met the carrier's limit, and a 429 stops everything for a second.
"""

TOLERANT_FROM = 5.0
"""Below this rate even one message ahead of time would be more than 1.25 times the rate in a second."""


class Pacer:
    """Spreads an account's messages evenly (GCRA).

    In any second at most 1.035 times the rate, and one, go out; below 5 a second the rate, rounded up.
    Nothing is saved up while idle beyond the tolerance. It starts as if a message had just been sent,
    because the owner before may have done so. ``rate`` is a second; 0 or None: no limit.
    """

    def __init__(self, rate: float | None, now: float) -> None:
        """Begin at ``now``, with nothing saved."""
        self._spacing = 1.0 / rate if rate else 0.0
        self._tolerance = TOLERANCE_S if rate and rate >= TOLERANT_FROM else 0.0
        self._even = now + self._spacing + self._tolerance if rate else now
        self.paused_until = now
        """Until when the carrier wants nothing."""

    def next_free(self, now: float) -> float:
        """When the next message may go: ``now`` or later."""
        return max(now, self._even - self._tolerance, self.paused_until)

    def take(self, now: float, cost: float = 1) -> bool:
        """Spend ``cost`` messages: an SMS costs its segments. False, nothing spent, when not free yet."""
        if self.next_free(now) > now:
            return False
        self._even = max(self._even, now) + cost * self._spacing
        return True

    def went_out(self, at: float, cost: float = 1) -> None:
        """What was taken went out only at ``at``: the process stood still between. The next keeps clear."""
        self._even = max(self._even, at + cost * self._spacing)

    def pause(self, until: float) -> None:
        """Send nothing until then (the carrier said so); pauses only ever grow."""
        self.paused_until = max(self.paused_until, until)


CHAT_MARGIN = 1.03
"""A chat's messages are spaced this much wider than its rate: the carrier's clock is not ours."""

LANDED_SHARE = 0.8
"""How much of its spacing a chat keeps from the end of a call, whenever that began."""

GROUP_SPAN_S = 60.0
SWEEP_S = 60.0


class ChatPacer:
    """Spaces the messages of each chat, and holds groups (negative chat ids) to so many in any minute.

    Replies to a chat's own words may skip the spacing, never a group's limit or a pause. Chats that have
    been silent long enough to be free are forgotten, so memory is bounded by what the account can send.
    """

    def __init__(self, rate: float | None = 1.0, group_per_minute: int | None = 20) -> None:
        """``rate`` is a second and chat; 0 or None: no limit."""
        self._spacing = CHAT_MARGIN / rate if rate else 0.0
        self._group_limit = group_per_minute or 0
        self._free_at: dict[str, float] = {}
        self._paused: dict[str, float] = {}
        self._groups: dict[str, deque[float]] = {}
        self._swept_at = float("-inf")

    def __len__(self) -> int:
        """How many chats are remembered."""
        return len(self._free_at.keys() | self._paused.keys() | self._groups.keys())

    def next_free(self, chat: str, now: float, *, reply: bool = False) -> float:
        """When the next message may go to that chat: ``now`` or later."""
        spaced = now if reply else self._free_at.get(chat, now)
        return max(now, spaced, self._paused.get(chat, now), self._group_free(chat, now))

    def is_free(self, chat: str, now: float, *, reply: bool = False) -> bool:
        """Whether a message may go to that chat at ``now``."""
        return self.next_free(chat, now, reply=reply) <= now

    def take(self, chat: str, now: float, *, reply: bool = False) -> bool:
        """Spend one message to that chat. False, and nothing spent, when it is not free yet."""
        if self.next_free(chat, now, reply=reply) > now:
            return False
        self._sweep(now)
        if self._spacing:
            self._free_at[chat] = now + self._spacing
        if self._group_limit and _is_group(chat):
            self._groups.setdefault(chat, deque(maxlen=self._group_limit)).append(now)
        return True

    def landed(self, chat: str, now: float) -> None:
        """A call to that chat is over: it may have been taken as late as now, so it counts from here."""
        if self._spacing:
            kept = now + LANDED_SHARE * self._spacing
            self._free_at[chat] = max(kept, self._free_at.get(chat, kept))

    def pause(self, chat: str, until: float) -> None:
        """Send nothing to that chat until then."""
        self._paused[chat] = max(until, self._paused.get(chat, until))

    def _group_free(self, chat: str, now: float) -> float:
        sent = self._groups.get(chat)
        if sent is None or len(sent) < self._group_limit:
            return now
        return sent[0] + GROUP_SPAN_S

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < SWEEP_S:
            return
        self._swept_at = now
        self._free_at = {chat: at for chat, at in self._free_at.items() if at > now}
        self._paused = {chat: at for chat, at in self._paused.items() if at > now}
        self._groups = {chat: sent for chat, sent in self._groups.items() if sent[-1] + GROUP_SPAN_S > now}


def _is_group(chat: str) -> bool:
    return chat.startswith("-")


BULK_EVERY = 20
"""While bulk waits, at least one message in so many is bulk: the floor of 5 %."""


class LanePicker:
    """Strict lanes, lowest first, but for a floor for BULK, so that it moves even in a long storm."""

    def __init__(self) -> None:
        """Begin with nothing owed to bulk."""
        self._before_bulk = 0
        self._bulk_waits = False

    def pick(self, waiting: Collection[Lane]) -> Lane | None:
        """The lane to send from next, out of those with something to send; None when there is none."""
        self._bulk_waits = Lane.BULK in waiting
        if self._bulk_waits and self._before_bulk >= BULK_EVERY - 1:
            return Lane.BULK
        return min(waiting, default=None)

    def sent(self, lane: Lane) -> None:
        """One message of that lane has been sent, after a ``pick``."""
        if lane is Lane.BULK:
            self._before_bulk = 0
        elif self._bulk_waits:
            self._before_bulk += 1
