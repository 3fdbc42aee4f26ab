"""A flood of replies: how fast what came in is read, each word held against what is open for its sender."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.engine.importing import import_roster
from notifier.engine.intake.reader import Reader
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts
from notifier.store.rows import InboxItem
from tests.bench.city import City, write_city

Figures = dict[str, float]

TOKEN = "123456:bench"
VILLAGES = 250
WORDS = ("收到", "到岗")


async def flood_of_replies(folder: Path) -> Figures:
    """1,000 people answer their reminders at once, half by Telegram and half by SMS; then say 到岗."""
    city = City(villages=VILLAGES, people=VILLAGES * 4, starts=(_soon(),))
    source = write_city(folder / "flood", city)
    figures: Figures = {}
    async with open_parts(_config(folder / "flood.db")) as parts:
        await import_roster(parts, source)
        await parts.planner.plan()
        for word in WORDS:
            await _store(parts, city, word)
            started, cpu = time.monotonic(), time.process_time()
            await _read(parts)
            name = {"收到": "ack", "到岗": "here"}[word]
            figures[f"replies_read_{name}_per_s"] = city.people / (time.monotonic() - started)
            figures[f"replies_read_{name}_cpu_ms"] = (time.process_time() - cpu) * 1000 / city.people
    return figures


def _soon() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)


async def _store(parts: Parts, city: City, word: str) -> None:
    now = parts.station.now()
    items = [_item(number, word, now) for number in range(city.people)]
    async with parts.station.db.write() as tx:
        await tx.inbox.store(items)


def _item(number: int, word: str, now: datetime) -> InboxItem:
    """What that person wrote: those with an even number by Telegram, the others by SMS."""
    if number % 2:
        form = [["From", f"+86138{number:08}"], ["To", "+15550100001"], ["Body", word]]
        payload: object = {"form": form, "query": []}
    else:
        chat = {"id": 1_000_000 + number, "type": "private"}
        payload = {"update_id": number, "message": {"message_id": 1, "date": 1, "chat": chat, "text": word}}
    return InboxItem(
        source="sms" if number % 2 else "telegram",
        account="AC" if number % 2 else "123456",
        provider_id=f"{word}{number}",
        payload=json.dumps(payload),
        received_at=now,
    )


async def _read(parts: Parts) -> None:
    reader = Reader(parts, {}, Metrics())
    while await reader.turn():
        pass


def _config(database: Path) -> Config:
    settings: dict[str, object] = {
        "database_url": f"sqlite+aiosqlite:///{database}",
        "telegram_token": TOKEN,
        "telegram_api_url": "http://127.0.0.1:1",
        "twilio_account_sid": "AC" + "1" * 32,
        "twilio_auth_token": "bench",
        "twilio_from": ("+15550100001",),
        "twilio_api_url": "http://127.0.0.1:1",
        "sms_replies": "yes",
        "log_level": "error",
    }
    return Config.model_validate(settings)
