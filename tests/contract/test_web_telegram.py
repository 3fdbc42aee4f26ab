"""Telegram's webhook: its secret first, then every update once, and nothing that blocks the queue."""

import json

import pytest

from notifier.store.database import Database
from tests.contract.web_client import BOTS, NOW, SECRET, open_site

PATH = f"/hooks/telegram/{BOTS[0]}"
UPDATE = (
    '{"update_id": 901, "message": {"text": "到岗", "chat": {"id": 7, "type": "private"}, "message_id": 1}}'
)


async def test_an_update_is_kept_as_it_came(database: Database) -> None:
    site = open_site(database)
    assert (await site.telegram(PATH, UPDATE)).status_code == 200
    [item] = await site.kept()
    assert (item.source, item.account, item.provider_id) == ("telegram", BOTS[0], "901")
    assert (item.payload, item.received_at) == (UPDATE, NOW)
    assert site.woken == [None]


async def test_a_repeat_is_kept_once_and_each_bot_counts_for_itself(database: Database) -> None:
    site = open_site(database)
    for path in (PATH, PATH, "/hooks/telegram", f"/hooks/telegram/{BOTS[1]}"):
        assert (await site.telegram(path, UPDATE)).status_code == 200
    assert [item.account for item in await site.kept()] == list(BOTS)
    assert len(site.woken) == 2


@pytest.mark.parametrize("secret", [None, "", SECRET + "x", SECRET.upper(), "秘密"])
async def test_without_the_secret_nothing_is_looked_at(sqlite_database: Database, secret: str | None) -> None:
    site = open_site(sqlite_database)
    for path in (PATH, "/hooks/telegram", "/hooks/telegram/999"):
        for body in (UPDATE, "x" * 2 * 1024 * 1024):
            assert (await site.telegram(path, body, secret)).status_code == 403
    assert await site.kept() == []


@pytest.mark.parametrize("bot", ["999", "4242x", "%2e%2e"])
async def test_a_bot_that_is_not_ours_is_refused(sqlite_database: Database, bot: str) -> None:
    site = open_site(sqlite_database)
    assert (await site.telegram(f"/hooks/telegram/{bot}", UPDATE)).status_code == 403


@pytest.mark.parametrize(
    "missing", [{"telegram_secret": None}, {"telegram_secret": ""}, {"telegram_bots": ()}]
)
async def test_a_channel_that_is_off_takes_nothing(
    sqlite_database: Database, missing: dict[str, object]
) -> None:
    site = open_site(sqlite_database, **missing)
    for secret in (None, "", SECRET):
        assert (await site.telegram("/hooks/telegram", UPDATE, secret)).status_code == 403
    assert await site.kept() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "到岗",
        "[]",
        "17",
        "{}",
        '{"update_id": true}',
        '{"update_id": "9"}',
        '{"update_id": ' + "9" * 30 + "}",
        '{"update_id": ' + "9" * 5000 + "}",
        "[" * 100_000,
        b"\xff\xfe{\x00",
        b'\x00{"update_id": 1}',
    ],
)
async def test_what_is_no_update_does_not_block_the_queue(database: Database, body: str | bytes) -> None:
    site = open_site(database)
    for _ in range(2):
        assert (await site.telegram(PATH, body)).status_code == 200
    [item] = await site.kept()
    assert item.provider_id.startswith("sha256:")
    assert list(json.loads(item.payload)) == ["unreadable"]
    assert site.counted("telegram", "poisoned") == 2


async def test_words_that_no_database_would_take_are_kept(database: Database) -> None:
    site = open_site(database)
    body = '{"update_id": 5, "message": {"text": "\\u0000 \\ud800"}}'
    assert (await site.telegram(PATH, body)).status_code == 200
    assert [item.payload for item in await site.kept()] == [body]


async def test_too_large_an_update_is_refused(sqlite_database: Database) -> None:
    site = open_site(sqlite_database)
    assert (await site.telegram(PATH, "x" * (1024 * 1024 + 1))).status_code == 413
    assert await site.kept() == []
