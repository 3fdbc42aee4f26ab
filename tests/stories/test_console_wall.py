"""The wall of a station: what is wrong is seen at once, by whoever may see it, and while the page is open."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.ids import PersonId
from notifier.web.console import live
from tests.stories.browsing import console_of
from tests.stories.harness import Station, duty_station

WALL = "/console"


def cells(page: str) -> dict[str, str]:
    """Name of each unit shown -> its glyph, words and count."""
    found = {}
    for cell in re.findall(r'<li id="u-[0-9a-f]+" class="cell[^>]*>(.*?)</li>', page, re.DOTALL):
        texts = re.findall(r"<span[^>]*>([^<]*)</span>", cell)
        found[texts[1]] = " ".join((texts[0], *texts[2:]))
    return found


def counter(page: str, name: str) -> str:
    """What the counter of that name says."""
    found = re.search(rf"{name}</dt><dd>([^<]*)</dd>", page)
    assert found, f"there is no counter {name}"
    return found[1]


def live_address(page: str) -> str:
    """Where the page's stream is."""
    found = re.search(r'sse-connect="([^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")


@pytest.fixture
async def night(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """Both villages at 20:00: p14 is to be at 岐元村, p21 and p22 at 密东村."""
    async with duty_station(tmp_path, database_url) as opened:
        await opened.until_civil("20:00")
        yield opened


async def test_an_evening_on_the_wall(night: Station) -> None:
    async with console_of(night, "p01") as desk:
        page = await desk.sees(WALL)
        assert "一切平静" in page
        assert counter(page, "在岗／应到") == "0/3"
        assert cells(page) == {
            "乐清市": "· 平静",
            "白石街道": "· 平静",
            "岐元村": "· 平静 0/1",
            "密东村": "· 平静 0/2",
        }
        await night.phone("p21").replies("到岗")
        await night.until_civil("20:12")
        page = await desk.sees(WALL)
        assert "一切平静" not in page
        assert cells(page)["岐元村"] == "● 呼叫中 0/1"
        assert cells(page)["密东村"] == "● 呼叫中 1/2"
        assert (counter(page, "呼叫中"), counter(page, "在岗／应到")) == ("2", "1/3")
        await night.until_civil("20:16")
        await night.phone("p11").replies("收到")
        page = await desk.sees(WALL)
        assert cells(page)["岐元村"] == "◆ 有人接手 0/1"
        assert counter(page, "有人接手") == "1"
        await night.phone("p14").replies("到岗")
        assert cells(await desk.sees(WALL))["岐元村"] == "· 平静 1/1"


async def test_a_post_for_which_nobody_is_left_to_call_is_empty(night: Station) -> None:
    await night.until_civil("22:30")
    async with console_of(night, "p01") as desk:
        page = await desk.sees(WALL)
    assert cells(page)["岐元村"] == "▲ 空岗 0/1"
    assert int(counter(page, "无人应答")) >= 1


async def test_a_paused_village_is_shown_as_such_and_expects_nobody(night: Station) -> None:
    async with console_of(night, "p01") as desk:
        await desk.post("/console/pauses", where="unit:BS02", hours="2", reason="演练")
        page = await desk.sees(WALL)
    assert cells(page)["密东村"] == "‖ 已暂停"
    assert counter(page, "在岗／应到") == "0/1"


@pytest.mark.parametrize(
    ("person", "units"),
    [
        ("p01", {"乐清市", "白石街道", "岐元村", "密东村"}),
        ("p02", {"岐元村", "密东村"}),
        ("p11", {"岐元村"}),
        ("p14", set()),
    ],
)
async def test_everybody_sees_what_he_looks_after(night: Station, person: str, units: set[str]) -> None:
    await night.until_civil("20:12")
    async with console_of(night, person) as browser:
        page = await browser.sees(WALL)
    assert set(cells(page)) == units
    for name in {"岐元村", "密东村"} - units:
        assert f">{name}<" not in page


async def test_it_is_filtered_by_town_matter_and_state(night: Station) -> None:
    await night.until_civil("20:12")
    await night.until_civil("20:16")
    await night.phone("p11").replies("收到")
    async with console_of(night, "p01") as desk:
        assert set(cells(await desk.sees(f"{WALL}?town=BS"))) == {"白石街道", "岐元村", "密东村"}
        assert set(cells(await desk.sees(f"{WALL}?state=held"))) == {"岐元村"}
        assert set(cells(await desk.sees(f"{WALL}?kind=unstaffed&state=calling"))) == {"密东村"}
        assert cells(await desk.sees(f"{WALL}?kind=unsigned")) == {}
        assert len(cells(await desk.sees(f"{WALL}?state=nonsense&town="))) == 4


async def test_an_open_wall_shows_what_happens(night: Station) -> None:
    async with console_of(night, "p01") as desk:
        address = live_address(await desk.sees(WALL))
        async with desk.watching(address) as stream:
            await night.until_civil("20:12")
            told = await stream.next("呼叫中")
            while "岐元村" not in cells(told.replace(' hx-swap-oob="true"', "")):
                told = await stream.next()
            changed = cells(told.replace(' hx-swap-oob="true"', ""))
            assert changed["岐元村"] == "● 呼叫中 0/1"
            assert "乐清市" not in changed, "what has not changed is not sent"
            assert 'id="said"' in told, "it is said aloud"
            await night.phone("p14").replies("到岗")
            await stream.next("1/1")


async def test_an_open_wall_shows_nobody_what_is_not_his(night: Station) -> None:
    async with console_of(night, "p11") as secretary:
        address = live_address(await secretary.sees(WALL))
        async with secretary.watching(address) as stream:
            await night.until_civil("20:12")
            told = await stream.next("岐元村")
        assert "密东村" not in told


async def test_a_cell_that_the_filter_does_not_take_any_more_is_hidden(night: Station) -> None:
    await night.until_civil("20:12")
    async with console_of(night, "p01") as desk:
        address = live_address(await desk.sees(f"{WALL}?state=calling"))
        async with desk.watching(address) as stream:
            await night.phone("p14").replies("到岗")
            told = await stream.next("hidden></li>")
        cell = "u-" + b"BS01".hex()
        assert f'<li hx-swap-oob="true" id="{cell}" hidden></li>' in told


async def test_a_page_that_shows_something_else_than_it_says_gets_the_whole(night: Station) -> None:
    async with console_of(night, "p01") as desk, desk.watching("/console/events?seen=older") as stream:
        told = await stream.next()
    assert 'id="wall-groups"' in told
    assert len(cells(told)) == 4


async def test_a_stream_ends_with_its_session(night: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ADMIT_EVERY_S", 0.0)
    async with console_of(night, "p01") as desk:
        async with desk.watching("/console/events") as stream:
            await stream.next()
            parts = night.engine.parts
            async with parts.station.db.write() as tx:
                await parts.sessions.end_all(tx, PersonId("p01"))
            await night.phone("p14").replies("到岗")
            with pytest.raises(StopAsyncIteration):
                await stream.next("1/1")
        assert (await desk.get("/console/events")).status_code == 401
