"""One unit: who stands where tonight, who would be called, what is open, and what was done today."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.access.guard import Guard
from notifier.engine.case_letters import local_phone
from notifier.engine.console.feed import READ_ANYWAY_S
from notifier.engine.console.unit_view import UnitView, read_unit, trail_of
from notifier.engine.console.unmasking import unmask
from notifier.engine.console.wall import Cell, Snapshot
from notifier.web.console.blocks import Blocks, LiveBlocks, print_of
from notifier.web.console.faces import GLYPHS
from notifier.web.console.kit import Kit, actor
from notifier.web.console.live import ADMIT_EVERY_S, Streams
from notifier.web.console.pauses import DID, LONGEST_PAUSE_H
from notifier.web.console.routes import Routes
from notifier.web.console.said import NOTHING_TYPED, Refused, Said, Typed
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

UNITS: Final = "/console/units"
_BLOCKS: Final = ("as_of", "cases", "posts", "quiet", "chain", "sheets", "people", "today")


class Trail:
    """Whether anything has moved in a unit: its cell, or what was written down about it."""

    def __init__(self, kit: Kit, unit: UnitCode) -> None:
        """The page has just been drawn."""
        self._kit = kit
        self._unit = unit
        self._cell: Cell | None = None
        self._trail: tuple[int, int] | None = None
        self._moved_at = float("-inf")

    async def moved(self, snapshot: Snapshot) -> bool:
        """Also when nothing was heard for a while: shifts begin and absences end without a word."""
        station = self._kit.parts.station
        async with station.db.read() as tx:
            trail = await trail_of(station, tx, self._unit, station.now())
        cell = snapshot.cells.get(self._unit)
        stands = cell is self._cell and trail == self._trail
        self._cell, self._trail = cell, trail
        if stands and time.monotonic() - self._moved_at < READ_ANYWAY_S:
            return False
        self._moved_at = time.monotonic()
        return True


class UnitPages:
    """Pages below ``/console/units``."""

    def __init__(self, kit: Kit, streams: Streams) -> None:
        """Work with the console's kit."""
        self._kit = kit
        self._streams = streams

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(f"{UNITS}/{{unit}}", self.unit)
        routes.get_part(f"{UNITS}/{{unit}}/events", self.events)
        routes.post(f"{UNITS}/{{unit}}/phones/{{person}}", self.show_phone)

    async def unit(self, request: Request, visitor: Visitor) -> Response:
        """How it stands."""
        guard, view = await self._read(request.path_params["unit"], visitor)
        did = request.query_params.get("did", "")
        if did not in DID:
            return self._page(request, visitor, guard, view)
        text = self._kit.renderer.say(visitor.locale, f"case.did_{did}")
        return self._page(request, visitor, guard, view, said=Said(text=text, is_done=DID[did]))

    async def events(self, request: Request, visitor: Visitor) -> Response:
        """What changes in it, for as long as its page is open."""
        unit = request.path_params["unit"]
        draw = partial(self._draw, unit)
        await draw(visitor)
        trail = Trail(self._kit, UnitCode(unit))
        seen = request.query_params.get("seen", "")
        live = LiveBlocks(visitor, draw, seen, every_s=ADMIT_EVERY_S, moved=trail.moved)
        return self._streams.open(request, live)

    async def show_phone(self, request: Request, visitor: Visitor) -> Response:
        """The same, with one number in full; who looked at it is journalled."""
        async with self._kit.write(visitor) as (tx, guard):
            guard.unit(request.path_params["unit"], Right.SEE)
            person = await guard.person(tx, request.path_params["person"], Right.UNMASK)
            phone = await unmask(tx, person, actor(visitor), self._kit.parts.station.now())
        guard, view = await self._read(request.path_params["unit"], visitor)
        return self._page(request, visitor, guard, view, shown={person.id: local_phone(phone) or ""})

    async def again(self, request: Request, visitor: Visitor, unit: str, refused: Refused) -> Response:
        """The page once more, with what was typed, and why it was refused."""
        guard, view = await self._read(unit, visitor)
        page = self._page(request, visitor, guard, view, said=refused.said, typed=refused.typed)
        page.status_code = refused.status
        return page

    async def _read(self, unit: str, visitor: Visitor) -> tuple[Guard, UnitView]:
        station = self._kit.parts.station
        async with self._kit.read(visitor) as (tx, guard):
            return guard, await read_unit(station, tx, guard.unit(unit, Right.SEE), station.now())

    async def _draw(self, unit: str, visitor: Visitor) -> Blocks:
        """The blocks as they are now. Raises NotAllowed, NotFound."""
        guard, view = await self._read(unit, visitor)
        return self._blocks(visitor, guard, view)

    def _blocks(
        self,
        visitor: Visitor,
        guard: Guard,
        view: UnitView,
        *,
        shown: Mapping[PersonId, str] | None = None,
        typed: Typed = NOTHING_TYPED,
    ) -> dict[str, str]:
        code = view.unit.code
        values = {
            "view": view,
            "tell": Teller.of(self._kit, visitor.locale, view.people),
            "visitor": visitor,
            "glyphs": GLYPHS,
            "here": f"{UNITS}/{code}",
            "shown": shown or {},
            "typed": typed,
            "may_pause": guard.may(code, Right.PAUSE),
            "may_unmask": guard.may(code, Right.UNMASK),
            "longest_pause": LONGEST_PAUSE_H,
        }
        draw = partial(self._kit.renderer.text, visitor.locale, **values)
        return {name: draw(f"unit_{name}.html") for name in _BLOCKS}

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        guard: Guard,
        view: UnitView,
        *,
        said: Said | None = None,
        shown: Mapping[PersonId, str] | None = None,
        typed: Typed = NOTHING_TYPED,
    ) -> Response:
        # What was shown or typed stays until its block itself is different.
        blocks = self._blocks(visitor, guard, view, shown=shown, typed=typed)
        plain = self._blocks(visitor, guard, view) if shown or typed.form else blocks
        here = f"{UNITS}/{view.unit.code}"
        return self._kit.renderer.page(
            request,
            visitor,
            "unit.html",
            path=here,
            view=view,
            said=said,
            blocks={name: Markup(markup) for name, markup in blocks.items()},
            prints=print_of(plain),
            here=here,
            seen=[unit.code for unit in view.path if guard.may(unit.code, Right.SEE)],
        )
