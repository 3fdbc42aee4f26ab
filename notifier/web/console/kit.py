"""What every page of the console works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from notifier.engine.access.guard import Guard
from notifier.engine.access.scopes import load_scope
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.store.tx import Tx
from notifier.web.console.render import Renderer
from notifier.web.console.visit import Visitor

WEB = "web"
"""The channel under which the journal keeps what was done here."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The engine's parts, the renderer, and transactions with a guard at their side."""

    parts: Parts
    renderer: Renderer

    @asynccontextmanager
    async def read(self, visitor: Visitor) -> AsyncIterator[tuple[Tx, Guard]]:
        """A transaction to read in, and what the visitor may see in it."""
        async with self.parts.station.db.read() as tx:
            yield tx, await Guard.open(tx, visitor.scope)

    @asynccontextmanager
    async def write(self, visitor: Visitor) -> AsyncIterator[tuple[Tx, Guard]]:
        """A transaction to write in, and what the visitor may do at this very moment."""
        async with self.parts.station.db.write() as tx:
            scope = await load_scope(tx, visitor.person.id, self.parts.station.now())
            yield tx, await Guard.open(tx, scope)


def actor(visitor: Visitor) -> Actor:
    """The visitor as who does something."""
    return Actor(person=visitor.person.id, channel=WEB)
