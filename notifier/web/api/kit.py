"""What every resource of the API works with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final

from fastapi import Depends, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from notifier.engine.access.guard import Guard
from notifier.engine.parts import Parts
from notifier.errors import Conflict, InputError, NotAllowed
from notifier.store.rows import ApiAnswer
from notifier.store.tx import Tx
from notifier.web.api.gate import Caller
from notifier.web.api.problems import path_of

REPLAYED: Final = "Idempotent-Replayed"
LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A transaction to read in, and what the caller may see in it. ``now`` is civil."""

    caller: Caller
    tx: Tx
    guard: Guard
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of a creation."""

    document: BaseModel
    status: int = 201

    @property
    def body(self) -> str:
        """It, as it goes out."""
        return self.document.model_dump_json()


Work = Callable[[Tx, Guard], Awaitable[Made]]
"""A creation, in the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The engine's parts, and transactions with a guard at their side."""

    parts: Parts

    @asynccontextmanager
    async def look(self, caller: Caller) -> AsyncIterator[Look]:
        """A transaction to read in."""
        station = self.parts.station
        async with station.db.read() as tx:
            guard = await Guard.open(tx, caller.scope)
            yield Look(caller=caller, tx=tx, guard=guard, now=station.now())

    @asynccontextmanager
    async def write(self, caller: Caller) -> AsyncIterator[tuple[Tx, Guard]]:
        """A transaction to write in, and what the caller may do at this very moment. Raises NotAllowed."""
        station, tokens = self.parts.station, self.parts.tokens
        async with station.db.write() as tx:
            if not await tokens.stands(tx, caller.token):
                raise NotAllowed("that token works no more")
            yield tx, await Guard.open(tx, await tokens.scope(tx, caller.token, station.now()))

    async def once(self, request: Request, caller: Caller, work: Work) -> Response:
        """Create something; with an Idempotency-Key no more than once, and with the same answer each time.

        The key is kept in the work's own transaction: both are there, or neither. Whoever comes with the
        same key meanwhile waits. Raises InputError for a key that was used for something else, Conflict while
        what it was used for is not answered.
        """
        key = request.headers.get("idempotency-key")
        async with self.write(caller) as (tx, guard):
            if key is None:
                return _created(await work(tx, guard))
            key_hash = _hash(_readable(key).encode())
            asked, body_hash = f"{request.method} {path_of(request)}", _hash(await request.body())
            now = self.parts.station.now()
            used = await tx.api_answers.claim(caller.token, key_hash, asked, body_hash, now)
            if used is not None:
                return _replayed(used, asked, body_hash)
            made = await work(tx, guard)
            await tx.api_answers.keep(caller.token, key_hash, made.status, made.body)
            return _created(made)


def _created(made: Made) -> Response:
    return Response(made.body, status_code=made.status, media_type="application/json")


def _replayed(used: ApiAnswer, asked: str, body_hash: str) -> Response:
    if (used.request, used.body_hash) != (asked, body_hash):
        raise InputError("Idempotency-Key: it was used for another request; make a new one for each")
    if used.is_in_flight:
        raise Conflict("that request is still at work; come again in a moment")
    headers = {REPLAYED: "true"}
    return Response(used.body, status_code=used.status, media_type="application/json", headers=headers)


def _readable(key: str) -> str:
    if not (0 < len(key.strip()) <= len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise InputError(f"Idempotency-Key: give 1 to {LONGEST_KEY} plain characters, such as a UUID")
    return key


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()


# ── what a resource's functions take ──


def _look_of(request: Request) -> Look:
    look: Look = request.state.look
    return look


def _caller_of(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Looking = Annotated[Look, Depends(_look_of)]
"""Of a function that reads: its transaction and its guard."""
Calling = Annotated[Caller, Depends(_caller_of)]
"""Of a function that changes something: who asks for it."""
OnceKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A new one for each creation: sent again, nothing is done twice.",
        max_length=LONGEST_KEY,
    ),
]
"""Of a function that creates something, which leaves it to ``Kit.once``."""
