"""A broadcast to a whole city goes through its units a few at a time, and comes out as if it were one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.case import Case, CaseState
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.policy import Kind
from notifier.engine import relays
from notifier.engine.broadcasts import Broadcasts, Order
from notifier.engine.station import Actor
from notifier.errors import InputError
from notifier.store.tx import Tx
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_broadcasts import AUTHOR, sends, shown, units


class Killed(BaseException):
    """What happens to a process."""


@pytest.fixture
async def one_by_one(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Station]:
    """A station that sees to one unit in each transaction."""
    monkeypatch.setattr(relays, "UNITS", 1)
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as station:
        yield station


async def answers(station: Station, broadcast: int, unit: str, person: str) -> None:
    parts = station.engine.parts
    by = Actor(person=PersonId(person), channel="sms")
    async with parts.station.db.write() as tx:
        await parts.relays.relayed(tx, f"{broadcast}:{unit}", 2, by, "转达 2", parts.station.now())
    await station.settle()


async def test_every_unit_is_asked_and_every_silent_one_is_a_case(one_by_one: Station) -> None:
    station = one_by_one
    broadcast = await sends(station, "unit:BS", relay=True)
    for secretary in ("p11", "p21"):
        station.phone(secretary).got("11:00前")
    await station.until_civil("11:00")
    assert {case.unit for case in await station.cases("unrelayed")} == {"BS01", "BS02"}
    assert station.phone("p01").count("2村没有回音") == 1
    await answers(station, broadcast, "BS01", "p11")
    assert station.phone("p01").count("办结") == 0
    await answers(station, broadcast, "BS02", "p21")
    assert station.phone("p01").count("办结") == 1


async def test_the_end_is_not_told_before_the_last_silent_unit_was_looked_at(one_by_one: Station) -> None:
    station = one_by_one
    broadcast = await sends(station, "unit:BS", relay=True)
    await station.until_civil("10:59")
    parts = station.engine.parts
    by = Actor(person=PersonId("p11"), channel="sms")
    async with parts.station.db.write() as tx:
        now = parts.station.now()
        await parts.relays.deadline(tx, str(broadcast), now)
        assert [case.unit for case in await _open(tx)] == ["BS01"]
        await parts.relays.relayed(tx, f"{broadcast}:BS01", 5, by, "转达 5", now)
    await station.settle()
    assert [case.unit for case in await station.cases("unrelayed") if case.closed_at is None] == ["BS02"]
    assert station.phone("p01").count("办结") == 0
    await answers(station, broadcast, "BS02", "p21")
    assert station.phone("p01").count("办结") == 1


async def _open(tx: Tx) -> list[Case]:
    return [await tx.cases.get(case) for case in await tx.cases.open_ids()]


async def test_the_end_is_told_when_all_cases_close_before_the_last_unit_is_looked_at(
    one_by_one: Station,
) -> None:
    station = one_by_one
    broadcast = await sends(station, "unit:BS", relay=True)
    await answers(station, broadcast, "BS02", "p21")
    await station.until_civil("10:59")
    parts = station.engine.parts
    by = Actor(person=PersonId("p11"), channel="sms")
    async with parts.station.db.write() as tx:
        now = parts.station.now()
        await parts.relays.deadline(tx, str(broadcast), now)
        await parts.relays.relayed(tx, f"{broadcast}:BS01", 5, by, "转达 5", now)
    await station.settle()
    assert station.phone("p01").count("办结") == 1
    assert units(await shown(station, broadcast)) == {"BS01": 5, "BS02": 2}


async def test_who_dies_over_stopping_a_broadcast_leaves_it_to_the_watch(
    one_by_one: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = one_by_one
    parts = station.engine.parts
    await station.until_civil("09:00")
    later = station.clock.now().replace(hour=10)
    order = Order(
        kind=Kind.NOTICE,
        title="通知",
        body="明早开会。",
        audience=("unit:BS",),
        author=AUTHOR,
        relay=True,
        reply_by=None,
        start_at=later,
    )
    broadcast = await parts.broadcasts.prepare(order, station.clock.now(), lambda _: None)
    with monkeypatch.context() as patched:
        patched.setattr(Broadcasts, "_stop_some", _dies)
        with pytest.raises(Killed):
            await parts.broadcasts.stop(BroadcastId(broadcast))
    document = await shown(station, broadcast)
    assert (document["state"], document["states"]["queued"]) == ("cancelled", document["expected"])
    await station.until_civil("09:02")
    states = (await shown(station, broadcast))["states"]
    assert states["cancelled"] == document["expected"]
    with pytest.raises(InputError, match="cancelled already"):
        await parts.broadcasts.stop(BroadcastId(broadcast))


async def _dies(*_: object) -> None:
    raise Killed


async def test_a_broadcast_stopped_by_its_sender_closes_every_case(one_by_one: Station) -> None:
    station = one_by_one
    broadcast = await sends(station, "unit:BS", relay=True)
    await station.until_civil("11:00")
    await station.engine.parts.broadcasts.stop(BroadcastId(broadcast))
    await station.settle()
    assert {case.state for case in await station.cases("unrelayed")} == {CaseState.CANCELLED}
    async with station.engine.parts.station.db.read() as tx:
        assert not await tx.timers.is_pending(f"broadcast_stop:{broadcast}")
