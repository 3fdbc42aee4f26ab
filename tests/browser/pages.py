"""Every page that there is, after the app's own routes: a new one is here by itself."""

from collections.abc import Iterable, Iterator

from tests.contract.test_console_routes import GET, OPEN, Guarded, filled, routes_of

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
    "phone": "p11",
    "message": "1",
    "title": "deputy_secretary",
    "rank": "2",
    "link": "used-before",
    "rest": "nothing/of/the/kind",
}
"""Of the city that the pages are looked at in."""

FURTHER = (
    "/console?state=held&town=BS",
    "/console/units/YQ",
    "/console/units/BS02",
    "/console/cases/2",
    "/console/roster?q=BS01",
)
"""The same pages with something else on them."""


def open_addresses(routes: Iterable[object]) -> list[str]:
    """Of every page for everybody."""
    return [address for address, path in _pages(routes) if GET.get(path) == OPEN]


def addresses(routes: Iterable[object]) -> dict[str, int]:
    """Address of every page that one signs in for -> the status of its answer."""
    behind = [(address, path) for address, path in _pages(routes) if GET.get(path) != OPEN]
    return {address: 404 if path == NOTHING else 200 for address, path in behind}


def _pages(routes: Iterable[object]) -> Iterator[tuple[str, str]]:
    """Address and route. What the table of routes does not know, as the training phones, is a page, too."""
    for method, path in routes_of(routes):
        entry = GET.get(path)
        for_programs = path in NOT_PAGES or (isinstance(entry, Guarded) and not entry.leads)
        if method == "GET" and path.startswith("/") and not for_programs:
            address = filled(path, IDS)
            assert "{" not in address, f"say in IDS what {path} is to be looked at with"
            yield address, path
