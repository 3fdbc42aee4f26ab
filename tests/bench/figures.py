"""What a measure gives back."""

from collections.abc import Sequence
from dataclasses import dataclass

Figures = dict[str, float]
"""By name; seconds unless the name says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many messages took so long; ``cpu_seconds`` is the sender's own, all its threads together."""

    messages: int
    seconds: float
    cpu_seconds: float

    @property
    def a_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_ms(self) -> float:
        """The sender's processor time for one message, in milliseconds."""
        return self.cpu_seconds / self.messages * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return percentile(values, 0.5)
