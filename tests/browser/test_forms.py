"""Every form of every page, sent as it stands: what it is answered with is as sound as the pages are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Response

from tests.browser.city import busy_evening
from tests.browser.pages import FURTHER, addresses
from tests.browser.soundness import faults
from tests.browser.window import REFUSED, opened, public_of, signed_in
from tests.stories.harness import Station

pytestmark = pytest.mark.asyncio(loop_scope="session")

_LEAVES = "/console/sign-out", "/console/me/sign-out-everywhere"
_FILES = "/links"
"""The end of what answers with a file in place of a page."""
_FORMS = (
    "() => [...document.querySelectorAll('form[method=post]')].map((form) => form.getAttribute('action'))"
)
_SEND = """(action) => {
  const forms = [...document.querySelectorAll("form[method=post]")];
  // As from a page without script, past what the browser itself would find missing.
  HTMLFormElement.prototype.submit.call(forms.find((form) => form.getAttribute("action") === action));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def busy_city(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    async with busy_evening(tmp_path, sqlite_url) as station:
        yield station


async def sent(page: Page, action: str) -> Response:
    async with page.expect_navigation() as led:
        await page.evaluate(_SEND, action)
    answer = await led.value
    assert answer is not None
    return answer


async def test_what_forms_are_answered_with_is_sound(browser: Browser, busy_city: Station) -> None:
    found: list[str] = []
    tried: set[str] = set()
    async with opened(browser, public_of(busy_city), allowed=(REFUSED,)) as window:
        await window.has_session(await signed_in(busy_city, "p01"))
        page = await window.context.new_page()
        for address in (*await addresses(busy_city), *FURTHER):
            await page.goto(address)
            for action in await page.evaluate(_FORMS):
                await page.goto(address)
                # What was sent before may have made it needless, as an upload's two.
                is_there = action in await page.evaluate(_FORMS)
                leads_nowhere = action in _LEAVES or action.endswith(_FILES)
                if not is_there or leads_nowhere or _kind(action) in tried:
                    continue
                tried.add(_kind(action))
                answer = await sent(page, action)
                assert answer.status < 500, action
                found += await faults(page, "zh-Hans")
    assert found == []
    assert len(tried) > 15, "each page's forms were found"


def _kind(action: str) -> str:
    """Of the forms with which somebody's number is shown, one is enough."""
    return "phones" if "/phones/" in action and "#" in action else action
