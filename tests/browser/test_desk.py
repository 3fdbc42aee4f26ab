"""An evening at the desk, in a real browser: signing in, watching, taking, sending; an outage."""

import re

import pytest
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from notifier.domain.ids import PersonId
from notifier.web.serve import serve
from tests.browser.soundness import faults
from tests.browser.window import DESK, PHONE, REFUSED, opened, public_of, signed_in
from tests.processes import free_port
from tests.stories.harness import Station
from tests.stories.test_console_sign_in import code_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asks_for_a_code(page: Page, station: Station, person: str) -> str:
    """Ask for it as that person; what comes to the phone."""
    await page.get_by_label("工号或手机号").fill(person)
    await page.get_by_role("button", name="发送登录码").click()
    await expect(page.get_by_label("登录码")).to_be_focused()
    await station.settle()
    return code_in(station.phone(person).expects("5分钟内有效"))


async def enters(page: Page, code: str) -> None:
    await page.get_by_label("登录码").fill(code)
    await page.get_by_role("button", name="登录").click()


async def stays_open(page: Page) -> None:
    """Mark the page, so that ``has_stayed`` knows it from another that took its place."""
    await page.evaluate("document.documentElement.dataset.kept = 'open'")


async def has_stayed(page: Page) -> None:
    assert await page.evaluate("document.documentElement.dataset.kept") == "open"


def cell(page: Page, unit: str) -> Locator:
    return page.locator(".cell", has_text=unit)


async def test_one_signs_in_with_the_code_on_ones_phone(browser: Browser, station: Station) -> None:
    async with opened(browser, public_of(station), allowed=(REFUSED,)) as window:
        page = await window.opens("/console/units/BS01")
        code = await asks_for_a_code(page, station, "p11")
        await enters(page, f"{(int(code) + 1) % 1_000_000:06}")
        await expect(page.get_by_role("alert")).to_contain_text("登录码不对")
        assert await faults(page, "zh-Hans") == []
        await enters(page, code)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("岐元村")
        await page.get_by_role("link", name="赵志强").first.click()
        await page.get_by_role("button", name="退出", exact=True).click()
        await expect(page.get_by_label("工号或手机号")).to_be_visible()


async def test_a_case_is_seen_on_the_open_wall_and_taken(browser: Browser, station: Station) -> None:
    await station.until_civil("20:00")
    async with opened(browser, public_of(station)) as window:
        await window.has_session(await signed_in(station, "p01"))
        wall = await window.opens("/console")
        await stays_open(wall)
        await expect(wall.locator(".calm")).to_contain_text("一切平静")
        await station.until_civil("20:16")
        await expect(cell(wall, "岐元村")).to_contain_text("呼叫中")
        await expect(wall.locator("#said")).to_contain_text("岐元村：呼叫中")
        station.phone("p11").expects("缺1人", channel="telegram")
        case = await window.opens("/console")
        await case.locator(".urgent").get_by_role("link", name="岐元村").click()
        await case.get_by_role("button", name="我来接手").click()
        await expect(case.get_by_role("status").first).to_contain_text("已由您接手")
        await station.settle()
        station.phone("p11").expects("王建国", "已接手，您不用管了")
        await expect(cell(wall, "岐元村")).to_contain_text("有人接手")
        await station.phone("p14").replies("到岗")
        await expect(case.locator("#facts")).to_contain_text("已办结")
        await expect(wall.locator(".calm")).to_contain_text("一切平静")
        await expect(cell(wall, "岐元村")).to_contain_text("1/1")
        await has_stayed(wall)


async def test_a_commendation_is_written_weighed_and_seen_through(browser: Browser, station: Station) -> None:
    await station.until_civil("09:00")
    async with opened(browser, public_of(station)) as window:
        await window.has_session(await signed_in(station, "p01"))
        page = await window.opens("/console/broadcasts")
        await page.get_by_role("link", name="写一次群发").click()
        await page.get_by_label("标题").fill("守卡表扬")
        await page.get_by_label("正文").fill("你们守卡认真，市里通报表扬。")
        await page.get_by_label("岐元村").check()
        await page.get_by_role("button", name="核对", exact=True).click()
        checked = page.locator(".checked")
        await expect(checked).to_contain_text(re.compile(r"共发给\s*5"))
        await expect(checked.locator(".bubble").first).to_contain_text("岐元村：你们守卡认真")
        await expect(checked.locator(".bubble", has_text="No reply needed").first).to_be_visible()
        assert await faults(page, "zh-Hans") == []
        station.phone("p13").never_got("通报表扬")
        await page.get_by_role("button", name="发给 5 人").click()
        await expect(page.locator("#progress")).to_contain_text("0／5 人已处理")
        await stays_open(page)
        await station.settle()
        await expect(page.locator("#progress")).to_contain_text("已发完")
        await expect(page.locator("#progress")).to_contain_text("5／5 人已处理")
        await has_stayed(page)
    assert station.phone("p13").count("通报表扬") == 1


async def test_a_page_says_that_it_is_old_and_is_fresh_again(browser: Browser, station: Station) -> None:
    await station.until_civil("20:00")
    app, port = station.engine.app(), free_port()
    public = f"http://127.0.0.1:{port}"
    # The second is how htmx tells the console that a stream has broken off.
    away = ("net::ERR_", "[object Event]")
    async with opened(browser, public, allowed=away) as window:
        await window.has_session(await signed_in(station, "p01"))
        async with serve(app, "127.0.0.1", port, leave=app.state.leave):
            wall = await window.opens("/console")
            await stays_open(wall)
            note = wall.get_by_text("画面可能已旧")
            await expect(cell(wall, "岐元村")).to_contain_text("平静")
            await expect(note).to_be_hidden()
        await expect(note).to_be_visible()
        await station.until_civil("20:12")
        app = station.engine.app()
        async with serve(app, "127.0.0.1", port, leave=app.state.leave):
            await expect(note).to_be_hidden()
            await expect(cell(wall, "岐元村")).to_contain_text("呼叫中")
            await has_stayed(wall)


async def test_without_javascript_one_signs_in_and_takes_a_case(browser: Browser, station: Station) -> None:
    await station.until_civil("20:16")
    async with opened(browser, public_of(station), java_script_enabled=False, viewport=PHONE) as window:
        page = await window.opens("/console")
        await enters(page, await asks_for_a_code(page, station, "p11"))
        await page.locator(".urgent").get_by_role("link", name="岐元村").click()
        await page.get_by_role("button", name="我来接手").click()
        await expect(page.get_by_role("status").first).to_contain_text("已由您接手")
        await station.settle()
    station.phone("p11").expects("交给您了")
    assert (await station.case("unstaffed")).holder == "p11"


async def hands_in(page: Page, *rows: str) -> None:
    """Choose a file of people with these rows besides those that there are, as from a folder."""
    content = "\n".join(["id,name,phone,unit,locale,telegram", *rows, ""]).encode()
    file: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": content}
    await page.get_by_label("名册文件").set_input_files([file])
    await page.get_by_role("button", name="看看会改什么").click()


async def test_a_roster_is_handed_in_seen_and_taken_in(browser: Browser, station: Station) -> None:
    told = (station.city / "people.csv").read_text("utf-8").splitlines()[1:]
    async with opened(browser, public_of(station), allowed=(REFUSED,)) as window:
        await window.has_session(await signed_in(station, "p01"))
        page = await window.opens("/console/roster/upload")
        await hands_in(page, *told, "p16,李新来,13800100016,BS99,zh,")
        row = page.locator(".findings tbody tr")
        await expect(row).to_have_count(1)
        for words in ("people.csv", str(len(told) + 2), "unit", "没有 'BS99' 这个单位"):
            await expect(row).to_contain_text(words)
        assert await faults(page, "zh-Hans") == []
        await page.set_viewport_size(DESK)
        await hands_in(page, *told, "p16,李新来,13800100016,BS01,zh,")
        await expect(page.locator("#t-people + table .c-added")).to_contain_text("李新来")
        await expect(page.locator(".changes tbody tr")).to_have_count(1)
        async with station.engine.parts.station.db.read() as tx:
            assert await tx.roster.person(PersonId("p16")) is None
        await page.get_by_role("button", name="就这样改").click()
        await expect(page.get_by_role("status").first).to_contain_text("已按刚才所示改好")
        await page.goto("/console/roster?q=p16")
        await expect(page.get_by_role("link", name="李新来")).to_be_visible()
