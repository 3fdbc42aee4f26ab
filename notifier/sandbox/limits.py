"""Sliding windows on a monotonic clock. The caller says what time it is."""

from collections import deque
from dataclasses import dataclass

from notifier.sandbox.options import TelegramLimits

SECOND = 1.0
MINUTE = 60.0
PRUNE_ABOVE = 20_000


class Window:
    """At most `count` takings within any `seconds`."""

    __slots__ = ("_seconds", "_taken")

    def __init__(self, count: int, seconds: float) -> None:
        """Begin empty."""
        self._seconds = seconds
        self._taken: deque[float] = deque(maxlen=count)

    def wait(self, now: float) -> float:
        """Seconds until one more fits; 0 when it fits now."""
        taken = self._taken
        if len(taken) < (taken.maxlen or 0):
            return 0.0
        return max(0.0, taken[0] + self._seconds - now)

    def take(self, now: float) -> None:
        """Count one."""
        self._taken.append(now)

    def idle(self, now: float) -> bool:
        """Whether nothing that was taken matters any more."""
        return not self._taken or self._taken[-1] + self._seconds <= now


class WeightedWindow:
    """At most `capacity` units within any second; a piece above that fits only an empty window."""

    def __init__(self, capacity: int) -> None:
        """Begin empty."""
        self._capacity = capacity
        self._taken: deque[tuple[float, int]] = deque()

    def admit(self, now: float, weight: int) -> bool:
        """Count a piece if it fits."""
        while self._taken and self._taken[0][0] + SECOND <= now:
            self._taken.popleft()
        used = sum(piece for _, piece in self._taken)
        if used and used + weight > self._capacity:
            return False
        self._taken.append((now, weight))
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A limit that was broken, and after how many seconds it would not be."""

    limit: str
    wait: float


class TelegramMeter:
    """Telegram's limits for all bots together with what they have used."""

    def __init__(self, limits: TelegramLimits) -> None:
        """Begin with nothing sent."""
        self._credits: dict[tuple[int, int], tuple[float, int]] = {}
        self.change(limits)

    def change(self, limits: TelegramLimits) -> None:
        """Put other limits in force, with clean slates."""
        self.limits = limits
        self._bots: dict[int, Window] = {}
        self._chats: dict[tuple[int, int], Window] = {}
        self._groups: dict[tuple[int, int], Window] = {}

    def heard(self, bot: int, chat: int, now: float) -> None:
        """Note that a chat spoke: the next few messages to it are answers."""
        self._credits[bot, chat] = (now + self.limits.answer_seconds, self.limits.answers)
        if len(self._credits) > PRUNE_ABOVE:
            self._credits = {key: credit for key, credit in self._credits.items() if credit[0] > now}

    def admit_edit(self, bot: int, now: float) -> Breach | None:
        """Count an edit, which only the bot's own limit knows."""
        window = self._bot_window(bot)
        if window is None:
            return None
        if wait := window.wait(now):
            return Breach(limit="per_bot", wait=wait)
        window.take(now)
        return None

    def admit(self, bot: int, chat: int, now: float) -> Breach | None:
        """Count a message, or say which limit it breaks; what is refused is not counted."""
        answer = self.is_answer(bot, chat, now)
        windows = self._windows(bot, chat, answer=answer)
        for name, window in windows:
            if wait := window.wait(now):
                return Breach(limit=name, wait=wait)
        for _, window in windows:
            window.take(now)
        if answer:
            self._spend(bot, chat)
        return None

    def _windows(self, bot: int, chat: int, *, answer: bool) -> list[tuple[str, Window]]:
        windows = []
        if window := self._bot_window(bot):
            windows.append(("per_bot", window))
        if self.limits.per_chat is not None and not answer:
            seconds = SECOND - self.limits.jitter_seconds
            windows.append(("per_chat", _window(self._chats, (bot, chat), self.limits.per_chat, seconds)))
        if self.limits.per_group is not None and chat < 0:
            windows.append(("per_group", _window(self._groups, (bot, chat), self.limits.per_group, MINUTE)))
        return windows

    def _bot_window(self, bot: int) -> Window | None:
        if self.limits.per_bot is None:
            return None
        if bot not in self._bots:
            self._bots[bot] = Window(self.limits.per_bot, SECOND)
        return self._bots[bot]

    def is_answer(self, bot: int, chat: int, now: float) -> bool:
        """Whether a message now would pass as an answer to the chat's own words."""
        until, left = self._credits.get((bot, chat), (0.0, 0))
        return left > 0 and now < until

    def _spend(self, bot: int, chat: int) -> None:
        until, left = self._credits[bot, chat]
        self._credits[bot, chat] = (until, left - 1)

    def prune(self, now: float) -> None:
        """Forget chats whose windows have passed, once there are many."""
        if len(self._chats) > PRUNE_ABOVE:
            self._chats = {key: window for key, window in self._chats.items() if not window.idle(now)}


def _window(
    windows: dict[tuple[int, int], Window], key: tuple[int, int], count: int, seconds: float
) -> Window:
    window = windows.get(key)
    if window is None:
        window = windows[key] = Window(count, seconds)
    return window
