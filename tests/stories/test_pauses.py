"""A post withdrawn, a town sent home: nobody is called, everybody hears why, and afterwards it goes on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.pausing import Pause
from notifier.engine.pausing import PauseOrder
from notifier.engine.station import Actor
from notifier.errors import InputError, NotFound
from tests.stories.harness import ONE_POST, Station, duty_station

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
DESK = Actor(person=PersonId("p01"), channel="shell")


async def pauses(
    station: Station, *, post: str | None = None, unit: str | None = None, until: str | None = None
) -> Pause:
    """The desk has that post, or unit, call nobody from now on."""
    now = station.clock.now()
    order = PauseOrder(
        reason="道路封闭",
        since=now,
        until=station.civil(until) if until else None,
        post=PostCode(post) if post else None,
        unit=UnitCode(unit) if unit else None,
    )
    async with station.engine.parts.station.db.write() as tx:
        pause = await station.engine.parts.pausing.pause(tx, order, DESK, now)
    await station.settle()
    return pause


async def resumes(station: Station, pause: Pause) -> None:
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.pausing.resume(tx, pause, DESK, station.clock.now())
    await station.settle()


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 at 20:16: the secretary has been called."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("20:16")
        yield opened


async def test_a_post_that_is_paused_beforehand_reminds_and_calls_nobody(station: Station) -> None:
    await pauses(station, post="BS01-G1", until="2026-11-24 07:00")
    await station.until_civil("20:30")
    assert await station.cases(EVENING) == []
    assert station.phone("p14").count("请到") == 0
    station.phone("p11").silent()


async def test_who_was_to_come_hears_that_he_need_not_and_why(station: Station) -> None:
    await station.until_civil("19:40")
    station.reads_all()
    await pauses(station, post="BS01-G1")
    station.phone("p14").got("今晚20:00的班撤了", "不用来", "道路封闭")


async def test_open_calls_end_and_everybody_called_hears_it(evening: Station) -> None:
    await pauses(evening, post="BS01-G1")
    case = await evening.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.CANCELLED, "paused")
    for person in ("p11", "p14"):
        evening.phone(person).got("已取消")
    evening.reads_all()
    await evening.until_civil("21:30")
    for person in ("p02", "p11", "p12"):
        evening.phone(person).silent()


async def test_when_it_is_over_what_is_empty_is_called_for_at_once(evening: Station) -> None:
    await pauses(evening, post="BS01-G1", until="21:00")
    await evening.until_civil("20:59")
    assert (await evening.case(EVENING)).state is CaseState.CANCELLED
    await evening.until_civil("21:00")
    again = await evening.case(EVENING)
    assert (again.state, again.previous is not None) == (CaseState.CALLING, True)


async def test_it_can_be_ended_early(evening: Station) -> None:
    pause = await pauses(evening, unit="BS")
    assert (await evening.case(EVENING)).outcome == "paused"
    await resumes(evening, pause)
    assert (await evening.case(EVENING)).state is CaseState.CALLING


async def test_a_town_that_is_paused_pauses_its_villages_and_no_others(both_villages: Station) -> None:
    station = both_villages
    await pauses(station, unit="BS02")
    await station.until_civil("20:16")
    assert {case.unit for case in await station.cases("unstaffed")} == {"BS01"}


# ── by one word ──────────────────────────────────────────────────────────────────────────────────


async def test_who_was_called_withdraws_the_post_with_a_word_and_a_reason(evening: Station) -> None:
    await evening.phone("p11").replies(f"撤岗{evening.phone('p11').number} 桥封了")
    evening.phone("p11").got("撤岗", "桥封了", "已通知")
    assert (await evening.case(EVENING)).outcome == "paused"
    evening.phone("p14").got("的班撤了", "桥封了")
    await evening.until_civil("2026-11-24 00:11")
    assert await evening.cases("BS01-G1 2026-11-23T16:00:00Z")


async def test_without_a_reason_he_is_asked_for_one_and_nothing_changes(evening: Station) -> None:
    await evening.phone("p11").replies(f"撤岗{evening.phone('p11').number}")
    evening.phone("p11").expects("写明原因", "撤岗")
    assert (await evening.case(EVENING)).state is CaseState.CALLING


async def test_who_is_rostered_does_not_withdraw_his_own_post(evening: Station) -> None:
    await evening.phone("p14").replies(f"撤岗{evening.phone('p14').number} 不想去")
    assert (await evening.case(EVENING)).state is CaseState.CALLING


async def test_by_sms_only_who_was_called_withdraws(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p13").replies("撤岗 桥封了", by="sms")
    assert (await station.case(EVENING)).state is CaseState.CALLING


# ── what is wrong ────────────────────────────────────────────────────────────────────────────────


async def test_what_is_wrong_is_named(station: Station) -> None:
    with pytest.raises(NotFound, match="there is no post X1"):
        await pauses(station, post="X1")
    with pytest.raises(NotFound, match="there is no unit X1"):
        await pauses(station, unit="X1")
    with pytest.raises(InputError, match="over before it begins"):
        await pauses(station, post="BS01-G1", until="2026-11-22 08:00")
