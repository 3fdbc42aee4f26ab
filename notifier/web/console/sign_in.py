"""Coming in: who are you, the code, the link's one button, the language."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from unicodedata import normalize
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.engine.access.sign_in import COUNTED_FOR, VALID_FOR, Entry, TooMany
from notifier.store.tx import Tx
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.visit import HOME, SIGN_IN, Door, Guest, safe_next
from notifier.web.console.words import LOCALES

log = structlog.get_logger(__name__)

CODE: Final = f"{SIGN_IN}/code"
LINK: Final = f"{HOME}/in/{{link}}"
_IPV6_SITE: Final = 64
"""Bits that all addresses of one subscriber share."""


class SignInPages:
    """Open to everybody."""

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

    # ── who are you? ──

    async def who(self, request: Request, guest: Guest) -> Response:
        """The form that asks for an id or a phone number; who is in already is led on."""
        wanted = safe_next(request.query_params.get("next"))
        if await self._door.knows(request):
            return RedirectResponse(wanted, status_code=303)
        return self._page(request, guest, "sign_in.html", next=wanted, problem=None)

    async def ask(self, request: Request, guest: Guest) -> Response:
        """Have a code sent, if anybody is known by that; the answer is the same if not."""
        form = await read_form(request)
        wanted = safe_next(text_of(form, "next"))
        typed = text_of(form, "who").strip()
        if not typed:
            return self._page(request, guest, "sign_in.html", 400, next=wanted, problem="sign_in.empty")
        try:
            ticket = await self._ask(typed, address_of(request))
        except TooMany:
            log.info("sign_in_refused", reason="too_many")
            answer = self._page(request, guest, "sign_in.html", 429, next=wanted, problem="sign_in.too_many")
            answer.headers["Retry-After"] = str(int(COUNTED_FOR.total_seconds()))
            return answer
        self._kit.parts.station.wake.ring("watch")
        led = RedirectResponse(f"{CODE}?next={quote(wanted, safe='/')}", status_code=303)
        self._door.give_ticket(led, ticket, int(VALID_FOR.total_seconds()))
        return led

    async def _ask(self, typed: str, address: str) -> str:
        database = self._kit.parts.station.db
        async with database.read() as tx:
            await self._signing_in.require_room(tx, address)
        async with database.write() as tx:
            return await self._signing_in.ask(tx, typed, address)

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
        entry = await self._try_code(request, ticket, typed)
        if entry is None:
            log.info("sign_in_refused", reason="code")
            return self._page(
                request, guest, "sign_in_code.html", 400, next=wanted, problem="sign_in.wrong_code"
            )
        return self._enter(entry, wanted)

    async def _try_code(self, request: Request, ticket: str, typed: str) -> Entry | None:
        database = self._kit.parts.station.db
        async with database.read() as tx:
            if not await self._signing_in.may_try(tx, ticket):
                return None
        async with database.write() as tx:
            entry = await self._signing_in.by_code(tx, ticket, typed, _agent(request))
            await self._end_former(tx, request, entry)
        return entry

    # ── the link ──

    async def link(self, request: Request, guest: Guest) -> Response:
        """One button: a chat that looks at the link to show what it leads to must not use it up."""
        return self._page(request, guest, "sign_in_link.html", problem=None)

    async def try_link(self, request: Request, guest: Guest) -> Response:
        """Let in who has pressed it."""
        entry = await self._try_link(request, request.path_params["link"])
        if entry is None:
            log.info("sign_in_refused", reason="link")
            return self._page(request, guest, "sign_in_link.html", 400, problem="sign_in.dead_link")
        return self._enter(entry, HOME)

    async def _try_link(self, request: Request, link: str) -> Entry | None:
        database = self._kit.parts.station.db
        async with database.read() as tx:
            if not await self._signing_in.may_follow(tx, link):
                return None
        async with database.write() as tx:
            entry = await self._signing_in.by_link(tx, link, _agent(request))
            await self._end_former(tx, request, entry)
        return entry

    async def _end_former(self, tx: Tx, request: Request, entry: Entry | None) -> None:
        """Who comes in anew leaves no session behind in this browser."""
        former = self._door.token(request)
        session = await self._kit.parts.sessions.find(tx, former) if entry and former else None
        if session is not None:
            await self._kit.parts.sessions.end(tx, session.id)

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
