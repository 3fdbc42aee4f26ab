"""Who is reminded of a shift, when, and what is found late."""

from pathlib import Path

from tests.stories.harness import ONE_POST, Station, duty_station

EVENING = "BS01-G1 2026-11-23T12:00:00Z"


async def test_whoever_is_rostered_is_asked_early_whether_he_will_come(both_villages: Station) -> None:
    station = both_villages
    await station.until_civil("07:59")
    for person in ("p14", "p21", "p22"):
        station.phone(person).silent()
    await station.until_civil("08:00")
    asked = station.phone("p14").expects("郑秀英", "今晚20:00", "岐元村卡口", channel="sms")
    assert f"收到{asked.number}" in asked.text
    asked = station.phone("p21").expects("今晚20:00", "密东村卡口", "同班冯美珍", channel="telegram")
    assert {"收到", "请假"} <= set(asked.buttons)
    station.phone("p22").expects("tonight 20:00", "with 钱国华")
    assert "Received" in station.phone("p22").got("tonight").buttons
    for nobody in ("p01", "p02", "p11", "p12", "p13"):
        station.phone(nobody).silent()


async def test_half_an_hour_before_everybody_is_asked_to_come_and_check_in(both_villages: Station) -> None:
    station = both_villages
    await station.until_civil("19:29")
    station.reads_all()
    await station.until_civil("19:30")
    asked = station.phone("p14").expects("20:00请到", "岐元村卡口", "到岗")
    assert asked.number == station.phone("p14").got("郑秀英", "知道回").number
    assert "到岗" in station.phone("p21").expects("请到", "密东村卡口").buttons


async def test_who_is_on_post_already_is_not_asked_to_come(both_villages: Station) -> None:
    station = both_villages
    await station.until_civil("19:10")
    await station.phone("p21").replies("到岗")
    station.reads_all()
    await station.until_civil("19:40")
    station.phone("p21").silent()
    station.phone("p22").expects("密东村卡口")


async def test_who_is_on_leave_is_not_reminded(station: Station) -> None:
    await station.until_civil("08:01")
    await station.phone("p14").replies_with_number("请假")
    station.phone("p14").expects("已记请假")
    station.reads_all()
    await station.until_civil("19:40")
    station.phone("p14").never_got("20:00请到", "郑秀英")


async def test_saying_yes_to_a_reminder_is_not_being_there(station: Station) -> None:
    await station.until_civil("19:31")
    await station.phone("p14").replies("收到")
    await station.until_civil("20:10")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p14"]


async def test_a_reminder_found_late_goes_out_at_once_and_only_once(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 19:45", edits=ONE_POST) as station:
        assert station.phone("p14").count("郑秀英") == 1
        station.phone("p14").got("请到", "岐元村卡口")


async def test_a_running_shift_past_its_grace_is_a_case_at_once(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 20:40", edits=ONE_POST) as station:
        case = await station.case(EVENING)
        assert case.opened_at == station.civil("2026-11-23 20:40")
        assert await station.called(case) == ["p14"]


async def test_a_shift_that_is_long_over_goes_to_the_journal_only(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, start="2026-11-24 09:00", edits=ONE_POST) as station:
        assert await station.cases() == []
        assert "shift_over" in [line.event for line in await station.journal(EVENING)]
        for phone in station.sandbox.state.phones:
            station.phone(phone.id).silent()


async def test_planning_again_and_again_reminds_nobody_twice(station: Station) -> None:
    await station.until_civil("08:01")
    for _ in range(3):
        await station.edits("posts.csv", {"岐元村卡口,": "岐元村卡口 ,"})
        await station.edits("posts.csv", {"岐元村卡口 ,": "岐元村卡口,"})
        await station.advance(minutes=1)
    assert station.phone("p14").count("郑秀英") == 1
