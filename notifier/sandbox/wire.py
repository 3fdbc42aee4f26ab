"""HTTP as the carriers' handlers see it: one exchange of request and answer, which can also be cut."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from notifier.sandbox.feed import Feed

Params = dict[str, Any]
Headers = tuple[tuple[bytes, bytes], ...]
CUT = "cut"


class BadBody(Exception):
    """The request's body is not what its content type says."""


class Exchange:
    """One request and its answer."""

    __slots__ = ("_feed", "_receive", "_send", "scope")

    def __init__(self, scope: Scope, receive: Receive, send: Send, feed: Feed) -> None:
        """Take over an ASGI call. `feed` tells when the sandbox goes down, which ends all waiting."""
        self.scope = scope
        self._receive = receive
        self._send = send
        self._feed = feed

    def header(self, name: bytes) -> str:
        """A request header by its lower-case name, or nothing."""
        for key, value in self.scope["headers"]:
            if key == name:
                return str(value.decode("latin-1"))
        return ""

    async def body(self) -> bytes:
        """The whole body; what came until then if the client goes away."""
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body", False):
            message = await self._receive()
            body += message.get("body", b"")
        return body

    async def params(self) -> Params:
        """Query and body together. Form fields are text, JSON keeps its types. Raises BadBody."""
        params: Params = dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if self.scope["method"] == "GET":
            return params
        kind = self.header(b"content-type")
        if kind.startswith("multipart/form-data"):
            params.update(await self._multipart())
            return params
        params.update(_decode(kind, await self.body()))
        return params

    async def _multipart(self) -> Params:
        form = await Request(self.scope, self._receive).form()
        return {key: value for key, value in form.multi_items() if isinstance(value, str)}

    async def answer(self, status: int, value: Any, *, more: Headers = ()) -> None:
        """Send JSON (nothing for None)."""
        body = b"" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        await self.answer_raw(status, body, b"application/json; charset=utf-8", more=more)

    async def answer_raw(self, status: int, body: bytes, content_type: bytes, *, more: Headers = ()) -> None:
        """Send bytes of the given type, with more headers."""
        headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body)), *more]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def gone(self) -> None:
        """Return when the client has gone away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def cut(self) -> None:
        """Close the connection without a byte of answer."""
        self.scope["state"][CUT]()
        await self.gone()

    async def pause(self, seconds: float | None) -> bool:
        """Wait (None: for ever). False if the client went away or the sandbox is going down."""
        ends = {asyncio.ensure_future(self.gone()), asyncio.ensure_future(self._feed.closing())}
        try:
            done, _ = await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return not done
        finally:
            await cancel_all(ends)


async def cancel_all(tasks: set[asyncio.Future[Any]] | set[asyncio.Task[Any]]) -> None:
    """Cancel tasks and see them end."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _decode(kind: str, body: bytes) -> Params:
    if not body:
        return {}
    if kind.startswith("application/json"):
        return _decode_json(body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError as wrong:
        raise BadBody("the form is not UTF-8") from wrong


def _decode_json(body: bytes) -> Params:
    try:
        value = json.loads(body)
    except ValueError as wrong:
        raise BadBody("the body is not JSON") from wrong
    if not isinstance(value, dict):
        raise BadBody("the body is not a JSON object")
    return value
