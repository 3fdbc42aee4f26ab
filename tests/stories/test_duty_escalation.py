"""An empty post: who is called, in which order, how long each is waited for, and how it ends."""

from pathlib import Path
from typing import Any

from notifier.domain.case import CaseState
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import ONE_POST, Station, duty_station

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
SHORT = {"2026-11-24 00:00,p14": "2026-11-23 20:30,p14"}
"""郑秀英's shift ends at half past eight, before the calls have got far."""


def at(events: list[dict[str, Any]], name: str) -> list[tuple[str, str | None]]:
    """(civil time, person) of the events of that name; the fixture's zone is eight hours ahead."""
    return [(_clock(event["at"]), event["person"]) for event in events if event["event"] == name]


def _clock(moment: str) -> str:
    hour, minute = int(moment[11:13]), moment[14:16]
    return f"{(hour + 8) % 24:02}:{minute}"


async def test_the_calls_go_up_the_chain_each_after_its_wait(either_station: Station) -> None:
    station = either_station
    await station.until_civil("21:40")
    case = await station.case(EVENING)
    events = await station.trace(case)
    assert at(events, "opened") == [("20:10", None)]
    assert at(events, "called") == [
        ("20:10", "p14"),
        ("20:15", "p11"),
        ("20:25", "p12"),
        ("20:35", "p02"),
        ("20:50", "p01"),
    ]
    # The desk is called twice more, then the chain is at its end.
    assert at(events, "repeated") == [("21:05", "p01"), ("21:20", "p01")]
    assert at(events, "exhausted") == [("21:35", None)]
    assert case.state is CaseState.EXHAUSTED
    assert await station.reasons(case, "passed_over") == [
        ("p11", "called_before"),
        ("p13", "absent until 2026-12-01"),
        (None, "vacant: committee 4"),
    ]


async def test_every_call_names_the_post_the_time_and_how_to_answer(station: Station) -> None:
    await station.until_civil("20:51")
    rostered = station.phone("p14").got("岐元村卡口", "20:00", "还没收到")
    assert f"到岗{rostered.number}" in rostered.text
    secretary = station.phone("p11").got("岐元村卡口20:00缺1人", "郑秀英13800100014未回", channel="telegram")
    assert {"收到", "不便"} <= set(secretary.buttons)
    deputy = station.phone("p12").got("岐元村卡口20:00缺1人")
    assert f"收到{deputy.number}" in deputy.text
    assert f"不便{deputy.number}" in deputy.text
    station.phone("p02").got("白石街道", "岐元村卡口20:00起缺", "3人没回音")
    station.phone("p01").got("白石街道", "岐元村卡口20:00起缺", "请打电话")
    # Everybody has a number of his own for it, and the secretary's two texts share his.
    assert station.phone("p11").got("缺1人", channel="sms").number == secretary.number


async def test_an_exhausted_case_is_loud_until_somebody_takes_it(station: Station) -> None:
    await station.until_civil("21:36")
    station.reads_all()
    await station.until_civil("21:51")
    station.phone("p01").got("急", "岐元村卡口", "没有回音")
    await station.until_civil("22:06")
    case = await station.case(EVENING)
    loud = [moment for moment in at(await station.trace(case), "repeated") if moment[0] > "21:35"]
    assert loud == [("21:50", "p01"), ("22:05", "p01")]
    # Anybody who was called may still take it.
    await station.phone("p12").replies("收到")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.HELD, "p12")
    station.reads_all()
    await station.until_civil("22:25")
    station.phone("p01").silent()


async def test_a_shift_that_ends_unstaffed_is_missed_and_everybody_is_stood_down(
    tmp_path: Path, sqlite_url: str
) -> None:
    edits = {"shifts.csv": {**ONE_POST["shifts.csv"], **SHORT}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:30")
        case = await station.case(EVENING)
        assert (case.state, case.outcome) == (CaseState.CANCELLED, "missed")
        stood_down = [person for event, person in await station.events(case) if event == "stood_down"]
        assert stood_down == ["p14", "p11", "p12"]
        for person in ("p11", "p12", "p14"):
            station.phone(person).expects("20:00至20:30的班已结束", "请休息")
        station.reads_all()
        await station.until_civil("22:00")
        for person in ("p01", "p02", "p11", "p12"):
            station.phone(person).silent()


async def test_whoever_declines_is_thanked_and_the_next_is_called_at_once(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("不便")
    station.phone("p11").expects("已找下一位", "请休息")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-1] == ("20:16", "p12")
    await station.phone("p12").replies("来不了")
    assert at(await station.trace(case), "called")[-1] == ("20:16", "p02")
    # Who declined is not called again for it.
    await station.until_civil("22:10")
    assert (await station.called(case)).count("p11") == 1


async def test_the_rostered_one_who_cannot_come_is_on_leave_and_the_secretary_is_called(
    station: Station,
) -> None:
    await station.until_civil("20:11")
    await station.phone("p14").replies("生病了")
    station.phone("p14").got("已记请假")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p14", "p11"]


async def test_people_who_cannot_be_reached_take_no_time(tmp_path: Path, sqlite_url: str) -> None:
    """Neither chat nor phone: the secretary is passed over, and the deputy called in his place."""
    edits = {
        **ONE_POST,
        "people.csv": {"p11,赵志强,138 0010 0011,BS01,zh,100011": "p11,赵志强,,BS01,zh,"},
    }
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:16")
        case = await station.case(EVENING)
        assert at(await station.trace(case), "called") == [("20:10", "p14"), ("20:15", "p12")]
        assert ("p11", "no_contact") in await station.reasons(case, "passed_over")


async def test_nobody_rostered_who_can_be_reached_goes_straight_to_the_secretary(
    tmp_path: Path, sqlite_url: str
) -> None:
    edits = {**ONE_POST, "people.csv": {"p14,郑秀英,13800100014,BS01,zh,": "p14,郑秀英,,BS01,zh,"}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:10")
        case = await station.case(EVENING)
        assert await station.called(case) == ["p11"]
        assert ("p14", "no_contact") in await station.reasons(case, "passed_over")


async def test_a_duty_desk_that_cannot_be_reached_raises_the_alarm(tmp_path: Path, sqlite_url: str) -> None:
    edits = {
        **ONE_POST,
        "people.csv": {"p01,王建国,13800100001,YQ,zh,100001": "p01,王建国,,YQ,zh,"},
    }
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:51")
        case = await station.case(EVENING)
        assert case.state is CaseState.EXHAUSTED
        [alarm] = station.front.alarms
        assert "duty desk" in alarm["alarm"]
        assert "alarm" in [event for event, _ in await station.events(case)]
        await station.until_civil("21:06")
        assert len(station.front.alarms) == 2


async def test_a_desk_whose_every_call_fails_raises_the_alarm_too(station: Station) -> None:
    await station.until_civil("21:36")
    station.phone("p01").forgets_the_chat()
    station.arm(Carrier.TWILIO, FaultKind.REFUSE, "p01", code=21614, status=400, times=None)
    await station.until_civil("21:51")
    assert station.front.alarms
    assert (await station.case(EVENING)).state is CaseState.EXHAUSTED


async def test_whoever_is_on_post_at_the_desk_is_the_desk(tmp_path: Path, sqlite_url: str) -> None:
    edits = {
        "posts.csv": {"BS01-G1,BS01": "YQ-D,YQ,值班室,duty_desk,1\nBS01-G1,BS01"},
        "shifts.csv": {
            **ONE_POST["shifts.csv"],
            "post,start,end,people\n": "post,start,end,people\nYQ-D,2026-11-23 18:00,2026-11-24 06:00,p22\n",
        },
    }
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("17:55")
        await station.phone("p22").replies("到岗")
        await station.until_civil("20:51")
        case = await station.case(EVENING)
        assert (await station.called(case))[-1] == "p22"
        station.phone("p01").silent()


async def test_one_gap_is_one_case_however_often_it_is_found(station: Station) -> None:
    await station.until_civil("20:12")
    await station.edits("posts.csv", {"岐元村卡口": "岐元村东卡口"})
    await station.until_civil("20:20")
    assert len(await station.cases(EVENING)) == 1
    station.phone("p11").got("岐元村东卡口")
