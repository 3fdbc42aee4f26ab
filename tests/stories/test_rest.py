"""Rest: who came off a shift is called last, and whoever was woken is not woken twice."""

from pathlib import Path

from notifier.domain.case import CaseState
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import EVENING, at
from tests.stories.test_night import NIGHT

AFTERNOON = "BS01-G1,2026-11-23 16:00,2026-11-23 20:00,p12\n"
"""周丽华's own shift, just before 郑秀英's."""

HEAD = "post,start,end,people\n"


def with_shift(row: str) -> dict[str, dict[str, str]]:
    """The city with one more shift."""
    return {"shifts.csv": {**ONE_POST["shifts.csv"], HEAD: HEAD + row}}


async def test_whoever_came_off_a_shift_is_called_in_a_second_round_only(
    tmp_path: Path, database_url: str
) -> None:
    async with duty_station(tmp_path, database_url, edits=with_shift(AFTERNOON)) as station:
        await station.until_civil("15:50")
        await station.phone("p12").replies("到岗")
        await station.until_civil("21:36")
        case = await station.case(EVENING)
        events = await station.trace(case)
        assert at(events, "called") == [
            ("20:10", "p14"),
            ("20:15", "p11"),
            ("20:25", "p02"),
            ("20:40", "p01"),
            ("21:25", "p12"),
        ]
        assert ("p12", "resting") in await station.reasons(case, "passed_over")
        assert ("p12", "step 3, second round") in await station.reasons(case, "called")
        assert at(events, "exhausted") == [("21:35", None)]


async def at_half_past_midnight(station: Station) -> None:
    """孙小军 (SMS) is missing since midnight; 赵志强 and 周丽华 (SMS) have been called."""
    await station.until_civil("2026-11-24 00:30")
    assert await station.called(await station.case(NIGHT)) == ["p15", "p11", "p12"]
    station.reads_all()


async def test_who_was_woken_hears_silently_who_has_it_and_by_sms_not_at_all(
    either_station: Station,
) -> None:
    station = either_station
    await at_half_past_midnight(station)
    await station.phone("p12").replies("收到")
    told = station.phone("p11").expects("周丽华")
    assert told.channel == "telegram"
    assert told.bubble.silent
    # He whose shift it is did not answer either: his texts would be the third that wakes his house.
    station.phone("p15").silent()
    case = await station.case(NIGHT)
    assert ("p15", "who_has_it, left for the morning") in await station.reasons(case, "told")


async def test_who_answered_at_night_hears_the_end_by_sms_too(either_station: Station) -> None:
    station = either_station
    await at_half_past_midnight(station)
    await station.phone("p12").replies("来不了")
    await station.phone("p11").replies("代孙小军到岗", by="telegram")
    case = await station.case(NIGHT)
    assert case.state is CaseState.RESOLVED
    station.phone("p12").got("此事已了", channel="sms")
    assert station.phone("p11").got("此事已了", channel="telegram").bubble.silent


async def test_in_the_evening_everybody_hears_it_with_a_sound(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    station.phone("p14").got("赵志强", channel="sms")
    await station.phone("p14").replies("到岗")
    assert not station.phone("p11").got("到岗", channel="telegram").bubble.silent


async def test_a_bot_that_was_blocked_wakes_nobody_by_sms_instead(station: Station) -> None:
    await at_half_past_midnight(station)
    station.phone("p11").blocks_unheard()
    await station.phone("p12").replies("收到")
    station.phone("p11").silent()


# ── after an outage ──────────────────────────────────────────────────────────────────────────────


async def test_who_checked_in_during_an_outage_is_on_post_before_anybody_is_called(
    tmp_path: Path, database_url: str
) -> None:
    edits = {"shifts.csv": {**ONE_POST["shifts.csv"], "2026-11-24 00:00,p14": "2026-11-24 00:00,p13"}}
    async with duty_station(tmp_path, database_url, edits=edits) as station:
        await station.until_civil("19:40")
        await station.goes_down(tidily=False)
        station.phone("p13").says("到岗")
        station.clock.set(station.civil("2026-11-23 20:25"))
        await station.goes_up()
        await station.settle()
        assert await station.cases("unstaffed") == []
        assert not [line for line in await station.journal(EVENING) if line.event == "opened"]
        station.phone("p13").got("已记")


async def test_nobody_checked_in_during_the_outage_and_the_call_goes_out(either_station: Station) -> None:
    station = either_station
    await station.until_civil("19:40")
    await station.goes_down(tidily=False)
    station.clock.set(station.civil("2026-11-23 20:25"))
    await station.goes_up()
    await station.settle()
    assert await station.called(await station.case(EVENING)) == ["p14"]
