"""Every page that there is, after the app's own routes: a new one is here by itself."""

from collections.abc import Iterator, Mapping

from tests.browser.city import handed_in
from tests.contract.test_console_routes import GET, OPEN, Guarded, filled, routes_of
from tests.stories.harness import Station

NOT_PAGES = frozenset(
    {"/", "/healthz", "/metrics", "/static/{name:path}", "/console/language/{locale}"},
)
"""Open to everybody, and nothing to be looked at: they lead on, or are for programs."""
NOTHING = "/console/{rest:path}"
"""Whatever there is not."""
API = "/api/v1/docs"

IDS = {
    "unit": "BS01",
    "case": "1",
    "broadcast": "1",
    "person": "p14",
    "post": "BS02-G1",
    "phone": "p11",
    "shift": "BS01-G1%202026-11-23T16%3A00%3A00Z",
    "message": "1",
    "title": "deputy_secretary",
    "rank": "2",
    "link": "used-before",
    "rest": "nothing/of/the/kind",
}
"""Of the city that the pages are looked at in."""
QUERIES = {
    "/console/roster/posts/{post}/gap": "?since=2026-11-24T20:00%2B08:00&until=2026-11-25T00:00%2B08:00",
}
"""Of pages that are never led to without."""

FURTHER = (
    "/console?state=held&town=BS",
    "/console/units/YQ",
    "/console/units/BS02",
    "/console/cases/2",
    "/console/roster?q=BS01",
)
"""The same pages with something else on them."""


def open_addresses(station: Station) -> list[str]:
    """Of every page for everybody."""
    return [_address(path, IDS) for path in _pages(station) if GET.get(path) == OPEN]


async def addresses(station: Station) -> dict[str, int]:
    """Address of every page that one signs in for -> the status of its answer."""
    ids = {**IDS, "upload": await handed_in(station)}
    behind = [path for path in _pages(station) if GET.get(path) != OPEN]
    return {_address(path, ids): 404 if path == NOTHING else 200 for path in behind}


def _pages(station: Station) -> Iterator[str]:
    """Their routes. What the table of routes does not know, as the training phones, is a page, too."""
    for method, path in routes_of(station.engine.app().routes):
        entry = GET.get(path)
        for_programs = path in NOT_PAGES or (isinstance(entry, Guarded) and not entry.leads)
        if method == "GET" and path.startswith("/") and not for_programs:
            yield path


def _address(path: str, ids: Mapping[str, str]) -> str:
    address = filled(path, ids) + QUERIES.get(path, "")
    assert "{" not in address, f"say in IDS what {path} is to be looked at with"
    return address
