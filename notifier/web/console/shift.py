"""Posts with their shifts of a day; one shift, and who need not stand it or is to after all."""

from functools import partial
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.times import DAY
from notifier.engine.console.shift_view import read_posts, read_shift
from notifier.engine.shift_edits import call_back, note_leave
from notifier.errors import InputError
from notifier.web.console.asked import address, day_of, words
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit, actor
from notifier.web.console.roster import ROSTER
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

POSTS: Final = f"{ROSTER}/posts"
SHIFT: Final = f"{ROSTER}/shifts/{{shift}}"
DID: Final = ("leave", "return")
"""What the page of a shift may be led back to with, having been done."""
_MOST_WORDS: Final = 200


class ShiftPages:
    """Pages of posts and of one shift."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(POSTS, self.posts)
        routes.get(SHIFT, self.shift)
        routes.post(f"{SHIFT}/leave", partial(self.change, did="leave"))
        routes.post(f"{SHIFT}/return", partial(self.change, did="return"))

    async def posts(self, request: Request, visitor: Visitor) -> Response:
        """The posts of the units in reach, found by ``q`` and ``unit``, with their shifts of ``day``."""
        query, station = request.query_params, self._kit.parts.station
        text, code, after = words(query, "q"), query.get("unit", ""), words(query, "after")
        day = day_of(query.get("day")) or station.now().astimezone(station.zone).date()
        async with self._kit.read(visitor) as (tx, guard):
            everywhere = guard.units(Right.SEE)
            page = await read_posts(
                station,
                tx,
                guard.below(code, Right.SEE) if code else everywhere,
                text,
                whole=guard.scope.everything and not code,
                after=PostCode(after) if after else None,
                day=day,
            )
            units = await tx.roster.units()
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_posts.html",
            page=page,
            units={one: units[one] for one in units if one in everywhere},
            text=text,
            code=code,
            day=day,
            before=day - DAY,
            behind=day + DAY,
            tell=Teller.of(self._kit, visitor.locale, page.people),
            link=partial(address, POSTS, q=text, unit=code),
        )

    async def shift(self, request: Request, visitor: Visitor) -> Response:
        """Who is to stand it, and who was there."""
        did = request.query_params.get("did", "")
        async with self._kit.read(visitor) as (tx, guard):
            shift = await guard.shift(tx, request.path_params["shift"], Right.SEE)
            post = await guard.post(tx, shift.post, Right.SEE)
            view = await read_shift(tx, shift, post, self._kit.parts.station.now())
            units = await tx.roster.units_named([post.unit])
        return self._kit.renderer.page(
            request,
            visitor,
            "roster_shift.html",
            view=view,
            unit=units[post.unit],
            did=did if did in DID else "",
            here=_address(shift.key),
            may_change=guard.may(post.unit, Right.ROSTER),
            reach={one.id for one in view.people.values() if guard.may(one.unit, Right.SEE)},
            tell=Teller.of(self._kit, visitor.locale, view.people),
        )

    async def change(self, request: Request, visitor: Visitor, *, did: str) -> Response:
        """Note somebody's leave from it, or that he is to come after all."""
        form, parts = await read_form(request), self._kit.parts
        now, by = parts.station.now(), actor(visitor)
        person, reason = PersonId(text_of(form, "person")), " ".join(text_of(form, "words").split())
        async with self._kit.write(visitor) as (tx, guard):
            await tx.cases.decide_alone()
            shift = await guard.shift(tx, request.path_params["shift"], Right.ROSTER)
            post = await guard.post(tx, shift.post, Right.ROSTER)
            if not reason:
                raise InputError(self._kit.renderer.say(visitor.locale, "seat.needs_reason"))
            reason = reason[:_MOST_WORDS]
            if did == "leave":
                await note_leave(parts.covering, tx, post, shift, person, reason, by, now)
            else:
                await call_back(parts.covering, tx, shift, person, reason, by, now)
            await tx.signals.ring()
        return RedirectResponse(f"{_address(shift.key)}?did={did}", status_code=303)


def _address(key: ShiftKey) -> str:
    return SHIFT.format(shift=quote(key, safe=""))
