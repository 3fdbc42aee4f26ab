"""Figures of past days, in the pure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.case import CaseState
from notifier.domain.figures import CaseTimes, MessageCount, at_rank, days_until, figures_of
from notifier.domain.message import Lane
from notifier.domain.policy import Kind

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
"""00:30 on the 23rd, civil."""


def test_the_days_end_with_the_last() -> None:
    assert days_until(date(2026, 3, 1), 3) == (date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1))


@given(st.lists(st.timedeltas(timedelta(), timedelta(days=2)), min_size=1), st.sampled_from((0.5, 0.9)))
def test_that_part_took_no_longer_and_no_smaller_wait_would_do(waits: list[timedelta], part: float) -> None:
    in_order = sorted(waits)
    found = at_rank(in_order, part)
    assert found in in_order
    assert sum(wait <= found for wait in waits) >= part * len(waits)
    assert sum(wait < found for wait in waits) < part * len(waits)


def test_of_nothing_there_is_no_wait() -> None:
    assert at_rank([], 0.5) is None


def test_a_cancelled_gap_is_not_one_that_was_staffed() -> None:
    closed = NIGHT + timedelta(hours=1)
    cases = [
        CaseTimes(kind=Kind.UNSTAFFED, state=state, opened_at=NIGHT, taken_at=None, closed_at=closed)
        for state in (CaseState.CANCELLED, CaseState.RESOLVED)
    ]
    (day,) = figures_of([date(2026, 11, 23)], ZONE, cases=cases, shifts=(), messages=())
    assert (day.staffed.cases, day.staffed.number, day.staffed.median) == (2, 1, timedelta(hours=1))
    assert (day.taken.cases, day.taken.number, day.taken.p90) == (2, 0, None)
    assert day.share is None


def test_days_are_civil_ones() -> None:
    count = MessageCount(moment=NIGHT, lane=Lane.DUTY, number=3)
    before, after = figures_of(days_until(date(2026, 11, 23), 2), ZONE, cases=(), shifts=(), messages=[count])
    assert (before.messages[Lane.DUTY], after.messages[Lane.DUTY]) == (0, 3)
