"""Writing a broadcast: choose, check what it comes to, try it on oneself, send it once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.domain.ids import PersonId
from notifier.domain.roster import Person
from notifier.engine.access.guard import Guard
from notifier.engine.broadcasts import CHUNK, Order
from notifier.engine.console.composing import MOST_EXPRESSIONS, expressions, read_choices, try_out
from notifier.engine.forecast import Forecast, Pacing, Preview, forecast, previews
from notifier.errors import InputError, NotAllowed
from notifier.store.tx import Tx
from notifier.web.console.broadcasts import BROADCASTS
from notifier.web.console.case import Said
from notifier.web.console.csrf import read_form
from notifier.web.console.draft import KINDS, LONGEST_RELAY_H, MOST, Draft, DraftError, new_token, token_of
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.telling import Teller
from notifier.web.console.visit import Visitor
from notifier.web.console.words import LOCALES

NAMED: Final = 20
"""How many of those who cannot be reached, or cannot answer, are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What an order comes to at a moment. ``sample`` is whose texts the previews are."""

    at: datetime
    order: Order
    expected: Forecast
    sample: Person
    texts: tuple[Preview, ...]
    named: Mapping[PersonId, Person]


class ComposerPages:
    """Pages in which a broadcast is written; nothing is written down before it is sent."""

    def __init__(self, kit: Kit, pacing: Pacing) -> None:
        """``pacing`` is what senders keep to."""
        self._kit = kit
        self._pacing = pacing

    def add_to(self, routes: Routes) -> None:
        """Take the pages in, before those of one broadcast."""
        routes.get(f"{BROADCASTS}/new", self.new)
        routes.post(f"{BROADCASTS}/check", self.check)
        routes.post(f"{BROADCASTS}/try", self.try_out)
        routes.post(BROADCASTS, self.send)

    async def new(self, request: Request, visitor: Visitor) -> Response:
        """An empty form."""
        return await self._page(request, visitor, Draft())

    async def check(self, request: Request, visitor: Visitor) -> Response:
        """What it would come to; nothing is written down."""
        draft = Draft.of(await read_form(request))
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
            audience = await _audience(tx, guard, draft)
        station = self._kit.parts.station
        return draft.order(audience, visitor.person.id, token, station.now(), station.zone)

    async def _weigh(self, order: Order) -> Checked:
        parts = self._kit.parts
        with _meaning_somebody():
            expected = await forecast(parts, order, self._pacing)
            sample, texts = await previews(parts, order, LOCALES)
        unable = (*expected.unreachable[:NAMED], *expected.cannot_answer[:NAMED])
        async with parts.station.db.read() as tx:
            named = await tx.roster.people(set(unable))
        return Checked(
            at=parts.station.now(), order=order, expected=expected, sample=sample, texts=texts, named=named
        )

    # ── pages ──

    async def _wrong(self, request: Request, visitor: Visitor, draft: Draft, error: DraftError) -> Response:
        said = Said(text=self._say(visitor, f"compose.{error.name}", **error.values), is_done=False)
        return await self._page(request, visitor, draft, said=said, status=400)

    async def _page(
        self,
        request: Request,
        visitor: Visitor,
        draft: Draft,
        *,
        checked: Checked | None = None,
        said: Said | None = None,
        status: int = 200,
    ) -> Response:
        async with self._kit.read(visitor) as (tx, guard):
            choices = await read_choices(tx, guard.units(Right.BROADCAST))
        return self._kit.renderer.page(
            request,
            visitor,
            "broadcast_new.html",
            status=status,
            draft=draft,
            choices=choices,
            checked=checked,
            said=said,
            may_send=visitor.scope.has(Right.BROADCAST),
            tell=Teller.of(self._kit, visitor.locale, checked.named if checked else {}),
            kinds=KINDS,
            most=MOST,
            longest_relay=LONGEST_RELAY_H,
            shown=NAMED,
        )

    def _say(self, visitor: Visitor, text: str, /, **values: object) -> str:
        return self._kit.renderer.say(visitor.locale, text, **values)


async def _audience(tx: Tx, guard: Guard, draft: Draft) -> tuple[str, ...]:
    """The draft's audience, all of it in reach. Raises NotAllowed, DraftError."""
    roots = sorted(guard.scope.roots(Right.BROADCAST))
    if not roots:
        raise NotAllowed("there is nobody to send to")
    draft.check_audience()
    everywhere = [] if guard.scope.everything else [f"unit:{code}" for code in roots]
    audience = expressions(draft.to, draft.among, await tx.roster.units(), everywhere)
    if audience and not await guard.reaches(tx, audience, Right.BROADCAST):
        raise NotAllowed("that is out of reach")
    if len(audience) > MOST_EXPRESSIONS:
        raise DraftError("too_many", most=MOST_EXPRESSIONS, number=len(audience))
    return audience


@contextmanager
def _meaning_somebody() -> Iterator[None]:
    """In the words of the page, that the audience means nobody."""
    try:
        yield
    except InputError:
        raise DraftError("nobody") from None
