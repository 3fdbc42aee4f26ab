"""A carrier as light as can be, in a process of its own: takes every call, checks nothing, counts.

Raw HTTP/1.1 with keep-alive, so that what is measured is the sender. ``GET /count`` answers how many messages
were taken since the last ``/reset``, and when the first and the last of them (monotonic seconds, which on
Linux all processes share).
"""

import asyncio
import itertools
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_SENT = b'{"ok":true,"result":{"message_id":%d,"date":1763892000,"chat":{"id":1,"type":"private"}}}'
_NO_UPDATES = b'{"ok":true,"result":[]}'
_DONE = b'{"ok":true,"result":true}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"

NO_UPDATES_S = 1.0
"""How long a poll for updates is held, of which there are none."""


class Counts:
    """What was taken."""

    def __init__(self) -> None:
        self.taken = itertools.count(1)
        self.reset()

    def reset(self) -> None:
        self.count, self.first, self.last = 0, 0.0, 0.0

    def take(self) -> bytes:
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.count += 1
        return _SENT % next(self.taken)


class Line(asyncio.Protocol):
    """One connection; calls are answered in order, each after ``delay_s``."""

    def __init__(self, counts: Counts, delay_s: float) -> None:
        self._counts = counts
        self._delay_s = delay_s
        self._waiting = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._waiting) < whole:
                return
            self._waiting = self._waiting[whole:]
            self._called(head[: head.find(b"\r\n")])

    def _called(self, line: bytes) -> None:
        if b"/getUpdates" in line:
            asyncio.get_running_loop().call_later(NO_UPDATES_S, self._answer, _NO_UPDATES)
        elif b"/sendMessage" not in line:
            self._answer(self._other(line))
        elif self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, self._take)
        else:
            self._take()

    def _take(self) -> None:
        self._answer(self._counts.take())

    def _other(self, line: bytes) -> bytes:
        if b"/reset" in line:
            self._counts.reset()
        if b"/count" in line:
            counts = self._counts
            return json.dumps({"count": counts.count, "first": counts.first, "last": counts.last}).encode()
        return _DONE

    def _answer(self, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(_ANSWER % (len(body), body))


@dataclass(frozen=True, slots=True)
class Taken:
    """How many messages the carrier took, and the monotonic seconds of the first and the last."""

    count: int
    first: float
    last: float


class LightCarrier:
    """The carrier's process, as the measures see it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def reset(self) -> None:
        """Count from nought."""
        await self._get("reset")

    async def taken(self) -> Taken:
        """What was taken since."""
        return Taken(**json.loads(await self._get("count")))

    async def _get(self, what: str) -> bytes:
        async with self._session.get(f"{self.url}/{what}") as answer:
            return await answer.read()


@asynccontextmanager
async def light_carrier(delay_s: float = 0.0) -> AsyncIterator[LightCarrier]:
    """A carrier that answers after ``delay_s``, for as long as the block runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.carrier", str(delay_s), stdout=asyncio.subprocess.PIPE
    )
    try:
        port = int(await process.stdout.readline()) if process.stdout else 0
        async with aiohttp.ClientSession() as session:
            yield LightCarrier(f"http://127.0.0.1:{port}", session)
    finally:
        process.terminate()
        await process.wait()


async def _serve(delay_s: float) -> None:
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Line(counts, delay_s), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 -- how the measures learn the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
