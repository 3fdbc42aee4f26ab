"""Control of the carriers: their records, limits, faults and settings."""

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from notifier.sandbox.control.reading import (
    ControlError,
    build,
    guarded,
    number_of,
    query_number,
    read_body,
)
from notifier.sandbox.core import SandboxState, summary
from notifier.sandbox.faults import ArmedFault, Carrier, Fault
from notifier.sandbox.options import TelegramLimits, TwilioOptions
from notifier.sandbox.telegram.bots import Chat

MAX_RECORDS = 10_000
TWILIO_SETTINGS = (
    "account_sid",
    "auth_token",
    "senders",
    "services",
    "default_sender",
    "inbound_url",
    "segments_per_second",
    "uncallable",
    "one_way_prefixes",
    "sent_after",
    "delivered_after",
    "callback_statuses",
    "callback_tries",
    "callback_retry_seconds",
)


class CarrierControl:
    """Handlers under /control, but for the phones."""

    def __init__(self, state: SandboxState) -> None:
        """Control one sandbox."""
        self._state = state

    def routes(self) -> list[Route]:
        """Paths and their handlers."""
        table = [
            ("GET", "/control/status", self._status),
            ("POST", "/control/reset", self._reset),
            ("GET", "/control/limits", self._limits),
            ("POST", "/control/limits", self._change_limits),
            ("GET", "/control/faults", self._faults),
            ("POST", "/control/faults", self._arm),
            ("DELETE", "/control/faults", self._clear_faults),
            ("DELETE", "/control/faults/{fault_id}", self._clear_faults),
            ("POST", "/control/telegram/chats", self._set_chats),
            ("POST", "/control/telegram/updates", self._inject),
            ("GET", "/control/twilio/callbacks", self._callbacks),
            ("POST", "/control/twilio/settings", self._change_settings),
            ("POST", "/control/twilio/opt-outs", self._change_opt_outs),
            ("GET", "/control/{carrier}/accepted", self._accepted),
        ]
        return [Route(path, guarded(handler), methods=[method]) for method, path, handler in table]

    async def _status(self, request: Request) -> Response:
        return JSONResponse(summary(self._state))

    async def _reset(self, request: Request) -> Response:
        body = await read_body(request)
        self._state.reset(keep_phones=bool(body.get("keep_phones")))
        return JSONResponse({"ok": True})

    async def _accepted(self, request: Request) -> Response:
        """Records above `since`; with `wait`, as soon as there is one, or after so many seconds."""
        try:
            ledger = self._state.ledger(Carrier(request.path_params["carrier"]))
        except ValueError:
            raise ControlError("no such carrier", 404) from None
        since = int(query_number(request, "since", 0))
        limit = min(max(int(query_number(request, "limit", 1_000)), 1), MAX_RECORDS)
        wait = query_number(request, "wait", 0)
        if wait and ledger.last_seq <= since:
            await self._wait_for(lambda: ledger.last_seq > since, wait)
        return JSONResponse(ledger.view(since, limit))

    async def _wait_for(self, look: Any, seconds: float) -> None:
        try:
            await self._state.until(lambda: self._state.feed.closed or look(), seconds)
        except TimeoutError:
            return

    async def _limits(self, request: Request) -> Response:
        segments = self._state.twilio.settings.segments_per_second
        telegram = asdict(self._state.telegram.meter.limits)
        return JSONResponse({"telegram": telegram, "twilio": {"segments_per_second": segments}})

    async def _change_limits(self, request: Request) -> Response:
        body = await read_body(request)
        if unknown := body.keys() - {"telegram", "twilio"}:
            raise ControlError(f"unknown: {', '.join(sorted(unknown))}; known: telegram, twilio")
        if "telegram" in body:
            wanted = {**asdict(self._state.telegram.meter.limits), **body["telegram"]}
            self._state.limit_telegram(build(TelegramLimits, wanted))
        if "twilio" in body:
            self._state.limit_twilio(number_of(body["twilio"], "segments_per_second"))
        return await self._limits(request)

    async def _faults(self, request: Request) -> Response:
        return JSONResponse({"faults": [_fault_view(armed) for armed in self._state.faults.armed()]})

    async def _arm(self, request: Request) -> Response:
        body = await read_body(request)
        if "probability" in body:
            body.setdefault("times", None)
        for name in ("address", "account"):
            if isinstance(body.get(name), int):
                body[name] = str(body[name])
        return JSONResponse(_fault_view(self._state.faults.arm(build(Fault, body))), 201)

    async def _clear_faults(self, request: Request) -> Response:
        self._state.faults.clear(request.path_params.get("fault_id"))
        return JSONResponse({"ok": True})

    async def _set_chats(self, request: Request) -> Response:
        """Set up chats by hand: [{id, started?, blocked?, deactivated?, migrated_to?, title?}]."""
        body = await read_body(request)
        entries = body.get("chats", [body] if "id" in body else None)
        if not isinstance(entries, list):
            raise ControlError("chats must be a list")
        for entry in entries:
            wanted = build(Chat, entry)
            chat = self._state.telegram.chats.ensure(wanted.id)
            for name in entry:
                setattr(chat, name, getattr(wanted, name))
        self._state.feed.publish(lambda: {"type": "reload"})
        return JSONResponse({"ok": True})

    async def _inject(self, request: Request) -> Response:
        """Queue updates as they stand: {bot?, update | updates, next_update_id?}."""
        body = await read_body(request)
        bot = number_of(body, "bot")
        updates = body.get("updates", [body["update"]] if "update" in body else [])
        if not isinstance(updates, list) or not all(isinstance(update, dict) for update in updates):
            raise ControlError("update must be an object")
        if (first := number_of(body, "next_update_id")) is not None:
            self._state.chatters.known(bot).updates.restart_ids(first)
        acts = [self._state.chatters.inject(update, bot=bot) for update in updates]
        return JSONResponse({"ok": True, "update_ids": [act.update_id for act in acts]})

    async def _callbacks(self, request: Request) -> Response:
        rows = [{**asdict(call), "wall": call.wall.isoformat()} for call in self._state.twilio.calls]
        return JSONResponse({"callbacks": rows})

    async def _change_settings(self, request: Request) -> Response:
        body = await read_body(request)
        desk = self._state.twilio
        present = {name: getattr(desk.settings, name) for name in TWILIO_SETTINGS}
        wanted = build(TwilioOptions, {**present, **body})
        desk.settings = replace(wanted)
        desk.windows.clear()
        return JSONResponse({"ok": True})

    async def _change_opt_outs(self, request: Request) -> Response:
        """Opt pairs out or in: {out: [[sender, phone]], in: [[sender, phone]]}."""
        body = await read_body(request)
        for sender, phone in _pairs(body, "out"):
            self._state.twilio.opted_out.add((sender, phone))
        for sender, phone in _pairs(body, "in"):
            self._state.twilio.opted_out.discard((sender, phone))
        return JSONResponse({"ok": True})


def _pairs(body: dict[str, Any], name: str) -> list[tuple[str, str]]:
    pairs = body.get(name, [])
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ControlError(f"{name} must be a list of pairs [sender, phone]")
    return [(str(sender), str(phone)) for sender, phone in pairs]


def _fault_view(armed: ArmedFault) -> dict[str, Any]:
    return {"id": armed.id, "left": armed.left, "struck": armed.struck, **asdict(armed.fault)}
