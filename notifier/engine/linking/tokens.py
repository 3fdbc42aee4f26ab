"""Deep links by which people connect their Telegram chat: random, kept only as a hash, good for a while."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

import aiohttp

from notifier.channels.telegram.sender import TelegramSender
from notifier.domain.roster import Person
from notifier.errors import CarrierError, InputError

VALID_FOR = timedelta(days=14)

SHELL = "shell"
"""The channel under which the journal keeps what was done at the shell."""

BotName = Callable[[], Awaitable[str]]
"""Asks for the name of the bot; raises InputError when Telegram does not tell it."""

_TOKEN_BYTES = 18
"""24 characters of the alphabet that /start allows; more than can be guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLink:
    """One person's link. It is a secret: whoever opens it gets that person's messages."""

    person: Person
    token_hash: str
    url: str = field(repr=False)


def new_link(person: Person, bot: str) -> DeepLink:
    """A fresh link, which works once its hash is kept."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return DeepLink(person=person, token_hash=token_hash(token), url=f"https://t.me/{bot}?start={token}")


def token_hash(token: str) -> str:
    """What is kept of a token, and looked up when somebody comes with it."""
    return sha256(token.encode()).hexdigest()


async def bot_name(token: str, api_url: str) -> str:
    """The name of the bot, for links. Raises InputError when Telegram does not tell it."""
    async with aiohttp.ClientSession() as session:
        return await name_of(TelegramSender(session, token, api_url=api_url))


async def name_of(bot: TelegramSender) -> str:
    """The same of a bot at hand."""
    try:
        name = (await bot.me()).username
    except CarrierError as error:
        raise InputError(
            f"Telegram does not say the bot's name ({error.code}); check NOTIFIER_TELEGRAM_TOKEN"
        ) from None
    if not name:
        raise InputError("Telegram knows no name of the bot; give it one with BotFather")
    return name
