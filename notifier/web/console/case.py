"""One case: its story, and what may be done about it."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.case import Case, Verdict
from notifier.domain.ids import PersonId
from notifier.engine.access.guard import Guard
from notifier.engine.console.case_actions import Answer, Deed, act, event_of
from notifier.engine.console.case_view import CaseView, read_case
from notifier.engine.console.choosing import Unfit, candidates, choose, unfit
from notifier.errors import InputError
from notifier.store.tx import Tx
from notifier.web.console import pauses
from notifier.web.console.blocks import Blocks, LiveBlocks, print_of
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import WEB, Kit
from notifier.web.console.live import Streams
from notifier.web.console.routes import Routes
from notifier.web.console.said import NOTHING_TYPED, Refused, Said, Typed
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

CASES: Final = "/console/cases"
LONGEST_HOLD_MIN: Final = 24 * 60
HOLD_MIN: Final = 20
"""What the form offers."""
LOOK_EVERY_S: Final = 3.0
_NEEDS_NO_WORDS: Final = frozenset({Deed.TAKE, Deed.HAND_ON})
"""Their button's own words are journalled."""
_OWN_WORDS: Final = {
    (Deed.HAND_TO, Verdict.HELD_BEFORE): "had_it",
    (Deed.HAND_TO, Verdict.NOT_CALLED): "away",
}
"""Where a refusal is about the one chosen, and not about who asks."""
_BLOCKS: Final = ("facts", "actions", "story")


class CasePages:
    """Pages below ``/console/cases``."""

    def __init__(self, kit: Kit, streams: Streams) -> None:
        """Work with the console's kit."""
        self._kit = kit
        self._streams = streams

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(f"{CASES}/{{case}}", self.case)
        routes.get_part(f"{CASES}/{{case}}/events", self.events)
        for deed in Deed:
            routes.post(f"{CASES}/{{case}}/{deed}", partial(self.act, deed=deed))

    async def case(self, request: Request, visitor: Visitor) -> Response:
        """How it stands, and everything that happened in it."""
        async with self._kit.read(visitor) as (tx, guard):
            case = await guard.case(tx, request.path_params["case"], Right.SEE)
            view = await self._read(tx, case, visitor)
        return self._page(request, visitor, guard, view, self._done(visitor, view, request.query_params))

    async def events(self, request: Request, visitor: Visitor) -> Response:
        """What goes on in it, for as long as its page is open."""
        draw = partial(self._draw, request.path_params["case"])
        await draw(visitor)
        seen = request.query_params.get("seen", "")
        return self._streams.open(request, LiveBlocks(visitor, draw, seen, every_s=LOOK_EVERY_S))

    async def act(self, request: Request, visitor: Visitor, *, deed: Deed) -> Response:
        """Do something about it. What came too late, or came before, changes nothing and is answered so."""
        form = await read_form(request)
        number = request.path_params["case"]
        try:
            async with self._kit.write(visitor) as (tx, guard):
                case = await guard.case(tx, number, Right.ACT)
                answer = await self._act(tx, guard, case, deed, visitor, form)
        except InputError as error:
            said = Said(text=str(error), is_done=False)
            return await self.again(
                request, visitor, number, Refused(status=400, said=said, typed=Typed.of(deed, form))
            )
        if answer.is_done:
            return RedirectResponse(f"{CASES}/{case.id}?did={deed}", status_code=303)
        return await self._refused(request, visitor, deed, form, answer)

    async def again(self, request: Request, visitor: Visitor, number: str, refused: Refused) -> Response:
        """The page once more, with what was typed, and why it was refused."""
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, await guard.case(tx, number, Right.SEE), visitor)
        return self._page(request, visitor, guard, view, refused.said, refused.typed, refused.status)

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────

    async def _act(
        self, tx: Tx, guard: Guard, case: Case, deed: Deed, visitor: Visitor, form: FormData
    ) -> Answer:
        now = self._kit.parts.station.now()
        words = text_of(form, "words").strip()
        if not words and deed in _NEEDS_NO_WORDS:
            words = self._say(visitor, f"case.{deed}")
        if not words:
            raise InputError(self._say(visitor, "case.needs_reason"))
        until = now + self._minutes(visitor, form) if deed is Deed.HOLD else None
        to = await self._chosen(tx, guard, case, visitor, form) if deed is Deed.HAND_TO else None
        event = event_of(deed, visitor.person.id, WEB, words, until, to)
        return await act(self._kit.parts, tx, case, deed, event, text_of(form, "seen"), now)

    def _minutes(self, visitor: Visitor, form: FormData) -> timedelta:
        told = text_of(form, "minutes").strip()
        minutes = int(told) if told.isascii() and told.isdigit() and len(told) <= 4 else 0
        if not 1 <= minutes <= LONGEST_HOLD_MIN:
            raise InputError(self._say(visitor, "case.bad_minutes", most=LONGEST_HOLD_MIN))
        return timedelta(minutes=minutes)

    async def _chosen(self, tx: Tx, guard: Guard, case: Case, visitor: Visitor, form: FormData) -> PersonId:
        """Who is meant: of the list, or by an id or a name, which goes before the list."""
        parts = self._kit.parts
        now = parts.station.now()
        other, listed = text_of(form, "other").strip(), PersonId(text_of(form, "to"))
        found: PersonId | Unfit = Unfit.NOBODY
        if other and other.isprintable():
            found = await choose(parts.station, tx, case, other, guard.units(Right.SEE), now)
        elif not other:
            chain = await parts.cases.chain_of(tx, case, now)
            if listed in {one.person for one in candidates(case, chain, visitor.person.id)}:
                found = await unfit(parts.station, tx, listed, now) or listed
        if isinstance(found, Unfit):
            raise InputError(self._say(visitor, f"case.unfit_{found}"))
        return found

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, tx: Tx, case: Case, visitor: Visitor) -> CaseView:
        parts = self._kit.parts
        return await read_case(parts, tx, case, visitor.person.id, parts.station.now())

    async def _draw(self, number: str, visitor: Visitor) -> Blocks:
        """The blocks as they are now. Raises NotAllowed, NotFound."""
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, await guard.case(tx, number, Right.SEE), visitor)
        return self._blocks(visitor, guard, view, NOTHING_TYPED)

    def _blocks(self, visitor: Visitor, guard: Guard, view: CaseView, typed: Typed) -> dict[str, str]:
        values = {
            "view": view,
            "tell": Teller.of(self._kit, visitor.locale, view.people),
            "visitor": visitor,
            "typed": typed,
            "can_act": guard.may(view.case.unit, Right.ACT),
            "can_pause": [one for one in view.path if guard.may(one.code, Right.PAUSE)],
            "hold_minutes": HOLD_MIN,
            "longest_hold": LONGEST_HOLD_MIN,
            "longest_pause": pauses.LONGEST_PAUSE_H,
        }
        draw = partial(self._kit.renderer.text, visitor.locale, **values)
        return {name: draw(f"case_{name}.html") for name in _BLOCKS}

    def _done(self, visitor: Visitor, view: CaseView, query: Mapping[str, str]) -> Said | None:
        """What a deed that led here has done; an address that was made up says nothing."""
        did = query.get("did", "")
        if did not in {*Deed, *pauses.DID}:
            return None
        time = Teller.of(self._kit, visitor.locale, view.people).at(view.case.due_at)
        return Said(text=self._say(visitor, f"case.did_{did}", time=time), is_done=pauses.DID.get(did, True))

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        guard: Guard,
        view: CaseView,
        said: Said | None,
        typed: Typed = NOTHING_TYPED,
        status: int = 200,
    ) -> Response:
        plain = self._blocks(visitor, guard, view, NOTHING_TYPED)
        # What was typed stays until the case itself is different.
        shown = plain if typed is NOTHING_TYPED else self._blocks(visitor, guard, view, typed)
        return self._kit.renderer.page(
            request,
            visitor,
            "case.html",
            status=status,
            path=f"{CASES}/{view.case.id}",
            view=view,
            said=said,
            blocks={name: Markup(markup) for name, markup in shown.items()},
            seen=print_of(plain),
            tell=Teller.of(self._kit, visitor.locale, view.people),
        )

    async def _refused(
        self, request: Request, visitor: Visitor, deed: Deed, form: FormData, answer: Answer
    ) -> Response:
        """409: how it stands, and who has it."""
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, answer.case, visitor)
        said = Said(text=self._why_not(visitor, deed, answer, view), is_done=False)
        return self._page(request, visitor, guard, view, said, Typed.of(deed, form), 409)

    def _why_not(self, visitor: Visitor, deed: Deed, answer: Answer, view: CaseView) -> str:
        tell = Teller.of(self._kit, visitor.locale, view.people)
        case = answer.case
        state = self._say(visitor, f"case.state_{case.state}")
        holder = tell.name(case.holder) or self._say(visitor, "case.nobody")
        if answer.changed or answer.verdict is None:
            return self._say(visitor, "case.changed", state=state, holder=holder)
        if answer.verdict is Verdict.CLOSED:
            closed, outcome = tell.at(case.closed_at), tell.reason(case.outcome)
            return self._say(visitor, "case.closed", time=closed, state=state, outcome=outcome)
        about_him = _OWN_WORDS.get((deed, answer.verdict))
        return self._say(
            visitor, f"case.unfit_{about_him}" if about_him else f"case.{answer.verdict}", name=holder
        )

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)
