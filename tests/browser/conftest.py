"""One browser for all the tests of a worker; each test has a window of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser import chromium


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
