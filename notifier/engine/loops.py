"""Loops that never die quietly: each reports its turns, waits out an outage, and stops when asked."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.errors import NotifierError
from notifier.store.outage import is_outage

log = structlog.get_logger(__name__)

STUCK_AFTER_S = 60.0
"""A loop that has not turned for this long is stuck."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


@dataclass(slots=True)
class Pulse:
    """When a loop last turned, on the monotonic clock, and how often it stumbled in a row."""

    name: str
    last: float = field(default_factory=time.monotonic)
    stumbles: int = 0

    def beat(self) -> None:
        """The loop has turned."""
        self.last = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last turn."""
        return time.monotonic() - self.last


class Pulses:
    """The pulses of all loops of this process."""

    def __init__(self) -> None:
        """No loop runs yet."""
        self._pulses: dict[str, Pulse] = {}

    def of(self, name: str) -> Pulse:
        """The pulse of that loop."""
        return self._pulses.setdefault(name, Pulse(name))

    def stuck(self) -> list[str]:
        """Loops that have not turned within the last minute."""
        return sorted(pulse.name for pulse in self._pulses.values() if pulse.age > STUCK_AFTER_S)

    def ages(self) -> dict[str, float]:
        """Seconds since each loop's last turn."""
        return {name: pulse.age for name, pulse in sorted(self._pulses.items())}


Turn = Callable[[], Awaitable[bool]]
"""One turn; True when there may be more to do at once."""

Pause = Callable[[], Awaitable[object]]
"""Waits until there may be something to do, for a few seconds at the most."""

Job = Callable[[], Awaitable[None]]
"""Something small that is done again and again, at its hour."""


async def keep_turning(pulse: Pulse, turn: Turn, pause: Pause, stopping: asyncio.Event) -> None:
    """Turn until ``stopping``. What a turn raises is logged and waited out, longer each time in a row.

    A loop that only stumbles does not beat: within a minute /healthz names it.
    """
    while not stopping.is_set():
        try:
            more = await turn()
            pulse.stumbles = 0
            pulse.beat()
            if not more:
                await _either(pause(), stopping)
        except Exception as error:  # noqa: BLE001 -- the last wall: whatever fails, the other calls go on
            await _wait_out(pulse, error, stopping)


def steady(name: str, job: Job) -> Job:
    """A ticking job that is cut short without a word when the program stops; its failures are one line."""

    async def run() -> None:
        try:
            await job()
        except asyncio.CancelledError:
            log.info("job_cut_short", job=name)
        except (NotifierError, SQLAlchemyError, OSError) as error:
            log.error("job_failed", job=name, error=type(error).__name__, exc_info=may_be_traced(error))

    return run


async def _wait_out(pulse: Pulse, error: Exception, stopping: asyncio.Event) -> None:
    pulse.stumbles += 1
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(pulse.stumbles, 10))
    if is_outage(error):
        # A database that is away is not a stuck loop: it is said here and on /healthz, and waited out.
        log.warning("database_away", loop=pulse.name, error=type(error).__name__, stumbles=pulse.stumbles)
    else:
        log.error("turn_failed", loop=pulse.name, error=type(error).__name__, exc_info=may_be_traced(error))
    await _either(asyncio.sleep(pause), stopping)


def may_be_traced(error: Exception) -> bool:
    """Whether a traceback may be logged: database errors carry their parameters, which are people's."""
    return not isinstance(error, SQLAlchemyError)


async def _either(waiting: Awaitable[object], stopping: asyncio.Event) -> None:
    """Wait for the one or for the order to stop, and cancel what is left."""
    tasks = [asyncio.ensure_future(waiting), asyncio.ensure_future(stopping.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended
