"""Health, metrics, the page, and the doors that are shut."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from notifier.domain.case import CaseState
from notifier.domain.message import MessageState
from notifier.engine.loops import STUCK_AFTER_S
from notifier.store.database import Database
from notifier.store.rows import Timer
from notifier.store.tx import Tx
from tests.contract.web_client import NOW, SECRET, TOKENS, Site, open_site


async def test_healthy_while_every_loop_turns(database: Database) -> None:
    site = open_site(database, channels=lambda: {"sms": {"state": "failing", "trouble": "30007"}})
    site.deps.pulses.of("watch").beat()
    async with database.write() as tx:
        late = Timer(key="a", lane=0, due_at=NOW - timedelta(seconds=90), kind="k", subject="s")
        await tx.timers.plan([late])
    answer = await site.client.get("/healthz")
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("loops")["watch"] < 5
    assert body == {
        "status": "ok",
        "stuck": [],
        "database": "ok",
        "waiting": {},
        "timers_late_s": 90.0,
        "inbox_depth": 0,
        "channels": {"sms": {"state": "failing", "trouble": "30007"}},
    }


async def test_a_stuck_loop_is_named(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    site.deps.pulses.of("watch").beat()
    site.deps.pulses.of("send").last = time.monotonic() - STUCK_AFTER_S - 1
    answer = await site.client.get("/healthz")
    assert answer.status_code == 503
    assert (answer.json()["status"], answer.json()["stuck"]) == ("stuck", ["send"])
    site.deps.pulses.of("send").beat()
    assert (await site.client.get("/healthz")).status_code == 200


async def test_a_database_that_hangs_keeps_nobody_waiting(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0

    @asynccontextmanager
    async def hang(_: Database) -> AsyncIterator[Tx]:
        nonlocal reads
        reads += 1
        await asyncio.sleep(30)
        yield Tx(None)  # type: ignore[arg-type]

    monkeypatch.setattr(Database, "read", hang)
    site = open_site(sqlite_database)
    before = time.monotonic()
    answers = await asyncio.gather(*(site.client.get("/healthz") for _ in range(20)))
    assert time.monotonic() - before < 3
    assert {(answer.status_code, answer.json()["database"]) for answer in answers} == {(200, "away")}
    assert (await site.client.get("/metrics")).status_code == 200
    assert reads == 2
    monkeypatch.undo()
    async with site.app.router.lifespan_context(site.app):
        pass
    assert (await site.client.get("/healthz")).json()["database"] == "ok"


async def test_a_database_that_refuses_is_said_to_be_away(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Database) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(Database, "read", refuse)
    site = open_site(sqlite_database)
    answer = await site.client.get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (200, "away")
    monkeypatch.undo()
    assert (await site.client.get("/healthz")).json()["database"] == "ok"


async def test_metrics_show_every_state_zeros_too(database: Database) -> None:
    site = open_site(database)
    site.deps.pulses.of("watch").beat()
    answer = await site.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    lines = answer.text.splitlines()
    assert {f'notifier_messages{{state="{state.value}"}} 0.0' for state in MessageState} <= set(lines)
    assert {f'notifier_cases{{state="{state.value}"}} 0.0' for state in CaseState} <= set(lines)
    assert any(line.startswith('notifier_loop_age_seconds{loop="watch"} 0') for line in lines)


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics", "/hooks/telegram", "/api/v1", "/nowhere"])
async def test_every_answer_carries_the_security_headers(sqlite_database: Database, path: str) -> None:
    answer = await open_site(sqlite_database).client.get(path)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/openapi", "/api/v1/cases/7", "/api"])
async def test_who_is_not_signed_in_learns_nothing(sqlite_database: Database, method: str, path: str) -> None:
    answer = await open_site(sqlite_database).client.request(method, path)
    assert (answer.status_code, answer.json()["title"]) == (401, "no token")


async def test_the_way_in_leads_to_the_console(sqlite_database: Database) -> None:
    answer = await open_site(sqlite_database).client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/static/../app.py", "/static/vendored/README.md"]
)
async def test_nothing_else_is_served(sqlite_database: Database, path: str) -> None:
    assert (await open_site(sqlite_database).client.get(path)).status_code == 404


async def test_secrets_do_not_show(sqlite_database: Database) -> None:
    site: Site = open_site(sqlite_database)
    shown = repr(site.deps)
    assert not [secret for secret in (*TOKENS, SECRET) if secret in shown]
    assert (site.deps.twilio_tokens, site.deps.telegram_secret) == (TOKENS, SECRET)
