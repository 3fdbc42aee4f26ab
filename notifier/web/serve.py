"""The web app on a socket, inside whatever event loop runs."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from notifier.errors import InputError

GRACE_S: Final = 5
"""How long requests that run may take to end."""
KEEP_ALIVE_S: Final = 75
BACKLOG: Final = 1024


@asynccontextmanager
async def serve(
    app: ASGIApp, host: str, port: int, *, leave: Callable[[], None] | None = None
) -> AsyncIterator[str]:
    """Serve while the block runs; gives the address, ``http://127.0.0.1:8000``. Port 0 takes a free one.

    ``leave`` is called as the block ends, and must end what would never end by itself. Sets no signal
    handlers. Raises InputError when the port cannot be had.
    """
    # uvicorn would log an exception with its traceback, and that may quote what somebody wrote.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    listener = _listen(host, port)
    server = _server(app)
    await server.startup(sockets=[listener])
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield f"http://{_in_url(host)}:{listener.getsockname()[1]}"
    finally:
        if leave is not None:
            leave()
        server.should_exit = True
        await ticking
        await server.shutdown(sockets=[listener])


def _server(app: ASGIApp) -> uvicorn.Server:
    """A server to be started piece by piece: its own ``serve`` would take the program's signals."""
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    return server


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = _resolve(host, port)
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise _refusal(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from error
    return listener


_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, _Address]:
    # With the protocol named: asyncio turns Nagle off only then, else every answer waits 40 ms for an ACK.
    found = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )
    return found[0]


def _refusal(host: str, port: int, error: OSError) -> InputError:
    reason = error.strerror or type(error).__name__
    return InputError(
        f"cannot listen on {host} port {port} ({reason.lower()});"
        " end the program that has it, or set NOTIFIER_HTTP_HOST and NOTIFIER_HTTP_PORT otherwise"
    )


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
