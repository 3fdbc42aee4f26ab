"""A seat at the console: its holder is away and back, somebody acts in it and ceases to."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.stories.browsing import Browser, console_of
from tests.stories.harness import ONE_POST, Station, duty_station

OFFICES = "/console/roster/units/BS01/offices"
SEAT = f"{OFFICES}/secretary/1"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村: 赵志强 (p11) is its secretary, 周丽华 (p12) his deputy."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        yield opened


def hidden(page: str) -> dict[str, str]:
    """What the confirming page's own form brings, but for the token."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition('id="main"')[2])
    return {name: html.unescape(value) for name, value in found if name != "csrf"}


async def asks(browser: Browser, deed: str, **fields: str) -> httpx.Response:
    """The page that shows what would be done."""
    seen = hidden(await browser.sees(SEAT))["seen"]
    return await browser.post(f"{SEAT}/{deed}", seen=seen, **fields)


async def does(browser: Browser, deed: str, **fields: str) -> str:
    """Ask for it and confirm it; the page that comes then."""
    shown = await asks(browser, deed, **fields)
    assert shown.status_code == 200, shown.text
    answer = await browser.post(f"{SEAT}/{deed}", **hidden(shown.text))
    assert answer.status_code == 303, answer.text
    return await browser.sees(answer.headers["location"])


async def told(station: Station, event: str) -> list[tuple[str | None, str | None, str | None]]:
    async with station.engine.parts.station.db.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            f"SELECT person, channel, reason FROM journal WHERE event = '{event}' ORDER BY id"
        )
        return [(row["person"], row["channel"], row["reason"]) for row in rows.mappings()]


async def test_absent_with_a_reason_and_back(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        shown = await asks(desk, "absent", words="住院", until="2026-12-05T08:00")
        assert "住院" in shown.text
        assert "12-05 08:00" in shown.text
        assert await told(evening, "absent") == [], "nothing is done before it is confirmed"
        page = await does(desk, "absent", words="住院", until="2026-12-05T08:00")
        assert "已记为不在位" in page
        assert "不在位 到 12-05 08:00" in page
        page = await does(desk, "back", words="出院")
        assert "已记为回来了" in page
        assert "在位" in page
    assert await told(evening, "absent") == [("p11", "web", "by p01; 住院")]
    assert await told(evening, "back_in_office") == [("p11", "web", "by p01; 出院")]


async def test_somebody_acts_and_ceases_to(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        page = await does(desk, "act", person="p12", order="白街〔2026〕7号", until="2026-12-05T08:00")
        assert "周丽华 代理" in page
        evening.phone("p12").expects("请您代理岐元村书记", "白街〔2026〕7号")
        assert "代理已结束" in await does(desk, "end-acting")
    assert await told(evening, "acting_ordered") == [("p12", "web", "by p01; 白街〔2026〕7号")]
    [(person, channel, _)] = await told(evening, "acting_called_off")
    assert (person, channel) == ("p12", "web")


async def test_of_two_who_confirm_the_second_is_told(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        fields = hidden((await asks(desk, "act", person="p12")).text)
        assert (await desk.post(f"{SEAT}/act", **fields)).status_code == 303
        assert (await desk.post(f"{SEAT}/act", **fields)).status_code == 409
    assert len(await told(evening, "acting_ordered")) == 1


@pytest.mark.parametrize(
    ("deed", "fields", "line"),
    [
        ("absent", {}, "没有写原因"),
        ("absent", {"words": "病", "until": "soon"}, "时间看不懂"),
        ("absent", {"words": "病", "until": "2026-01-01T08:00"}, "结束时间不晚于"),
        ("act", {"person": " "}, "没有选人"),
    ],
)
async def test_what_cannot_be_is_told_in_one_line(
    evening: Station, deed: str, fields: dict[str, str], line: str
) -> None:
    async with console_of(evening, "p01") as desk:
        answer = await asks(desk, deed, **fields)
    assert answer.status_code == 400
    assert line in answer.text
    assert await told(evening, "absent") == []


async def test_whose_seats_are_elsewhere_too_is_not_for_the_village_to_send_away(evening: Station) -> None:
    """陈晓燕 (p02) is liaison of two villages; 赵志强 leads one of them."""
    liaison = f"{OFFICES}/liaison/90"
    async with console_of(evening, "p11") as secretary:
        assert (await secretary.get(liaison)).status_code == 200
        for sure in ("", "1"):
            answer = await secretary.post(f"{liaison}/absent", words="病", sure=sure)
            assert answer.status_code == 403
        for person in ("p21", "nobody"):
            assert (await secretary.post(f"{SEAT}/act", person=person)).status_code == 403
        assert (await secretary.get(f"{OFFICES}/captain/1")).status_code == 404
    assert await told(evening, "absent") == []
