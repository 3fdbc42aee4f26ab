"""What one process queues leaves from another at once, and a connection that dies is listened on anew."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from notifier.domain.roster import ChannelName
from notifier.engine.letters import Letters
from notifier.engine.station import Station
from notifier.store.database import Database
from tests.contract.sending_desk import Desk, letter, open_desk
from tests.processes import until

pytestmark = pytest.mark.postgres

NEVER_S = 3600.0
"""Longer than any test: whoever still wakes was woken."""


@asynccontextmanager
async def listening(database: Database, hear: Callable[[tuple[str, ...]], None]) -> AsyncIterator[None]:
    """As the service's loop ``signals`` does."""
    database.on_note(hear)

    async def listen() -> None:
        while True:
            await database.wait_signal(-1, NEVER_S)

    task = asyncio.create_task(listen())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_message_queued_elsewhere_leaves_because_it_is_noted(
    postgres_database: Database, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifier.engine.sending.account.IDLE_S", NEVER_S)
    elsewhere = Database.open(postgres_url)
    async with open_desk(postgres_database) as desk:
        heard = asyncio.Event()

        def hear(topics: tuple[str, ...]) -> None:
            desk.parts.station.wake.ring(*topics)
            heard.set()

        async with listening(postgres_database, hear), desk.sending():
            await heard.wait()  # it listens
            await _post_from(elsewhere, desk)
            await desk.takes(ChannelName.TELEGRAM, 1)
    await elsewhere.close()


async def _post_from(elsewhere: Database, desk: Desk) -> None:
    """Queue a letter through another process's connections."""
    here = desk.parts.station
    there = Station(
        db=elsewhere,
        clock=here.clock,
        texts=here.texts,
        reach=here.reach,
        rules=here.rules,
        wake=type(here.wake)(),
        zone=here.zone,
        locale=here.locale,
        site=here.site,
    )
    async with elsewhere.write() as tx:
        await Letters(there).post(tx, [letter("from elsewhere")], here.now())


async def test_a_listener_whose_line_died_silently_listens_anew(
    postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other side is there and says nothing any more, as when a cable was pulled."""
    monkeypatch.setattr("notifier.store.engines.LISTEN_TIMEOUT_S", 0.3)
    monkeypatch.setattr("notifier.store.watch.POSTGRES_POLL_S", 0.1)
    database = Database.open(str(postgres_database._url.render_as_string(hide_password=False)))
    heard: list[tuple[str, ...]] = []
    async with listening(database, heard.append):
        pid = await until(lambda: _listener(postgres_database), 10, "somebody listens")
        os.kill(pid, signal.SIGSTOP)
        try:

            async def another() -> bool:
                return await _listener(postgres_database, but=pid) != 0

            await until(another, 20, "another connection listens")
        finally:
            os.kill(pid, signal.SIGCONT)
        before = len(heard)
        async with postgres_database.write() as tx:
            tx.signals.note("send")

        async def noted() -> bool:
            return ("send",) in heard[before:]

        await until(noted, 10, "the note is heard")
    # Having listened anew, everything is looked at once: a note may have been lost meanwhile.
    assert heard.count(()) >= 2
    await database.close()


async def _listener(database: Database, but: int = 0) -> int:
    """The server's process that serves whoever looks at the count; 0: none."""
    async with database.read() as tx:
        found = await tx.conn.scalar(
            text(
                "SELECT max(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query LIKE '%max(signals.count)%' AND pid NOT IN (pg_backend_pid(), :but)"
            ),
            {"but": but},
        )
    return found or 0
