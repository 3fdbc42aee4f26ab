"""What every page must be: readable by machines that read aloud, and no wider than a phone."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests.browser.window import DESK, PHONE, SMALL

VENDORED = Path(__file__).parent / "vendored"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
CONTRAST = ("color-contrast",)

_LOOK = """() => ({
  lang: document.documentElement.lang,
  title: document.title,
  headings: document.querySelectorAll("h1").length,
  mains: document.querySelectorAll("main").length,
})"""
_REDRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"""
"""Charts are drawn anew in the frame after that in which their place has changed."""
_TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((part) =>
    part.getBoundingClientRect().right > width + 1 && !part.closest(".scrolls"));
  return wide.slice(-3).map((part) => part.outerHTML.slice(0, 120));
}"""


@cache
def _axe() -> str:
    return (VENDORED / "axe.min.js").read_text("utf-8")


async def faults(page: Page, lang: str) -> list[str]:
    """What is wrong with the page as it is shown now: at a desk and on a phone, in both schemes of colour."""
    where = page.url
    looked = await page.evaluate(_LOOK)
    found = [f"lang is {looked['lang']}"] if looked["lang"] != lang else []
    found += [f"{looked['headings']} h1"] if looked["headings"] != 1 else []
    found += [f"{looked['mains']} main"] if looked["mains"] != 1 else []
    for size in (DESK, PHONE, SMALL):
        await page.set_viewport_size(size)
        await page.evaluate(_REDRAWN)
        if size is not SMALL:
            found += [f"at {size['width']}: {told}" for told in await violations(page)]
        too_wide = await page.evaluate(_TOO_WIDE)
        found += [f"wider than {size['width']}: {told}" for told in too_wide]
    await page.emulate_media(color_scheme="dark")
    await page.evaluate(_REDRAWN)
    found += [f"in the dark: {told}" for told in await violations(page, CONTRAST)]
    await page.emulate_media(color_scheme="light")
    return [f"{where}: {told}" for told in found]


async def violations(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds, by these rules or by all that are of WCAG 2.2 AA or held to be good practice.

    It is evaluated from outside of the page, whose policy lets no script in.
    """
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate(_axe())
    options = {"runOnly": only, "resultTypes": ["violations"]}
    result = await page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return list(_told(result["violations"]))


def _told(found: list[dict[str, Any]]) -> Iterator[str]:
    for violation in found:
        for node in violation["nodes"]:
            why = node["failureSummary"].replace("\n", " ")[:300]
            yield f"{violation['impact']} {violation['id']} {node['target']}: {why}"
