"""Another program that is told of cases: it keeps what it takes, and answers as it is told to."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = base64.b64encode(b"a key of these tests, 32 bytes..").decode()


@dataclass(frozen=True)
class Event:
    """One call as it came in."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def type(self) -> str:
        return str(self.said["type"])

    def is_signed_with(self, key: str) -> bool:
        """As the convention has a receiver verify it, written anew here."""
        secret = base64.b64decode(key.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mark = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        return f"v1,{mark}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """``status`` and ``headers`` are what it answers; ``hang`` keeps every answer back."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    events: list[Event] = field(default_factory=list)
    _answering: asyncio.Event = field(default_factory=asyncio.Event)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def types(self) -> list[str]:
        """What it was told, in order."""
        return [event.type for event in self.events]

    def answers(self) -> None:
        """Answer what was kept waiting, and everything from now on."""
        self.hang = False
        self._answering.set()

    async def until(self, is_so: Callable[["Receiver"], bool], seconds: float = 60.0) -> None:
        """Wait until that is so."""
        async with asyncio.timeout(seconds):
            while not is_so(self):
                self._came.clear()
                await self._came.wait()

    async def take(self, request: web.Request) -> web.Response:
        """One call."""
        body = await request.read()
        self.events.append(Event(headers=dict(request.headers.items()), body=body))
        self._came.set()
        if self.hang:
            await self._answering.wait()
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    taking = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", taking.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
        yield taking
    finally:
        await runner.cleanup()
