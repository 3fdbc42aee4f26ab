"""Somebody is on leave: who could stand in is asked, in a fair order, and the first who says so has it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId, ShiftKey
from tests.stories.harness import Edits, Station, duty_station

KEY = ShiftKey("BS01-G1 2026-11-23T12:00:00Z")

SHARED = "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\n"
LATER = "".join(
    f"BS01-G1,2026-11-{day} 20:00,2026-11-{day} 23:00,{person}\n"
    for day, person in (("26", "p11"), ("27", "p12"), ("28", "p13"))
)
EDITS: Edits = {
    "shifts.csv": {
        "BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22\n": "",
        SHARED: SHARED + LATER,
    }
}
"""The gate's people: p14 and p15 tonight, p11 (who is the secretary), p12 and p13, who is away, later on."""

TOGETHER: Edits = {**EDITS, "policies.yaml": {"unsigned:\n": "cover: {ask: 3, wait: 10m}\nunsigned:\n"}}


async def on_leave(station: Station) -> Station:
    """At nine p14 says that he cannot come tonight."""
    await station.until_civil("09:00")
    await station.phone("p14").replies(f"请假{station.phone('p14').number} 孩子发烧")
    station.phone("p11").got("来不了", "岐元村卡口")
    station.reads_all()
    return station


@pytest.fixture
async def station(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    async with duty_station(tmp_path, database_url, edits=EDITS) as opened:
        yield await on_leave(opened)


async def rostered(station: Station) -> tuple[PersonId, ...]:
    async with station.engine.parts.station.db.read() as tx:
        shift = await tx.shifts.get(KEY)
        assert shift is not None
        for person in shift.people:
            own = await tx.shifts.of_person(person, shift.start, shift.end)
            assert [one.key for one in own] == [KEY]
        return shift.people


async def said(station: Station, *events: str) -> list[tuple[str, str | None]]:
    return [(line.event, line.person) for line in await station.journal(KEY) if line.event in events]


async def test_when_nobody_sees_to_it_the_gates_people_are_asked_one_after_the_other(
    station: Station,
) -> None:
    await station.until_civil("09:29")
    station.phone("p11").silent()
    await station.until_civil("09:30")
    station.phone("p11").expects("郑秀英请假", "今晚20:00至明晨0:00", "岐元村卡口", "我来")
    station.phone("p12").silent()
    await station.until_civil("09:45")
    station.phone("p12").expects("今晚20:00至明晨0:00", "我来")
    lines = [line for line in await station.journal(KEY) if line.event == "passed_over"]
    reasons = {line.person: line.reason for line in lines}
    assert reasons == {"p13": "cover: absent", "p15": "cover: no_rest"}


async def test_who_comes_is_rostered_reminded_and_counted(station: Station) -> None:
    await station.until_civil("09:45")
    await station.phone("p12").replies("我来")
    station.phone("p12").got("谢谢您", "顶郑秀英的班")
    station.phone("p11").got("有人来了，谢谢您")
    station.phone("p11").got("郑秀英的班由周丽华来顶")
    station.phone("p14").got("由周丽华来顶")
    assert await rostered(station) == ("p14", "p12")
    station.reads_all()
    await station.until_civil("19:29")
    for person in ("p11", "p12"):
        station.phone(person).silent()
    await station.until_civil("19:30")
    station.phone("p12").expects("20:00", "岐元村卡口")
    await station.phone("p12").replies("到岗")
    await station.until_civil("20:20")
    assert await station.cases(KEY) == []
    assert await said(station, "covered", "on_post") == [("covered", "p12"), ("on_post", "p12")]


async def test_the_second_to_say_so_hears_that_somebody_is_coming(station: Station) -> None:
    await station.until_civil("09:45")
    await station.phone("p11").taps("我来")
    station.phone("p12").got("有人来了")
    await station.phone("p12").replies_with_number("我来")
    assert await rostered(station) == ("p14", "p11")
    assert await said(station, "covered") == [("covered", "p11")]


async def test_who_cannot_passes_it_on_at_once(station: Station) -> None:
    await station.until_civil("09:30")
    await station.phone("p11").taps("不便")
    station.phone("p11").got("再问别人")
    station.phone("p12").expects("我来")


async def test_when_all_were_asked_the_secretary_hears_who_and_the_calls_follow_at_their_time(
    station: Station,
) -> None:
    await station.until_civil("10:00")
    station.phone("p11").got("还没有人能顶", "赵志强", "周丽华")
    await station.until_civil("20:10")
    case = await station.case(KEY)
    assert "p14" not in await station.called(case)
    assert await said(station, "cover_nobody") == [("cover_nobody", "p11")]


async def test_who_says_so_late_is_taken_as_long_as_it_has_not_begun(station: Station) -> None:
    await station.until_civil("15:00")
    await station.phone("p12").replies("我来")
    assert await rostered(station) == ("p14", "p12")


async def test_the_secretary_agrees_and_the_search_begins_at_once(station: Station) -> None:
    await station.phone("p11").taps("同意")
    station.phone("p11").got("郑秀英", "的假准了", "找人顶")
    station.phone("p14").expects("的假准了")
    assert await said(station, "leave_agreed", "cover_asked") == [
        ("leave_agreed", "p14"),
        ("cover_asked", "p11"),
    ]


async def test_the_secretary_refuses_with_a_reason_and_the_shift_stands(station: Station) -> None:
    await station.phone("p11").replies("不同意 今晚没有别人")
    station.phone("p11").expects("郑秀英", "的假不准")
    station.phone("p14").expects("的假没能准：今晚没有别人", "请按时来", "赵志强")
    lines = [line for line in await station.journal(KEY) if line.event == "leave_refused"]
    assert [(line.person, line.reason) for line in lines] == [("p14", "by p11: 今晚没有别人")]
    station.reads_all()
    await station.until_civil("12:00")
    assert await said(station, "cover_asked") == []
    await station.until_civil("19:30")
    station.phone("p14").got("20:00", "岐元村卡口")


async def test_a_refusal_sends_home_who_was_asked_already(station: Station) -> None:
    await station.until_civil("09:45")
    told = [got for got in station.phone("p11").inbox if "来不了" in got.text]
    await station.phone("p11").taps("不同意", on=told[-1])
    station.phone("p12").expects("不用您来顶了")


async def test_nobody_refuses_once_somebody_is_coming(station: Station) -> None:
    await station.until_civil("09:45")
    await station.phone("p12").replies("我来")
    told = [got for got in station.phone("p11").inbox if "来不了" in got.text]
    await station.phone("p11").taps("不同意", on=told[-1])
    assert await said(station, "leave_refused") == []
    assert await rostered(station) == ("p14", "p12")


async def test_who_was_not_asked_about_a_leave_does_not_answer_it(station: Station) -> None:
    await station.until_civil("09:10")
    await station.phone("p12").replies("不同意")
    await station.until_civil("09:45")
    await station.phone("p12").replies("不同意")
    assert await said(station, "leave_refused") == []


async def test_a_leave_taken_back_ends_the_search(station: Station) -> None:
    await station.until_civil("09:29")
    await station.phone("p14").replies("撤销")
    station.reads_all()
    await station.until_civil("12:00")
    for person in ("p11", "p12"):
        station.phone(person).silent()
    assert await said(station, "cover_asked") == []


async def test_an_import_that_says_the_same_undoes_no_cover(station: Station) -> None:
    await station.until_civil("09:30")
    await station.phone("p11").taps("我来")
    await station.edits("shifts.csv", {})
    assert await rostered(station) == ("p14", "p11")


async def test_an_import_that_gives_the_shift_to_another_ends_it_and_says_so(station: Station) -> None:
    await station.until_civil("09:30")
    await station.phone("p11").taps("我来")
    await station.edits("shifts.csv", {SHARED: SHARED.replace("p14", "p12")})
    assert await rostered(station) == ("p12",)
    station.phone("p11").got("的班已取消")


async def test_a_crash_in_between_loses_nothing_and_asks_nobody_twice(station: Station) -> None:
    await station.until_civil("09:31")
    await station.restarts(tidily=False)
    await station.until_civil("09:50")
    assert await said(station, "cover_asked") == [("cover_asked", "p11"), ("cover_asked", "p12")]
    await station.phone("p12").replies("我来")
    assert await rostered(station) == ("p14", "p12")


async def test_several_are_asked_at_once_where_the_policy_says_so(tmp_path: Path, database_url: str) -> None:
    async with duty_station(tmp_path, database_url, edits=TOGETHER) as station:
        await on_leave(station)
        await station.until_civil("09:30")
        assert await said(station, "cover_asked") == [("cover_asked", "p11"), ("cover_asked", "p12")]
        await station.until_civil("09:40")
        station.phone("p11").got("还没有人能顶")


DAILY: Edits = {
    **EDITS,
    "policies.yaml": {
        "unsigned:\n": 'coverage: {at: "16:00"}\nevening_digest: {at: "19:00", expires: 3h}\nunsigned:\n'
    },
}


async def test_who_covers_is_read_by_coverage_and_digests(tmp_path: Path, database_url: str) -> None:
    async with duty_station(tmp_path, database_url, edits=DAILY) as station:
        await on_leave(station)
        await station.until_civil("09:45")
        await station.phone("p12").replies("我来")
        await station.until_civil("16:00")
        station.phone("p02").never_got("岐元村卡口", "今晚20:00")
        await station.until_civil("19:00")
        digest = station.phone("p11").expects("岐元村卡口", "那时有空的有赵志强、郑秀英、周丽华")
        tonight = next(line for line in digest.text.splitlines() if "今晚20:00" in line)
        assert "周丽华" in tonight
        assert "郑秀英" not in tonight


async def test_a_leave_that_nobody_covers_is_a_gap_in_the_afternoon(
    tmp_path: Path, database_url: str
) -> None:
    async with duty_station(tmp_path, database_url, edits=DAILY) as station:
        await on_leave(station)
        await station.until_civil("16:00")
        told = station.phone("p02").got("岐元村卡口", "今晚20:00", "缺1人")
        gap = next(line for line in told.text.splitlines() if "今晚20:00" in line)
        assert "赵志强" in gap
        assert "郑秀英" not in gap


# ── two leaves ───────────────────────────────────────────────────────────────────────────────────

BOTH = SHARED.replace("p14", "p14;p13")
TWO_AWAY: Edits = {
    "shifts.csv": {**EDITS["shifts.csv"], SHARED: BOTH + LATER},
    "offices.csv": {"BS01,committee,3,p13,absent,2026-12-01": "BS01,committee,3,p13,in_post,"},
}


async def test_of_two_leaves_the_number_says_which_is_meant(tmp_path: Path, database_url: str) -> None:
    async with duty_station(tmp_path, database_url, edits=TWO_AWAY) as station:
        await on_leave(station)
        first = station.phone("p11").got("郑秀英", "来不了")
        await station.phone("p13").replies("请假 要带孩子")
        second = station.phone("p11").expects("吴永明", "来不了")
        assert first.number != second.number
        await station.phone("p11").replies("同意")
        station.phone("p11").expects("郑秀英请假", f"{first.number}", "吴永明请假", f"{second.number}")
        assert await said(station, "leave_agreed") == []
        await station.phone("p11").replies(f"不同意{second.number} 没有别人")
        station.phone("p13").expects("的假没能准", "没有别人")
        await station.phone("p11").replies("同意")
        assert await said(station, "leave_agreed", "leave_refused") == [
            ("leave_refused", "p13"),
            ("leave_agreed", "p14"),
        ]


# ── taken back ───────────────────────────────────────────────────────────────────────────────────


async def test_who_cannot_come_after_all_says_so_and_others_are_asked(station: Station) -> None:
    await station.until_civil("09:45")
    await station.phone("p12").replies("我来")
    station.reads_all()
    await station.phone("p12").replies("撤销")
    assert await rostered(station) == ("p14",)
    station.phone("p14").got("周丽华来不了了", "再找人")
    station.phone("p11").got("周丽华来不了了")
    asked = station.phone("p11").expects("郑秀英请假", "我来")
    await station.phone("p11").taps("我来", on=asked)
    assert await rostered(station) == ("p14", "p11")


async def test_a_cover_is_taken_back_for_half_an_hour_only(station: Station) -> None:
    await station.until_civil("09:45")
    await station.phone("p12").replies("我来")
    await station.advance(minutes=31)
    await station.phone("p12").replies("撤销")
    station.phone("p12").expects("没有可撤销的")
    assert await rostered(station) == ("p14", "p12")


async def test_an_agreement_taken_back_sends_home_who_was_asked(station: Station) -> None:
    await station.phone("p11").taps("同意")
    station.phone("p11").expects("郑秀英请假", "我来")
    await station.advance(minutes=16)
    station.phone("p12").expects("我来")
    await station.phone("p11").taps("撤销")
    station.phone("p14").expects("的假再议")
    station.phone("p12").expects("不用您来顶了")
    station.reads_all()
    told = [got for got in station.phone("p11").inbox if "来不了" in got.text]
    await station.phone("p11").taps("不同意", on=told[-1])
    station.phone("p14").expects("的假没能准")
    await station.until_civil("12:00")
    station.phone("p12").silent()


async def test_a_refusal_taken_back_puts_the_leave_once_more(station: Station) -> None:
    await station.phone("p11").taps("不同意")
    await station.phone("p11").taps("撤销")
    station.phone("p14").expects("的假再议")
    await station.until_civil("09:31")
    assert await said(station, "cover_asked") == [("cover_asked", "p11")]
    await station.phone("p11").replies("我来")
    assert await rostered(station) == ("p14", "p11")


async def test_an_agreement_is_not_taken_back_once_somebody_comes(station: Station) -> None:
    await station.phone("p11").taps("同意")
    await station.advance(minutes=16)
    await station.phone("p12").replies("我来")
    agreed = station.phone("p11").got("的假准了")
    await station.phone("p11").taps("撤销", on=agreed)
    station.phone("p11").expects("没有可撤销的")
    assert await rostered(station) == ("p14", "p12")
