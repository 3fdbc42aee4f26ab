"""The Messages API on the wire: `/2010-04-01/Accounts/{sid}/Messages…`."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from notifier.sandbox.faults import CALM, Carrier, Fault, FaultKind, Plan
from notifier.sandbox.twilio.create import create_message
from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.errors import TwilioRefusal, not_found, too_many, unauthorized
from notifier.sandbox.twilio.listing import list_messages
from notifier.sandbox.twilio.messages import Message
from notifier.sandbox.twilio.receipts import follow
from notifier.sandbox.wire import BadBody, Exchange

PREFIX = "/2010-04-01/"
PATH = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages(?:/((?:SM|MM)[0-9a-fA-F]{32}))?\.json")
ACTIONS = {
    ("POST", False): "create",
    ("GET", False): "list",
    ("GET", True): "fetch",
    ("POST", True): "update",
    ("DELETE", True): "delete",
}
MESSAGES = {
    21211: "The 'To' number is not a valid phone number.",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One authenticated call."""

    action: str
    account: str
    sid: str | None
    params: Mapping[str, Any]
    path: str
    answer_lost: bool = False


class TwilioApi:
    """An ASGI app."""

    def __init__(self, desk: TwilioDesk) -> None:
        """Serve what the desk remembers."""
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send, self._desk.feed)
        try:
            account, sid, action = _route(scope)
            self._authenticate(exchange, account)
            params = await exchange.params()
        except BadBody as wrong:
            await _answer_refusal(exchange, TwilioRefusal(code=20001, message=str(wrong)))
            return
        except TwilioRefusal as refusal:
            await _answer_refusal(exchange, refusal)
            return
        await self._serve(exchange, action, account, sid, params)

    def _authenticate(self, exchange: Exchange, account: str) -> None:
        """Raises TwilioRefusal."""
        user, token = _credentials(exchange.header(b"authorization"))
        settings = self._desk.settings
        if user != account or not token:
            raise unauthorized()
        if settings.account_sid not in (None, account) or settings.auth_token not in (None, token):
            raise unauthorized()
        self._desk.last_account, self._desk.last_token = account, token

    async def _serve(
        self, exchange: Exchange, action: str, account: str, sid: str | None, params: Mapping[str, Any]
    ) -> None:
        address, sender = str(params.get("To", "")), str(params.get("From", ""))
        plan = self._desk.faults.plan(Carrier.TWILIO, action, address, sender)
        if plan is not CALM and not await self._befall(exchange, action, params, plan):
            return
        request = Request(
            action=action,
            account=account,
            sid=sid,
            params=params,
            path=exchange.scope["path"],
            answer_lost=plan.after is not None,
        )
        status, payload = self._perform(request)
        if plan is not CALM and not await self._befall_after(exchange, plan):
            return
        await exchange.answer(status, payload)

    def _perform(self, request: Request) -> tuple[int, Any]:
        try:
            return HANDLERS[request.action](self._desk, request)
        except TwilioRefusal as refusal:
            self._desk.refuse(request.action, request.params, refusal)
            return refusal.status, refusal.payload()

    async def _befall(self, exchange: Exchange, action: str, params: Mapping[str, Any], plan: Plan) -> bool:
        """Play what goes wrong before the request is looked at. False: it never is."""
        if plan.delay_before and not await exchange.pause(plan.delay_before):
            return False
        if plan.before is None:
            return True
        refusal = _refusal_of(plan.before)
        self._desk.refuse(action, params, refusal)
        await _play(exchange, plan.before, refusal)
        return False

    async def _befall_after(self, exchange: Exchange, plan: Plan) -> bool:
        """Play what goes wrong once the request is served. False: the answer is lost."""
        if plan.delay_after and not await exchange.pause(plan.delay_after):
            return False
        if plan.after is None:
            return True
        await _play(exchange, plan.after, _refusal_of(plan.after))
        return False


def _route(scope: Scope) -> tuple[str, str | None, str]:
    found = PATH.fullmatch(scope["path"])
    action = ACTIONS.get((scope["method"], bool(found[2]))) if found else None
    if found is None or action is None:
        raise not_found(scope["path"])
    return found[1], found[2], action


def _credentials(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, token


def _create(desk: TwilioDesk, request: Request) -> tuple[int, Any]:
    message = create_message(desk, request.account, request.params, answer_lost=request.answer_lost)
    view = message.view()
    follow(desk, message)
    return 201, view


def _list(desk: TwilioDesk, request: Request) -> tuple[int, Any]:
    return 200, list_messages(desk.store, request.account, request.params)


def _fetch(desk: TwilioDesk, request: Request) -> tuple[int, Any]:
    return 200, _found(desk, request).view()


def _update(desk: TwilioDesk, request: Request) -> tuple[int, Any]:
    message = _found(desk, request)
    if request.params.get("Status") == "canceled":
        if message.status not in ("accepted", "queued", "scheduled"):
            raise TwilioRefusal(code=30409, message="Message cannot be canceled", status=409)
        message.status = "canceled"
        desk.tick(message)
    elif request.params.get("Body") == "":
        message.body = ""
    else:
        raise TwilioRefusal(code=20001, message="Body can only be redacted to an empty string")
    message.updated = desk.options.now()
    return 200, message.view()


def _delete(desk: TwilioDesk, request: Request) -> tuple[int, Any]:
    desk.store.remove(_found(desk, request).sid)
    return 204, None


def _found(desk: TwilioDesk, request: Request) -> Message:
    message = desk.store.get(request.account, request.sid or "")
    if message is None:
        raise not_found(request.path)
    return message


HANDLERS: dict[str, Callable[[TwilioDesk, Request], tuple[int, Any]]] = {
    "create": _create,
    "list": _list,
    "fetch": _fetch,
    "update": _update,
    "delete": _delete,
}


async def _answer_refusal(exchange: Exchange, refusal: TwilioRefusal) -> None:
    await exchange.answer(refusal.status, refusal.payload())


async def _play(exchange: Exchange, fault: Fault, refusal: TwilioRefusal) -> None:
    if fault.kind in (FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER):
        await exchange.cut()
    elif fault.kind in (FaultKind.HANG, FaultKind.HANG_AFTER):
        await exchange.pause(None)
    elif fault.body is not None:
        await exchange.answer_raw(refusal.status, fault.body.encode(), b"text/html")
    elif refusal.retry_after:
        headers = ((b"retry-after", b"%d" % refusal.retry_after),)
        await exchange.answer(refusal.status, refusal.payload(), more=headers)
    else:
        await _answer_refusal(exchange, refusal)


def _refusal_of(fault: Fault) -> TwilioRefusal:
    if fault.kind is FaultKind.THROTTLE:
        return too_many(cause="fault", retry_after=fault.retry_after)
    if fault.kind is FaultKind.REFUSE:
        code = fault.code or 21211
        message = fault.description or MESSAGES.get(code, "Refused on demand")
        return TwilioRefusal(code=code, message=message, status=fault.status or 400, cause="fault")
    if fault.kind in (FaultKind.ERROR, FaultKind.ERROR_AFTER):
        status = fault.status or 500
        message = fault.description or "Internal Server Error"
        return TwilioRefusal(code=fault.code or 20500, message=message, status=status, cause="fault")
    return TwilioRefusal(code=0, message=fault.kind.value, status=0, cause="fault")
