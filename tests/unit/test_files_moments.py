"""Times as people write them, and what the clocks make of them."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from notifier.files.findings import BadValue
from notifier.files.moments import moment_reader, read_span

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 20:00",
        "2026-11-23T20:00:00",
        "2026-11-23 20:00:00.000",
        "2026-11-23T20:00:00+08:00",
        "2026-11-23T12:00:00Z",
        "2026-11-23 07:00-05:00",
        "2026/11/23 20:00",
        "2026年11月23日20:00",
        "2026年11月23日 20：00",
    ],
)
def test_one_time_in_its_usual_forms(text: str) -> None:
    assert moment_reader(SHANGHAI)(text) == NOON


def test_hours_and_days_may_lack_their_zeros_and_have_fractions() -> None:
    read = moment_reader(SHANGHAI)
    assert read("2026-1-2 8:00") == datetime(2026, 1, 2, tzinfo=UTC)
    assert read("2026-01-02 08:00:01.5") == datetime(2026, 1, 2, 0, 0, 1, 500000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-12-31 24:00", "2026-12-31T24:00:00", "2026-12-31T24:00+08:00"])
def test_24_00_ends_its_day(text: str) -> None:
    assert moment_reader(SHANGHAI)(text) == datetime(2026, 12, 31, 16, tzinfo=UTC)


def test_a_date_alone_is_the_start_of_its_civil_day_where_allowed() -> None:
    assert moment_reader(SHANGHAI, date_alone=True)("2026-12-01") == datetime(2026, 11, 30, 16, tzinfo=UTC)
    with pytest.raises(BadValue, match="has no hour"):
        moment_reader(SHANGHAI)("2026-12-01")


def test_an_hour_that_the_clocks_skip_is_refused_and_of_two_the_first_is_meant() -> None:
    read = moment_reader(NEW_YORK)
    with pytest.raises(BadValue, match="does not occur"):
        read("2026-03-08 02:30")
    assert read("2026-03-08 02:30-05:00") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert read("2026-11-01 01:30") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "now:", "2026-11-23 24:01", "2026-11-23 20:60", "0001-01-01 00:00", "9999-12-31 24:00", "20:00"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        moment_reader(SHANGHAI)(text)


def test_spans_of_hours() -> None:
    assert read_span("22:30-06:30") == (time(22, 30), time(6, 30))
    assert read_span("16:00 – 24:00") == (time(16), time())
    assert read_span("8：00至12：00") == (time(8), time(12))
    for text in ("22:30", "24:00-06:00", "8-12", "22:30-06:30-07:00", "25:00-26:00"):
        with pytest.raises(BadValue):
            read_span(text)
