"""Personal links for a unit: who is connected already, and sheets with QR codes for the others."""

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Right
from notifier.domain.ids import UnitCode
from notifier.engine.access.within import those_within
from notifier.engine.console.link_sheets import (
    SheetKind,
    find_people,
    make_sheets,
    read_coverage,
    read_unlinked,
)
from notifier.engine.linking.groups import Group
from notifier.engine.linking.tokens import VALID_FOR, BotName
from notifier.errors import InputError
from notifier.web.console.asked import chosen
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.csv_file import BOM
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.visit import Visitor

LINKS: Final = f"{ROSTER}/units/{{unit}}/links"
MOST_PRINTED: Final = 3000
"""People of one PDF: a large town takes a quarter of a minute, for which whoever asked has to wait."""
_MEDIA: Final = {SheetKind.PDF: "application/pdf", SheetKind.CSV: "text/csv; charset=utf-8"}


class LinkPages:
    """How many of a unit can be written to, and links for them to take away."""

    def __init__(self, kit: Kit, bot_name: BotName | None) -> None:
        """``bot_name`` None: Telegram is off, and there are no links."""
        self._kit = kit
        self._bot_name = bot_name

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(LINKS, self.links)
        routes.post(LINKS, self.make)

    async def links(self, request: Request, visitor: Visitor) -> Response:
        """Who is connected, who is not, and the form."""
        parts = self._kit.parts
        async with self._kit.read(visitor) as (tx, guard):
            unit = guard.unit(request.path_params["unit"], Right.ROSTER)
            found = await read_coverage(parts, tx, guard.below(unit, Right.ROSTER), unit)
            units = await tx.roster.units_named([unit])
        without = await read_unlinked(parts, found, unit)
        own = next((one for one in found if one.unit.code == unit), None)
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_links.html",
            unit=units[unit],
            own=own,
            below=[one for one in found if one.unit.code != unit],
            unlinked=without,
            units={one.unit.code: one.unit for one in found},
            on=self._bot_name is not None,
            days=VALID_FOR.days,
            here=LINKS.format(unit=quote(unit, safe="")),
        )

    async def make(self, request: Request, visitor: Visitor) -> Response:
        """Links for everybody of the unit and below it, or for those without, as a file."""
        form = await read_form(request)
        unit, groups = await self._asked_for(request, visitor, missing=bool(text_of(form, "missing")))
        kind = chosen(SheetKind, text_of(form, "kind")) or SheetKind.PDF
        if self._bot_name is None:
            raise InputError(self._say(visitor, "no_bot"))
        if not (people := sum(len(group.people) for group in groups)):
            raise InputError(self._say(visitor, "nobody"))
        if kind is SheetKind.PDF and people > MOST_PRINTED:
            raise InputError(self._say(visitor, "too_many", number=people, most=MOST_PRINTED))
        bot = await self._asked_name(visitor)
        made = await make_sheets(self._kit.parts, bot, groups, kind, actor(visitor))
        content = BOM.encode() + made.content if kind is SheetKind.CSV else made.content
        return Response(content, media_type=_MEDIA[kind], headers=_named(unit, kind))

    async def _asked_for(
        self, request: Request, visitor: Visitor, *, missing: bool
    ) -> tuple[UnitCode, list[Group]]:
        """The unit, and its people without those whose links would give the visitor more than he has."""
        async with self._kit.read(visitor) as (_, guard):
            unit = guard.unit(request.path_params["unit"], Right.ROSTER)
        groups = await find_people(self._kit.parts, unit, missing=missing)
        now = self._kit.parts.station.now()
        async with self._kit.read(visitor) as (tx, guard):
            given = [
                replace(group, people=await those_within(tx, guard, group.people, now)) for group in groups
            ]
        return unit, [group for group in given if group.people]

    async def _asked_name(self, visitor: Visitor) -> str:
        if self._bot_name is None:
            raise InputError(self._say(visitor, "no_bot"))
        try:
            return await self._bot_name()
        except InputError:
            raise InputError(self._say(visitor, "no_name")) from None

    def _say(self, visitor: Visitor, name: str, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, f"links.{name}", **values)


def _named(unit: UnitCode, kind: SheetKind) -> dict[str, str]:
    name = quote(f"links-{unit}.{kind}", safe="")
    return {"Content-Disposition": f"attachment; filename=\"links.{kind}\"; filename*=UTF-8''{name}"}
