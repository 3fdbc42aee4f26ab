"""The whole service, live: every loop turns by itself in real time, against the sandbox, on a small city."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from notifier import service as service_module
from notifier.bootstrap import ROLES, open_parts
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind
from notifier.engine import loops, punctuality
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.letters import Letter
from notifier.engine.parts import Parts
from notifier.sandbox.core import SandboxState
from notifier.sandbox.serve import serve_sandbox
from notifier.service import Service
from notifier.store import engines, writer_lock
from notifier.store.rows import MessageFilter, StoredMessage
from notifier.texts.catalogue import Catalogue
from notifier.web.app import create_app
from notifier.web.serve import serve
from tests.stories.engine import _load
from tests.stories.surroundings import Front, carriers, config_for, register_people

CITY = Path(__file__).parents[1] / "fixtures" / "city"
SECONDS = 60.0
"""Longer than anything here takes on a busy machine; nothing is judged by it."""


class Outside(Front):
    """The public address; it takes alarms, and counts how often the heartbeat came."""

    def __init__(self) -> None:
        super().__init__()
        self.beats = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/beat":
            self.beats += 1
        await super().__call__(scope, receive, send)


@dataclass
class Live:
    """The service at work. Open with ``open_live``."""

    service: Service
    parts: Parts
    state: SandboxState
    outside: Outside
    public: str
    web: httpx.AsyncClient
    numbers: list[int] = field(default_factory=list)

    async def health(self) -> tuple[int, dict[str, Any]]:
        """The status and the body of /healthz."""
        answer = await self.web.get("/healthz")
        return answer.status_code, answer.json()

    async def metric(self, name: str, **labels: str) -> float | None:
        """A figure of /metrics."""
        await self.web.get("/metrics")
        return self.service.metrics.registry.get_sample_value(name, labels)

    async def until_health(self, look: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """/healthz, asked again and again as a monitor does, until ``look`` is content; 200 throughout."""
        async with asyncio.timeout(SECONDS):
            while True:
                status, body = await self.health()
                assert status == 200, body
                if look(body):
                    return body
                await asyncio.sleep(0.02)

    async def is_read_off(self) -> None:
        """Until nothing that came in is unread: /healthz may be a few seconds behind."""
        async with asyncio.timeout(SECONDS):
            while await self._unread():  # noqa: ASYNC110 -- a table can only be asked
                await asyncio.sleep(0.02)

    async def _unread(self) -> int:
        async with self.parts.station.db.read() as tx:
            return await tx.inbox.depth()

    async def calls(self, *people: str, wait: timedelta = timedelta(minutes=10)) -> None:
        """Queue a call to each."""
        now = self.parts.station.now()
        values = {"at": now.isoformat(), "minutes": 1, "unit": "岐元村", "town": None}
        async with self.parts.station.db.write() as tx:
            letters = [self._call(person, values, wait) for person in people]
            await self.parts.letters.post(tx, letters, now)
            await tx.signals.ring()
        self.parts.station.wake.ring("send", "watch")

    def _call(self, person: str, values: dict[str, object], wait: timedelta) -> Letter:
        self.numbers.append(len(self.numbers))
        return Letter(
            key=f"live:{len(self.numbers)}",
            person=PersonId(person),
            template="timers_late",
            values=values,
            lane=Lane.ESCALATION,
            kind=Kind.UNSTAFFED,
            call=True,
            wait=wait,
        )

    async def reads(self, person: str, words: str, times: int = 1) -> None:
        """Wait until that person has got so many texts with these words."""
        phone = self.state.phones.get(person)
        assert phone is not None
        await self.state.until(lambda: sum(words in t for t in phone.texts()) >= times, SECONDS)

    async def messages(self) -> list[StoredMessage]:
        """All messages, oldest first."""
        async with self.parts.station.db.read() as tx:
            return list(reversed(await tx.messages.listing(MessageFilter(limit=10_000))))

    async def settled(self, which: Callable[[StoredMessage], bool]) -> list[StoredMessage]:
        """Those messages, as soon as none of them is on its way any more."""
        under_way = {MessageState.QUEUED, MessageState.SENDING}
        async with asyncio.timeout(SECONDS):
            while True:
                found = [message for message in await self.messages() if which(message)]
                if not under_way & {message.state for message in found}:
                    return found
                await asyncio.sleep(0.05)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that waits for seconds waits for tenths of them."""
    monkeypatch.setattr(punctuality, "MAY_BE_LATE_S", dict.fromkeys(Lane, 0.3))
    monkeypatch.setattr(punctuality, "QUIET_FOR", timedelta(seconds=0.1))
    monkeypatch.setattr(service_module, "LOOK_IF_LATE_EVERY_S", 0.05)
    monkeypatch.setattr(loops, "_LONGEST_PAUSE_S", 0.1)
    monkeypatch.setattr(writer_lock, "WAIT_S", 0.2)
    busy = ("PRAGMA busy_timeout = 200", *engines._SQLITE_PRAGMAS[1:])
    monkeypatch.setattr(engines, "_SQLITE_PRAGMAS", busy)
    monkeypatch.setattr(engines, "LOCK_TIMEOUT_S", 1)
    monkeypatch.setattr(engines, "COMMAND_TIMEOUT_S", 2.0)
    monkeypatch.setattr(engines, "CONNECT_TIMEOUT_S", 1.0)


@asynccontextmanager
async def open_live(
    tmp_path: Path, database_url: str, roles: Sequence[str] = ROLES, **settings: Any
) -> AsyncIterator[Live]:
    """The service on the fixture city without its shifts. No time of day matters to it."""
    city = tmp_path / "city"
    shutil.copytree(CITY, city, ignore=shutil.ignore_patterns("rotas.yaml", "shifts.csv"))
    outside, stopping = Outside(), asyncio.Event()
    async with (
        serve(outside, "127.0.0.1", 0) as public,
        serve_sandbox(carriers(ManualClock(datetime.now(UTC)), public)) as sandbox,
    ):
        register_people(sandbox, city)
        given = {"heartbeat_url": f"{public}/beat", **settings}
        config = config_for(database_url, city, sandbox.url, public, given)
        with patch.object(Catalogue, "load", _load):
            async with open_parts(config) as parts, Service.open(config, parts) as service:
                await import_roster(parts, city)
                outside.app = create_app(service._web())
                turning = asyncio.create_task(
                    service.turn_until(stopping, [role for role in roles if role != "web"])
                )
                client = httpx.AsyncClient(
                    transport=httpx.ASGITransport(app=outside.app), base_url="http://inside"
                )
                try:
                    yield Live(service, parts, sandbox.state, outside, public, client)
                finally:
                    stopping.set()
                    await turning
                    await client.aclose()
