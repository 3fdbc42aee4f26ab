"""Processes that start together: one migrates, one brings the settings into force, and all go on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from notifier.bootstrap import open_parts
from notifier.engine.reloading import reload_settings
from notifier.store.database import Database
from notifier.store.settings import SettingsRepo
from tests.cluster import USER, Cluster
from tests.stories.surroundings import config_for

pytestmark = pytest.mark.postgres

CITY = Path(__file__).parents[1] / "fixtures" / "city"
MANY = 10
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def blank_url(postgres_cluster: Cluster) -> AsyncIterator[str]:
    """The URL of a database in which nothing is yet."""
    admin = await asyncpg.connect(user=USER, database="postgres", host=str(postgres_cluster.folder))
    await admin.execute("CREATE DATABASE blank")
    try:
        yield postgres_cluster.url("blank")
    finally:
        await admin.execute("DROP DATABASE blank WITH (FORCE)")
        await admin.close()


async def test_ten_upgrades_at_once_leave_one_schema(blank_url: str) -> None:
    databases = [Database.open(blank_url) for _ in range(MANY)]
    try:
        assert await databases[0].is_blank()
        await asyncio.gather(*(database.upgrade() for database in databases))
        assert await databases[0].is_current()
    finally:
        await asyncio.gather(*(database.close() for database in databases))


async def test_all_that_start_together_find_the_same_settings_in_force(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has read that there are none before any has written."""
    monkeypatch.setattr("notifier.store.settings.SettingsRepo.current", _together(MANY))
    config = config_for(postgres_url, CITY, NOWHERE, NOWHERE, {})
    async with AsyncExitStack() as stack:
        parts = [await stack.enter_async_context(open_parts(config)) for _ in range(MANY)]
        versions = await asyncio.gather(*(reload_settings(each, CITY) for each in parts))
    assert set(versions) == {1}


def _together(many: int) -> Callable[..., object]:
    """``current``, whose first answers wait for each other."""
    really, barrier = SettingsRepo.current, asyncio.Barrier(many)
    asked = 0

    async def current(repo: SettingsRepo) -> object:
        nonlocal asked
        asked += 1
        found = await really(repo)
        if asked <= many:
            await barrier.wait()
        return found

    return current
