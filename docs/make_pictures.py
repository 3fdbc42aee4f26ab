"""Make the pictures of docs/img from the demo's own phones: ``.venv/bin/python docs/make_pictures.py``.

The evening is played until the stand-down, and Debian's chromium takes the page of phones.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from notifier.bootstrap import set_up_logs
from notifier.demo import plot
from notifier.demo.people import Human
from notifier.demo.stage import running
from notifier.demo.town import built

PICTURE = Path(__file__).parent / "img" / "phones.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
TIMEOUT_S = 60.0


async def take_phones(browser: str) -> None:
    """Play until everybody is stood down, then take the picture."""
    with tempfile.TemporaryDirectory(prefix="notifier-pictures-") as name:
        folder = Path(name)
        with (folder / "notifier.log").open("w", encoding="utf-8") as log:
            set_up_logs("info", log)
            async with (
                built(folder, ports=(None, None), pressed=_nothing_to_tell) as town,
                running(town, town.config) as stage,
            ):
                await plot.remind_and_arrive(stage)
                await plot.miss_and_escalate(stage)
                await plot.send_a_stand_in(stage)
                await _shoot(browser, town.phones_url, folder / "profile")


def _nothing_to_tell(_: Human, __: str) -> None:
    """Nobody watches the terminal here."""


async def _shoot(browser: str, url: str, profile: Path) -> None:
    PICTURE.parent.mkdir(exist_ok=True)
    shooting = await asyncio.create_subprocess_exec(
        browser,
        *QUIET,
        f"--user-data-dir={profile}",
        f"--screenshot={PICTURE}",
        "--window-size=1100,1240",
        "--timeout=4000",
        url,
        env={**os.environ, "TZ": "Asia/Shanghai", "LANG": "zh_CN.UTF-8"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(TIMEOUT_S):
        await shooting.wait()


def main() -> int:
    """Exit status 1, and a line that says so, where there is no chromium or no picture came of it."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.stderr.write("NO PICTURES MADE: chromium is not on this machine; install it (Debian: chromium)\n")
        return 1
    PICTURE.unlink(missing_ok=True)
    asyncio.run(take_phones(browser))
    if not PICTURE.exists():
        sys.stderr.write(f"NO PICTURES MADE: {browser} wrote nothing\n")
        return 1
    sys.stdout.write(f"{PICTURE} ({PICTURE.stat().st_size // 1024} kB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
