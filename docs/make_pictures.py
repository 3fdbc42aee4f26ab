"""Make the pictures of docs/img from the demo's evening: ``.venv/bin/python docs/make_pictures.py``.

The evening is played until one gap is in hand and another is still called about; there the clock is slowed
down, and Debian's chromium takes the console. Then it goes on until everybody is stood down, and the wall of
phones is taken.
"""

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from notifier.bootstrap import set_up_logs
from notifier.demo import evening, plot
from notifier.demo.evening import Who
from notifier.demo.people import Human, StoryBroke
from notifier.demo.stage import Stage, running
from notifier.demo.town import Town, built
from notifier.domain.case import Case
from notifier.domain.ids import PersonId
from notifier.engine.importing import import_roster
from notifier.store.rows import CaseFilter
from notifier.web.console.visit import NAME

PICTURES: Final = Path(__file__).parent / "img"
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
QUIET: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
DESK: Final = (1440, 400)
WALL_OF_PHONES: Final = (1100, 1240)
POCKET: Final = (390, 844)
COLOURS: Final = 128
"""Of a picture's palette: enough for text on plain grounds, and a quarter of the bytes."""

MORE_SHIFTS: Final = (("HQ01-G1", "p214"), (evening.LATE_GATE, evening.YOURS))
"""Beside those of the demo: one who comes, and one who does not and whose village sleeps."""


async def take_all(path: str) -> list[Path]:
    """Play, and take every picture; returns them. Raises StoryBroke."""
    with tempfile.TemporaryDirectory(prefix="notifier-pictures-") as name:
        folder = Path(name)
        with (folder / "notifier.log").open("w", encoding="utf-8") as log:
            set_up_logs("info", log)
            async with (
                built(folder, ports=(None, None), pressed=_nothing_to_tell) as town,
                _browser(path) as browser,
            ):
                return await _take(town, browser)


async def _take(town: Town, browser: Browser) -> list[Path]:
    await _roster_more(town)
    async with running(town, town.config) as stage:
        await asyncio.gather(plot.remind_and_arrive(stage), _arrive_too(stage))
        await plot.miss_and_escalate(stage)
    async with _running_on(town, speed=1.0) as stage:
        taken = await _take_console(stage, browser)
    async with _running_on(town, speed=evening.SPEED) as stage:
        await plot.send_a_stand_in(stage)
        async with _page(browser, WALL_OF_PHONES) as page:
            await page.goto(town.phones_url)
            await page.locator("article.phone").first.wait_for()
            taken.append(await _keep(page, "phones"))
    return taken


async def _take_console(stage: Stage, browser: Browser) -> list[Path]:
    """The wall, a case and the composer at a desk; a training phone in one's hand."""
    case = await _case_in_hand(stage)
    async with _page(browser, DESK) as page:
        await _sign_in(page, stage)
        await _open(page, stage, "/console")
        taken = [await _keep(page, "wall", whole=True)]
        await _open(page, stage, f"/console/cases/{case.id}")
        taken.append(await _keep(page, "case", whole=True))
        await _compose(page, stage)
        taken.append(await _keep(page, "composer", whole=True))
    async with _page(browser, POCKET) as page:
        await _sign_in(page, stage)
        await _open(page, stage, f"/console/phones/{Who.DEPUTY}#screen")
        taken.append(await _keep(page, "training"))
    return taken


async def _compose(page: Page, stage: Stage) -> None:
    """A commendation, checked and not sent."""
    await _open(page, stage, "/console/broadcasts/new")
    await page.fill("#title", "守卡表扬")
    await page.fill("#body", "你们守卡认真，市里通报表扬。")
    for expression in evening.PRAISED:
        box = page.locator(f'input[name="to"][value="{expression}"]')
        # The towns lie folded.
        await box.evaluate(
            "box => { for (let up = box; up; up = up.parentElement) if ('open' in up) up.open = true }"
        )
        await box.check()
    await page.locator('input[name="relay"]').check()
    await page.keyboard.press("Enter")
    await page.locator("#check-title").wait_for()


# ── the evening ──────────────────────────────────────────────────────────────────────────────────


async def _roster_more(town: Town) -> None:
    start, end = evening.at(evening.SHIFT_STARTS), evening.at(evening.SHIFT_ENDS)
    await import_roster(town.parts, evening.write_shifts(town.folder / "more", MORE_SHIFTS, start, end))


async def _arrive_too(stage: Stage) -> None:
    [(_, person), _] = MORE_SHIFTS
    someone = stage.human(person)
    someone.presses(await someone.gets("请到横山村卡口"), "到岗")
    await someone.gets("已记到岗")


@asynccontextmanager
async def _running_on(town: Town, *, speed: float) -> AsyncIterator[Stage]:
    """The program started anew where the evening stands, on a clock of that speed."""
    config = evening.settings_for(
        town.folder,
        sandbox_url=town.sandbox.url,
        port=town.config.http_port,
        starts=town.civil.now(),
        speed=speed,
    )
    async with running(town, config) as stage:
        yield stage


async def _case_in_hand(stage: Stage) -> Case:
    async with stage.parts.station.db.read() as tx:
        cases = await tx.cases.listing(CaseFilter())
    return next(case for case in cases if case.holder == Who.DEPUTY)


def _nothing_to_tell(_: Human, __: str) -> None:
    """Nobody watches the terminal here."""


# ── the browser ──────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _browser(path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def _page(browser: Browser, size: tuple[int, int]) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id=evening.ZONE.key
    )
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _sign_in(page: Page, stage: Stage) -> None:
    """Give the browser a session of the desk's officer."""
    async with stage.parts.station.db.write() as tx:
        token = await stage.parts.sessions.begin(tx, PersonId(evening.DESK_OFFICER), "pictures")
    await page.context.add_cookies([{"name": NAME, "value": token, "url": stage.town.program_url}])


async def _open(page: Page, stage: Stage, path: str) -> None:
    answer = await page.goto(f"{stage.town.program_url.rstrip('/')}{path}")
    if answer is None or not answer.ok:
        raise StoryBroke(f"{path} cannot be taken: it is answered with {answer and answer.status}")


async def _keep(page: Page, name: str, *, whole: bool = False) -> Path:
    """Take what is in sight, or the whole page, in as many colours as it needs."""
    kept = PICTURES / f"{name}.png"
    taken = Image.open(io.BytesIO(await page.screenshot(full_page=whole))).convert("RGB")
    taken.quantize(COLOURS, dither=Image.Dither.NONE).save(kept, optimize=True)
    return kept


def main() -> int:
    """Exit status 1, and a line that says so, where there is no chromium or the evening went another way."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.stderr.write("NO PICTURES MADE: chromium is not on this machine; install it (Debian: chromium)\n")
        return 1
    PICTURES.mkdir(exist_ok=True)
    try:
        taken = asyncio.run(take_all(path))
    except StoryBroke as broke:
        sys.stderr.write(f"NOT ALL PICTURES MADE: {broke}\n")
        return 1
    for picture in taken:
        sys.stdout.write(f"{picture} ({picture.stat().st_size // 1024} kB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
