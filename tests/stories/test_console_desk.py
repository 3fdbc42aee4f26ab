"""The duty desk at the console: who is there, what is open, and how it is handed over."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PostCode
from tests.stories.browsing import console_of
from tests.stories.harness import Station, duty_station
from tests.stories.test_handover import DESK_IN_SHIFTS, GATE

DESK = "/console/desk"
HAND_OVER = f"{DESK}/YQ-D/hand-over"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """21:05: 江秀兰 (d1) is at the city's desk until 21:30, and has taken what nobody in 岐元村 answered."""
    async with duty_station(tmp_path, database_url, edits=DESK_IN_SHIFTS) as opened:
        await opened.until_civil("15:50")
        await opened.phone("d1").replies("到岗")
        await opened.until_civil("21:05")
        await opened.phone("d1").replies("收到")
        assert (await opened.case(GATE)).holder == "d1"
        opened.reads_all()
        yield opened


async def at_the_desk(station: Station) -> set[str]:
    async with station.engine.parts.station.db.read() as tx:
        return {str(row.presence.person) for row in await tx.presences.on_post(PostCode("YQ-D"))}


async def test_it_says_who_is_there_since_when_who_follows_and_what_is_open(evening: Station) -> None:
    async with console_of(evening, "d1") as officer:
        page = await officer.sees(DESK)
        assert "/console/desk" in await officer.sees("/console")
    for told in ("江秀兰", "11-23 15:50 到岗", "11-23 21:30 至 11-24 06:00", "苗建军", "岐元村"):
        assert told in page
    assert '<option value="d2">苗建军' in page


async def test_it_is_handed_to_the_next_with_a_note_who_takes_over_what_is_open(evening: Station) -> None:
    async with console_of(evening, "d1") as officer:
        answer = await officer.post(HAND_OVER, to="d2", words="桥头积水，盯紧")
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"{DESK}?post=YQ-D&did=hand_over",
        )
    assert await at_the_desk(evening) == {"d2"}
    evening.phone("d2").got("江秀兰已把", "值班室", "桥头积水，盯紧")
    evening.phone("d2").got("未了的事", "岐元村卡口")
    async with console_of(evening, "d2") as follower:
        page = await follower.sees(DESK)
        assert "交给苗建军；桥头积水，盯紧" in page
        assert "都由您接手" in page
        taken = await follower.post(f"{DESK}/YQ-D/take-over")
        assert taken.headers["location"] == f"{DESK}?post=YQ-D&did=take_over"
        assert "已接班" in await follower.sees(taken.headers["location"])
    assert (await evening.case(GATE)).holder == "d2"
    evening.phone("d1").got("苗建军已接班", "岐元村卡口")


async def test_it_is_handed_in_the_middle_of_a_shift_to_anybody_who_says_so_by_phone(
    evening: Station,
) -> None:
    async with console_of(evening, "d1") as officer:
        assert (await officer.post(HAND_OVER, other="陈晓燕", words="")).status_code == 303
    assert await at_the_desk(evening) == {"p02"}
    await evening.phone("p02").taps("接班")
    assert (await evening.case(GATE)).holder == "p02"


async def test_who_is_not_there_says_so_and_the_desk_is_empty_again(evening: Station) -> None:
    async with console_of(evening, "d1") as officer:
        await officer.post(HAND_OVER, other="p02", words="")
    await evening.phone("p02").replies("离岗")
    assert await at_the_desk(evening) == set()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "没有找到这个人"),
        ({"other": "没有"}, "没有找到这个人"),
        ({"to": "p02"}, "没有找到这个人"),
        ({"other": "d1"}, "这个人已经在值班室"),
        ({"other": "p13"}, "不在位"),
    ],
)
async def test_what_cannot_be_is_said_and_what_was_typed_is_kept(
    evening: Station, fields: dict[str, str], told: str
) -> None:
    async with console_of(evening, "d1") as officer:
        answer = await officer.post(HAND_OVER, **{"words": "桥头积水", **fields})
    assert (answer.status_code, told in answer.text) == (400, True)
    assert 'value="桥头积水"' in answer.text
    assert await at_the_desk(evening) == {"d1"}


async def test_who_is_not_at_the_desk_takes_over_nothing(evening: Station) -> None:
    async with console_of(evening, "d1") as officer, console_of(evening, "p11") as secretary:
        assert (await secretary.post(HAND_OVER, other="p12")).status_code == 403
        assert (await secretary.post(f"{DESK}/YQ-D/take-over")).status_code == 403
        assert "没有设值班室" in await secretary.sees(DESK)
        await officer.post(HAND_OVER, to="d2")
        assert (await officer.post(f"{DESK}/YQ-D/take-over")).status_code in (403, 409)
    assert (await evening.case(GATE)).holder == "d1"


async def test_all_pauses_in_reach_are_listed_and_ended_there(evening: Station) -> None:
    async with console_of(evening, "d1") as officer:
        wanted = {"where": "unit:BS", "hours": "2", "reason": "演练", "back": "/console/units/BS"}
        assert (await officer.post("/console/pauses", **wanted)).status_code == 303
        page = await officer.sees(DESK)
        assert "演练" in page
        ended = await officer.post("/console/pauses/1/end", back=DESK)
        assert ended.headers["location"] == f"{DESK}?did=resume"
        assert "演练" not in await officer.sees(ended.headers["location"])
