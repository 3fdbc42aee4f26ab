"""Who looks after no unit sees his own duties; lists that merely wait are counted beside the late ones."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 at 20:16: 郑秀英 (p14) is not there, and was called."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("20:16")
        yield opened


async def test_a_member_sees_his_shifts_what_waits_for_him_and_how_to_answer(evening: Station) -> None:
    number = evening.phone("p14").got("岐元村卡口").number
    async with console_of(evening, "p14") as member:
        page = await member.sees("/console")
        asked = page.partition("等您回话的事")[2].partition("</section>")[0]
        assert f"到岗{number}" in asked
        turn = page.partition("您今后 14 天的班")[2].partition("</section>")[0]
        assert "11-23 20:00 至 11-24 00:00" in turn
        assert "还没到岗" in turn
        await evening.phone("p14").replies("到岗")
        page = await member.sees("/console")
        assert "◆ 在岗" in page
        assert f"到岗{number}" not in page, "he is there"
        assert "近 30 天在岗 1 次" in page
        assert "/console/units/" not in page, "nothing of anybody's unit"
        member.client.cookies.set("notifier-language", "en")
        assert "Your shifts of the next 14 days" in await member.sees("/console")


async def test_who_looks_after_a_unit_sees_the_wall(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        assert "您今后 14 天的班" not in await secretary.sees("/console")


async def test_lists_that_wait_are_counted_beside_those_that_are_late(evening: Station) -> None:
    await evening.phone("p14").replies("到岗")
    await evening.until_civil("2026-11-24 00:10")
    async with console_of(evening, "p01") as desk:
        waits = await desk.sees("/console")
        assert "另有 1 份在等" in waits.partition("清单未签")[2].partition("清单未核")[0]
        await evening.until_civil("2026-11-24 08:00")
        late = (await desk.sees("/console")).partition("清单未签")[2].partition("清单未核")[0]
    assert ">1</dd>" in late
