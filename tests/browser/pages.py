"""Every page that there is, after the table of routes: a new one is here by itself."""

from notifier.web.console.visit import HOME
from tests.contract.test_console_routes import GET, Guarded, filled

NOT_PAGES = frozenset(
    {"/", "/healthz", "/metrics", "/static/{name:path}", "/console/language/{locale}"},
)
"""Open to everybody, and nothing to be looked at: it leads on, or is for programs."""

IDS = {
    "unit": "BS01",
    "case": "1",
    "broadcast": "1",
    "person": "p14",
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


def addresses() -> dict[str, str]:
    """Address of every page that one signs in for -> its route."""
    behind = (path for path, entry in GET.items() if isinstance(entry, Guarded) and entry.leads)
    return {filled(path, IDS): path for path in behind}


def open_addresses() -> list[str]:
    """Of every page for everybody."""
    for_all = (path for path, entry in GET.items() if not isinstance(entry, Guarded))
    return [filled(path, IDS) for path in for_all if path not in NOT_PAGES and path.startswith(HOME)]
