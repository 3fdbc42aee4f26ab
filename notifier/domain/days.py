"""Kinds of civil days: worked, weekend, holiday. What is a holiday is data; the rules are here."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product

from notifier.domain.times import DAY


class DayKind(StrEnum):
    """What a pattern may be limited to. The first three share out all days between them."""

    WORKDAYS = "workdays"
    WEEKENDS = "weekends"
    HOLIDAYS = "holidays"
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_OF_THE_WEEK = tuple(DayKind)[3:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days are worked. ``weekend`` counts from Monday, 0.

    ``holidays`` are public holidays with the days off that were made up for; ``workdays`` the weekend days
    worked in their stead. ``made_up_until`` is the last year for which these are known; None where no
    weekends are ever worked.
    """

    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    made_up_until: int | None = None

    def is_workday(self, day: date) -> bool:
        """Whether people go to work on that day."""
        return day in self.workdays or (day.weekday() not in self.weekend and day not in self.holidays)

    def kind(self, day: date) -> DayKind:
        """Workdays, weekends or holidays. Days off joined to a public holiday are holidays with it."""
        if self.is_workday(day):
            return DayKind.WORKDAYS
        return DayKind.HOLIDAYS if self._near_holiday(day) else DayKind.WEEKENDS

    def keeps(self, kinds: Set[DayKind], day: date) -> bool:
        """Whether the day is of one of these kinds; without any, every day is."""
        return not kinds or _OF_THE_WEEK[day.weekday()] in kinds or self.kind(day) in kinds

    def unknown_years(self, days: Iterable[date]) -> list[int]:
        """The years of these days whose make-up workdays nobody has told yet."""
        until = self.made_up_until
        return [] if until is None else sorted({day.year for day in days if day.year > until})

    def _near_holiday(self, day: date) -> bool:
        return any(self._run_reaches_holiday(day, step) for step in (DAY, -DAY))

    def _run_reaches_holiday(self, day: date, step: timedelta) -> bool:
        while not self.is_workday(day):
            if day in self.holidays:
                return True
            day += step
        return False


PLAIN = Calendar()
"""No holidays at all: workdays are Monday to Friday."""


def are_apart(one: Set[DayKind], other: Set[DayKind]) -> bool:
    """Whether no day can be of both sets of kinds, whatever the calendar; an empty set is every day."""
    return bool(one and other) and all(_apart(a, b) for a, b in product(one, other))


def _apart(one: DayKind, other: DayKind) -> bool:
    same_sort = (one in _OF_THE_WEEK) == (other in _OF_THE_WEEK)
    return same_sort and one is not other
