"""The API, put together: who adds a resource adds one line here.

A resource is added so:

1. Its reading, in ``engine/``: it takes ``SeenUnits`` of the guard, or what a guard's method gave it.
2. Its models and functions, in a module here. A function that reads takes ``Looking`` (its transaction
   and its guard) and, for a list, ``Paged``; one that changes something takes ``Calling`` and opens
   ``Kit.write``; one that creates something goes through ``Kit.once``. Ids are plain text, and go to the
   guard first.
3. ``routes.get`` or ``routes.post`` with its ``need``: what a caller must be allowed before anything that he
   sent is parsed. ``over("case", ...)`` is about what the path names, ``somewhere(...)`` about a list and
   what its query names.
4. One line below, and one for each operation in ``tests/contract/test_api_routes.py``.
"""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Scope as Connection

from notifier.engine.parts import Parts
from notifier.web.api import journal, me, messages, offices, shifts
from notifier.web.api.broadcasts import Broadcasts
from notifier.web.api.cases import Cases
from notifier.web.api.docs import DocsPage
from notifier.web.api.gate import OPENAPI, Gate
from notifier.web.api.kit import Kit
from notifier.web.api.openapi import describe
from notifier.web.api.people import People
from notifier.web.api.problems import DOCS, answer_to
from notifier.web.api.routes import Routes
from notifier.web.api.units import Units
from notifier.web.console.assets import Assets


def create_api(parts: Parts) -> FastAPI:
    """All operations, without the gate before them."""
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=OPENAPI, redirect_slashes=False)
    api.openapi = lambda: describe(api)  # type: ignore[method-assign]
    api.add_exception_handler(HTTPException, answer_to)
    kit = Kit(parts)
    routes = Routes(kit, api.router)
    me.add_to(routes)
    Units(kit).add_to(routes)
    People(kit).add_to(routes)
    offices.add_to(routes)
    shifts.add_to(routes)
    Cases(kit).add_to(routes)
    Broadcasts(kit).add_to(routes)
    messages.add_to(routes)
    journal.add_to(routes)
    api.add_route(DOCS, DocsPage(api, Assets(), parts.station.site).show, include_in_schema=False)
    return api


class _Below(Route):
    """Takes every path below its own. A pattern of Starlette's would leave out those with a line break."""

    def matches(self, scope: Connection) -> tuple[Match, Connection]:
        """Whether it takes that one."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        if path != self.path and not path.startswith(f"{self.path}/"):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": {}}


def api_routes(parts: Parts) -> list[Route]:
    """Everything below ``/api``, by whatever method, behind the gate."""
    return [_Below("/api", Gate(create_api(parts), parts))]
