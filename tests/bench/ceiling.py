"""The bare ceiling: python-telegram-bot over our HTTP, the same texts and buttons, nothing on record."""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from notifier.channels.http import open_session
from notifier.channels.telegram.request import SharedSessionRequest
from notifier.channels.telegram.sender import base_url
from notifier.store.rows import StoredMessage
from tests.bench.figures import Rate

CALL_S = 10.0
IN_FLIGHT = (4, 16, 50, 100, 200)


async def ceiling(
    api_url: str, token: str, messages: Sequence[StoredMessage], in_flight: Sequence[int] = IN_FLIGHT
) -> Rate:
    """Messages a second at the best of these numbers of calls at once."""
    # What else this process remembers must not slow it down.
    gc.collect()
    gc.freeze()
    rates = [await _rate(api_url, token, messages, calls) for calls in in_flight]
    return max(rates, key=lambda rate: rate.a_second)


async def _rate(api_url: str, token: str, messages: Sequence[StoredMessage], in_flight: int) -> Rate:
    async with open_session() as session:
        request = SharedSessionRequest(session, CALL_S)
        bot = Bot(token, base_url=base_url(api_url), request=request, get_updates_request=request)
        rest = iter(messages)
        started, cpu = time.monotonic(), time.process_time()
        await asyncio.gather(*(_send_all(bot, rest) for _ in range(in_flight)))
        return Rate(
            messages=len(messages),
            seconds=time.monotonic() - started,
            cpu_seconds=time.process_time() - cpu,
        )


async def _send_all(bot: Bot, rest: Iterator[StoredMessage]) -> None:
    for message in rest:
        rows = [
            [InlineKeyboardButton(button.label, callback_data=button.data) for button in row]
            for row in message.keyboard
        ]
        await bot.send_message(message.address, message.text, reply_markup=InlineKeyboardMarkup(rows))
