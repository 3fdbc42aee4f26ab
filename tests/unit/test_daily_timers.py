"""When what goes out daily is due, as the planner writes it down."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.engine.digests import daily_timers
from notifier.files import settings_from_texts

ZONE = ZoneInfo("Asia/Shanghai")
POLICIES = "coverage: {at: '16:00'}\nevening_digest: {at: '19:00'}\n"


def planned(now: datetime, policies: str = POLICIES) -> list[tuple[str, datetime]]:
    settings = settings_from_texts({"policies.yaml": policies}, zone=ZONE, version=1)
    return [(timer.subject.split()[0], timer.due_at) for timer in daily_timers(settings, now)]


def at(hour: int, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZONE).astimezone(UTC)


def test_today_and_tomorrow_are_planned() -> None:
    assert planned(at(9)) == [
        ("coverage", at(16)),
        ("coverage", at(16, 24)),
        ("evening_digest", at(19)),
        ("evening_digest", at(19, 24)),
    ]


def test_an_hour_that_is_past_is_not_made_up_for() -> None:
    assert planned(at(16))[0] == ("coverage", at(16))
    assert planned(at(16) + timedelta(seconds=1))[0] == ("coverage", at(16, 24))


def test_what_has_no_block_is_never_due() -> None:
    assert planned(at(9), "notice: {expires: 1d}") == []


def test_planning_again_names_the_same_timers() -> None:
    settings = settings_from_texts({"policies.yaml": POLICIES}, zone=ZONE, version=1)
    first = {timer.key for timer in daily_timers(settings, at(9))}
    assert {timer.key for timer in daily_timers(settings, at(12))} == first
    assert len(first) == 4


def test_the_hour_is_the_clocks_own_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    settings = settings_from_texts({"policies.yaml": POLICIES}, zone=berlin, version=1)
    before = datetime(2026, 10, 24, 12, tzinfo=berlin)
    due = [timer.due_at.astimezone(berlin).hour for timer in daily_timers(settings, before)]
    assert due == [16, 16, 19, 19]
