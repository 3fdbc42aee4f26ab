"""Coming in and going out: who are you, the code, the link's one button, the language."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from unicodedata import normalize
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.domain.access import Right
from notifier.engine.access.sign_in import COUNTED_FOR, VALID_FOR, Entry, TooMany
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.visit import HOME, SIGN_IN, Door, Guest, Visitor, safe_next
from notifier.web.console.words import LOCALES

CODE: Final = f"{SIGN_IN}/code"
LINK: Final = f"{HOME}/in/{{link}}"
_IPV6_SITE: Final = 64
"""Bits that all addresses of one subscriber share."""


class SignInPages:
    """Open to everybody, but for going out."""

    def __init__(self, kit: Kit, door: Door) -> None:
        """``door`` keeps what the browser is given."""
        self._kit = kit
        self._door = door
        self._signing_in = kit.parts.signing_in

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.open_get(SIGN_IN, self.who)
        routes.open_post(SIGN_IN, self.ask)
        routes.open_get(CODE, self.code)
        routes.open_post(CODE, self.try_code)
        routes.open_get(LINK, self.link)
        routes.open_post(LINK, self.try_link)
        routes.open_get(f"{HOME}/language/{{locale}}", self.language)
        routes.post(f"{HOME}/sign-out", self.sign_out)
        routes.get(f"{HOME}/me", self.me)
        routes.post(f"{HOME}/me/sign-out-everywhere", self.sign_out_everywhere)

    # ── who are you? ──

    async def who(self, request: Request, guest: Guest) -> Response:
        """The form that asks for an id or a phone number."""
        wanted = safe_next(request.query_params.get("next"))
        return self._page(request, guest, "sign_in.html", next=wanted, problem=None)

    async def ask(self, request: Request, guest: Guest) -> Response:
        """Have a code sent, if anybody is known by that; the answer is the same if not."""
        form = await read_form(request)
        wanted = safe_next(text_of(form, "next"))
        typed = text_of(form, "who").strip()
        if not typed:
            return self._page(request, guest, "sign_in.html", 400, next=wanted, problem="sign_in.empty")
        try:
            async with self._kit.parts.station.db.write() as tx:
                ticket = await self._signing_in.ask(tx, typed, address_of(request))
        except TooMany:
            answer = self._page(request, guest, "sign_in.html", 429, next=wanted, problem="sign_in.too_many")
            answer.headers["Retry-After"] = str(int(COUNTED_FOR.total_seconds()))
            return answer
        self._kit.parts.station.wake.ring("watch")
        led = RedirectResponse(f"{CODE}?next={quote(wanted, safe='/')}", status_code=303)
        self._door.give_ticket(led, ticket, int(VALID_FOR.total_seconds()))
        return led

    # ── the code ──

    async def code(self, request: Request, guest: Guest) -> Response:
        """The form that asks for the code."""
        wanted = safe_next(request.query_params.get("next"))
        if self._door.ticket(request) is None:
            return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='/')}", status_code=303)
        return self._page(request, guest, "sign_in_code.html", next=wanted, problem=None)

    async def try_code(self, request: Request, guest: Guest) -> Response:
        """Let in who has the right code, in the browser that asked for it."""
        form = await read_form(request)
        wanted = safe_next(text_of(form, "next"))
        typed = "".join(normalize("NFKC", text_of(form, "code")).split())
        ticket = self._door.ticket(request) or ""
        async with self._kit.parts.station.db.write() as tx:
            entry = await self._signing_in.by_code(tx, ticket, typed, _agent(request))
        if entry is None:
            return self._page(
                request, guest, "sign_in_code.html", 400, next=wanted, problem="sign_in.wrong_code"
            )
        return self._enter(entry, wanted)

    # ── the link ──

    async def link(self, request: Request, guest: Guest) -> Response:
        """One button: a chat that looks at the link to show what it leads to must not use it up."""
        return self._page(request, guest, "sign_in_link.html", problem=None)

    async def try_link(self, request: Request, guest: Guest) -> Response:
        """Let in who has pressed it."""
        async with self._kit.parts.station.db.write() as tx:
            entry = await self._signing_in.by_link(tx, request.path_params["link"], _agent(request))
        if entry is None:
            return self._page(request, guest, "sign_in_link.html", 400, problem="sign_in.dead_link")
        return self._enter(entry, HOME)

    # ── inside ──

    async def me(self, request: Request, visitor: Visitor) -> Response:
        """Who is signed in, what he may do, and where else he is."""
        async with self._kit.read(visitor) as (tx, _):
            sessions = await self._kit.parts.sessions.of_person(tx, visitor.person.id)
            units = await tx.roster.units_named({visitor.person.unit, *visitor.scope.over})
        values = {"sessions": sessions, "units": units, "all_rights": tuple(Right)}
        return self._kit.renderer.page(request, visitor, "me.html", **values)

    async def sign_out(self, _request: Request, visitor: Visitor) -> Response:
        """End this session."""
        async with self._kit.parts.station.db.write() as tx:
            await self._kit.parts.sessions.end(tx, visitor.session.id)
        return self._leave()

    async def sign_out_everywhere(self, _request: Request, visitor: Visitor) -> Response:
        """End all of the visitor's sessions."""
        async with self._kit.parts.station.db.write() as tx:
            await self._kit.parts.sessions.end_all(tx, visitor.person.id)
        return self._leave()

    async def language(self, request: Request, _guest: Guest) -> Response:
        """Remember a language in this browser."""
        answer = RedirectResponse(safe_next(request.query_params.get("next")), status_code=303)
        if request.path_params["locale"] in LOCALES:
            self._door.keep_language(answer, request.path_params["locale"])
        return answer

    def _page(
        self, request: Request, guest: Guest, name: str, status: int = 200, **values: object
    ) -> Response:
        minutes = int(VALID_FOR.total_seconds() // 60)
        return self._kit.renderer.page(request, guest, name, status=status, minutes=minutes, **values)

    def _enter(self, entry: Entry, wanted: str) -> Response:
        answer = RedirectResponse(wanted, status_code=303)
        self._door.let_in(answer, entry.token)
        return answer

    def _leave(self) -> Response:
        answer = RedirectResponse(SIGN_IN, status_code=303)
        self._door.let_out(answer)
        return answer


def address_of(request: Request) -> str:
    """Whence it came: what a proxy on this machine says, else who connected. IPv6 by its subscriber."""
    peer = request.client.host if request.client else ""
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        address = ip_address(peer)
        if address.is_loopback and told:
            address = ip_address(told)
    except ValueError:
        return peer
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_SITE), strict=False))
    return str(address)


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
