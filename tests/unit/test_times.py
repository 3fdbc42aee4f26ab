"""Durations, ISO times and quiet hours."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.times import NO_QUIET, QuietHours, iso_utc, parse_duration, parse_iso_utc

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(zone=SHANGHAI, spans=((time(22, 30), time(6, 30)),))
MINUTE = timedelta(minutes=1)


def civil(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1d", 86400),
        ("1.5s", 1.5),
        ("1h30m", 5400),
        (" 1h 5s ", 3605),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "5 min", "1h-5m", "1,5s", "十分钟"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)


def test_iso_times() -> None:
    assert iso_utc(civil(23, 20)) == "2026-11-23T12:00:00Z"
    assert iso_utc(civil(23, 20) + timedelta(milliseconds=1500)) == "2026-11-23T12:00:01.500000Z"
    assert parse_iso_utc("2026-11-23T20:00:00+08:00").tzinfo is UTC
    with pytest.raises(ValueError, match="no offset"):
        parse_iso_utc("2026-11-23T20:00:00")


@settings(deadline=None)
@given(st.datetimes(timezones=st.sampled_from([UTC, SHANGHAI, timezone(timedelta(hours=-3))])))
def test_iso_times_come_back(moment: datetime) -> None:
    if datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9998, 1, 1, tzinfo=UTC):
        # Compared in UTC: an hour that comes twice in a zone equals nothing outside it.
        assert parse_iso_utc(iso_utc(moment)) == moment.astimezone(UTC)


def test_a_span_across_midnight() -> None:
    assert NIGHT.end_if_quiet(civil(23, 22, 29)) is None
    assert NIGHT.end_if_quiet(civil(23, 22, 30)) == civil(24, 6, 30)
    assert NIGHT.end_if_quiet(civil(24, 6, 29)) == civil(24, 6, 30)
    assert NIGHT.end_if_quiet(civil(24, 6, 30)) is None
    assert NIGHT.open_from(civil(24, 3)) == civil(24, 6, 30)


def test_adjoining_spans_are_one_quiet() -> None:
    quiet = QuietHours(zone=SHANGHAI, spans=((time(22), time(0)), (time(0), time(6)), (time(5), time(7))))
    assert quiet.open_from(civil(23, 23)) == civil(24, 7)


def test_the_clock_stands_still_in_quiet_hours() -> None:
    assert NIGHT.add_open(civil(23, 22, 20), 10 * MINUTE) == civil(23, 22, 30)
    assert NIGHT.add_open(civil(23, 22, 20), 11 * MINUTE) == civil(24, 6, 31)
    assert NIGHT.add_open(civil(24, 3), 5 * MINUTE) == civil(24, 6, 35)
    assert NIGHT.add_open(civil(23, 12), timedelta(hours=16 * 2)) == civil(25, 12)


def test_quiet_hours_follow_a_zone_that_changes_its_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours(zone=berlin, spans=((time(22), time(6)),))
    spring = datetime(2026, 3, 28, 23, tzinfo=berlin)
    assert quiet.end_if_quiet(spring) == datetime(2026, 3, 29, 4, tzinfo=UTC)


STARTS = st.integers(0, 3 * 24 * 60).map(lambda m: datetime(2026, 11, 22, tzinfo=UTC) + m * MINUTE)
WAITS = st.integers(0, 3 * 24 * 60).map(lambda m: m * MINUTE)
SPANS = st.lists(
    st.tuples(st.integers(0, 23), st.integers(0, 7)).map(
        lambda s: (time(s[0]), time((s[0] + s[1] + 1) % 24))
    ),
    max_size=2,
)


@settings(deadline=None)
@given(now=STARTS, wait=WAITS, spans=SPANS)
def test_exactly_the_wait_is_spent_in_open_time(
    now: datetime, wait: timedelta, spans: list[tuple[time, time]]
) -> None:
    quiet = QuietHours(zone=SHANGHAI, spans=tuple(spans))
    due = quiet.add_open(now, wait)
    quarter = 15 * MINUTE
    open_minutes = 0
    moment = now
    while moment < due:
        open_minutes += quiet.end_if_quiet(moment) is None
        moment += MINUTE
    assert open_minutes == wait // MINUTE
    assert quiet.add_open(now, wait + quarter) >= due + quarter


@settings(deadline=None)
@given(now=STARTS, wait=WAITS)
def test_without_quiet_hours_a_wait_is_a_wait(now: datetime, wait: timedelta) -> None:
    assert NO_QUIET.add_open(now, wait) == now + wait
