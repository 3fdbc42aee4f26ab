"""Training phones: what each phone got, and its owner's part, where stand-ins take the carriers' place."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final
from urllib.parse import quote

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from notifier.channels.training import Phone, Phones, TrainingPhones
from notifier.domain.roster import ChannelName
from notifier.errors import CarrierError, InputError, NotAllowed
from notifier.web.console.asked import address, chosen, words
from notifier.web.console.csrf import read_form, text_of
from notifier.web.console.kit import Kit
from notifier.web.console.routes import Routes
from notifier.web.console.visit import Visitor

log = structlog.get_logger(__name__)

PHONES: Final = "/console/phones"
MOST: Final = 40
"""Phones shown of those that were searched for, the latest active first."""
LONGEST: Final = 1000
"""Characters of a text that is written here."""
_AWAY: Final = "away"
"""What an open page shows while the sandbox does not answer."""


class PhoneDeed(StrEnum):
    """What is done with a phone, in its owner's place."""

    TEXT = "text"
    PRESS = "press"
    START = "start"
    BLOCK = "block"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: phones by name, and by what channel the next text goes.

    ``seen`` and ``last`` are what an open page shows, and its newest text; ``draft`` could not be sent.
    """

    search: str
    by: str
    seen: str = ""
    last: str = ""
    draft: str = ""


class PhonePages:
    """Pages below ``/console/phones``, for who may do everything: there one acts as anybody."""

    def __init__(self, kit: Kit, phones: TrainingPhones) -> None:
        """``phones`` are the sandbox's."""
        self._kit = kit
        self._phones = phones

    def add_to(self, routes: Routes) -> None:
        """Take the pages in."""
        routes.get(PHONES, self.show)
        routes.get(f"{PHONES}/{{phone}}", self.show)
        for deed in PhoneDeed:
            routes.post(f"{PHONES}/{{phone}}/{deed}", partial(self.act, deed=deed))

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The phones, and the one that the address names. An open page asks for it again and again."""
        _require_everything(visitor)
        asked = _asked(request)
        try:
            found, phone = await self._look(request, asked)
        except CarrierError as error:
            return self._away(request, visitor, asked, error)
        if _is_live(request) and not asked.seen:
            # That page was made without the sandbox: it has no place for a phone.
            return Response(status_code=204, headers={"HX-Refresh": "true"})
        if _is_live(request) and asked.seen == _digest(found, phone):
            return Response(status_code=204)
        return self._page(request, visitor, asked, found, phone)

    async def act(self, request: Request, visitor: Visitor, *, deed: PhoneDeed) -> Response:
        """Do something in that phone's owner's place; what it cannot do is said on its page."""
        _require_everything(visitor)
        form = await read_form(request)
        asked = _asked_with(form)
        try:
            problem = await self._try(visitor, request.path_params["phone"], deed, form)
            if not problem and not _is_live(request):
                where = address(_path(request), q=asked.search, by=asked.by)
                return RedirectResponse(f"{where}#screen", status_code=303)
            found, phone = await self._look(request, asked)
        except CarrierError as error:
            return self._away(request, visitor, asked, error)
        is_sent = deed is PhoneDeed.TEXT and not problem
        return self._page(request, visitor, asked, found, phone, problem=problem, is_sent=is_sent)

    async def _try(self, visitor: Visitor, phone: str, deed: PhoneDeed, form: FormData) -> str:
        """Do it; why not, where it cannot be done. Raises NotFound, CarrierError."""
        try:
            await self._do(visitor, phone, deed, form)
        except InputError as error:
            return str(error)
        return ""

    async def _do(self, visitor: Visitor, phone: str, deed: PhoneDeed, form: FormData) -> None:
        phones = self._phones
        match deed:
            case PhoneDeed.TEXT:
                channel, text = chosen(ChannelName, text_of(form, "by")), text_of(form, "words").strip()
                if channel is None or not text or len(text) > LONGEST:
                    raise InputError(self._kit.renderer.say(visitor.locale, "phones.bad_text", most=LONGEST))
                await phones.write(phone, channel, text)
            case PhoneDeed.PRESS:
                await phones.press(phone, *(text_of(form, name) for name in ("account", "ref", "data")))
            case PhoneDeed.START:
                await phones.start(phone)
            case PhoneDeed.BLOCK:
                await phones.block(phone)
            case PhoneDeed.UNBLOCK:
                await phones.unblock(phone)

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    async def _look(self, request: Request, asked: Asked) -> tuple[Phones, Phone | None]:
        """The phones, and the one that is meant, whose texts count as read. Raises NotFound, CarrierError."""
        phone, name = None, request.path_params.get("phone")
        if name is not None:
            phone = await self._phones.phone(name)
            if phone.unread:
                await self._phones.has_read(name)
                phone = replace(phone, unread=0)
        return await self._phones.search(asked.search, MOST), phone

    def _page(
        self,
        request: Request,
        visitor: Visitor,
        asked: Asked,
        found: Phones | None,
        phone: Phone | None,
        *,
        problem: str = "",
        is_sent: bool = False,
        status: int = 200,
    ) -> Response:
        """All of it; for an open page, what moves on it."""
        last = phone.last.id if phone and phone.last else ""
        seen = _digest(found, phone) if found else asked.seen and _AWAY
        return self._kit.renderer.page(
            request,
            visitor,
            "phones_now.html" if _is_live(request) and not problem else "phones.html",
            status=409 if problem else status,
            path=PHONES,
            home=PHONES,
            here=_path(request),
            again=address(_path(request), q=asked.search, seen=seen, last=last),
            asked=asked,
            found=found,
            phone=phone,
            channel=_channel(phone, asked),
            is_news=asked.seen != "" and asked.last != last,
            is_sent=is_sent,
            problem=problem,
            most=MOST,
            longest=LONGEST,
        )

    def _away(self, request: Request, visitor: Visitor, asked: Asked, error: CarrierError) -> Response:
        """That the sandbox does not answer; an open page goes on asking."""
        log.warning("phones_away", code=error.code)
        status = 200 if _is_live(request) and request.method != "POST" else 503
        return self._page(request, visitor, asked, None, None, status=status)


def _require_everything(visitor: Visitor) -> None:
    if not visitor.scope.everything:
        raise NotAllowed("there is no such page, or it is out of reach")


def _is_live(request: Request) -> bool:
    return "HX-Request" in request.headers


def _asked(request: Request) -> Asked:
    query = request.query_params
    return Asked(
        search=words(query, "q"),
        by=query.get("by", ""),
        seen=query.get("seen", ""),
        last=query.get("last", ""),
    )


def _asked_with(form: FormData) -> Asked:
    fields = {name: text_of(form, name) for name in ("q", "by", "words")}
    return Asked(search=words(fields, "q"), by=fields["by"], draft=fields["words"])


def _path(request: Request) -> str:
    """The page's own address: that of the phone, or of all."""
    phone = request.path_params.get("phone")
    return f"{PHONES}/{quote(phone, safe='')}" if phone else PHONES


def _digest(found: Phones, phone: Phone | None) -> str:
    """What is on the page, in short."""
    return sha256(repr((found, phone)).encode("utf-8", "replace")).hexdigest()[:16]


def _channel(phone: Phone | None, asked: Asked) -> ChannelName | None:
    """By what the next text goes: as chosen, else as the last one came."""
    if phone is None or not phone.channels:
        return None
    last = next((text.channel for text in reversed(phone.texts) if text.incoming), None)
    fitting = (one for one in (chosen(ChannelName, asked.by), last) if one in phone.channels)
    return next(fitting, phone.channels[0])
