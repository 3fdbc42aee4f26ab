"""Another program hears what becomes of cases, by the same outbox, and is never waited for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from notifier import service as service_module
from notifier.domain.case import Case
from notifier.domain.ids import CaseId, UnitCode
from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind
from notifier.engine import reports, webhooks
from notifier.engine.webhooks import Webhooks
from tests.receiver import KEY, Receiver, receiver
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.live import open_live


@asynccontextmanager
async def told_station(tmp_path: Path, url: str, *there: Receiver) -> AsyncIterator[Station]:
    """岐元村's evening, of which these programs are told."""
    endpoints = ",".join(one.url for one in there)
    async with duty_station(
        tmp_path, url, edits=ONE_POST, webhook_url=endpoints, webhook_secret=KEY
    ) as station:
        yield station


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pacing runs on real time, of which a story spends none."""
    monkeypatch.setattr(service_module, "WEBHOOK_RATE", 0.0)


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as taking:
        yield taking


async def events(station: Station) -> list[tuple[str, str]]:
    """Type and state of every event in the outbox, oldest first."""
    found = [one for one in await station.messages() if one["channel"] == "webhook"]
    return sorted((one["kind"], one["state"]) for one in found)


async def test_a_case_is_told_from_its_opening_to_its_end(
    tmp_path: Path, database_url: str, there: Receiver
) -> None:
    async with told_station(tmp_path, database_url, there) as station:
        await station.until_civil("20:16")
        await station.phone("p11").taps("收到")
        await station.until_civil("20:25")
        await station.phone("p14").replies("到岗")
        case = await station.case()
        assert there.types == ["case.opened", "case.held", "case.resolved"]
        assert all(event.is_signed_with(KEY) for event in there.events)
        opened, held, resolved = (event.said["data"] for event in there.events)
        assert opened["case"] == held["case"] == resolved["case"] == str(case.id)
        assert (opened["unit"], opened["kind"], opened["state"]) == ("BS01", "unstaffed", "calling")
        assert (held["holder"], resolved["state"], resolved["outcome"]) == ("p11", "resolved", case.outcome)
        assert opened["version"] < held["version"] < resolved["version"]
        assert there.events[0].said["timestamp"] == opened["opened_at"] == "2026-11-23T12:10:00Z"
        assert await events(station) == [
            ("case.held", "delivered"),
            ("case.opened", "delivered"),
            ("case.resolved", "delivered"),
        ]
        # Towards people nothing is different: no line of the trace is about another program.
        assert "webhook" not in {event["channel"] for event in await station.trace(case)}


async def test_nobody_waits_for_who_is_down_and_nothing_is_lost(
    tmp_path: Path, sqlite_url: str, there: Receiver
) -> None:
    there.status = 500
    async with receiver() as up, told_station(tmp_path, sqlite_url, there, up) as station:
        await station.until_civil("20:16")
        case = await station.case()
        assert await station.called(case) == ["p14", "p11"]
        assert up.types == ["case.opened"], "one endpoint does not wait for another"
        assert ("case.opened", "queued") in await events(station)
        channels: Any = (await reports.status(station.engine.parts))["channels"]
        assert channels["webhook"] == {"state": "ok", "accounts": 2, "queued": 1}
        assert (channels["sms"]["queued"], channels["telegram"]["queued"]) == (0, 0)
        there.status = 204
        tried = len(there.events)
        assert tried > 3
        await station.advance(minutes=10)
        assert there.types[tried:] == ["case.opened"]
        assert len({event.id for event in there.events}) == 1, "a repeat is known by its id"


async def test_who_wants_no_more_is_told_no_more_of_it(
    tmp_path: Path, sqlite_url: str, there: Receiver
) -> None:
    there.status = 410
    async with told_station(tmp_path, sqlite_url, there) as station:
        await station.until_civil("20:16")
        assert await events(station) == [("case.opened", "failed")]
        assert len(there.events) == 1
        async with httpx.AsyncClient(base_url=str(station.config.public_url)) as client:
            health = (await client.get("/healthz")).json()
        assert health["channels"]["webhook"] == {"state": "trouble", "accounts": 1, "trouble": ["http_410"]}
        assert await station.called(await station.case()) == ["p14", "p11"]


async def test_what_nobody_takes_is_dropped_in_the_end(
    tmp_path: Path, sqlite_url: str, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WORTH", timedelta(minutes=30))
    there.status = 502
    async with told_station(tmp_path, sqlite_url, there) as station:
        await station.until_civil("20:11")
        await station.phone("p14").replies("到岗")
        await station.advance(minutes=31)
        assert ("case.opened", "expired") in await events(station)
        assert ("case.resolved", "expired") in await events(station)


async def test_what_was_on_its_way_when_the_process_died_is_sent_again(
    tmp_path: Path, sqlite_url: str, there: Receiver
) -> None:
    async with told_station(tmp_path, sqlite_url, there) as station:
        await station.until_civil("20:09")
        station.clock.set(station.civil("20:10"))
        await station.engine.watch_only()
        [account] = [one for one in station.engine.accounts if one.channel == "webhook"]
        async with station.engine.parts.station.db.write() as tx:
            claimed = await tx.messages.claim(
                account.name, list(Lane), 1, station.clock.now(), account._fence
            )
        assert [event.template for event in claimed] == ["case.opened"]
        await station.restarts(tidily=False)
        await station.advance(minutes=1)
        assert there.types == ["case.opened"]
        assert await events(station) == [("case.opened", "delivered")]


async def test_an_endpoint_that_hangs_delays_no_call(
    tmp_path: Path, sqlite_url: str, there: Receiver
) -> None:
    there.hang = True
    settings = {"webhook_url": there.url, "webhook_secret": KEY}
    async with open_live(tmp_path, sqlite_url, **settings) as live:
        station = live.parts.station
        now = station.now()
        async with station.db.write() as tx:
            for number in range(1, 31):
                case = case_numbered(number, now)
                await Webhooks(station).moved(tx, case, replace(case, version=1), now)
        station.wake.ring("send")
        await there.until(lambda taken: len(taken.events) >= 10)
        await live.calls("p11")
        await live.reads("p11", "晚发了")
        states = [one.state for one in await live.messages() if one.channel == "webhook"]
        assert len(states) == 30
        assert MessageState.DELIVERED not in states, "every one of them is still being waited for"
        there.answers()


def case_numbered(number: int, now: datetime) -> Case:
    return Case(
        id=CaseId(number), kind=Kind.UNSTAFFED, unit=UnitCode("BS01"), subject=str(number), opened_at=now
    )
