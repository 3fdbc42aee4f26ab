"""Without a mouse: from the skip link through signing in and the wall to taking a case."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.keyboard import here, tab_to
from tests.browser.window import opened, public_of
from tests.stories.harness import Station
from tests.stories.test_console_sign_in import code_in

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_case_is_taken_with_nothing_but_keys(browser: Browser, station: Station) -> None:
    await station.until_civil("20:16")
    async with opened(browser, public_of(station)) as window:
        page = await window.opens("/console")
        keys = page.keyboard
        # The one field of the page has the focus at once: nothing is to be passed first.
        await expect(page.get_by_label("工号或手机号")).to_be_focused()
        await keys.type("p11")
        await keys.press("Enter")
        await expect(page.get_by_label("登录码")).to_be_focused()
        await station.settle()
        await keys.type(code_in(station.phone("p11").expects("5分钟内有效")))
        await keys.press("Enter")
        await expect(page.locator(".urgent")).to_be_visible()
        await skips_to_the_text(page)
        await tab_to(page, "岐元村")
        await keys.press("Enter")
        await expect(page.get_by_role("button", name="我来接手")).to_be_visible()
        await skips_to_the_text(page)
        await tab_to(page, "我来接手")
        await keys.press("Enter")
        await expect(page.get_by_role("status").first).to_contain_text("已由您接手")
        await tab_to(page, "办结")
        await keys.press("Enter")
        await tab_to(page, "words")
    await station.settle()
    station.phone("p11").expects("交给您了")


async def skips_to_the_text(page: Page) -> None:
    """The first stop of a page is a link past its head."""
    stop = await tab_to(page, "跳到正文")
    assert stop.name == "跳到正文"
    await page.keyboard.press("Enter")
    reached = await here(page)
    assert reached is not None
    assert await page.evaluate("document.activeElement.id") == "main"
