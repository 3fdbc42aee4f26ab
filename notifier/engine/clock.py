"""The one civil clock. Pacing, leases and time-outs run on ``time.monotonic`` and never ask it."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Civil time, as the program is to take it."""

    speed: float

    def now(self) -> datetime:
        """The civil moment, in UTC."""


def machine_now() -> datetime:
    """The machine's time, in UTC, whatever the civil clock says."""
    return datetime.now(UTC)


class RealClock:
    """The machine's own."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's time, in UTC."""
        return machine_now()


class FastClock:
    """Starts anywhere and runs ``speed`` times as fast, for the demo and for training.

    Anchored in real time, so that every process and every restart reads the same moment.
    """

    def __init__(self, civil_start: datetime, speed: float, real_start: datetime) -> None:
        """At ``real_start`` it was ``civil_start``."""
        self.speed = speed
        self._civil_start = civil_start
        self._real_start = real_start

    def now(self) -> datetime:
        """The civil moment, in UTC."""
        elapsed = datetime.now(UTC) - self._real_start
        return self._civil_start + max(elapsed, timedelta()) * self.speed


class ManualClock:
    """Moves only when told to: for stories played in tests and for simulation."""

    speed = 1.0

    def __init__(self, start: datetime) -> None:
        """It is ``start`` until moved."""
        self._now = start

    def now(self) -> datetime:
        """The moment last set."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to a moment, never back."""
        self._now = max(self._now, moment)


def seconds_until(clock: Clock, moment: datetime | None, at_most: float) -> float:
    """How long, in real seconds, to sleep until a civil moment; never longer than ``at_most``."""
    if moment is None:
        return at_most
    return min(at_most, max(0.0, (moment - clock.now()).total_seconds() / clock.speed))
