"""Those outside who watch us: when nobody could be called, the heartbeat stops and the alarm is raised."""

import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError

from notifier.channels.http import open_session
from notifier.engine.alarms import RETRY_AFTER, Alarms, raise_alarm
from notifier.engine.house import House
from notifier.engine.loops import STUCK_AFTER_S, Pulses, steady
from notifier.engine.metrics import Metrics
from notifier.store.database import Database
from notifier.web.serve import serve
from tests.stories.intake_desk import IntakeDesk, open_intake
from tests.stories.live import Outside


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The session that everything outside is reached by."""
    opened = open_session()
    yield opened
    await opened.close()


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """A station, on either database."""
    return await open_intake(database)


class Watched:
    """A house whose loops and watch are as the test says, and the monitor that its heartbeat comes to."""

    def __init__(self, desk: IntakeDesk, session: aiohttp.ClientSession, url: str, outside: Outside) -> None:
        self.pulses = Pulses()
        self.watches = True
        self._outside = outside
        parts = desk.parts
        self._house = House(
            parts.station, parts.broadcasts, self.pulses, session, f"{url}/beat", lambda: self.watches
        )

    async def beats(self) -> bool:
        """Whether the minute's heartbeat comes."""
        before = self._outside.beats
        await self._house.heartbeat()
        return self._outside.beats > before


@pytest.fixture
async def watched(desk: IntakeDesk, session: aiohttp.ClientSession) -> AsyncIterator[Watched]:
    """All is well."""
    outside = Outside()
    async with serve(outside, "127.0.0.1", 0) as url:
        yield Watched(desk, session, url, outside)


async def test_the_heartbeat_comes_only_while_all_loops_turn(watched: Watched) -> None:
    for name in ("watch", "reader", "sender-telegram-1"):
        watched.pulses.of(name).beat()
    assert await watched.beats()
    # Whatever it hangs in: a turn that does not end does not beat.
    watched.pulses.of("reader").last = time.monotonic() - STUCK_AFTER_S - 1
    assert not await watched.beats()
    watched.pulses.of("reader").beat()
    assert await watched.beats()


async def test_a_ticking_job_that_is_dead_silences_the_heartbeat(watched: Watched) -> None:
    pulse = watched.pulses.of("ticker-leases")
    pulse.last = time.monotonic() - STUCK_AFTER_S - 1
    assert not await watched.beats()

    async def renews() -> None:
        """The leases are renewed again."""

    await steady(pulse, renews)()
    assert await watched.beats()


async def test_who_does_not_have_the_watch_is_silent(watched: Watched) -> None:
    watched.watches = False
    assert not await watched.beats()


async def test_a_watch_that_cannot_be_held_for_want_of_a_database_silences_it(
    watched: Watched,
) -> None:
    """The loops turn and wait; but nobody would be called, so somebody outside must hear silence."""
    pulse = watched.pulses.of("ticker-leases")

    async def renew() -> None:
        raise OperationalError("UPDATE", {}, full)

    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    await steady(pulse, renew)()
    watched.watches = False
    assert (watched.pulses.stuck(), await watched.beats()) == ([], False)


async def test_an_alarm_is_posted_until_it_is_taken(desk: IntakeDesk, session: aiohttp.ClientSession) -> None:
    station, outside, metrics = desk.parts.station, Outside(), Metrics()
    async with desk.db.write() as tx:
        await raise_alarm(tx, "nobody at the duty desk can be reached", station.now())
    async with serve(outside, "127.0.0.1", 0) as url:
        nobody = Alarms(station, session, f"{url}/nowhere", metrics)
        await nobody.turn()
        assert outside.alarms == []
        # A restart in between: the alarm is a row.
        somebody = Alarms(station, session, f"{url}/alarm", metrics)
        await somebody.turn()
        assert outside.alarms == [], "not before its time"
        desk.clock.set(desk.clock.now() + RETRY_AFTER + timedelta(seconds=1))
        await somebody.turn()
        await somebody.turn()
    assert [alarm["alarm"] for alarm in outside.alarms] == ["nobody at the duty desk can be reached"]


async def test_an_alarm_that_nobody_answers_keeps_nothing_else_waiting(
    desk: IntakeDesk, session: aiohttp.ClientSession
) -> None:
    station = desk.parts.station
    async with desk.db.write() as tx:
        await raise_alarm(tx, "nobody at the duty desk can be reached", station.now())
    await Alarms(station, session, "http://127.0.0.1:1/alarm", Metrics()).turn()
    async with desk.db.read() as tx:
        due = (await tx.timers.oldest_due())[9]
    assert due == desk.clock.now() + RETRY_AFTER
