"""The machine's own Chromium; Playwright's download of one is never used."""

import shutil

from playwright.async_api import Browser, Playwright

NOT_RUN = "a browser: no chromium found on this machine"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever a page or the browser itself asks for: there is nothing beyond this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


def find() -> str | None:
    """The path of a browser, or None."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


async def launch(playwright: Playwright, path: str) -> Browser:
    """Start it, without a window."""
    return await playwright.chromium.launch(executable_path=path, args=_OPTIONS)
