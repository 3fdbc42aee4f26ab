"""The machine's own Chromium; Playwright's download of one is never used."""

import shutil
import subprocess
import sys

from playwright.async_api import Browser, Playwright

NOT_RUN = "a browser: no chromium that can be driven on this machine"
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
    """The path of a browser that Playwright's driver can drive, or None."""
    path = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return path if path and _has_driver() else None


async def launch(playwright: Playwright, path: str) -> Browser:
    """Start it, without a window."""
    return await playwright.chromium.launch(executable_path=path, args=_OPTIONS)


def _has_driver() -> bool:
    """It is a program of its own, and wants a library that not every machine has."""
    asked = subprocess.run(
        [sys.executable, "-m", "playwright", "--version"], capture_output=True, check=False
    )
    return asked.returncode == 0
