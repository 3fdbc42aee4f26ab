"""People and offices edited at the console, as their phones hear of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId, ShiftKey
from notifier.store.rows import LeaveRow
from tests.stories.browsing import Browser, console_of
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_console_seat import hidden

PEOPLE = "/console/roster/people"
SEAT = "/console/roster/units/BS01/offices/secretary/1"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村: 赵志强 (p11) is its secretary; 郑秀英 (p14) is to stand from 20:00."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        yield opened


async def confirmed(browser: Browser, form: str, change: str, **fields: str) -> None:
    """Fill in what is on a page, look at what would be done, and have it done."""
    own = hidden(await browser.sees(form))
    shown = await browser.post(change, **{**own, **fields})
    assert shown.status_code == 200, shown.text
    answer = await browser.post(change, **hidden(shown.text))
    assert answer.status_code == 303, answer.text


async def test_reminders_follow_a_number_that_was_changed(evening: Station) -> None:
    """That of 19:30 goes to the number which the roster has by then, and to no other."""
    await evening.until_civil("19:00")
    evening.reads_all()
    async with console_of(evening, "p01") as desk:
        edit = f"{PEOPLE}/p14/edit"
        assert "13800100014" not in await desk.sees(edit)
        await confirmed(desk, edit, edit, phone="13800100012", name="郑秀英")
    await evening.until_civil("19:30")
    evening.phone("p12").expects("郑秀英", "岐元村卡口")
    assert evening.phone("p14").unread == []


async def test_who_is_suspended_and_restored_hears_by_whom_and_why(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        await confirmed(desk, SEAT, f"{SEAT}/suspend", words="配合调查")
        told = "\n".join(evening.phone("p11").reads())
        for words in ("王建国决定", "暂停您的岐元村书记职务", "配合调查"):
            assert words in told
        await confirmed(desk, SEAT, f"{SEAT}/reinstate", words="已经查清")
        assert "恢复您的岐元村书记职务" in "\n".join(evening.phone("p11").reads())


async def test_who_covers_a_gap_is_told_and_reminded(evening: Station) -> None:
    """郑秀英 is on leave and nobody sees to it: 周丽华, who could not even answer, is to stand in for her."""
    await evening.until_civil("12:00")
    now, key = evening.clock.now(), ShiftKey("BS01-G1 2026-11-23T12:00:00Z")
    async with evening.engine.parts.station.db.write() as tx:
        leave = LeaveRow(person=PersonId("p14"), shift=key, reason="病假", recorded_at=now)
        await tx.shifts.add_leave(leave)
    evening.reads_all()
    start, end = "2026-11-23T12:00:00%2B00:00", "2026-11-23T16:00:00%2B00:00"
    gap = "/console/roster/posts/BS01-G1/gap"
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(f"{gap}?since={start}&until={end}")
        assert 'value="p12"' in page.partition("<fieldset>")[2]
        answer = await desk.post(gap, **{**hidden(page), "person": "p12"})
        assert answer.status_code == 303, answer.text
        assert "已安排" in await desk.sees(answer.headers["location"])
    evening.phone("p12").expects("岐元村卡口", "郑秀英")
    evening.phone("p14").expects("周丽华")
    await evening.until_civil("19:30")
    evening.phone("p12").expects("岐元村卡口")
