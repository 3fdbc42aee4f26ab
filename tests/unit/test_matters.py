"""Numbers of matters: short, unlike emergency numbers, unique for 30 days."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.matters import FORBIDDEN, UNIQUE_FOR, allocate

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
SHORT = [n for n in range(101, 1000) if n not in FORBIDDEN]


def test_the_same_pool_always_gets_the_same_and_pools_differ() -> None:
    assert allocate("+86138", {}, NOW) == allocate("+86138", {}, NOW)
    assert len({allocate(f"person:{n}", {}, NOW)[0] for n in range(50)}) > 30


def test_numbers_go_on_in_a_circle() -> None:
    first, second, third = allocate("pool", {}, NOW, 3)
    assert allocate("pool", {first: NOW}, NOW + DAY) == [second]
    assert allocate("pool", {first: NOW, second: NOW + DAY}, NOW + 2 * DAY) == [third]
    assert allocate("pool", {999: NOW}, NOW) == [101]


def test_a_number_comes_again_only_when_all_others_were_used_and_30_days_are_over() -> None:
    used = {number: NOW + index * timedelta(minutes=1) for index, number in enumerate(SHORT)}
    assert allocate("pool", used, NOW + UNIQUE_FOR) == [101]
    assert allocate("pool", used, NOW + UNIQUE_FOR + timedelta(minutes=1), 2) == [101, 102]
    assert 1001 <= allocate("pool", used, NOW + DAY)[0] <= 9999


def test_a_call_with_an_old_number_beats_no_call() -> None:
    used = {number: NOW + index * timedelta(seconds=1) for index, number in enumerate(range(101, 10000))}
    assert allocate("pool", used, NOW + DAY, 2) == [101, 102]


@settings(deadline=None)
@given(
    pool=st.text(max_size=12),
    used=st.dictionaries(st.integers(101, 9999), st.integers(0, 40).map(lambda d: NOW - d * DAY)),
    want=st.integers(1, 30),
)
def test_numbers_are_free_different_and_never_an_emergency_number(
    pool: str, used: dict[int, datetime], want: int
) -> None:
    numbers = allocate(pool, used, NOW, want)
    assert len(set(numbers)) == len(numbers) == want
    assert not FORBIDDEN & set(numbers)
    assert all(101 <= number <= 999 for number in numbers)
    assert all(number not in used or NOW - used[number] >= UNIQUE_FOR for number in numbers)
