"""Two people exchange shifts, or one stands in for the other: both agree, the rules hold, everybody hears."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId, ShiftKey
from tests.stories.harness import Edits, Station, duty_station

TONIGHT = ShiftKey("BS01-G1 2026-11-23T12:00:00Z")
THURSDAY = ShiftKey("BS01-G1 2026-11-26T12:00:00Z")
FRIDAY = ShiftKey("BS01-G1 2026-11-27T12:00:00Z")

EDITS: Edits = {
    "people.csv": {
        "13800100014,BS01,zh,\np15": "13800100014,BS01,zh,100014\np15",
        "p15,孙小军,13800100014,BS01,zh,": "p15,孙小军,13800100015,BS01,zh,100015",
    },
    "shifts.csv": {
        "BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22\n": "",
        "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\n": "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\n"
        "BS01-G1,2026-11-26 20:00,2026-11-26 23:00,p13\n"
        "BS01-G1,2026-11-27 20:00,2026-11-27 23:00,p12\n",
    },
}
"""p14 tonight, p15 after midnight, p13 on Thursday, p12 (by SMS only) on Friday; p11 is the secretary."""


@pytest.fixture
async def station(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    async with duty_station(tmp_path, database_url, edits=EDITS) as opened:
        await opened.until_civil("09:00")
        opened.reads_all()
        yield opened


async def stands(station: Station, key: ShiftKey) -> set[PersonId]:
    """Who is to come to that shift."""
    async with station.engine.parts.station.db.read() as tx:
        shift = await tx.shifts.get(key)
        assert shift is not None
        return {p for p in shift.people if (p, key) not in await tx.shifts.on_leave([key])}


async def said(station: Station, *events: str) -> list[tuple[str, str | None]]:
    return [(line.event, line.person) for line in await station.journal(TONIGHT) if line.event in events]


async def test_two_swap_and_everybody_hears_what_moved(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    station.phone("p14").expects("已问周丽华", "班照旧")
    assert await stands(station, TONIGHT) == {"p14"}
    asked = station.phone("p12").expects("郑秀英", "换班", "今晚20:00", "岐元村卡口", "11月27日20:00", "同意")
    await station.phone("p12").replies(f"同意{asked.number}")
    assert await stands(station, TONIGHT) == {"p12"}
    assert await stands(station, FRIDAY) == {"p14"}
    station.phone("p12").expects("11月27日20:00至23:00", "今晚20:00至明晨0:00")
    station.phone("p14").expects("您的班换了", "原来：今晚20:00至明晨0:00", "改为：11月27日20:00至23:00")
    station.phone("p11").expects("郑秀英", "周丽华", "两人说好了")
    assert await said(station, "exchange_asked", "covered") == [("exchange_asked", "p12"), ("covered", "p12")]


async def test_who_took_the_shift_is_reminded_and_counted(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies("同意")
    station.reads_all()
    await station.until_civil("19:30")
    station.phone("p14").silent()
    station.phone("p12").expects("20:00", "岐元村卡口")
    await station.phone("p12").replies("到岗")
    await station.until_civil("20:20")
    assert await station.cases(TONIGHT) == []


async def test_a_refusal_leaves_everything_as_it_is(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies(f"不同意{station.phone('p12').number} 要带孩子")
    station.phone("p12").expects("班照旧")
    station.phone("p14").expects("周丽华那边不行", "要带孩子")
    assert await stands(station, TONIGHT) == {"p14"}


async def test_cannot_is_a_refusal_and_received_agrees_to_nothing(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies("好的")
    assert await stands(station, TONIGHT) == {"p14"}
    await station.phone("p12").replies("不便")
    station.phone("p14").expects("周丽华那边不行")


async def test_without_an_answer_it_ends_when_the_first_shift_begins(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.restarts(tidily=False)
    await station.until_civil("20:00")
    station.phone("p14").got("没等到周丽华回话", "班照旧")
    await station.phone("p12").replies("同意")
    assert await stands(station, TONIGHT) == {"p14"}
    assert await said(station, "exchange_expired") == [("exchange_expired", "p14")]


async def test_the_same_asked_twice_is_asked_once(station: Station) -> None:
    for _ in range(2):
        await station.phone("p14").replies("换班 周丽华")
    assert len([got for got in station.phone("p12").inbox if "换班" in got.text]) == 1


async def test_too_little_rest_is_refused_with_the_reason(station: Station) -> None:
    await station.phone("p15").replies("顶 郑秀英")
    station.phone("p15").expects("换不成", "孙小军", "休息不够")
    station.phone("p14").silent()


async def test_what_was_fine_when_asked_may_be_barred_when_agreed_to(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.edits(
        "shifts.csv",
        {"BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15": "BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p12"},
    )
    await station.phone("p12").replies("同意")
    station.phone("p12").got("换不成", "周丽华")
    station.phone("p14").got("换不成", "周丽华")
    assert await stands(station, TONIGHT) == {"p14"}


async def test_somebody_on_leave_swaps_nothing(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    station.reads_all()
    await station.until_civil("18:00")
    await station.phone("p14").replies("请假 孩子发烧")
    station.reads_all()
    await station.phone("p12").replies_with_number("同意")
    station.phone("p12").got("换不成")
    assert await stands(station, FRIDAY) == {"p12"}


async def test_a_stand_in_is_agreed_to_by_whose_shift_it_is(station: Station) -> None:
    await station.phone("p13").replies("我替郑秀英")
    station.phone("p13").expects("已问郑秀英")
    station.phone("p11").expects("吴永明想替郑秀英")
    await station.phone("p14").taps("同意")
    assert await stands(station, TONIGHT) == {"p13"}
    station.phone("p13").expects("由您顶郑秀英的班")
    station.phone("p14").expects("由吴永明来顶")
    station.phone("p11").got("不用回了")
    station.phone("p11").got("由吴永明来顶")


async def test_or_by_the_secretary(station: Station) -> None:
    await station.phone("p13").replies("顶 郑秀英")
    await station.phone("p11").taps("同意")
    assert await stands(station, TONIGHT) == {"p13"}
    station.phone("p11").expects("吴永明替郑秀英")
    station.phone("p14").expects("由吴永明来顶")
    await station.phone("p14").replies("不同意")
    assert await stands(station, TONIGHT) == {"p13"}


async def test_a_swap_agreed_to_is_undone_within_half_an_hour(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies("同意")
    await station.advance(minutes=20)
    await station.phone("p12").replies("撤销")
    assert await stands(station, TONIGHT) == {"p14"}
    assert await stands(station, FRIDAY) == {"p12"}
    station.phone("p14").expects("您的班换了", "改为：今晚20:00至明晨0:00")
    station.phone("p11").expects("各上各的班")


async def test_after_that_it_takes_another_agreement(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies("同意")
    await station.advance(minutes=40)
    await station.phone("p12").replies("撤销")
    assert await stands(station, TONIGHT) == {"p12"}
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p12").replies("同意")
    assert await stands(station, TONIGHT) == {"p14"}
    assert await stands(station, FRIDAY) == {"p12"}


async def test_what_was_proposed_is_taken_back_until_it_is_answered(station: Station) -> None:
    await station.phone("p14").replies("换班 周丽华")
    await station.phone("p14").replies("撤销")
    station.phone("p12").expects("不用回了")
    await station.phone("p12").replies("同意")
    assert await stands(station, TONIGHT) == {"p14"}


async def test_a_refusal_undone_asks_once_more(station: Station) -> None:
    await station.phone("p13").replies("顶 郑秀英")
    await station.phone("p14").taps("不同意")
    await station.phone("p14").replies("撤销")
    station.phone("p13").got("郑秀英那边再想想")
    asked = [got for got in station.phone("p14").inbox if "想替您" in got.text]
    await station.phone("p14").taps("同意", on=asked[-1])
    assert await stands(station, TONIGHT) == {"p13"}


async def test_a_stand_in_undone_gives_the_shift_back(station: Station) -> None:
    await station.phone("p13").replies("顶 郑秀英")
    await station.phone("p14").taps("同意")
    await station.phone("p14").replies("撤销")
    assert await stands(station, TONIGHT) == {"p14"}
    station.phone("p13").expects("不用您来顶了")
    station.phone("p14").got("的班还是您的")


async def test_what_was_handed_on_since_is_not_undone(station: Station) -> None:
    await station.phone("p13").replies("顶 郑秀英")
    await station.phone("p14").taps("同意")
    await station.phone("p12").replies("换班 吴永明")
    await station.phone("p11").replies("顶 吴永明")
    await station.phone("p13").taps("同意")
    assert await stands(station, TONIGHT) == {"p11"}
    await station.phone("p14").replies("撤销")
    station.phone("p14").expects("没有可撤销的")
    assert await stands(station, TONIGHT) == {"p11"}


async def test_by_sms_only_an_answer_to_ones_own_reminder_proposes(station: Station) -> None:
    await station.phone("p12").replies("换班 郑秀英")
    station.phone("p12").expects("Telegram")
    station.phone("p14").silent()
    await station.phone("p12").replies("顶 郑秀英")
    station.phone("p14").silent()
    for moment in ("2026-11-26 12:00", "2026-11-27 19:30"):
        await station.until_civil(moment)
    reminded = station.phone("p12").got("今晚20:00", "岐元村卡口", "请假")
    await station.phone("p12").replies(f"换班{reminded.number} 郑秀英")
    station.phone("p12").expects("郑秀英往后14天没有")


async def test_whom_a_name_leaves_open_is_asked_back(station: Station) -> None:
    await station.phone("p14").replies("换班 王大山")
    station.phone("p14").expects("没认准", "王大山")
    await station.phone("p14").replies("换班 陈晓燕")
    station.phone("p14").expects("没认准")


async def test_who_has_no_shift_ahead_has_nothing_to_swap(station: Station) -> None:
    await station.phone("p14").replies("换班 赵志强")
    station.phone("p14").expects("赵志强往后14天没有")
