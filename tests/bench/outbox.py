"""An outbox with something in it, and a service that sends it: the common ground of the sending measures."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from notifier.bootstrap import open_parts
from notifier.config import Config
from notifier.domain.ids import BroadcastId
from notifier.domain.message import MessageState
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from notifier.engine.importing import import_roster
from notifier.engine.parts import Parts
from notifier.store.message_values import in_states
from notifier.store.rows import MessageFilter, StoredMessage
from notifier.store.tables import messages
from tests.bench.carrier import LightCarrier
from tests.bench.city import City, write_city
from tests.bench.figures import Rate
from tests.bench.processes import Process, service

BODY = "昨夜风大，各村值守同志坚守卡口，劝返车辆一百二十台次，护送群众三十人，谨向全体同志表示感谢。"
LOOK_EVERY_S = 0.005


@dataclass(slots=True)
class Outbox:
    """A database with a city in it. Open with ``open_outbox``."""

    settings: dict[str, str]
    parts: Parts
    people: int
    folder: Path
    written: list[Rate] = field(default_factory=list)
    """What queuing each broadcast took, texts and buttons included."""
    _sizes: dict[BroadcastId, int] = field(default_factory=dict)

    async def write(self, audience: str = "unit:C", people: int | None = None) -> BroadcastId:
        """Queue one commendation to so many (None: everybody), not let out yet; returns its id."""
        order = Order(
            kind=Kind.COMMENDATION,
            title="值守表扬",
            body=BODY,
            audience=(audience,),
            author=None,
            relay=False,
            reply_by=None,
            # Far ahead: the measure lets it out itself.
            start_at=datetime.now(UTC) + timedelta(days=1),
        )
        started, cpu = time.monotonic(), time.process_time()
        broadcast = await self.parts.broadcasts.prepare(order, datetime.now(UTC), lambda _: None)
        self._sizes[broadcast] = people or self.people
        self.written.append(
            Rate(
                messages=self._sizes[broadcast],
                seconds=time.monotonic() - started,
                cpu_seconds=time.process_time() - cpu,
            )
        )
        return broadcast

    async def sample(self, broadcast: BroadcastId) -> list[StoredMessage]:
        """The messages of a broadcast."""
        async with self.parts.station.db.read() as tx:
            return await tx.messages.listing(MessageFilter(broadcast=broadcast))

    async def drain(self, broadcast: BroadcastId, carrier: LightCarrier, senders: Sequence[Process]) -> Rate:
        """Let the broadcast out; from then to its last outcome on record."""
        database, people = self.parts.station.db, self._sizes[broadcast]
        await carrier.reset()
        cpu = sum(process.cpu_seconds for process in senders)
        async with database.write() as tx:
            await tx.messages.release_broadcast(broadcast, datetime.now(UTC), people)
            await tx.signals.ring()
            started = time.monotonic()
        # Both are other processes' doing: they can only be asked.
        while (await carrier.taken()).count < people:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S * 10)
        while await self._any_left():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        return Rate(
            messages=people,
            seconds=time.monotonic() - started,
            cpu_seconds=sum(process.cpu_seconds for process in senders) - cpu,
        )

    async def _any_left(self) -> bool:
        left = select(messages.c.id).where(in_states(MessageState.SENDING)).limit(1)
        async with self.parts.station.db.read() as tx:
            return await tx.conn.scalar(left) is not None


def settings_for(url: str, carrier: str, bots: int = 1, rate: float = 0) -> dict[str, str]:
    """The settings of a service with so many bots; rate 0 lifts the limits."""
    tokens = ",".join(f"{123_450 + number}:bench" for number in range(bots))
    return {
        "DATABASE_URL": url,
        "TELEGRAM_TOKEN": tokens,
        "TELEGRAM_API_URL": carrier,
        "TELEGRAM_RATE": str(rate),
        "TELEGRAM_CHAT_RATE": "1" if rate else "0",
        "HTTP_PORT": "0",
        "LOG_LEVEL": "error",
    }


@asynccontextmanager
async def open_outbox(
    folder: Path, url: str, carrier: LightCarrier, *, people: int, bots: int = 1, villages: int = 20
) -> AsyncIterator[Outbox]:
    """The database of that URL with a city of so many people, shared out among the bots."""
    settings = settings_for(url, carrier.url, bots)
    config = Config.model_validate({name.lower(): value for name, value in settings.items()})
    city = City(villages=villages, people=people, bots=tuple(config.telegram_tokens))
    source = write_city(folder, city)
    async with open_parts(config) as parts:
        await import_roster(parts, source)
        yield Outbox(settings, parts, people, folder)


@asynccontextmanager
async def sending(outbox: Outbox, processes: int = 1, roles: str = "sender") -> AsyncIterator[list[Process]]:
    """Senders at work on that outbox."""
    async with service(outbox.settings, roles=roles, folder=outbox.folder, processes=processes) as started:
        yield started
