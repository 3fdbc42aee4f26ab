"""Broadcasts: the list, how one goes on while it is looked at, and what may be done about it."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from notifier.domain.access import Right
from notifier.domain.ids import BroadcastId
from notifier.engine.access.guard import Guard
from notifier.engine.console.broadcasts import (
    may_be_stopped,
    read_list,
    read_progress,
    read_relays,
    read_unreached,
)
from notifier.engine.console.wall import Snapshot
from notifier.engine.relays import CANCELLED
from notifier.engine.resending import resend_broadcast
from notifier.errors import InputError
from notifier.store.rows import Broadcast
from notifier.store.tx import Tx
from notifier.web.console.broadcast_table import table_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.live import Streams
from notifier.web.console.routes import Routes
from notifier.web.console.said import Said
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

BROADCASTS: Final = "/console/broadcasts"
_DID: Final[Mapping[str, bool]] = {
    "send": True,
    "send_again": False,
    "cancel": True,
    "cancel_again": False,
    "resend": True,
    "resend_none": False,
}
"""What the page that a change leads back to is told of it, and whether anything was changed."""


class LiveBroadcast:
    """One open broadcast: of its parts those are sent that differ from what was sent last."""

    every_s = 3.0

    def __init__(self, kit: Kit, visitor: Visitor, number: str) -> None:
        """Nothing was sent yet."""
        self.visitor = visitor
        self._kit = kit
        self._number = number
        self._drawn: Mapping[str, str] = {}
        self._looked_at = 0.0

    async def news(self, snapshot: Snapshot) -> str | None:
        """The parts that have changed. Looked for no oftener than ``every_s``, however much happens."""
        now = time.monotonic()
        if now - self._looked_at < self.every_s:
            return None
        self._looked_at = now
        drawn = await self.look()
        changed = [markup for name, markup in drawn.items() if self._drawn.get(name) != markup]
        self._drawn = drawn
        return "".join(changed) or None

    async def look(self) -> Mapping[str, str]:
        """Draw each part as it is now. Raises NotAllowed, NotFound."""
        async with self._kit.read(self.visitor) as (tx, guard):
            broadcast = await guard.broadcast(tx, self._number, Right.SEE)
            values = await part_values(self._kit, tx, guard, broadcast, self.visitor)
        draw = partial(self._kit.renderer.text, self.visitor.locale, **values)
        return {
            name: f'<div id="{name}" hx-swap-oob="innerHTML">{draw(f"broadcast_{name}.html")}</div>'
            for name in ("progress", "relays", "unreached")
        }


class BroadcastPages:
    """Pages below ``/console/broadcasts``, but for the composer's."""

    def __init__(self, kit: Kit, streams: Streams) -> None:
        """Work with the console's kit."""
        self._kit = kit
        self._streams = streams

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        one = f"{BROADCASTS}/{{broadcast}}"
        routes.get(BROADCASTS, self.listing)
        routes.get(one, self.broadcast)
        routes.get_part(f"{one}/events", self.events)
        routes.get_part(f"{one}/recipients.csv", self.export)
        routes.get(f"{one}/cancel", self.ask_cancel)
        routes.post(f"{one}/cancel", self.cancel)
        routes.post(f"{one}/resend", self.resend)

    async def listing(self, request: Request, visitor: Visitor) -> Response:
        """Those that the visitor may see, newest first."""
        async with self._kit.read(visitor) as (tx, guard):
            view = await read_list(tx, guard, _before(request))
        return self._kit.renderer.page(
            request,
            visitor,
            "broadcasts.html",
            view=view,
            tell=Teller.of(self._kit, visitor.locale, view.people),
            may_send=visitor.scope.has(Right.BROADCAST),
        )

    async def broadcast(self, request: Request, visitor: Visitor) -> Response:
        """How it stands."""
        async with self._kit.read(visitor) as (tx, guard):
            broadcast = await guard.broadcast(tx, request.path_params["broadcast"], Right.SEE)
            values = await part_values(self._kit, tx, guard, broadcast, visitor)
            can_act = await guard.broadcasts(tx, [broadcast], Right.BROADCAST)
        return self._kit.renderer.page(
            request,
            visitor,
            "broadcast.html",
            **values,
            said=self._said(visitor, request.query_params),
            can_act=bool(can_act),
        )

    async def events(self, request: Request, visitor: Visitor) -> Response:
        """What goes on in it, for as long as its page is open."""
        live = LiveBroadcast(self._kit, visitor, request.path_params["broadcast"])
        await live.look()
        return self._streams.open(request, live)

    async def export(self, request: Request, visitor: Visitor) -> Response:
        """Its recipients as a table, without any phone number."""
        async with self._kit.read(visitor) as (tx, guard):
            broadcast = await guard.broadcast(tx, request.path_params["broadcast"], Right.SEE)
        return StreamingResponse(
            table_of(self._kit, visitor, broadcast.id),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="broadcast-{broadcast.id}.csv"'},
        )

    async def ask_cancel(self, request: Request, visitor: Visitor) -> Response:
        """Whether the rest is really to be cancelled, and what that is."""
        async with self._kit.read(visitor) as (tx, guard):
            broadcast = await guard.broadcast(tx, request.path_params["broadcast"], Right.BROADCAST)
            progress = await read_progress(tx, broadcast)
            relays = await read_relays(tx, broadcast)
        return self._kit.renderer.page(
            request,
            visitor,
            "broadcast_cancel.html",
            progress=progress,
            relays=relays,
            can_stop=may_be_stopped(progress, relays),
        )

    async def cancel(self, request: Request, visitor: Visitor) -> Response:
        """Cancel what has not gone out, and what the units still owe. A second time changes nothing."""
        broadcast = await self._to_change(request, visitor)
        if broadcast.state == CANCELLED:
            return _back(broadcast.id, "cancel_again")
        await self._kit.parts.broadcasts.stop(broadcast.id, actor(visitor))
        return _back(broadcast.id, "cancel")

    async def resend(self, request: Request, visitor: Visitor) -> Response:
        """Send once more to those of whom it is not known whether they got it."""
        broadcast = await self._to_change(request, visitor)
        if broadcast.state == CANCELLED:
            raise InputError(self._say(visitor, "broadcast.did_cancel_again"))
        resent = await resend_broadcast(self._kit.parts, broadcast.id, actor(visitor))
        return _back(broadcast.id, "resend" if resent else "resend_none")

    async def _to_change(self, request: Request, visitor: Visitor) -> Broadcast:
        async with self._kit.read(visitor) as (tx, guard):
            return await guard.broadcast(tx, request.path_params["broadcast"], Right.BROADCAST)

    def _said(self, visitor: Visitor, query: Mapping[str, str]) -> Said | None:
        did = query.get("did", "")
        if did not in _DID:
            return None
        return Said(text=self._say(visitor, f"broadcast.did_{did}"), is_done=_DID[did])

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)


async def part_values(
    kit: Kit, tx: Tx, guard: Guard, broadcast: Broadcast, visitor: Visitor
) -> dict[str, Any]:
    """What the page of one, and each of its parts, is drawn from."""
    progress = await read_progress(tx, broadcast)
    relays = await read_relays(tx, broadcast)
    unreached = await read_unreached(tx, progress)
    author = await tx.roster.people({broadcast.author} if broadcast.author else set())
    return {
        "broadcast": broadcast,
        "progress": progress,
        "relays": relays,
        "unreached": unreached,
        "can_stop": may_be_stopped(progress, relays),
        "seen": guard.units(Right.SEE),
        "tell": Teller.of(kit, visitor.locale, {**relays.people, **unreached.people, **author}),
    }


def _before(request: Request) -> BroadcastId | None:
    told = request.query_params.get("before", "")
    return BroadcastId(int(told)) if told.isascii() and told.isdigit() and len(told) < 18 else None


def _back(broadcast: BroadcastId, did: str) -> Response:
    return RedirectResponse(f"{BROADCASTS}/{broadcast}?did={did}", status_code=303)
