"""A browser's window that nothing may go wrong in: no error on any page, no request to anybody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from notifier.domain.ids import PersonId
from tests.stories.harness import Station

PATIENT_MS = 60_000
"""How long a page may take: how soon it comes says how busy the machine is."""
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL: ViewportSize = {"width": 320, "height": 640}
"""Or a desk's, with everything four times as large, which is the same to a page (WCAG 1.4.10)."""
REFUSED = "the server responded with a status of 4"
"""What a browser complains of where a page says that there is nothing, or that it was not done."""

expect.set_options(timeout=PATIENT_MS)


@dataclass
class Window:
    """Tabs that share their cookies. ``allowed``: what a complaint may say, where a test provokes it."""

    context: BrowserContext
    public: str
    allowed: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(PATIENT_MS)
        self.context.on("console", lambda told: self._note(told.text) if told.type == "error" else None)
        self.context.on("weberror", lambda told: self._note(str(told.error)))
        self.context.on("request", lambda asked: self._heed(asked.url))

    async def opens(self, path: str) -> Page:
        """A new tab at that address."""
        page = await self.context.new_page()
        await page.goto(path)
        return page

    async def has_session(self, token: str) -> None:
        """Have the cookie of a session."""
        await self.context.add_cookies([{"name": "notifier", "value": token, "url": self.public}])

    async def in_language(self, locale: str) -> None:
        """Have the cookie of a language."""
        await self.context.add_cookies([{"name": "notifier-language", "value": locale, "url": self.public}])

    def _heed(self, url: str) -> None:
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname != "127.0.0.1":
            self.complaints.append(f"a request to {url}")

    def _note(self, told: str) -> None:
        if not any(words in told for words in self.allowed):
            self.complaints.append(told)


@asynccontextmanager
async def opened(
    browser: Browser, public: str, *, allowed: tuple[str, ...] = (), **options: Any
) -> AsyncIterator[Window]:
    """A window of a desk's size, with no cookies. At the end it must have had nothing to complain of."""
    given = {"viewport": DESK, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **options}
    context = await browser.new_context(base_url=public, **given)
    try:
        window = Window(context=context, public=public, allowed=allowed)
        yield window
        assert not window.complaints, window.complaints
    finally:
        await context.close()


def public_of(station: Station) -> str:
    """Where the station's console is."""
    assert station.config.public_url is not None
    return station.config.public_url


async def signed_in(station: Station, person: str) -> str:
    """The token of a session of that person, made straight in the database."""
    parts = station.engine.parts
    async with parts.station.db.write() as tx:
        return await parts.sessions.begin(tx, PersonId(person), "tests")
