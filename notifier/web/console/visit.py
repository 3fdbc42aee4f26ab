"""Who is asking: the session behind a request, and what its person may see now."""

from dataclasses import dataclass, field
from hashlib import sha256
from hmac import new as hmac
from typing import Final
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response

from notifier.domain.access import Scope
from notifier.domain.roster import Person
from notifier.engine.access.scopes import load_scope
from notifier.engine.parts import Parts
from notifier.store.outage import is_outage
from notifier.store.rows import Session
from notifier.web.console.words import LOCALES

log = structlog.get_logger(__name__)

HOME: Final = "/console"
SIGN_IN: Final = "/console/sign-in"
NAME: Final = "notifier"
TICKET: Final = "notifier-ticket"
LANGUAGE: Final = "notifier-language"
_SECURE: Final = "__Host-"
"""Of a cookie that a browser takes from us alone, and only by https."""
_A_YEAR_S: Final = 365 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who has not signed in."""

    locale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who has. ``csrf`` goes with every change that he makes."""

    session: Session
    person: Person
    scope: Scope
    locale: str
    csrf: str = field(repr=False)


class SignInNeeded(Exception):
    """There is no session that lives."""


class Door:
    """Lets in who has a session, and nobody else."""

    def __init__(self, parts: Parts, *, secure: bool) -> None:
        """``secure``: the console is reached by https, so the cookie must never go by anything else."""
        self._parts = parts
        self._secure = secure
        self._cookie, self._ticket = (_SECURE + NAME, _SECURE + TICKET) if secure else (NAME, TICKET)

    async def admit(self, request: Request) -> Visitor:
        """The visitor, with his scope read anew. Raises SignInNeeded."""
        token = self.token(request)
        if not token:
            raise SignInNeeded
        station = self._parts.station
        async with station.db.read() as tx:
            session = await self._parts.sessions.find(tx, token)
            person = await tx.roster.person(session.person) if session else None
            if session is None or person is None:
                raise SignInNeeded
            scope = await load_scope(tx, person.id, station.now())
        return Visitor(
            session=await self._seen(session),
            person=person,
            scope=scope,
            locale=language_of(request, person.locale),
            csrf=csrf_of(token),
        )

    async def knows(self, request: Request) -> bool:
        """Whether there is a session that lives."""
        try:
            await self.admit(request)
        except SignInNeeded:
            return False
        return True

    def guest(self, request: Request) -> Guest:
        """Whoever asks for what everybody may see."""
        return Guest(locale=language_of(request, self._parts.station.locale))

    def token(self, request: Request) -> str | None:
        """What the browser got when it came in."""
        return request.cookies.get(self._cookie)

    def let_in(self, answer: Response, token: str) -> None:
        """Give the browser the token of a session, in place of its ticket."""
        self._give(answer, self._cookie, token)
        self._give(answer, self._ticket, "", max_age=0)

    def let_out(self, answer: Response) -> None:
        """Have the browser forget its session."""
        self._give(answer, self._cookie, "", max_age=0)

    def ticket(self, request: Request) -> str | None:
        """What the browser got when it asked for a code."""
        return request.cookies.get(self._ticket)

    def give_ticket(self, answer: Response, ticket: str, seconds: int) -> None:
        """Give it to the browser, for so long."""
        self._give(answer, self._ticket, ticket, max_age=seconds)

    def keep_language(self, answer: Response, locale: str) -> None:
        """Have the browser remember a language."""
        self._give(answer, LANGUAGE, locale, max_age=_A_YEAR_S)

    def _give(self, answer: Response, name: str, value: str, max_age: int | None = None) -> None:
        answer.set_cookie(
            name, value, max_age=max_age, secure=self._secure, httponly=True, samesite="lax", path="/"
        )

    async def _seen(self, session: Session) -> Session:
        try:
            return await self._parts.sessions.see(session)
        except Exception as error:
            if not is_outage(error):
                raise
            # Whoever only looks is not to wait for whoever writes.
            log.warning("session_not_marked")
            return session


def csrf_of(token: str) -> str:
    """What a page of that session must bring with every change: made from the token, and no way back."""
    return hmac(token.encode("utf-8", "surrogatepass"), b"csrf", sha256).hexdigest()


def language_of(request: Request, default: str) -> str:
    """The language chosen in this browser, else the default."""
    chosen = request.cookies.get(LANGUAGE)
    return next((locale for locale in (chosen, default) if locale in LOCALES), LOCALES[0])


def sign_in_address(request: Request) -> str:
    """Where to sign in, such that one comes back to this page."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return SIGN_IN if wanted == HOME else f"{SIGN_IN}?next={quote(wanted, safe='/')}"


def safe_next(wanted: str | None) -> str:
    """A page of the console to go to; the wall for anything that might lead elsewhere."""
    plain = wanted or HOME
    inside = plain == HOME or plain.startswith((f"{HOME}/", f"{HOME}?"))
    return plain if inside and plain.isprintable() and "\\" not in plain and "//" not in plain else HOME
