"""A unit at the console: tonight, the chain, what is open, its people, and what happened today."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station

UNIT = "/console/units/BS01"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 at 20:16: 郑秀英 (p14) is not there, and the secretary has been called."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("20:16")
        yield opened


async def test_tonight_and_who_would_be_called(evening: Station) -> None:
    async with console_of(evening, "p02") as liaison:
        page = await liaison.sees(UNIT)
        assert "缺 1 人" in page
        assert "11-23 20:00 至 11-24 00:00" in page
        assert "不在位，到 2026-12-01" in page, "吴永明 is passed over, and why"
        assert "空缺：委员 4" in page
        assert "/console/cases/1" in page
        await evening.phone("p14").replies("到岗")
        page = await liaison.sees(UNIT)
    assert "缺 1 人" not in page
    assert "20:16 到岗" in page
    assert "没有未了的案件" in page


async def test_everything_that_happened_today_is_told(evening: Station) -> None:
    async with console_of(evening, "p02") as liaison:
        page = (await liaison.sees(UNIT)).partition("今天的流水")[2]
    for told in ("开案", "呼叫", "郑秀英", "赵志强", "20:10", "20:15"):
        assert told in page


async def test_its_people_are_shown_with_their_links_and_masked_numbers(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        page = (await secretary.sees(UNIT)).partition("人员与绑定")[2]
    assert "138****0014" in page
    assert "13800100014" not in page
    assert "Telegram + 短信" in page


async def test_a_number_is_shown_to_who_asks_for_it_and_that_is_journalled(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        answer = await secretary.post(f"{UNIT}/phones/p14")
        assert answer.status_code == 200
        assert "13800100014" in answer.text
        assert "13800100014" not in await secretary.sees(UNIT)
    [line] = [line for line in await evening.journal("p14") if line.event == "unmasked"]
    assert (line.person, line.channel, line.unit, line.reason) == ("p11", "web", "BS01", None)


async def test_whoever_is_not_his_is_neither_shown_nor_journalled(evening: Station) -> None:
    async with console_of(evening, "p21") as stranger:
        for path in (f"{UNIT}/phones/p14", "/console/units/BS02/phones/p14", f"{UNIT}/phones/nobody"):
            assert (await stranger.post(path)).status_code == 403
    assert [line for line in await evening.journal("p14") if line.event == "unmasked"] == []


@pytest.mark.parametrize("person", ["p14", "p21"])
async def test_another_unit_and_one_that_there_is_not_are_refused_alike(
    evening: Station, person: str
) -> None:
    async with console_of(evening, person) as stranger:
        answers = [await stranger.get(f"/console/units/{code}") for code in ("BS01", "YQ", "nowhere", "%00")]
    assert {answer.status_code for answer in answers} == {403}


async def test_the_desk_is_told_that_there_is_no_such_unit(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        assert (await desk.get("/console/units/nowhere")).status_code == 404
        assert (await desk.get("/console/units/YQ")).status_code == 200


async def test_its_lists_of_the_last_days_are_shown(evening: Station) -> None:
    await evening.phone("p14").replies("到岗")
    await evening.until_civil("2026-11-24 00:05")
    async with console_of(evening, "p11") as secretary:
        page = (await secretary.sees(UNIT)).partition("近 7 天的清单")[2].partition("人员与绑定")[0]
        assert "待签" in page
        await evening.phone("p14").replies("签")
        page = (await secretary.sees(UNIT)).partition("近 7 天的清单")[2].partition("人员与绑定")[0]
    assert "已签待核" in page


async def test_an_open_page_is_sent_what_has_changed_and_nothing_else(evening: Station) -> None:
    async with console_of(evening, "p02") as liaison:
        stream_of = (await liaison.sees(UNIT)).partition('sse-connect="')[2].partition('"')[0]
        async with liaison.watching(stream_of) as stream:
            await evening.phone("p14").replies("到岗")
            told = await stream.next("没有未了的案件")
    assert 'id="posts"' in told
    assert 'id="people"' not in told
    assert 'id="sheets"' not in told
