"""How a bot fetches its updates: long polls and webhooks, one of them at a time."""

import asyncio
import re
from typing import Any

from notifier.sandbox.telegram.bots import Bot
from notifier.sandbox.telegram.desk import Json, TelegramDesk
from notifier.sandbox.telegram.errors import bad_request, conflict
from notifier.sandbox.telegram.markup import read_integer, read_list
from notifier.sandbox.telegram.methods import Call
from notifier.sandbox.telegram.updates import Update, Webhook
from notifier.sandbox.wire import Exchange, cancel_all

MAX_LIMIT = 100
MAX_TIMEOUT = 50
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def get_updates(desk: TelegramDesk, call: Call, exchange: Exchange) -> list[Update]:
    """Updates from the offset on, waiting up to `timeout` seconds for the first. Raises TelegramRefusal."""
    bot = call.bot
    if bot.webhook is not None:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first"
        )
    _note_allowed(call)
    bot.updates.oust_poll()
    offset = read_integer(call.params, "offset")
    limit = min(max(read_integer(call.params, "limit", MAX_LIMIT) or 1, 1), MAX_LIMIT)
    timeout = min(max(read_integer(call.params, "timeout", 0) or 0, 0), MAX_TIMEOUT)
    found = bot.updates.take_from(offset, limit)
    if found or not timeout:
        return found
    if await _wait(desk, bot, exchange, timeout):
        raise conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is running"
        )
    return bot.updates.take_from(None, limit)


async def _wait(desk: TelegramDesk, bot: Bot, exchange: Exchange, seconds: int) -> bool:
    place = bot.updates.begin_poll()
    desk.feed.stir()
    ends = {asyncio.ensure_future(exchange.gone()), asyncio.ensure_future(desk.feed.closing())}
    try:
        return await bot.updates.wait(place, seconds, *ends)
    finally:
        await cancel_all(ends)


def _note_allowed(call: Call) -> None:
    kinds = read_list(call.params, "allowed_updates")
    if kinds is not None:
        call.bot.updates.allowed = frozenset(str(kind) for kind in kinds) or None


async def set_webhook(desk: TelegramDesk, call: Call, exchange: Exchange) -> bool:
    """Push updates to a URL from now on (an empty one: no more). Raises TelegramRefusal."""
    url = str(call.params.get("url") or "")
    if not url:
        return await delete_webhook(desk, call, exchange)
    if not url.startswith(("http://", "https://")):
        raise bad_request("bad webhook: invalid URL")
    secret = str(call.params.get("secret_token") or "")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _note_allowed(call)
    _stop(call)
    call.bot.updates.oust_poll()
    call.bot.webhook = Webhook(url=url, secret=secret)
    call.bot.pusher = desk.background.start(_push_all(desk, call.bot, call.bot.webhook))
    return True


async def delete_webhook(desk: TelegramDesk, call: Call, exchange: Exchange) -> bool:
    """Push no more."""
    _stop(call)
    call.bot.webhook = None
    return True


def _stop(call: Call) -> None:
    if call.bot.pusher is not None:
        call.bot.pusher.cancel()
        call.bot.pusher = None
    if call.flag("drop_pending_updates"):
        call.bot.updates.clear()


async def _push_all(desk: TelegramDesk, bot: Bot, webhook: Webhook) -> None:
    """Push updates one after the other; none overtakes one that was not taken."""
    first_delay = desk.options.telegram.webhook_retry_seconds
    delay = first_delay
    while True:
        update = await bot.updates.first()
        if await _push(desk, webhook, update):
            bot.updates.confirm(update)
            delay = first_delay
            desk.feed.stir()
        else:
            await asyncio.sleep(delay)
            delay = min(delay * 2, desk.options.telegram.webhook_retry_cap)


async def _push(desk: TelegramDesk, webhook: Webhook, update: Update) -> bool:
    headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
    status = await desk.courier.post_json(webhook.url, update, headers)
    if status is not None and 200 <= status < 300:
        return True
    webhook.last_error = (
        f"Wrong response from the webhook: {status}" if status else "Connection refused or lost"
    )
    webhook.last_error_at = desk.options.now()
    desk.feed.stir()
    return False


async def get_webhook_info(desk: TelegramDesk, call: Call, exchange: Exchange) -> Json:
    """Where updates go, how many wait, and what went wrong last."""
    bot = call.bot
    info: dict[str, Any] = {
        "url": bot.webhook.url if bot.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.updates.pending),
    }
    if bot.webhook and bot.webhook.last_error_at:
        info["last_error_date"] = int(bot.webhook.last_error_at.timestamp())
        info["last_error_message"] = bot.webhook.last_error
    if bot.updates.allowed is not None:
        info["allowed_updates"] = sorted(bot.updates.allowed)
    return info


FETCHING = {
    name.lower(): (name, method)
    for name, method in (
        ("getUpdates", get_updates),
        ("setWebhook", set_webhook),
        ("deleteWebhook", delete_webhook),
        ("getWebhookInfo", get_webhook_info),
    )
}
