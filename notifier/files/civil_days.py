"""The calendar that ``days:`` in rotas.yaml goes by: a country's holidays, and calendar.yaml's own days."""

from datetime import date
from functools import lru_cache

import holidays

from notifier.domain.days import Calendar
from notifier.domain.policy import Settings

_SINCE = 2020
"""A country that worked a weekend in or after this year is taken to do so every year."""


def civil_calendar(settings: Settings, first: date, last: date) -> Calendar:
    """Which days are worked from ``first`` to ``last``, as far as anybody has told.

    Without a country in calendar.yaml, Monday to Friday are.
    """
    known = _country(settings.holidays, first.year - 1, last.year + 1)
    by_hand = settings.days_off | settings.workdays
    until = known.made_up_until
    return Calendar(
        weekend=known.weekend,
        holidays=(known.holidays | settings.days_off) - settings.workdays,
        workdays=(known.workdays | settings.workdays) - settings.days_off,
        made_up_until=None if until is None else max([until, *(day.year for day in by_hand)]),
    )


@lru_cache(maxsize=32)
def _country(code: str | None, first: int, last: int) -> Calendar:
    """A country's own calendar for these years."""
    if code is None:
        return Calendar()
    days = holidays.country_holidays(code, years=range(min(first, _SINCE), last + 1))
    worked = frozenset(days.weekend_workdays)
    until = max((day.year for day in worked), default=0)
    return Calendar(
        weekend=frozenset(days.weekend),
        holidays=frozenset(days),
        workdays=worked,
        made_up_until=until if until >= _SINCE else None,
    )
