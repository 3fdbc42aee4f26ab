"""Every page in a real browser: sound by axe-core in both languages, at a desk and on a phone."""

import re
import shutil
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ViewportSize

from tests.browser.city import busy_evening
from tests.browser.keyboard import faults_of_tour
from tests.browser.pages import API, FURTHER, addresses, open_addresses
from tests.browser.soundness import VENDORED, faults
from tests.browser.window import DESK, PHONE, REFUSED, opened, public_of, signed_in
from tests.stories.harness import Station

pytestmark = pytest.mark.asyncio(loop_scope="session")

LANGS = {"zh": "zh-Hans", "en": "en"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy_city(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Station]:
    """Nobody changes anything in it."""
    folder = tmp_path_factory.mktemp("busy")
    shutil.copyfile(sqlite_template, folder / "notifier.db")
    url = f"sqlite+aiosqlite:///{folder / 'notifier.db'}"
    async with busy_evening(folder, url) as station:
        yield station


@pytest.mark.parametrize("locale", LANGS)
async def test_every_page_is_sound(browser: Browser, busy_city: Station, locale: str) -> None:
    found: list[str] = []
    titles: dict[str, str] = {}
    async with opened(browser, public_of(busy_city), allowed=(REFUSED,)) as window:
        await window.in_language(locale)
        page = await window.context.new_page()
        for address in open_addresses(busy_city):
            await page.goto(address)
            found += await faults(page, LANGS[locale])
        await page.goto(API)
        # One page for both languages, each part marked with its own.
        found += await faults(page, LANGS["zh"])
        await window.has_session(await signed_in(busy_city, "p01"))
        for address, status in (await addresses(busy_city)).items():
            answer = await page.goto(address)
            assert answer is not None
            assert (answer.status, page.url) == (status, f"{window.public}{address}")
            found += await faults(page, LANGS[locale])
            titles[address] = await page.title()
        for address in FURTHER:
            await page.goto(address)
            found += await faults(page, LANGS[locale])
    assert found == []
    assert len(set(titles.values())) == len(titles), sorted(titles.values())


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_is_gone_through_by_keys(
    browser: Browser, busy_city: Station, size: ViewportSize
) -> None:
    """Each link and field is come to by Tab, in the order of the page, and is seen to be where one is."""
    found: list[str] = []
    async with opened(browser, public_of(busy_city), allowed=(REFUSED,), viewport=size) as window:
        page = await window.context.new_page()
        await window.has_session(await signed_in(busy_city, "p01"))
        for address in (*await addresses(busy_city), *FURTHER, API):
            await page.goto(address)
            found += await faults_of_tour(page)
    assert found == []


@pytest.mark.parametrize("person", ["p14", "p11"])
async def test_what_is_not_for_everybody_is_refused_in_sound_pages(
    browser: Browser, busy_city: Station, person: str
) -> None:
    """A member, whose wall is empty, and a secretary."""
    found: list[str] = []
    async with opened(browser, public_of(busy_city), allowed=(REFUSED,)) as window:
        page = await window.context.new_page()
        await window.has_session(await signed_in(busy_city, person))
        for address in ("/console", "/console/me", "/console/units/BS02", "/console/broadcasts/new"):
            await page.goto(address)
            found += await faults(page, LANGS["zh"])
    assert found == []


async def test_what_is_not_sound_is_found(browser: Browser, busy_city: Station) -> None:
    """A picture without words, faint letters, no language, no heading, and a line too wide for a phone."""
    wrong = (
        '<title>x</title><main><img src="data:," ><p style="color:#eee;background:#fff">faint</p>'
        '<div style="width:2000px">wide</div></main>'
    )
    dark = (
        "<style>@media (prefers-color-scheme: dark) { p { color: #000; background: #111 } }</style>"
        "<main><h1>x</h1><p>x</p></main>"
    )
    async with opened(browser, public_of(busy_city)) as window:
        page = await window.context.new_page()
        await page.set_content(wrong)
        told = " ".join(await faults(page, "en"))
        await page.set_content(dark)
        told += " ".join(await faults(page, "en"))
    for name in (
        "in the dark: serious color-contrast",
        "critical image-alt",
        "serious color-contrast",
        "serious html-has-lang",
        "0 h1",
        "wider than 390",
    ):
        assert name in told, name


async def test_what_keys_do_not_come_to_is_found(browser: Browser, busy_city: Station) -> None:
    wrong = (
        '<a href="#a" style="outline:none">a</a><a href="#b" tabindex="1">b</a>'
        '<button style="position:absolute;left:-99px">c</button>'
    )
    trap = "<input onkeydown=\"if (event.key === 'Tab') event.preventDefault()\"><a href='#a'>a</a>"
    async with opened(browser, public_of(busy_city)) as window:
        page = await window.context.new_page()
        await page.set_content(wrong)
        told = " ".join(await faults_of_tour(page))
        for name in ("be seen on 'a'", "be seen on 'c'", "not in the order"):
            assert name in told, name
        await page.set_content(trap)
        with pytest.raises(AssertionError, match="no way out"):
            await faults_of_tour(page)


async def test_the_checker_is_as_it_was_published() -> None:
    table = (VENDORED / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE))
    assert {name: sha256((VENDORED / name).read_bytes()).hexdigest() for name in listed} == listed
    assert listed.keys() == {file.name for file in VENDORED.glob("*.js")}
    assert (VENDORED / "axe.LICENSE.txt").is_file()
