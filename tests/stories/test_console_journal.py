"""The journal at the console: found by unit, person, case, event and day; read page by page; exported."""

import csv
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest

from notifier.domain.access import Grant, Right
from notifier.domain.ids import PersonId, UnitCode
from notifier.store.rows import JournalLine
from tests.stories.browsing import Browser, console_of
from tests.stories.harness import ONE_POST, Station, duty_station

PAGE = "/console/journal"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 at 20:16: 郑秀英 (p14) is not there, and the secretary 赵志强 (p11) has been called."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("20:16")
        yield opened


async def write(station: Station, *lines: JournalLine) -> None:
    async with station.engine.parts.station.db.write() as tx:
        await tx.journal.write(lines)


async def found(browser: Browser, query: str = "") -> list[str]:
    """The events of the lines that a search finds, as they are shown."""
    page = await browser.sees(f"{PAGE}?{query}")
    rows = re.findall(r'<tr class="e-[a-z_]*" id="j-\d+">.*?</tr>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", " ", row) for row in rows]


async def exported(browser: Browser, query: str = "") -> list[dict[str, str]]:
    answer = await browser.get(f"{PAGE}.csv?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="journal-')
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


async def test_everything_is_there_and_every_event_has_words(evening: Station) -> None:
    async with evening.engine.parts.station.db.read() as tx:
        lines = await tx.journal.recent(1000)
    assert lines
    async with console_of(evening, "p01") as desk:
        rows = await found(desk)
        page = await desk.sees(PAGE)
    assert len(rows) == len(lines)
    for line in lines:
        assert f">{line.event}<" not in page, "an event without words"


async def test_each_field_of_the_search_narrows_it(evening: Station) -> None:
    case = await evening.case()
    async with console_of(evening, "p01") as desk:
        called = await found(desk, "event=called")
        assert called
        assert all("呼叫" in row for row in called)
        by_name = await found(desk, f"event=called&person={quote('赵志强')}")
        assert by_name == await found(desk, "event=called&person=p11")
        assert 0 < len(by_name) < len(called)
        assert await found(desk, f"case={case.id}&event=called") == called
        assert await found(desk, "case=999") == []
        assert await found(desk, "unit=BS&event=called") == called, "a town stands for its villages"
        assert await found(desk, "unit=BS02&event=called") == []
        assert await found(desk, "person=nobody") == []
        assert await found(desk, "to=2026-11-20") == []
        assert await found(desk, "from=2026-11-23&to=2026-11-23&event=called") == called
        assert await found(desk, "from=2026-11-24&to=2026-11-24&event=called") == []


async def test_words_and_ways_are_looked_for_too(evening: Station) -> None:
    now = evening.engine.parts.station.now()
    told = (("web", "路滑，晚到"), ("shell", "路滑 Ice 100%"), ("sms", "打郑秀英13800100014"))
    await write(evening, *(JournalLine(at=now, event="need", channel=way, reason=said) for way, said in told))
    async with console_of(evening, "p01") as desk:
        assert len(await found(desk, f"text={quote('路滑')}")) == 2
        assert len(await found(desk, f"text={quote('路滑')}&channel=web")) == 1
        assert len(await found(desk, "text=ICE+100%25")) == 1
        assert await found(desk, "text=I%25e") == []
        assert len(await exported(desk, "text=ice")) == 1
        assert len(await found(desk, f"text={quote('郑秀英')}")) == 1
        for hidden in ("13800100014", "0100", "8001"):
            assert await found(desk, f"text={hidden}") == [], "numbers are not found out piece by piece"
        calls = await found(desk, "event=called")
        ways = ("telegram", "sms")
        by_way = [row for way in ways for row in await found(desk, f"event=called&channel={way}")]
        assert sorted(by_way) == sorted(calls)
        assert await found(desk, "event=called&channel=pigeon") == calls


async def test_a_day_is_a_day_of_the_town(evening: Station) -> None:
    """23:59:59 and 00:00 in Shanghai are 15:59:59 and 16:00 in UTC."""
    midnight = evening.civil("2026-11-20 00:00")
    await write(
        evening,
        *(
            JournalLine(at=midnight + timedelta(seconds=after), event="need", reason=f"r{after}")
            for after in (-1, 0, 86399, 86400)
        ),
    )
    async with console_of(evening, "p01") as desk:
        rows = await found(desk, "event=need&from=2026-11-20&to=2026-11-20")
    assert sorted(re.findall(r"r-?\d+", " ".join(rows))) == ["r0", "r86399"]


@pytest.mark.parametrize(
    "query", ["case=x&event=%00&from=yesterday", "from=0001-01-01&to=9999-12-31", "person=%00"]
)
async def test_what_makes_no_sense_is_not_asked_for(evening: Station, query: str) -> None:
    async with console_of(evening, "p01") as desk:
        assert await found(desk, query) == await found(desk)


async def test_pages_and_the_file_hold_every_line_once(evening: Station) -> None:
    now = evening.engine.parts.station.now()
    await write(evening, *(JournalLine(at=now, event="need", reason=f"line {i}") for i in range(2150)))
    seen: list[str] = []
    async with console_of(evening, "p01") as desk:
        path: str | None = f"{PAGE}?event=need"
        while path is not None:
            page = await desk.sees(path)
            seen += re.findall(r"line (\d+)", page)
            link = re.search(rf'href="({PAGE}\?[^"]*before=\d+)"', page)
            path = link[1].replace("&amp;", "&") if link else None
        file = [row["说明"] for row in await exported(desk, "event=need")]
    assert seen == [str(i) for i in reversed(range(2150))]
    assert file == [f"line {i}" for i in seen]


async def test_the_file_says_what_the_page_says(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        rows = await exported(desk, "event=called&person=p11")
    assert [(row["事情"], row["谁"], row["单位"]) for row in rows] == [("呼叫", "赵志强", "BS01")]
    assert rows[0]["时间"] == "2026-11-23T20:15:00+08:00"


async def test_people_s_words_are_neither_formulas_nor_numbers(evening: Station) -> None:
    now = evening.engine.parts.station.now()
    await write(evening, JournalLine(at=now, event="need", person=PersonId("p14"), reason="=1+1 13800100014"))
    async with console_of(evening, "p01") as desk:
        [row] = await exported(desk, "event=need")
        [shown] = await found(desk, "event=need")
    assert row["说明"] == "'=1+1 138****0014"
    assert "138****0014" in shown


@pytest.mark.parametrize("person", ["p02", "p11", "p14"])
async def test_who_oversees_nothing_reads_nothing(evening: Station, person: str) -> None:
    async with console_of(evening, person) as browser:
        assert {(await browser.get(f"{PAGE}{end}")).status_code for end in ("", ".csv")} == {403}


async def test_who_oversees_one_village_reads_of_it_alone(evening: Station) -> None:
    station = evening.engine.parts.station
    now = station.now()
    grant = Grant(
        id=0,
        person=PersonId("p14"),
        unit=UnitCode("BS02"),
        rights=frozenset({Right.OVERSEE}),
        by=None,
        reason="r",
        since=now,
        until=now + timedelta(days=1),
    )
    await write(evening, *(JournalLine(at=now, event="need", unit=u) for u in (UnitCode("BS02"), None)))
    async with station.db.write() as tx:
        await tx.grants.add(grant)
    async with console_of(evening, "p14") as browser:
        assert len(await found(browser, "event=need")) == 1
        assert len(await exported(browser, "event=need")) == 1
        assert await found(browser, "event=called") == []
        assert await found(browser, "case=1") == []
        assert (await browser.get(f"{PAGE}?unit=BS01")).status_code == 403
        assert (await browser.get(f"{PAGE}.csv?unit=BS01")).status_code == 403
