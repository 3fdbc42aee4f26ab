"""One case: its story, and what may be done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.case import Case, Verdict
from notifier.engine.access.guard import Guard
from notifier.engine.console.case_actions import Answer, Deed, act, event_of
from notifier.engine.console.case_view import CaseView, read_case
from notifier.engine.console.wall import Snapshot
from notifier.errors import InputError
from notifier.store.tx import Tx
from notifier.web.console import pauses
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import WEB, Kit
from notifier.web.console.live import Streams
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor

CASES: Final = "/console/cases"
LONGEST_HOLD_MIN: Final = 24 * 60
HOLD_MIN: Final = 20
"""What the form offers."""
_NEEDS_NO_WORDS: Final = frozenset({Deed.TAKE, Deed.HAND_ON})
"""Their button's own words are journalled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said on top of the page: that it is done, or why not."""

    text: str
    is_done: bool


class LiveCase:
    """One open case: it is drawn anew again and again, and sent where it differs from what was sent last."""

    every_s = 3.0

    def __init__(self, kit: Kit, visitor: Visitor, number: str, seen: str) -> None:
        """``seen`` is how the case stood when its page was made."""
        self.visitor = visitor
        self._kit = kit
        self._number = number
        self._seen = seen
        self._drawn = ""

    async def news(self, snapshot: Snapshot) -> str | None:
        """How it stands and its story, unless both are the same."""
        drawn = await self.look()
        if drawn == self._drawn:
            return None
        self._drawn = drawn
        return drawn

    async def look(self) -> str:
        """Draw it as it is now. Raises NotAllowed, NotFound."""
        parts, visitor = self._kit.parts, self.visitor
        async with self._kit.read(visitor) as (tx, guard):
            case = await guard.case(tx, self._number, Right.SEE)
            view = await read_case(parts, tx, case, visitor.person.id, parts.station.now())
        tell = Teller.of(self._kit, visitor.locale, view.people)
        values = {"view": view, "tell": tell, "seen": self._seen}
        draw = partial(self._kit.renderer.text, visitor.locale, **values)
        return "".join(
            f'<div id="{name}" hx-swap-oob="innerHTML">{draw(f"case_{name}.html")}</div>'
            for name in ("facts", "story")
        )


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
        number = request.path_params["case"]
        live = LiveCase(self._kit, visitor, number, request.query_params.get("seen", ""))
        await live.look()
        return self._streams.open(request, live)

    async def act(self, request: Request, visitor: Visitor, *, deed: Deed) -> Response:
        """Do something about it. What came too late, or came before, changes nothing and is answered so."""
        form = await read_form(request)
        async with self._kit.write(visitor) as (tx, guard):
            case = await guard.case(tx, request.path_params["case"], Right.ACT)
            answer = await self._act(tx, case, deed, visitor, form)
        if answer.is_done:
            return RedirectResponse(f"{CASES}/{case.id}?did={deed}", status_code=303)
        return await self._refused(request, visitor, answer)

    async def _act(self, tx: Tx, case: Case, deed: Deed, visitor: Visitor, form: FormData) -> Answer:
        now = self._kit.parts.station.now()
        words = text_of(form, "words").strip()
        if not words and deed in _NEEDS_NO_WORDS:
            words = self._say(visitor, f"case.{deed}")
        if not words:
            raise InputError(self._say(visitor, "case.needs_reason"))
        until = now + self._minutes(visitor, form) if deed is Deed.HOLD else None
        event = event_of(deed, visitor.person.id, WEB, words, until)
        return await act(self._kit.parts, tx, case, deed, event, text_of(form, "seen"), now)

    def _minutes(self, visitor: Visitor, form: FormData) -> timedelta:
        told = text_of(form, "minutes").strip()
        minutes = int(told) if told.isascii() and told.isdigit() and len(told) <= 4 else 0
        if not 1 <= minutes <= LONGEST_HOLD_MIN:
            raise InputError(self._say(visitor, "case.bad_minutes", most=LONGEST_HOLD_MIN))
        return timedelta(minutes=minutes)

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    async def _read(self, tx: Tx, case: Case, visitor: Visitor) -> CaseView:
        parts = self._kit.parts
        return await read_case(parts, tx, case, visitor.person.id, parts.station.now())

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
        status: int = 200,
    ) -> Response:
        unit = view.case.unit
        return self._kit.renderer.page(
            request,
            visitor,
            "case.html",
            status=status,
            view=view,
            said=said,
            seen=view.as_seen,
            tell=Teller.of(self._kit, visitor.locale, view.people),
            can_act=guard.may(unit, Right.ACT),
            can_pause=[one for one in view.path if guard.may(one.code, Right.PAUSE)],
            hold_minutes=HOLD_MIN,
            longest_hold=LONGEST_HOLD_MIN,
            longest_pause=pauses.LONGEST_PAUSE_H,
        )

    async def _refused(self, request: Request, visitor: Visitor, answer: Answer) -> Response:
        """409: how it stands, and who has it."""
        async with self._kit.read(visitor) as (tx, guard):
            view = await self._read(tx, answer.case, visitor)
        said = Said(text=self._why_not(visitor, answer, view), is_done=False)
        return self._page(request, visitor, guard, view, said, 409)

    def _why_not(self, visitor: Visitor, answer: Answer, view: CaseView) -> str:
        tell = Teller.of(self._kit, visitor.locale, view.people)
        case = answer.case
        state = self._say(visitor, f"case.state_{case.state}")
        holder = tell.name(case.holder) or self._say(visitor, "case.nobody")
        if answer.changed:
            return self._say(visitor, "case.changed", state=state, holder=holder)
        if answer.verdict is Verdict.CLOSED:
            closed, outcome = tell.at(case.closed_at), tell.reason(case.outcome)
            return self._say(visitor, "case.closed", time=closed, state=state, outcome=outcome)
        return self._say(visitor, f"case.{answer.verdict}", name=holder)

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)
