"""One bot: sending, editing, and the few other calls that the program makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from telegram import Bot
from telegram.error import TelegramError

from notifier.channels.telegram.errors import NOT_MODIFIED, CallFailed
from notifier.channels.telegram.request import SharedSessionRequest
from notifier.domain.message import Accepted, Keyboard, Outgoing
from notifier.domain.sms import utf16_units
from notifier.errors import CarrierError, Verdict

PUBLIC_API: Final = "https://api.telegram.org"
MAX_UNITS: Final = 4096
"""Longest text, in UTF-16 units."""
MAX_DATA_BYTES: Final = 64
CALL_S: Final = 10.0
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")
_NO_PREVIEW: Final = {"is_disabled": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSelf:
    """Who a bot is: its id (the account) and the name that deep links use."""

    id: str
    username: str


class _RawBot(Bot):
    """The library's bot with its answers left raw: what is not parsed costs nothing and cannot fail."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Without the token, which the library's own would show in tracebacks with locals."""
        return "_RawBot()"

    async def call(self, method: str, parameters: dict[str, Any], seconds: float | None = None) -> Any:
        # Not do_api_request: it warns of every method that the library also knows by name.
        if seconds is None:
            return await self._post(method, parameters)
        return await self._post(method, parameters, read_timeout=seconds)


class TelegramSender:
    """Port Sender for one bot. Every method raises CarrierError and is over within its time-out."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: str,
        *,
        api_url: str | None = None,
        timeout: float = CALL_S,
    ) -> None:
        """Use the shared ``session``. ``api_url``: a Bot API server, with or without ``/bot`` at its end."""
        request = SharedSessionRequest(session, timeout)
        self._bot = _RawBot(token, base_url=base_url(api_url), request=request, get_updates_request=request)
        self._timeout = timeout
        self.account = token.partition(":")[0]
        """The bot's id."""

    async def send(self, message: Outgoing) -> Accepted:
        """Send; or edit ``message.edits``, its text and keyboard, or without a text its keyboard alone."""
        _check(message)
        if message.edits is not None:
            return await self._edit(message, message.edits)
        parameters: dict[str, Any] = {
            "chat_id": message.address,
            "text": message.text,
            "link_preview_options": _NO_PREVIEW,
        }
        if message.keyboard:
            parameters["reply_markup"] = _markup(message.keyboard)
        if message.silent:
            parameters["disable_notification"] = True
        sent = await self._call("sendMessage", parameters)
        return Accepted(provider_id=_message_id(sent))

    async def _edit(self, message: Outgoing, message_id: str) -> Accepted:
        # An edit without reply_markup takes the keyboard away, which is what an empty keyboard asks for.
        parameters: dict[str, Any] = {"chat_id": message.address, "message_id": message_id}
        if message.keyboard:
            parameters["reply_markup"] = _markup(message.keyboard)
        method = "editMessageReplyMarkup"
        if message.text:
            method = "editMessageText"
            parameters |= {"text": message.text, "link_preview_options": _NO_PREVIEW}
        try:
            await self._call(method, parameters)
        except CarrierError as error:
            if error.code != NOT_MODIFIED:
                raise
        return Accepted(provider_id=message_id)

    async def answer_callback(self, callback_id: str, text: str | None = None) -> None:
        """End a tap's waiting, with a short notice at most 200 characters long."""
        await self._call("answerCallbackQuery", {"callback_query_id": callback_id, "text": text})

    async def leave_chat(self, address: str) -> None:
        """Leave a group."""
        await self._call("leaveChat", {"chat_id": address})

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates sent to ``url`` with ``secret`` in their header; pending ones are kept."""
        await self._call(
            "setWebhook", {"url": url, "secret_token": secret, "allowed_updates": list(ALLOWED_UPDATES)}
        )

    async def delete_webhook(self) -> None:
        """Go back to polling; pending updates are kept."""
        await self._call("deleteWebhook", {})

    async def me(self) -> BotSelf:
        """Who this bot is; also the cheapest proof that the token works."""
        answer = await self._call("getMe", {})
        if not isinstance(answer, Mapping):
            raise CarrierError(Verdict.UNKNOWN, "bad_answer")
        return BotSelf(id=str(answer.get("id", self.account)), username=str(answer.get("username", "")))

    async def get_updates(self, offset: int | None, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109
        """What came in from ``offset`` on, unparsed; waits ``timeout`` whole seconds for the first."""
        parameters = {"offset": offset, "timeout": int(timeout), "allowed_updates": list(ALLOWED_UPDATES)}
        updates = await self._call("getUpdates", parameters, seconds=timeout + self._timeout)
        if not isinstance(updates, list):
            raise CarrierError(Verdict.UNKNOWN, "bad_answer")
        return [update for update in updates if isinstance(update, dict)]

    async def _call(self, method: str, parameters: dict[str, Any], seconds: float | None = None) -> Any:
        try:
            return await self._bot.call(method, parameters, seconds)
        except CallFailed as failed:
            failure = failed.error
        except TelegramError:
            failure = CarrierError(Verdict.UNKNOWN, "telegram")
        # Raised outside the handler: the library's errors may quote what was sent.
        raise failure


def base_url(api_url: str | None) -> str:
    """The address that the token is appended to."""
    url = (api_url or PUBLIC_API).rstrip("/")
    return url if url.endswith("/bot") else f"{url}/bot"


def _check(message: Outgoing) -> None:
    # Telegram counts UTF-16 units; at most two a character, so short texts need no counting.
    if len(message.text) > MAX_UNITS // 2 and utf16_units(message.text) > MAX_UNITS:
        raise CarrierError(Verdict.REFUSED, "too_long")
    for row in message.keyboard:
        for button in row:
            if len(button.data.encode()) > MAX_DATA_BYTES:
                raise CarrierError(Verdict.REFUSED, "too_long")


def _markup(keyboard: Keyboard) -> dict[str, Any]:
    rows = [[{"text": button.label, "callback_data": button.data} for button in row] for row in keyboard]
    return {"inline_keyboard": rows}


def _message_id(sent: object) -> str:
    if isinstance(sent, dict) and isinstance(sent.get("message_id"), int):
        return str(sent["message_id"])
    raise CarrierError(Verdict.UNKNOWN, "bad_answer")
