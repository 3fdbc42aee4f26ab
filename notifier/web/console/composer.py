"""Writing a broadcast: choose, check what it comes to, try it on oneself, send it once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.domain.roster import Person
from notifier.engine.broadcasts import CHUNK, Order
from notifier.engine.console.composing import (
    Found,
    find_people,
    read_choices,
    try_out,
)
from notifier.engine.forecast import Forecast, Pacing, Preview, forecast, previews
from notifier.errors import InputError
from notifier.store.deliveries import LostAddress
from notifier.web.console.addressing import audience_of
from notifier.web.console.broadcasts import BROADCASTS
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.draft import (
    KINDS,
    LONGEST_RELAY_H,
    MOST,
    MOST_TYPED,
    Draft,
    DraftError,
    new_token,
    token_of,
)
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.said import Said
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor
from notifier.web.console.words import LOCALES

NAMED: Final = 20
"""How many of those who cannot be reached, are held back, or cannot answer, are named."""
LONGEST_SEARCH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an order comes to at a moment. ``sample`` is whose texts the previews are."""

    at: datetime
    order: Order
    expected: Forecast
    sample: Person
    texts: tuple[Preview, ...]
    named: Mapping[PersonId, Person]

    @property
    def lost(self) -> Mapping[PersonId, Sequence[LostAddress]]:
        """The addresses that take nothing, by whose they are."""
        found: dict[PersonId, list[LostAddress]] = {}
        for one in self.expected.lost:
            found.setdefault(one.person.id, []).append(one)
        return found


class ComposerPages:
    """Pages in which a broadcast is written; nothing is written down before it is sent."""

    def __init__(self, kit: Kit, pacing: Pacing) -> None:
        """``pacing`` is what senders keep to."""
        self._kit = kit
        self._pacing = pacing

    def add_to(self, routes: Routes) -> None:
        """Take the pages in, before those of one broadcast."""
        routes.get(f"{BROADCASTS}/new", self.new)
        routes.post(f"{BROADCASTS}/people", self.people)
        routes.post(f"{BROADCASTS}/check", self.check)
        routes.post(f"{BROADCASTS}/try", self.try_out)
        routes.post(BROADCASTS, self.send)

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """An empty form."""
        return await self._page(request, visitor, Draft())

    async def people(self, request: Request, visitor: Visitor) -> Response:
        """Look for somebody by name or id, take him in, or take him out; nothing is written down."""
        form = await read_form(request)
        draft = Draft.of(form)
        async with self._kit.read(visitor) as (tx, guard):
            with suppress(DraftError):  # What is wrong with the rest of it is told when it is checked.
                await audience_of(tx, guard, replace(draft, typed=""), self._kit.parts.station.now())
            if added := text_of(form, "add"):
                draft = draft.with_person((await guard.person(tx, added, Right.BROADCAST)).id)
        return await self._page(
            request,
            visitor,
            draft.without_person(text_of(form, "drop")),
            found=await self._found(visitor, form),
        )

    async def check(self, request: Request, visitor: Visitor) -> Response:
        """What it would come to; nothing is written down."""
        form = await read_form(request)
        if _searched(form):
            return await self.people(request, visitor)
        draft = Draft.of(form)
        try:
            order = await self._order(visitor, draft, new_token())
            checked = await self._weigh(order)
        except DraftError as error:
            return await self._wrong(request, visitor, draft, error)
        return await self._page(request, visitor, draft, checked=checked)

    async def try_out(self, request: Request, visitor: Visitor) -> Response:
        """Send the text to the visitor alone; then what it comes to is shown once more."""
        form = await read_form(request)
        draft = Draft.of(form)
        try:
            order = await self._order(visitor, draft, token_of(form))
            checked = await self._weigh(order)
        except DraftError as error:
            return await self._wrong(request, visitor, draft, error)
        async with self._kit.write(visitor) as (tx, _):
            goes = await try_out(self._kit.parts, tx, order, visitor.person.id)
        said = self._say(visitor, "compose.tried" if goes else "compose.not_tried")
        return await self._page(request, visitor, draft, checked=checked, said=Said(text=said, is_done=goes))

    async def send(self, request: Request, visitor: Visitor) -> Response:
        """Send it; the same form sent twice is one broadcast. A large one is written behind its page."""
        form = await read_form(request)
        draft = Draft.of(form)
        broadcasts = self._kit.parts.broadcasts
        try:
            order = await self._order(visitor, draft, token_of(form))
            with _meaning_somebody():
                begun = await broadcasts.begin(order, self._kit.parts.station.now())
        except DraftError as error:
            return await self._wrong(request, visitor, draft, error)
        did = "send" if begun.people else "send_again"
        led = RedirectResponse(f"{BROADCASTS}/{begun.id}?did={did}", status_code=303)
        if len(begun.people) > CHUNK:
            led.background = BackgroundTask(broadcasts.fill, begun, lambda _: None)
        else:
            await broadcasts.fill(begun, lambda _: None)
        return led

    # ── what is asked for ──

    async def _order(self, visitor: Visitor, draft: Draft, token: str) -> Order:
        """Raises NotAllowed before anything else is said of it, then DraftError."""
        async with self._kit.read(visitor) as (tx, guard):
            audience = await audience_of(tx, guard, draft, self._kit.parts.station.now())
        station = self._kit.parts.station
        return draft.order(audience, visitor.person.id, token, station.now(), station.zone)

    async def _weigh(self, order: Order) -> Checked:
        parts = self._kit.parts
        with _meaning_somebody():
            expected = await forecast(parts, order, self._pacing)
            sample, texts = await previews(parts, order, LOCALES)
        unable = (expected.unreachable, expected.withheld, expected.cannot_answer)
        async with parts.station.db.read() as tx:
            named = await tx.roster.people({person for some in unable for person in some[:NAMED]})
        named |= {one.person.id: one.person for one in expected.lost}
        return Checked(
            at=parts.station.now(), order=order, expected=expected, sample=sample, texts=texts, named=named
        )

    # ── pages ──

    async def _wrong(self, request: Request, visitor: Visitor, draft: Draft, error: DraftError) -> Response:
        said = Said(text=self._say(visitor, f"compose.{error.name}", **error.values), is_done=False)
        return await self._page(request, visitor, draft, said=said, status=error.status)

    async def _found(self, visitor: Visitor, form: FormData) -> Found | None:
        text = _searched(form)
        if not text:
            return None
        async with self._kit.read(visitor) as (tx, guard):
            seen = guard.some(Right.BROADCAST)
            return await find_people(tx, seen, text, whole=guard.scope.everything)

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        draft: Draft,
        *,
        checked: Checked | None = None,
        said: Said | None = None,
        found: Found | None = None,
        status: int = 200,
    ) -> Response:
        async with self._kit.read(visitor) as (tx, guard):
            choices = await read_choices(tx, guard.units(Right.BROADCAST))
            units = await tx.roster.units()
            people = await tx.roster.people({PersonId(person) for person in draft.people})
            chosen = {one.id: one for one in people.values() if guard.may(one.unit, Right.BROADCAST)}
        return self._kit.renderer.page(
            request,
            visitor,
            "broadcast_new.html",
            status=status,
            draft=draft,
            choices=choices,
            checked=checked,
            found=found,
            units=units,
            said=said,
            may_send=visitor.scope.has(Right.BROADCAST),
            tell=Teller.of(self._kit, visitor.locale, {**chosen, **(checked.named if checked else {})}),
            kinds=KINDS,
            most=MOST,
            longest_relay=LONGEST_RELAY_H,
            most_typed=MOST_TYPED,
            longest_search=LONGEST_SEARCH,
            shown=NAMED,
        )

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)


def _searched(form: FormData) -> str:
    """A part of a name or an id that was typed to look for, without what neither has in it."""
    text = text_of(form, "find").strip()[:LONGEST_SEARCH]
    return text if text.isprintable() else ""


@contextmanager
def _meaning_somebody() -> Iterator[None]:
    """In the words of the page, that the audience means nobody."""
    try:
        yield
    except InputError:
        raise DraftError("nobody") from None
