"""Going through a page by the Tab key, and seeing where one is."""

from dataclasses import dataclass

from playwright.async_api import Page

MOST_STOPS = 300
"""More than any page here has: going on for longer means going round in circles."""

_HERE = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const all = [...document.querySelectorAll("*")];
  return {
    place: all.indexOf(at),
    name: (at.innerText || at.getAttribute("aria-label") || at.name || at.id || at.tagName).trim(),
    ringed: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0
      && box.top < innerHeight && box.left < innerWidth,
  };
}"""
_STOPS = """() => [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
  .filter((part) => part.tabIndex >= 0 && !part.disabled)
  // Of a choice of one, Tab comes to that which is chosen; arrows go on from there.
  .filter((part) => part.type !== "radio" || part.checked)
  .filter((part) => part.checkVisibility({ visibilityProperty: true }))
  .map((part) => [...document.querySelectorAll("*")].indexOf(part))"""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the focus is: ``place`` in the document's order; whether one sees it, and that it is there."""

    place: int
    name: str
    ringed: bool
    seen: bool


async def here(page: Page) -> Stop | None:
    """Where the focus is; None where it is on nothing."""
    found = await page.evaluate(_HERE)
    return Stop(**found) if found else None


async def tab_to(page: Page, name: str) -> Stop:
    """Press Tab until that is in focus, as somebody without a mouse does. Fails where it never is."""
    passed = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        stop = await here(page)
        if stop is None:
            break
        assert stop.ringed, f"one does not see that {stop.name!r} has the focus"
        assert stop.seen, f"{stop.name!r} has the focus and is out of sight"
        if name in stop.name:
            return stop
        passed.append(stop.name)
    raise AssertionError(f"Tab never comes to {name!r}; it came to {passed}")


async def tour(page: Page) -> list[Stop]:
    """Every stop from the top of the page to its end, by Tab."""
    stops: list[Stop] = []
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        stop = await here(page)
        if stop is None or (len(stops) > 1 and stop.place == stops[0].place):
            return stops
        # Within a field of several parts, as a date's, the browser itself shows which of them has the focus.
        if not stops or stop.place != stops[-1].place:
            stops.append(stop)
    raise AssertionError(f"there is no way out: {[stop.name for stop in stops[-5:]]}")


async def faults_of_tour(page: Page) -> list[str]:
    """What somebody without a mouse cannot reach or see, or comes to in an order that is not the page's."""
    stops = await tour(page)
    reached = [stop.place for stop in stops]
    missed = set(await page.evaluate(_STOPS)) - set(reached)
    found = [f"focus cannot be seen on {stop.name!r}" for stop in stops if not (stop.ringed and stop.seen)]
    found += [f"not reached: {len(missed)} of {len(reached) + len(missed)}"] if missed else []
    found += ["not in the order of the page"] if reached != sorted(reached) else []
    return [f"{page.url}: {told}" for told in found]
