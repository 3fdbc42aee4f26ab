"""The roster at the console: people by search, offices and posts, and the week."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId, ShiftKey
from notifier.store.rows import LeaveRow
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station

ROSTER = "/console/roster"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 (BS01), a little before its night begins."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        yield opened


def people_of(page: str) -> list[str]:
    """The ids of the people on a page, in their order."""
    return re.findall(r'<td data-name="编号">(p\d+)</td>', page.partition('id="h-people"')[2])


async def test_somebody_is_found_by_part_of_his_name_or_by_his_id(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        assert people_of(await desk.sees(f"{ROSTER}?q=郑秀")) == ["p14"]
        assert people_of(await desk.sees(f"{ROSTER}?q=P14")) == ["p14"]
        assert people_of(await desk.sees(f"{ROSTER}?q=%25")) == []
        page = await desk.sees(f"{ROSTER}?q=p11")
        assert "Telegram + 短信" in page
        assert "书记" in page.partition('id="h-people"')[2]
        page = await desk.sees(f"{ROSTER}?q=p14")
    assert "138****0014" in page
    assert "13800100014" not in page
    assert "岐元村卡口" in page.partition('id="h-people"')[2]


async def test_a_unit_shows_its_offices_and_posts(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        page = await secretary.sees(f"{ROSTER}?unit=BS01")
    offices = page.partition('id="h-offices"')[2].partition('id="h-posts"')[0]
    assert "空缺" in offices
    assert "不在位 到 12-01 00:00" in offices
    posts = page.partition('id="h-posts"')[2].partition('id="h-people"')[0]
    assert "BS01-G1" in posts


async def test_a_secretary_sees_only_his_village(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        everybody = people_of(await desk.sees(ROSTER))
        village = people_of(await desk.sees(f"{ROSTER}?unit=BS01"))
    async with console_of(evening, "p11") as secretary:
        assert people_of(await secretary.sees(ROSTER)) == village
        for code in ("BS02", "nowhere"):
            assert (await secretary.get(f"{ROSTER}?unit={code}")).status_code == 403
    assert set(village) < set(everybody)


async def test_the_rest_is_on_the_pages_behind(evening: Station) -> None:
    extra = [f"p{number}" for number in range(500, 620)]
    async with evening.engine.parts.station.db.write() as tx:
        for person in extra:
            await tx.conn.exec_driver_sql(
                "INSERT INTO people (id, name, unit, locale) "
                f"SELECT '{person}', name, unit, locale FROM people WHERE id = 'p14'"
            )
    seen: list[str] = []
    async with console_of(evening, "p01") as desk:
        path: str | None = f"{ROSTER}?unit=BS01"
        while path is not None:
            page = await desk.sees(path)
            seen += people_of(page)
            found = re.search(rf'class="button quiet" href="({ROSTER}\?[^"#]*)', page)
            path = found[1].replace("&amp;", "&") if found else None
    assert seen == sorted(set(seen))
    assert set(extra) < set(seen)


# ── the week ─────────────────────────────────────────────────────────────────────────────────────

WEEK = "/console/roster/units/BS01/week"


def day(page: str, name: str) -> str:
    """What a week's page says of one day."""
    return page.partition(f"<h3>{name}</h3>")[2].partition("</li>")[0]


async def test_the_week_shows_who_stands_where(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        page = await secretary.sees(f"{WEEK}?from=2026-11-23")
        assert "20:00–00:00" in day(page, "11-23 周一")
        assert "郑秀英" in day(page, "11-23 周一")
        assert "孙小军" in day(page, "11-24 周二")
        assert "没有排班" in day(page, "11-25 周三")
        assert "▲" not in day(page, "11-23 周一")
        assert "▲</span> 20:00–00:00 缺 1 人" in day(page, "11-24 周二"), (
            "kept at the hours of the night before"
        )
        this_week = await secretary.sees(WEEK)
        assert this_week.partition("<footer")[0] == page.partition("<footer")[0], "this Monday's"
        page = await secretary.sees(f"{WEEK}?from=2026-12-07")
    assert "这一周没有人站" in page


async def test_a_leave_that_nobody_covers_is_a_gap_and_a_cover_closes_it(evening: Station) -> None:
    now, key = evening.clock.now(), ShiftKey("BS01-G1 2026-11-23T12:00:00Z")
    leave = LeaveRow(person=PersonId("p14"), shift=key, reason="病假", recorded_at=now)
    async with console_of(evening, "p11") as secretary:
        async with evening.engine.parts.station.db.write() as tx:
            await tx.shifts.add_leave(leave)
        monday = day(await secretary.sees(WEEK), "11-23 周一")
        assert "(请假)" in monday
        assert "▲</span> 20:00–00:00 缺 1 人" in monday
        async with evening.engine.parts.station.db.write() as tx:
            await tx.covers.record(key, PersonId("p14"), PersonId("p15"), now)
        monday = day(await secretary.sees(WEEK), "11-23 周一")
    assert "(替 郑秀英)" in monday
    assert "▲" not in monday
