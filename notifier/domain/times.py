"""Durations, civil times and quiet hours. Every function takes the time it needs as an argument."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> timedelta:
    """Read ``90s``, ``10m``, ``2h``, ``1d``, ``1.5s`` or a sum such as ``1h30m``.

    Raises ValueError for anything else.
    """
    compact = text.strip().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f"{text!r} is no duration")
    return timedelta(seconds=sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts))


def iso_utc(moment: datetime) -> str:
    """``2026-11-23T12:00:00Z``; fractions only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def iso_utc_or_none(moment: datetime | None) -> str | None:
    """The same of a moment that may not have come yet."""
    return None if moment is None else iso_utc(moment)


def parse_iso_utc(text: str) -> datetime:
    """The inverse of ``iso_utc``. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenDay:
    """A day as people name it: mostly without the year."""

    month: int
    day: int
    year: int | None = None

    def on_or_after(self, today: date) -> date | None:
        """The day meant: of that year, else the next one. None where there is no such day, or it is over."""
        for year in (self.year,) if self.year else (today.year, today.year + 1):
            try:
                meant = date(year, self.month, self.day)
            except ValueError:
                continue
            if meant >= today:
                return meant
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Daily civil spans in which kinds that keep them neither send nor let their clocks run.

    A span whose end is not after its start crosses midnight (22:30-06:30).
    """

    zone: ZoneInfo
    spans: tuple[tuple[time, time], ...] = ()

    def end_if_quiet(self, moment: datetime) -> datetime | None:
        """When the quiet that holds at ``moment`` ends (UTC), or None when it is not quiet."""
        civil = moment.astimezone(self.zone)
        ends = [
            end
            for day in (civil.date() - DAY, civil.date())
            for start, end in self._bounds(day)
            if start <= moment < end
        ]
        return max(ends) if ends else None

    def open_from(self, moment: datetime) -> datetime:
        """The first time at or after ``moment`` that is not quiet."""
        while (end := self.end_if_quiet(moment)) is not None:
            moment = end
        return moment

    def add_open(self, moment: datetime, wait: timedelta) -> datetime:
        """``moment`` plus ``wait`` of time that is not quiet: the clock stands still in between."""
        moment = self.open_from(moment)
        while wait > timedelta():
            next_quiet = self._next_start(moment)
            if next_quiet is None or moment + wait <= next_quiet:
                return moment + wait
            wait -= next_quiet - moment
            moment = self.open_from(next_quiet)
        return moment

    def _bounds(self, day: date) -> list[tuple[datetime, datetime]]:
        bounds = []
        for start, end in self.spans:
            last = day if end > start else day + DAY
            opens = datetime.combine(day, start, self.zone).astimezone(UTC)
            closes = datetime.combine(last, end, self.zone).astimezone(UTC)
            bounds.append((opens, closes))
        return bounds

    def _next_start(self, moment: datetime) -> datetime | None:
        day = moment.astimezone(self.zone).date()
        starts = [start for offset in range(3) for start, _ in self._bounds(day + offset * DAY)]
        later = [start for start in starts if start > moment]
        return min(later) if later else None


NO_QUIET = QuietHours(zone=ZoneInfo("UTC"))
"""No quiet hours at all."""
