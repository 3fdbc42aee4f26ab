"""Control of the phones: who there is, what they got, and what they do."""

from dataclasses import asdict
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from notifier.sandbox.control.reading import (
    ControlError,
    guarded,
    number_of,
    query_number,
    read_body,
    read_json,
    text_of,
)
from notifier.sandbox.core import SandboxState
from notifier.sandbox.phones import Channel, Phone
from notifier.sandbox.telegram.people import Act
from notifier.sandbox.twilio.people import Texted

DEFAULT_PHONES, DEFAULT_MESSAGES = 200, 100


class PhoneControl:
    """Handlers under /control/phones."""

    def __init__(self, state: SandboxState) -> None:
        """Control one sandbox."""
        self._state = state

    def routes(self) -> list[Route]:
        """Paths and their handlers."""
        acts = {
            "text": self._text,
            "tap": self._tap,
            "start": self._start,
            "block": self._block,
            "unblock": self._unblock,
            "edit": self._edit,
            "media": self._media,
            "read": self._read,
        }
        return [
            Route("/control/phones", guarded(self._list), methods=["GET"]),
            Route("/control/phones", guarded(self._register), methods=["POST"]),
            Route("/control/phones/{phone_id}", guarded(self._show), methods=["GET"]),
            *(
                Route(f"/control/phones/{{phone_id}}/{name}", guarded(act), methods=["POST"])
                for name, act in acts.items()
            ),
        ]

    def _phone(self, request: Request) -> Phone:
        phone = self._state.phones.get(request.path_params["phone_id"])
        if phone is None:
            raise ControlError("no such phone", 404)
        return phone

    def view(self, phone: Phone, messages: int) -> dict[str, Any]:
        """A phone with its last messages, oldest first."""
        newest = list(islice(reversed(phone.bubbles), messages))
        return {
            "id": phone.id,
            "name": phone.name,
            "phone": phone.number,
            "chat": phone.chat,
            "blocked": self._state.telegram.chats.blocked(phone.chat),
            "unread": phone.unread,
            "last_at": phone.last_at.isoformat(),
            "messages": [bubble.view() for bubble in reversed(newest)],
        }

    async def _list(self, request: Request) -> Response:
        limit = int(query_number(request, "limit", DEFAULT_PHONES))
        messages = int(query_number(request, "messages", DEFAULT_MESSAGES))
        words = request.query_params.get("q", "")
        found = list(self._state.phones.search(words))
        shown = [self.view(phone, messages) for phone in found[:limit]]
        return JSONResponse({"phones": shown, "found": len(found), "total": len(self._state.phones)})

    async def _register(self, request: Request) -> Response:
        body = await read_json(request)
        entries = body.get("phones") if isinstance(body, dict) else body
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ControlError("a list of phones is wanted: {name, phone?, chat?, id?, started?, language?}")
        phones = [self._registered(entry) for entry in entries]
        return JSONResponse({"phones": [self.view(phone, 0) for phone in phones]}, 201)

    def _registered(self, entry: dict[str, Any]) -> Phone:
        number = entry.get("phone")
        return self._state.register(
            name=text_of(entry, "name"),
            phone_id=str(entry["id"]) if entry.get("id") else None,
            number=str(number) if number else None,
            chat=number_of(entry, "chat"),
            started=bool(entry.get("started", True)),
            language=text_of(entry, "language", "zh-hans"),
        )

    async def _show(self, request: Request) -> Response:
        messages = int(query_number(request, "messages", DEFAULT_MESSAGES))
        return JSONResponse(self.view(self._phone(request), messages))

    async def _text(self, request: Request) -> Response:
        phone, body = self._phone(request), await read_body(request)
        text = text_of(body, "text")
        if not text.strip():
            raise ControlError("text is empty")
        if text_of(body, "channel") == Channel.SMS:
            to = text_of(body, "to") if body.get("to") else None
            return _answer(self._state.texters.write(phone, text, to=to))
        act = self._state.chatters.write(
            phone,
            text,
            bot=number_of(body, "to"),
            reply_to=number_of(body, "reply_to"),
            group=number_of(body, "group"),
        )
        return _answer(act)

    async def _tap(self, request: Request) -> Response:
        phone, body = self._phone(request), await read_body(request)
        message_id = number_of(body, "message_id") or 0
        act = self._state.chatters.tap(
            phone,
            message_id,
            text_of(body, "data"),
            bot=number_of(body, "to"),
            force=bool(body.get("force")),
        )
        return _answer(act)

    async def _start(self, request: Request) -> Response:
        phone, body = self._phone(request), await read_body(request)
        payload = text_of(body, "payload", "")
        return _answer(self._state.chatters.start(phone, payload, bot=number_of(body, "to")))

    async def _block(self, request: Request) -> Response:
        return _answer(*self._state.chatters.block(self._phone(request)))

    async def _unblock(self, request: Request) -> Response:
        return _answer(*self._state.chatters.unblock(self._phone(request)))

    async def _edit(self, request: Request) -> Response:
        phone, body = self._phone(request), await read_body(request)
        message_id = number_of(body, "message_id") or 0
        text = text_of(body, "text")
        return _answer(self._state.chatters.edit(phone, message_id, text, bot=number_of(body, "to")))

    async def _media(self, request: Request) -> Response:
        phone, body = self._phone(request), await read_body(request)
        kind = text_of(body, "kind")
        return _answer(self._state.chatters.send_stub(phone, kind, bot=number_of(body, "to")))

    async def _read(self, request: Request) -> Response:
        phone = self._phone(request)
        phone.unread = 0
        self._state.feed.publish(lambda: {"type": "phone", "phone": phone.id})
        return JSONResponse({"ok": True})


def _answer(*acts: Act | Texted) -> Response:
    if len(acts) == 1:
        return JSONResponse({"ok": True, **asdict(acts[0])})
    return JSONResponse({"ok": True, "updates": [asdict(act) for act in acts]})
