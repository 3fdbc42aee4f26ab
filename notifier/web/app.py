"""The web app, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from notifier.engine.console.feed import Feed
from notifier.engine.console.health import Running
from notifier.web.api.api import api_routes
from notifier.web.body import Bodies
from notifier.web.console.console import console_routers
from notifier.web.deps import WebDeps
from notifier.web.headers import NOT_KEPT, SECURITY, SecurityHeaders
from notifier.web.keeping import Keeper
from notifier.web.pages import page_router
from notifier.web.telegram import TelegramHooks
from notifier.web.twilio import TwilioHooks
from notifier.web.watching import Watching

__all__ = ["WebDeps", "create_app"]

log = structlog.get_logger(__name__)

WALL = "wall"
"""Under which name it is said what keeps open pages from their news."""


def create_app(deps: WebDeps) -> FastAPI:
    """Webhooks, health, metrics, the console and the API. Opens nothing by itself."""
    watching, keeper, bodies = Watching(deps), Keeper(deps), Bodies()
    feed = Feed(deps.database, deps.parts.station.clock, deps.pulses.of_visitors(WALL))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await feed.close()
        await watching.close()
        await keeper.close()

    app = FastAPI(
        title="notifier",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for router in (
        TwilioHooks(deps, keeper, bodies).router(),
        TelegramHooks(deps, keeper, bodies).router(),
        watching.router(),
        *console_routers(
            deps.parts,
            deps.public_url,
            Running(deps.pulses, deps.channels, deps.accounts),
            feed,
            deps.pacing,
            deps.phones,
            deps.bot_name,
        ),
        page_router(),
    ):
        app.include_router(router)
    app.router.routes.extend(api_routes(deps.parts))
    # Streams have no end of their own, and whoever serves them waits for their end.
    app.state.leave = feed.stop
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(SecurityHeaders)
    return app


async def _failed(request: Request, error: Exception) -> Response:
    """500. Only the kind of error is logged: its text may hold what somebody wrote."""
    route = getattr(request.scope.get("route"), "path", "none")
    log.error("web_failed", route=route, error=type(error).__name__)
    headers = {**SECURITY, "Cache-Control": NOT_KEPT}
    return JSONResponse({"detail": "internal error"}, status_code=500, headers=headers)
