"""The duty desks: who is there now, who comes next, what is open, and handing one over."""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.domain.roster import DUTY_DESK, Post
from notifier.engine.access.guard import Guard
from notifier.engine.console.choosing import Unfit, meant_by, unfit
from notifier.engine.console.desk_view import read_desks
from notifier.engine.desk_passing import NotPassed, Passing
from notifier.errors import Conflict, InputError
from notifier.store.tx import Tx
from notifier.web.console.asked import address
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.faces import GLYPHS
from notifier.web.console.kit import Kit, actor
from notifier.web.console.pauses import DID
from notifier.web.console.routes import Routes
from notifier.web.console.said import NOTHING_TYPED, Refused, Said, Typed
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

DESK: Final = "/console/desk"
HAND_OVER: Final = "hand_over"
TAKE_OVER: Final = "take_over"
_MOST_WORDS: Final = 200


class DeskPages:
    """Pages below ``/console/desk``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the console's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(DESK, self.desk)
        routes.post(f"{DESK}/{{post}}/hand-over", self.hand_over)
        routes.post(f"{DESK}/{{post}}/take-over", self.take_over)

    async def desk(self, request: Request, visitor: Visitor) -> Response:
        """All desks in reach, and one of them looked at."""
        did = request.query_params.get("did", "")
        said = None
        if did in (HAND_OVER, TAKE_OVER):
            said = Said(text=self._say(visitor, f"desk.did_{did}"), is_done=True)
        elif did in DID:
            said = Said(text=self._say(visitor, f"case.did_{did}"), is_done=DID[did])
        return await self._page(request, visitor, request.query_params.get("post"), said=said)

    async def hand_over(self, request: Request, visitor: Visitor) -> Response:
        """Somebody leaves it, and whoever is chosen is there from now on."""
        form = await read_form(request)
        code = request.path_params["post"]
        now = self._kit.parts.station.now()
        try:
            async with self._kit.write(visitor) as (tx, guard):
                await tx.cases.decide_alone()
                passing = await self._asked(tx, guard, code, visitor, form)
                done = await self._kit.parts.desks.hand_over(tx, passing, actor(visitor), now)
                if isinstance(done, NotPassed):
                    raise InputError(self._say(visitor, f"desk.not_{done}"))
        except InputError as error:
            said = Said(text=str(error), is_done=False)
            refused = Refused(status=400, said=said, typed=Typed.of(HAND_OVER, form))
            return await self._page(request, visitor, code, said=said, refused=refused)
        return RedirectResponse(address(DESK, post=code, did=HAND_OVER), status_code=303)

    async def take_over(self, request: Request, visitor: Visitor) -> Response:
        """The visitor, who has come to the desk, takes over what is open there, as by his word."""
        code = request.path_params["post"]
        now = self._kit.parts.station.now()
        async with self._kit.write(visitor) as (tx, guard):
            await tx.cases.decide_alone()
            post = await guard.post(tx, code, Right.ACT)
            there = await tx.presences.of_person(visitor.person.id)
            if there is None or there.presence.post != post.code:
                raise Conflict("he is not at that desk")
            words = self._say(visitor, "desk.take_over")
            shift = there.presence.shift
            await self._kit.parts.handover.take_over(tx, shift, actor(visitor), words, now)
            await tx.signals.ring()
        return RedirectResponse(address(DESK, post=code, did=TAKE_OVER), status_code=303)

    # ── what is asked for ────────────────────────────────────────────────────────────────────────

    async def _asked(self, tx: Tx, guard: Guard, code: str, visitor: Visitor, form: FormData) -> Passing:
        """Raises NotAllowed, NotFound, InputError."""
        post = await guard.post(tx, code, Right.ACT)
        if post.kind != DUTY_DESK:
            raise InputError(self._say(visitor, "desk.no_desk"))
        there = {row.presence.person for row in await tx.presences.on_post(post.code)}
        to = await self._follower(tx, guard, post, visitor, form)
        giver = self._giver(there - {to}, visitor, text_of(form, "giver"))
        return Passing(
            post=post, giver=giver, to=to, words=" ".join(text_of(form, "words").split())[:_MOST_WORDS]
        )

    async def _follower(self, tx: Tx, guard: Guard, post: Post, visitor: Visitor, form: FormData) -> PersonId:
        """Of the list, or by an id or a name, which goes before the list."""
        station = self._kit.parts.station
        now = station.now()
        other, listed = text_of(form, "other").strip(), text_of(form, "to")
        seen = guard.units(Right.SEE)
        found: PersonId | Unfit = Unfit.NOBODY
        if other and other.isprintable():
            meant = await meant_by(tx, other, seen)
            found = meant if isinstance(meant, Unfit) else meant.id
        elif not other:
            desks = await read_desks(self._kit.parts, tx, seen, post.code, visitor.person.id, now)
            offered = desks.view.candidates if desks.view else ()
            found = PersonId(listed) if listed in offered else Unfit.NOBODY
        if not isinstance(found, Unfit):
            found = await unfit(station, tx, found, now) or found
        if isinstance(found, Unfit):
            raise InputError(self._say(visitor, f"case.unfit_{found}"))
        return found

    def _giver(self, there: Collection[PersonId], visitor: Visitor, named: str) -> PersonId | None:
        """Who leaves: the visitor if he is there, else whoever was named, or who is there alone."""
        if not there:
            return None
        if visitor.person.id in there:
            return visitor.person.id
        meant = [person for person in there if person == named] or (list(there) if len(there) == 1 else [])
        if not meant:
            raise InputError(self._say(visitor, "desk.who_leaves"))
        return meant[0]

    # ── the page ─────────────────────────────────────────────────────────────────────────────────

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        wanted: str | None,
        *,
        said: Said | None,
        refused: Refused | None = None,
    ) -> Response:
        parts = self._kit.parts
        async with self._kit.read(visitor) as (tx, guard):
            seen = guard.units(Right.SEE)
            desks = await read_desks(parts, tx, seen, wanted, visitor.person.id, parts.station.now())
        pausable = guard.units(Right.PAUSE)
        there = desks.view.desk.people if desks.view else frozenset()
        return self._kit.renderer.page(
            request,
            visitor,
            "desk.html",
            status=refused.status if refused else 200,
            path=DESK,
            desks=desks,
            view=desks.view,
            said=said,
            givers=[] if visitor.person.id in there else sorted(there),
            typed=refused.typed if refused else NOTHING_TYPED,
            may_act=desks.view is not None and guard.may(desks.view.desk.post.unit, Right.ACT),
            may_roster=desks.view is not None and guard.may(desks.view.desk.post.unit, Right.ROSTER),
            can_pause=[desks.units[code] for code in sorted(pausable)],
            posts=[post for post in desks.posts.values() if post.unit in pausable],
            tell=Teller.of(self._kit, visitor.locale, desks.people),
            glyphs=GLYPHS,
        )

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)
