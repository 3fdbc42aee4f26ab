"""The sandbox on a socket, inside whatever event loop runs."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.server import ServerState

from notifier.sandbox.app import Sandbox, create_sandbox
from notifier.sandbox.core import SandboxState
from notifier.sandbox.options import SandboxOptions
from notifier.sandbox.wire import CUT

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as Base
else:
    Base = AutoHTTPProtocol

SHUTDOWN_SECONDS = 2
KEEP_ALIVE_SECONDS = 75


class CuttableProtocol(Base):
    """uvicorn's own protocol, whose connections the app can cut without an answer."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Hand the app the scissors through the request's state."""
        super().__init__(config, server_state, {**app_state, CUT: self._cut}, _loop)
        # Another server in this process may log its requests; a carrier's are none of the program's business.
        self.access_log = False

    def _cut(self) -> None:
        self.transport.abort()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    """A sandbox that answers at `url`."""

    url: str
    sandbox: Sandbox

    @property
    def state(self) -> SandboxState:
        """Everything the sandbox remembers, and its people's hands."""
        return self.sandbox.state

    @property
    def telegram_url(self) -> str:
        """What a bot library takes as its base URL, up to the token."""
        return f"{self.url}/bot"


@asynccontextmanager
async def serve_sandbox(
    options: SandboxOptions | None = None, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[RunningSandbox]:
    """Serve a new sandbox; port 0 takes a free one. No signal handlers, no logging, nothing left behind.

    Raises OSError if the port is taken.
    """
    sandbox = create_sandbox(options)
    listener = _listen(host, port)
    server = _server(sandbox)
    await server.startup(sockets=[listener])
    bound_port = listener.getsockname()[1]
    try:
        yield RunningSandbox(url=f"http://{_in_url(host)}:{bound_port}", sandbox=sandbox)
    finally:
        await sandbox.state.close()
        await server.shutdown(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle off only where the protocol is named; else every answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _server(sandbox: Sandbox) -> uvicorn.Server:
    """A server without its main loop, which would only watch for signals and keep a date header."""
    config = uvicorn.Config(
        sandbox.app,
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        date_header=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        backlog=4096,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server
