"""One browser for all the tests of a worker; each test has a window of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser import chromium
from tests.stories.harness import ONE_POST, Station, duty_station


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Lives in the session's loop, in which the tests that use it run, too. Skips where there is none."""
    path = chromium.find()
    if path is None:
        pytest.skip(chromium.NOT_RUN)
    async with async_playwright() as playwright:
        started = await chromium.launch(playwright, path)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def station(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """岐元村 on a morning, in the loop of the browser: tonight 郑秀英 (p14) has the post until midnight."""
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST) as opened:
        yield opened
