"""The figures of the last days at the console."""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Final

from notifier.domain.figures import DayFigures, days_until, figures_of
from notifier.domain.policy import Kind
from notifier.domain.times import DAY
from notifier.engine.access.guard import SeenUnits
from notifier.engine.station import Station
from notifier.store.tx import Tx

SPANS: Final = (7, 30)
"""Days that one may look at; today is the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Each day's figures, the earliest first, as they stood at ``at``; ``grace_minutes``: see the shifts."""

    at: datetime
    days: tuple[DayFigures, ...]
    grace_minutes: int


async def read_figures(station: Station, tx: Tx, seen: SeenUnits, days: int, *, whole: bool) -> Figures:
    """The figures of those units for so many civil days; ``whole``: of everybody, strangers too.

    Today's shifts count as soon as the grace after their start is over.
    """
    now, zone = station.now(), station.zone
    units = None if whole else seen
    span = days_until(now.astimezone(zone).date(), days)
    since, until = _midnight(span[0], zone), _midnight(span[-1] + DAY, zone)
    grace = (await station.rules.current(tx)).policy(Kind.UNSTAFFED).grace
    first = await tx.deliveries.first_since(since)
    return Figures(
        at=now,
        days=figures_of(
            span,
            zone,
            cases=await tx.figures.cases(since, until, units),
            shifts=await tx.figures.shifts(since, min(until, now - grace), grace, units),
            messages=await tx.figures.messages(first, until, units),
        ),
        grace_minutes=round(grace.total_seconds() / 60),
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
