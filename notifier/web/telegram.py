"""Telegram's webhook: verified by its secret, kept raw, then answered."""

import json
from base64 import b64encode
from hashlib import sha256
from hmac import compare_digest
from typing import Final

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from notifier.store.rows import InboxItem
from notifier.web.body import Bodies
from notifier.web.deps import WebDeps
from notifier.web.keeping import Keeper, count, refuse

log = structlog.get_logger(__name__)

SECRET: Final = "X-Telegram-Bot-Api-Secret-Token"
SOURCE: Final = "telegram"
MAX_ID: Final = 2**63 - 1


class TelegramHooks:
    """Updates of all our bots, each kept as the very JSON that came.

    What is no update is kept too, as ``{"unreadable": "<base64>"}`` under its hash, and answered 200:
    Telegram would otherwise send it for ever, and nothing behind it.
    """

    def __init__(self, deps: WebDeps, keeper: Keeper, bodies: Bodies) -> None:
        """Without a secret every call is refused."""
        self._deps = deps
        self._keeper = keeper
        self._bodies = bodies

    def router(self) -> APIRouter:
        """Their routes."""
        router = APIRouter()
        router.add_api_route("/hooks/telegram", self.first_bot, methods=["POST"], response_model=None)
        router.add_api_route("/hooks/telegram/{bot_id}", self.bot, methods=["POST"], response_model=None)
        return router

    async def first_bot(self, request: Request) -> Response:
        """An update of the first bot."""
        return await self._take(request, next(iter(self._deps.telegram_bots), ""))

    async def bot(self, request: Request, bot_id: str) -> Response:
        """An update of that bot."""
        return await self._take(request, bot_id)

    async def _take(self, request: Request, bot_id: str) -> Response:
        genuine = self._is_secret(request.headers.get(SECRET, ""))
        if not genuine or bot_id not in self._deps.telegram_bots:
            raise refuse(self._deps, SOURCE, "bot" if genuine else "secret")
        body = await self._bodies.read(request)
        provider_id = _update_id(body)
        if provider_id is None:
            count(self._deps, SOURCE, "poisoned")
            log.warning("hook_poisoned", source=SOURCE, size=len(body))
            await self._keeper.keep(self._item(bot_id, f"sha256:{sha256(body).hexdigest()}", _wrapped(body)))
        else:
            await self._keeper.keep(self._item(bot_id, provider_id, body.decode()))
        return Response(status_code=200)

    def _is_secret(self, given: str) -> bool:
        secret = self._deps.telegram_secret
        return bool(secret) and compare_digest((secret or "").encode(), given.encode("utf-8", "replace"))

    def _item(self, account: str, provider_id: str, payload: str) -> InboxItem:
        return InboxItem(
            source=SOURCE,
            account=account,
            provider_id=provider_id,
            payload=payload,
            received_at=self._deps.now(),
        )


def _update_id(body: bytes) -> str | None:
    """The update's id; None for anything that is no JSON object with one."""
    try:
        update = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    found = update.get("update_id") if isinstance(update, dict) else None
    usable = isinstance(found, int) and not isinstance(found, bool) and abs(found) <= MAX_ID
    return str(found) if usable else None


def _wrapped(body: bytes) -> str:
    return json.dumps({"unreadable": b64encode(body).decode()})
