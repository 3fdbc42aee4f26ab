"""Loops that never die quietly: each reports its turns, waits out an outage, and stops when asked."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.errors import NotifierError
from notifier.store.outage import Outage, outage_of, worst

log = structlog.get_logger(__name__)

STUCK_AFTER_S = 60.0
"""A loop that has not turned for this long is stuck."""

VISIT_COUNTS_S = 30.0
"""For how long it counts what a visitor found: he may not come again to see that it is over."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0


@dataclass(slots=True)
class Pulse:
    """When a loop last turned, on the monotonic clock, how often it stumbled in a row, what it waits for."""

    name: str
    last: float = field(default_factory=time.monotonic)
    stumbles: int = 0
    outage: Outage | None = None
    begun: Callable[[Outage], None] | None = None
    """Told of an outage when it is first met."""

    def beat(self) -> None:
        """The loop has turned, and found the database in order where it needed it."""
        self.last = time.monotonic()
        self.stumbles, self.outage = 0, None

    def wait_out(self, outage: Outage) -> None:
        """The loop has turned, and found the database so: it looks again soon."""
        self.last = time.monotonic()
        if self.begun is not None and self.outage is not outage:
            self.begun(outage)
        self.outage = outage

    @property
    def age(self) -> float:
        """Seconds since the last turn."""
        return time.monotonic() - self.last


class Pulses:
    """The pulses of all loops of this process."""

    def __init__(self, count: Callable[[Outage], None] | None = None) -> None:
        """No loop runs yet. ``count`` is told of each outage of the database, however many meet it."""
        self._count = count
        self._pulses: dict[str, Pulse] = {}
        self._visitors: dict[str, Pulse] = {}

    def of(self, name: str) -> Pulse:
        """The pulse of that loop."""
        return self._pulses.setdefault(name, Pulse(name, begun=self._begun))

    def of_visitors(self, name: str) -> Pulse:
        """The pulse of those who come when they like: it has no age, but may wait for the database."""
        return self._visitors.setdefault(name, Pulse(name, begun=self._begun))

    def waiting(self) -> dict[str, Outage]:
        """Who waits for the database to come back, and from what."""
        lately = {name: pulse for name, pulse in self._visitors.items() if pulse.age < VISIT_COUNTS_S}
        everybody = sorted({**lately, **self._pulses}.items())
        return {name: pulse.outage for name, pulse in everybody if pulse.outage is not None}

    def outage(self) -> Outage | None:
        """The state of the database, as those who need it found it last; None when it is in order.

        A loop knows better than a visitor, who may have lost patience first.
        """
        loops = worst(pulse.outage for pulse in self._pulses.values() if pulse.outage is not None)
        return loops or worst(self.waiting().values())

    def _begun(self, outage: Outage) -> None:
        if self._count is not None and outage not in self.waiting().values():
            self._count(outage)

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

    A loop that only stumbles does not beat: within a minute /healthz names it. One that finds the database
    away does: it turns, and says what it waits for.
    """
    while not stopping.is_set():
        try:
            more = await turn()
            pulse.beat()
            if not more:
                await either(pause(), stopping.wait())
        except Exception as error:  # noqa: BLE001 -- the last wall: whatever fails, the other calls go on
            await _wait_out(pulse, error, stopping)


def steady(pulse: Pulse, job: Job) -> Job:
    """A ticking job that is cut short without a word when the program stops; its failures are one line.

    Like a loop it beats when it is done, and when all that fails it is the database.
    """

    async def run() -> None:
        try:
            await job()
            pulse.beat()
        except asyncio.CancelledError:
            log.info("job_cut_short", job=pulse.name)
        except (NotifierError, SQLAlchemyError, OSError) as error:
            outage = outage_of(error)
            if outage is not None:
                pulse.wait_out(outage)
                log.warning("database_away", job=pulse.name, outage=outage, error=type(error).__name__)
                return
            log.error("job_failed", job=pulse.name, error=type(error).__name__, exc_info=may_be_traced(error))

    return run


async def _wait_out(pulse: Pulse, error: Exception, stopping: asyncio.Event) -> None:
    pulse.stumbles += 1
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(pulse.stumbles, 10))
    outage = outage_of(error)
    if outage is not None:
        # A database that is away is not a stuck loop: it is said here and on /healthz, and waited out.
        pulse.wait_out(outage)
        log.warning(
            "database_away",
            loop=pulse.name,
            outage=outage,
            error=type(error).__name__,
            stumbles=pulse.stumbles,
        )
    else:
        log.error("turn_failed", loop=pulse.name, error=type(error).__name__, exc_info=may_be_traced(error))
    await either(asyncio.sleep(pause), stopping.wait())


def may_be_traced(error: Exception) -> bool:
    """Whether a traceback may be logged: database errors carry their parameters, which are people's."""
    return not isinstance(error, SQLAlchemyError)


async def either(one: Awaitable[object], other: Awaitable[object]) -> None:
    """Wait for one of the two, and cancel what is left. An error of ``one`` is raised."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended, _ = await asyncio.gather(*tasks, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended
