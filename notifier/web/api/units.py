"""Units: how each stands now."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from notifier.domain.access import Right
from notifier.domain.case import OPEN, CaseState
from notifier.domain.roster import UnitKind
from notifier.domain.wall import Standing
from notifier.engine.access.guard import SeenUnits
from notifier.engine.console.unit_view import PostView, UnitView, read_unit
from notifier.engine.console.wall import Cell, Snapshot, read_snapshot
from notifier.web.api.kit import Kit, Looking
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, over, somewhere

UNITS = "units"


class UnitOut(BaseModel):
    """A unit. ``standing`` is its worst open matter; ``kept_on`` stay until they are relieved."""

    code: str
    name: str
    kind: UnitKind
    parent: str | None
    standing: Standing
    on_post: int = Field(description="People on its posts now.")
    expected: int = Field(description="People who should be there now.")
    kept_on: int
    paused: bool
    open_cases: dict[CaseState, int]


class PostOut(BaseModel):
    """A post, and who is there now. ``missing``: how many more it takes."""

    code: str
    name: str
    kind: str
    headcount: int
    on_post: list[str]
    kept_on: list[str]
    missing: int
    paused: bool


class UnitWithPosts(UnitOut):
    """A unit with its posts."""

    posts: list[PostOut]


class Units:
    """Operations below ``/units``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the API's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take them in."""
        see = Right.SEE
        routes.get("/units", self.listing, need=somewhere(see), tag=UNITS, summary="单位 / Units")
        routes.get(
            "/units/{unit}", self.one, need=over("unit", see), tag=UNITS, summary="一个单位 / One unit"
        )

    async def listing(
        self,
        look: Looking,
        paging: Paged,
        unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
        kind: Annotated[UnitKind | None, Query()] = None,
        standing: Annotated[Standing | None, Query()] = None,
    ) -> Page[UnitOut]:
        """The units in reach, by code, and how each stands now."""
        seen = look.guard.below(unit, Right.SEE) if unit else look.guard.units(Right.SEE)
        after = paging.after(str)
        snapshot = await read_snapshot(look.tx, self._kit.parts.station.clock)
        wanted = [
            cell
            for cell in _cells(snapshot, seen)
            if kind in (None, cell.unit.kind) and standing in (None, cell.standing)
        ]
        behind = [cell for cell in wanted if after is None or cell.unit.code > str(after[0])]
        return paging.page(behind[: paging.fetch], lambda cell: (cell.unit.code,), _unit)

    async def one(self, look: Looking, unit: str) -> UnitWithPosts:
        """How it stands now, and who is on its posts."""
        code = look.guard.unit(unit, Right.SEE)
        station = self._kit.parts.station
        snapshot = await read_snapshot(look.tx, station.clock)
        view = await read_unit(station, look.tx, code, look.now)
        return UnitWithPosts(**_unit(snapshot.cells[code]).model_dump(), posts=_posts(view))


def _cells(snapshot: Snapshot, seen: SeenUnits) -> list[Cell]:
    return [snapshot.cells[code] for code in sorted(seen)]


def _unit(cell: Cell) -> UnitOut:
    return UnitOut(
        code=cell.unit.code,
        name=cell.unit.name,
        kind=cell.unit.kind,
        parent=cell.unit.parent,
        standing=cell.standing,
        on_post=cell.on_post,
        expected=cell.expected,
        kept_on=cell.kept_on,
        paused=cell.paused,
        open_cases={
            state: sum(m.state is state for m in cell.matters) for state in CaseState if state in OPEN
        },
    )


def _posts(view: UnitView) -> list[PostOut]:
    return [_post(one) for one in view.posts]


def _post(view: PostView) -> PostOut:
    return PostOut(
        code=view.post.code,
        name=view.post.name,
        kind=view.post.kind,
        headcount=view.post.headcount,
        on_post=[presence.person for presence in view.there],
        kept_on=[presence.person for presence in view.kept_on],
        missing=view.missing,
        paused=view.pause is not None,
    )
