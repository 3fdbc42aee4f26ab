"""When a post that is kept has too few people rostered, as its own roster tells."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.gaps import LOOK_BACK, Gap, find_gaps
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.roster import Post, Shift

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
GATE = Post(
    code=PostCode("BS01-G1"), unit=UnitCode("BS01"), name="岐元村卡口", kind="checkpoint", headcount=1
)
DAY = timedelta(days=1)


def civil(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


NOW = civil("2026-11-23 16:00")
"""A Monday."""


def shift(start: str, end: str, people: str = "p14", zone: ZoneInfo = SHANGHAI) -> Shift:
    names = tuple(PersonId(name) for name in people.split())
    return Shift(post=GATE.code, start=civil(start, zone), end=civil(end, zone), people=names)


def nights(first: int, last: int) -> list[Shift]:
    """From eight to eight, beginning on these days of November."""
    return [shift(f"2026-11-{day:02} 20:00", f"2026-11-{day + 1:02} 08:00") for day in range(first, last + 1)]


def gaps(
    shifts: list[Shift],
    away: dict[ShiftKey, set[PersonId]] | None = None,
    *,
    headcount: int = 1,
    now: datetime = NOW,
    zone: ZoneInfo = SHANGHAI,
) -> list[tuple[str, str, int]]:
    post = Post(code=GATE.code, unit=GATE.unit, name=GATE.name, kind=GATE.kind, headcount=headcount)
    found = find_gaps(post, shifts, away or {}, start=now, end=now + 2 * DAY, zone=zone)
    return [(said(gap.start, zone), said(gap.end, zone), gap.missing) for gap in found]


def said(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%d %H:%M")


def test_a_post_without_shifts_is_not_kept() -> None:
    assert gaps([]) == []


def test_a_post_that_is_kept_by_night_has_no_gap_by_day() -> None:
    assert gaps(nights(10, 25)) == []


def test_a_night_left_out_is_a_gap() -> None:
    assert gaps([*nights(10, 23), *nights(25, 25)]) == [("24 20:00", "25 08:00", 1)]


def test_a_roster_that_ends_leaves_gaps_up_to_the_horizon() -> None:
    assert gaps([*nights(10, 22)]) == [("23 20:00", "24 08:00", 1), ("24 20:00", "25 08:00", 1)]


def test_a_week_later_nothing_is_expected_any_more_of_a_post_given_up() -> None:
    assert gaps(nights(1, 12)) == []


def test_a_post_of_working_days_has_no_gap_at_the_weekend() -> None:
    friday = civil("2026-11-20 16:00")
    days = [
        shift(f"2026-11-{day} 08:00", f"2026-11-{day} 18:00") for day in (12, 13, 16, 17, 18, 19, 20, 23, 24)
    ]
    assert gaps(days, now=friday) == []


def test_a_young_post_goes_by_the_days_before() -> None:
    assert gaps(nights(22, 23)) == [("24 20:00", "25 08:00", 1)]


def test_a_first_shift_is_expected_again_the_next_day() -> None:
    tonight = [shift("2026-11-23 20:00", "2026-11-24 00:00"), shift("2026-11-24 00:00", "2026-11-24 08:00")]
    assert gaps(tonight) == [("24 20:00", "25 08:00", 1)]


def test_too_few_are_a_gap_of_those_missing() -> None:
    two = [shift("2026-11-23 20:00", "2026-11-24 08:00", "p14 p15"), *nights(24, 24)]
    assert gaps(two, headcount=2) == [("24 20:00", "25 08:00", 1)]


def test_shifts_that_overlap_count_together() -> None:
    both = [
        shift("2026-11-23 20:00", "2026-11-24 02:00", "p14"),
        shift("2026-11-23 22:00", "2026-11-24 08:00", "p15"),
    ]
    assert gaps(both, headcount=2)[:2] == [("23 20:00", "23 22:00", 1), ("24 02:00", "24 08:00", 1)]


def test_whoever_is_on_leave_does_not_count() -> None:
    tonight = nights(23, 24)
    away = {tonight[0].key: {PersonId("p14")}}
    assert gaps(tonight, away) == [("23 20:00", "24 08:00", 1)]


def test_a_shift_that_ends_a_minute_early_is_a_way_of_writing() -> None:
    days = [shift(f"2026-11-{day} 00:00", f"2026-11-{day} 23:59") for day in range(14, 27)]
    assert gaps(days) == []


def test_a_post_of_weekends_has_no_gap_on_monday() -> None:
    weekends = [shift(f"2026-11-{day:02} 08:00", f"2026-11-{day:02} 18:00") for day in (14, 15, 21, 22)]
    assert gaps(weekends) == []


def test_what_is_expected_keeps_the_hour_of_the_clock_when_clocks_change() -> None:
    """In Berlin clocks went back on 25 October 2026, so that this week was an hour longer."""
    before = [
        shift(f"2026-10-{d} 20:00", f"2026-10-{d + 1} 06:00", zone=BERLIN) for d in (18, 19, 20, 21, 22, 23)
    ]
    now = civil("2026-10-25 16:00", BERLIN)
    assert gaps(before, now=now, zone=BERLIN) == [("25 20:00", "26 06:00", 1), ("26 20:00", "27 06:00", 1)]


@given(
    st.lists(
        st.tuples(st.integers(-8 * 24, 47), st.integers(1, 24), st.integers(0, 3)), min_size=1, max_size=12
    ),
    st.integers(1, 3),
)
def test_gaps_are_in_order_inside_the_window_and_truly_short(
    spans: list[tuple[int, int, int]], headcount: int
) -> None:
    hour = timedelta(hours=1)
    people = [PersonId(f"p{n}") for n in range(3)]
    shifts = [
        Shift(
            post=GATE.code, start=NOW + a * hour, end=NOW + (a + length) * hour, people=tuple(people[:number])
        )
        for a, length, number in spans
    ]
    post = Post(code=GATE.code, unit=GATE.unit, name=GATE.name, kind=GATE.kind, headcount=headcount)
    found = find_gaps(post, shifts, {}, start=NOW, end=NOW + 2 * DAY, zone=SHANGHAI)
    assert list(found) == sorted(found, key=lambda gap: gap.start)
    for gap in found:
        assert NOW <= gap.start < gap.end <= NOW + 2 * DAY
        assert gap.missing == headcount - rostered_at(shifts, gap.start)
    for short in (s for s in shifts if s.end > NOW and s.start < NOW + 2 * DAY):
        moment = max(short.start, NOW)
        if rostered_at(shifts, moment) < headcount:
            assert any(gap.start <= moment < gap.end for gap in found)


def rostered_at(shifts: list[Shift], moment: datetime) -> int:
    return len({p for s in shifts if s.start <= moment < s.end for p in s.people})


@pytest.mark.parametrize("days", [16, 30])
def test_older_shifts_change_nothing_but_that_the_post_is_old(days: int) -> None:
    old = Shift(post=GATE.code, start=NOW - days * DAY, end=NOW - days * DAY + timedelta(hours=4), people=())
    assert old.end < NOW - LOOK_BACK
    assert gaps([old, *nights(10, 25)]) == []


def test_a_gap_names_its_post() -> None:
    [gap] = find_gaps(GATE, nights(22, 23), {}, start=NOW, end=NOW + timedelta(hours=40), zone=SHANGHAI)
    assert gap == Gap(post=GATE, start=civil("2026-11-24 20:00"), end=NOW + timedelta(hours=40), missing=1)
