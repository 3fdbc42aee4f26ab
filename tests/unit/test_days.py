"""Workdays, weekends and holidays, as a country's calendar and calendar.yaml tell them."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.days import PLAIN, Calendar, DayKind, are_apart
from notifier.errors import FileRefused
from notifier.files import civil_calendar, settings_from_texts

SHANGHAI = ZoneInfo("Asia/Shanghai")
PARTS = (DayKind.WORKDAYS, DayKind.WEEKENDS, DayKind.HOLIDAYS)


def calendar_of(text: str, year: int) -> Calendar:
    settings = settings_from_texts({"calendar.yaml": text}, zone=SHANGHAI, version=1)
    return civil_calendar(settings, date(year, 1, 1), date(year, 12, 31))


def test_the_spring_festival_of_2026_as_it_was_announced() -> None:
    """Off from 15 to 23 February; Saturdays the 14th and the 28th are worked."""
    calendar = calendar_of("holidays: CN", 2026)
    free = [n for n in range(1, 29) if not calendar.is_workday(date(2026, 2, n))]
    assert free == [1, 7, 8, 15, 16, 17, 18, 19, 20, 21, 22, 23]
    kinds = {n: calendar.kind(date(2026, 2, n)) for n in free}
    assert {n for n, kind in kinds.items() if kind is DayKind.HOLIDAYS} == set(range(15, 24))
    assert {n for n, kind in kinds.items() if kind is DayKind.WEEKENDS} == {1, 7, 8}


def test_what_nobody_has_announced_yet_is_said_until_it_is_written_by_hand() -> None:
    day = date(2032, 2, 14)
    calendar = calendar_of("holidays: CN", 2032)
    calendar = Calendar(holidays=calendar.holidays, made_up_until=2031)
    assert calendar.unknown_years([date(2031, 12, 31), day, day]) == [2032]
    by_hand = calendar_of("holidays: CN\nworkdays: [2026-02-15]\ndays_off: ['2026-02-25']", 2026)
    assert by_hand.is_workday(date(2026, 2, 15))
    assert by_hand.kind(date(2026, 2, 25)) is DayKind.HOLIDAYS
    assert by_hand.unknown_years([date(2026, 2, 15)]) == []


def test_a_year_written_by_hand_is_known_and_the_next_is_not() -> None:
    last = calendar_of("holidays: CN", 2026).made_up_until
    assert last is not None
    following = calendar_of(f"holidays: CN\nworkdays: [{last + 1}-02-14]", last + 1)
    assert following.unknown_years([date(last + 1, 3, 1), date(last + 2, 3, 1)]) == [last + 2]
    assert calendar_of("holidays: CN", last + 1).unknown_years([date(last + 1, 3, 1)]) == [last + 1]


@pytest.mark.parametrize("text", ["", "holidays: US"])
def test_where_no_weekend_is_ever_worked_every_year_is_known(text: str) -> None:
    assert calendar_of(text, 2026).unknown_years([date(2040, 1, 1)]) == []
    assert calendar_of(text, 2026).is_workday(date(2026, 2, 17)) is True


def test_one_day_cannot_be_off_and_worked() -> None:
    with pytest.raises(FileRefused) as refused:
        calendar_of("days_off: [2026-02-14]\nworkdays: [2026-02-14, 2026-02-15]", 2026)
    (finding,) = refused.value.findings
    assert (finding.file, finding.line, finding.column) == ("calendar.yaml", 2, "workdays")


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@given(holidays=st.frozensets(DAYS, max_size=6), workdays=st.frozensets(DAYS, max_size=6), day=DAYS)
def test_every_day_is_of_one_part_and_named_by_its_day_of_the_week(
    holidays: frozenset[date], workdays: frozenset[date], day: date
) -> None:
    calendar = Calendar(holidays=holidays, workdays=workdays)
    assert sum(calendar.keeps({part}, day) for part in PARTS) == 1
    assert calendar.keeps({calendar.kind(day)}, day)
    assert calendar.keeps(frozenset(), day)
    assert sum(calendar.keeps({kind}, day) for kind in DayKind if kind not in PARTS) == 1


@given(one=st.frozensets(st.sampled_from(DayKind)), other=st.frozensets(st.sampled_from(DayKind)))
def test_kinds_that_are_apart_never_meet(one: frozenset[DayKind], other: frozenset[DayKind]) -> None:
    assert are_apart(one, other) == are_apart(other, one)
    week = [date(2026, 1, 5) + timedelta(days=n) for n in range(7)]
    if are_apart(one, other):
        assert not any(PLAIN.keeps(one, day) and PLAIN.keeps(other, day) for day in week)
