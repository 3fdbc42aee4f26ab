"""When PostgreSQL goes away: one verdict, and everything works again once it is back."""

import asyncio

import pytest
from sqlalchemy import text

from notifier.store.database import Database, is_outage
from tests.cluster import Cluster

pytestmark = pytest.mark.postgres


async def test_a_connection_cut_at_rest_is_replaced_silently(postgres_database: Database) -> None:
    async with postgres_database.read() as tx:
        await tx.signals.count()
    await _cut_all(postgres_database)
    async with postgres_database.write() as tx:
        await tx.signals.ring()


async def test_a_connection_cut_in_the_middle_is_an_outage(postgres_database: Database) -> None:
    with pytest.raises(Exception, match=r".+") as cut:  # noqa: PT012 -- the block is the transaction
        async with postgres_database.write() as tx:
            await tx.signals.count()
            await _cut_all(postgres_database)
            await tx.signals.count()
    assert is_outage(cut.value)
    async with postgres_database.write() as tx:
        await tx.signals.ring()


async def test_waiting_outlives_a_restart(postgres_database: Database, postgres_cluster: Cluster) -> None:
    waiting = asyncio.create_task(postgres_database.wait_signal(0, 20))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(postgres_cluster.restart)
    await asyncio.sleep(0.2)
    async with postgres_database.write() as tx:
        await tx.signals.ring()
    assert await waiting == 1


async def test_a_stopped_server_is_an_outage_and_passes(
    postgres_database: Database, postgres_cluster: Cluster
) -> None:
    await asyncio.to_thread(postgres_cluster.control, "stop")
    try:
        for _ in range(3):
            with pytest.raises(Exception, match=r".*") as away:
                async with postgres_database.write() as tx:
                    await tx.signals.ring()
            assert is_outage(away.value)
        assert await postgres_database.wait_signal(5, 0.1) == 5
    finally:
        await asyncio.to_thread(postgres_cluster.control, "start")
    async with postgres_database.write() as tx:
        await tx.signals.ring()


async def test_a_statement_that_never_ends_is_an_outage(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.store.engines.COMMAND_TIMEOUT_S", 0.3)
    database = Database.open(postgres_url)

    async def hang() -> None:
        async with database.write() as tx:
            await tx.conn.execute(text("SELECT pg_sleep(30)"))

    with pytest.raises(Exception, match=r".*") as hung:
        await hang()
    assert is_outage(hung.value)
    async with database.write() as tx:
        await tx.signals.ring()
    await database.close()


async def _cut_all(database: Database) -> None:
    async with database.write() as tx:
        await tx.conn.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    await asyncio.sleep(0.1)
