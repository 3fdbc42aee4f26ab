"""The Bot API on the wire: `/bot<TOKEN>/<method>`."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from notifier.sandbox.faults import CALM, Carrier, Fault, FaultKind, Plan
from notifier.sandbox.telegram.bots import Bot
from notifier.sandbox.telegram.desk import TelegramDesk
from notifier.sandbox.telegram.errors import TelegramRefusal, bad_request, too_many
from notifier.sandbox.telegram.hooks import FETCHING
from notifier.sandbox.telegram.methods import METHODS, Call
from notifier.sandbox.wire import BadBody, Exchange

PREFIX = "/bot"
DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
NOT_FOUND = TelegramRefusal(code=404, description="Not Found")
UNAUTHORIZED = TelegramRefusal(code=401, description="Unauthorized")


class TelegramApi:
    """An ASGI app; plain, for the sake of speed."""

    def __init__(self, desk: TelegramDesk) -> None:
        """Serve what the desk remembers."""
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        exchange = Exchange(scope, receive, send, self._desk.feed)
        token, _, wanted = scope["path"][len(PREFIX) :].partition("/")
        bot = self._desk.bots.by_token(token)
        if bot is None:
            await exchange.answer(UNAUTHORIZED.code, UNAUTHORIZED.payload())
            return
        try:
            params = await exchange.params()
        except BadBody as wrong:
            await exchange.answer(400, bad_request(str(wrong)).payload())
            return
        await self._serve(exchange, bot, wanted.lower(), params)

    async def _serve(self, exchange: Exchange, bot: Bot, key: str, params: Mapping[str, Any]) -> None:
        known = METHODS.get(key) or FETCHING.get(key)
        if known is None:
            await exchange.answer(NOT_FOUND.code, NOT_FOUND.payload())
            return
        name = known[0]
        plan = self._desk.faults.plan(Carrier.TELEGRAM, name, str(params.get("chat_id", "")), bot.account)
        if plan is not CALM and not await self._befall(exchange, bot, name, params, plan):
            return
        status, payload = await self._perform(exchange, bot, key, params, plan)
        if plan is not CALM and not await self._befall_after(exchange, plan):
            return
        await exchange.answer(status, payload)

    async def _perform(
        self, exchange: Exchange, bot: Bot, key: str, params: Mapping[str, Any], plan: Plan
    ) -> tuple[int, dict[str, Any]]:
        call = Call(bot=bot, params=params, answer_lost=plan.after is not None)
        try:
            if key in METHODS:
                result = METHODS[key][1](self._desk, call)
            else:
                result = await FETCHING[key][1](self._desk, call, exchange)
        except TelegramRefusal as refusal:
            name = (METHODS.get(key) or FETCHING[key])[0]
            self._desk.refuse(bot, name, params, refusal)
            return refusal.code, refusal.payload()
        return 200, {"ok": True, "result": result}

    async def _befall(
        self, exchange: Exchange, bot: Bot, name: str, params: Mapping[str, Any], plan: Plan
    ) -> bool:
        """Play what goes wrong before the request is looked at. False: it never is."""
        if plan.delay_before and not await exchange.pause(plan.delay_before):
            return False
        if plan.before is None:
            return True
        refusal = _refusal_of(plan.before)
        if refusal.retry_after:
            bot.paused_until = self._desk.options.monotonic() + refusal.retry_after
        self._desk.refuse(bot, name, params, refusal)
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


async def _play(exchange: Exchange, fault: Fault, refusal: TelegramRefusal) -> None:
    if fault.kind in (FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER):
        await exchange.cut()
    elif fault.kind in (FaultKind.HANG, FaultKind.HANG_AFTER):
        await exchange.pause(None)
    elif fault.body is not None:
        await exchange.answer_raw(fault.status or refusal.code, fault.body.encode(), b"text/html")
    else:
        await exchange.answer(fault.status or refusal.code, refusal.payload())


def _refusal_of(fault: Fault) -> TelegramRefusal:
    if fault.kind is FaultKind.THROTTLE:
        return too_many(fault.retry_after, cause="fault")
    if fault.kind in (FaultKind.REFUSE, FaultKind.ERROR, FaultKind.ERROR_AFTER):
        code = fault.code or fault.status or (403 if fault.kind is FaultKind.REFUSE else 502)
        description = fault.description or DESCRIPTIONS.get(code, "Bad Request")
        return TelegramRefusal(code=code, description=description, cause="fault")
    return TelegramRefusal(code=0, description=fault.kind.value, cause="fault")
