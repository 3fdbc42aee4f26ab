"""Deep links by which people connect their Telegram chat: random, kept only as a hash, good for a while."""

import csv
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import aiohttp

from notifier.channels.telegram.sender import TelegramSender
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.parts import Parts
from notifier.errors import CarrierError, InputError, NotFound

VALID_FOR = timedelta(days=14)

_TOKEN_BYTES = 18
"""24 characters of the alphabet that /start allows; more than can be guessed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLink:
    """One person's link. It is a secret: whoever opens it gets that person's messages."""

    person: PersonId
    name: str
    url: str = field(repr=False)


def token_hash(token: str) -> str:
    """What is kept of a token, and looked up when somebody comes with it."""
    return sha256(token.encode()).hexdigest()


async def bot_name(token: str, api_url: str) -> str:
    """The name of the bot, for links. Raises InputError when Telegram does not tell it."""
    async with aiohttp.ClientSession() as session:
        try:
            name = (await TelegramSender(session, token, api_url=api_url).me()).username
        except CarrierError as error:
            raise InputError(
                f"Telegram does not say the bot's name ({error.code}); check NOTIFIER_TELEGRAM_TOKEN"
            ) from None
    if not name:
        raise InputError("Telegram knows no name of the bot; give it one with BotFather")
    return name


async def issue_links(parts: Parts, unit: UnitCode, bot: str) -> list[DeepLink]:
    """A fresh link for each person of the unit and all below it, by id. Raises NotFound, InputError."""
    station = parts.station
    now = station.now()
    async with station.db.write() as tx:
        units = sorted(await tx.roster.below(unit))
        if not units:
            raise NotFound(f"there is no unit {unit}")
        people = [person for code in units for person in await tx.roster.people_of(code)]
        if not people:
            raise InputError(f"unit {unit} has no people; import people.csv first")
        people.sort(key=lambda person: person.id)
        tokens = [secrets.token_urlsafe(_TOKEN_BYTES) for _ in people]
        hashed = [(token_hash(token), person.id) for token, person in zip(tokens, people, strict=True)]
        await tx.contacts.issue_tokens(hashed, now, now + VALID_FOR)
    return [
        DeepLink(person=person.id, name=person.name, url=f"https://t.me/{bot}?start={token}")
        for token, person in zip(tokens, people, strict=True)
    ]


def write_links(path: Path, links: Sequence[DeepLink]) -> None:
    """Write ``id,name,link`` as UTF-8 CSV that only its owner may read. Raises InputError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("id", "name", "link"))
            writer.writerows((link.person, link.name, link.url) for link in links)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); give another file") from None
