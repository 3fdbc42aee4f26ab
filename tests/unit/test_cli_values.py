from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import typer

from notifier.cli.values import duration_of, end_in, moment_in

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize("text", ["2026-11-23 20:00", "2026-11-23T20:00:00", "2026-11-23T12:00:00Z"])
def test_a_time_without_an_offset_is_civil(text: str) -> None:
    assert moment_in(text, "--at", ZONE) == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "2026-11-23", "20:00", ""])
def test_no_time_is_wrong_usage_that_names_the_option(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--at"):
        moment_in(text, "--at", ZONE)


def test_a_day_alone_ends_with_it() -> None:
    assert end_in("2026-11-23", "--until", ZONE) == datetime(2026, 11, 23, 16, tzinfo=UTC)
    assert end_in("2026-11-23 20:00", "--until", ZONE) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    # The clocks were put back that night: the day is an hour longer.
    assert end_in("2026-10-25", "--until", ZoneInfo("Europe/Berlin")) == datetime(
        2026, 10, 25, 23, tzinfo=UTC
    )


@pytest.mark.parametrize("text", ["soon", "20:00", "", "2026-02-30"])
def test_no_end_is_wrong_usage_that_names_the_option(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--until"):
        end_in(text, "--until", ZONE)


def test_durations() -> None:
    assert duration_of("2h", "--reply-by") == timedelta(hours=2)
    assert duration_of("1.5s", "--reply-by") == timedelta(seconds=1.5)


@pytest.mark.parametrize("text", ["soon", "2", "0s", "-2h", ""])
def test_no_duration_is_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="--reply-by"):
        duration_of(text, "--reply-by")
