"""Who holds an office, by somebody's decision: suspended, reinstated, appointed, removed."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest

from notifier.domain.holdings import OfficeRecord, Seat, What
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.offices import ActingOrder
from notifier.engine.parts import Parts
from notifier.engine.seats import SeatOrder
from notifier.engine.station import Actor
from notifier.store.tx import Tx
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import at
from tests.stories.test_lists import by_day, on_post, sheet

R = TypeVar("R")

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
OFFICE = "BS01|secretary|1"
SECRETARY = Seat(unit=UnitCode("BS01"), title="secretary", rank=1)
WANG = Actor(person=PersonId("p01"), channel="shell")
STAND_IN = {"policies.yaml": {"unstaffed:\n": "offices:\n  stand_in: [secretary]\nunstaffed:\n"}}
WHY = "交接没有到场"


async def decides(station: Station, deed: Callable[[Parts, Tx, datetime], Awaitable[R]]) -> R:
    """The city's officer decides something, and all that follows from it happens."""
    parts = station.engine.parts
    async with parts.station.db.write() as tx:
        done = await deed(parts, tx, station.clock.now())
        await tx.signals.ring()
    await station.settle()
    return done


def order(station: Station, *, since: str | None = None, until: str | None = None) -> SeatOrder:
    return SeatOrder(
        seat=SECRETARY,
        reason=WHY,
        since=station.civil(since) if since else None,
        until=station.civil(until) if until else None,
    )


async def suspends(station: Station, *, since: str | None = None, until: str | None = None) -> OfficeRecord:
    told = order(station, since=since, until=until)
    return await decides(station, lambda parts, tx, now: parts.seats.suspend(tx, told, WANG, now))


async def reinstates(station: Station) -> OfficeRecord:
    told = order(station)
    return await decides(station, lambda parts, tx, now: parts.seats.reinstate(tx, told, WANG, now))


async def vacates(station: Station, *, since: str | None = None) -> OfficeRecord:
    told = order(station, since=since)
    return await decides(station, lambda parts, tx, now: parts.seats.vacate(tx, told, WANG, now))


async def appoints(
    station: Station, person: str, *, replacing: str | None = None, since: str | None = None
) -> OfficeRecord:
    told = order(station, since=since)
    former = PersonId(replacing) if replacing else None
    return await decides(
        station,
        lambda parts, tx, now: parts.seats.appoint(tx, told, PersonId(person), WANG, now, replacing=former),
    )


async def takes_back(station: Station, record: OfficeRecord) -> None:
    await decides(
        station,
        lambda parts, tx, now: parts.offices.take_back(tx, SECRETARY, record.id, WANG, "记错了人", now),
    )


async def has_act(station: Station, person: str) -> None:
    acting = ActingOrder(
        seat=SECRETARY, person=PersonId(person), since=station.clock.now(), until=None, order=None
    )
    await decides(station, lambda parts, tx, now: parts.offices.appoint_acting(tx, acting, WANG, now))


async def events(station: Station) -> list[str]:
    return [line.event for line in await station.journal(OFFICE)]


@pytest.fixture
async def standing_in(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """The next in rank acts as soon as nobody keeps the secretary's seat; on both databases."""
    async with duty_station(tmp_path, database_url, edits={**ONE_POST, **STAND_IN}) as opened:
        yield opened


# ── suspended and reinstated ─────────────────────────────────────────────────────────────────────


async def test_who_is_suspended_hears_by_whom_why_and_whom_to_answer(either_station: Station) -> None:
    station = either_station
    record = await suspends(station, until="2026-12-05 08:00")
    assert (record.by, record.reason, record.person) == ("p01", WHY, "p11")
    station.phone("p11").got(
        "王建国决定", "暂停您的岐元村书记职务", "至12月5日", f"原因：{WHY}", "请找王建国13800100001"
    )
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p14", "p12"]
    assert ("p11", "suspended") in await station.reasons(case, "passed_over")


async def test_the_village_hears_whom_to_turn_to_and_nothing_of_why(station: Station) -> None:
    await suspends(station)
    notice = station.phone("p13").expects("书记的工作请先找周丽华同志")
    for word in ("赵志强", "暂停", "停职", WHY, "空缺"):
        assert word not in notice.text
    for person in ("p11", "p12"):
        station.phone(person).got("书记的工作请先找周丽华同志")
    for person in ("p01", "p02", "p21"):
        station.phone(person).silent()


async def test_with_the_policy_the_next_acts_until_he_is_reinstated(standing_in: Station) -> None:
    station = standing_in
    await suspends(station)
    station.phone("p11").expects("暂停您的岐元村书记职务", "期间由周丽华代理")
    station.phone("p11").never_got("请安心")
    station.phone("p12").expects("请您代理岐元村书记")
    station.phone("p13").expects("书记的工作由周丽华同志主持")
    await station.advance(hours=1)
    await reinstates(station)
    station.phone("p11").expects("王建国决定", "恢复您的岐元村书记职务", "现在没有待办")
    station.phone("p12").expects("到此为止", "交还赵志强")
    station.phone("p13").expects("仍由赵志强同志主持")
    assert await events(station) == ["suspended", "acting_began", "reinstated", "acting_ended"]


async def test_a_suspension_begins_and_ends_by_its_dates_across_a_restart(station: Station) -> None:
    await suspends(station, since="2026-11-23 12:00", until="2026-11-23 18:00")
    station.phone("p11").silent()
    await station.restarts(tidily=False)
    await station.until_civil("12:00")
    station.phone("p11").got("王建国决定", "今天12:00起暂停")
    await station.restarts()
    await station.until_civil("18:00")
    station.phone("p11").expects("恢复您的岐元村书记职务")
    assert "王建国" not in station.phone("p11").got("恢复您的").text
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p11"]


async def test_a_suspension_taken_back_is_told_as_his_return(station: Station) -> None:
    record = await suspends(station)
    await takes_back(station, record)
    station.phone("p11").expects("王建国决定", "恢复您的岐元村书记职务")


async def test_a_case_that_he_has_goes_on_to_the_next(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    await station.phone("p11").taps("收到")
    assert (await station.case(EVENING)).holder == "p11"
    await suspends(station)
    assert at(await station.trace(case), "lapsed") == [("20:16", "p11")]
    assert (await station.called(case))[-1] == "p12"


@pytest.mark.parametrize("deed", [suspends, vacates])
async def test_a_list_that_waits_for_him_is_asked_of_the_next(
    tmp_path: Path, sqlite_url: str, deed: Callable[[Station], Awaitable[OfficeRecord]]
) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p14")) as station:
        await on_post(station, "p14")
        await station.until_civil("16:00")
        await station.phone("p14").replies_with_number("签")
        station.phone("p11").expects("核实")
        await deed(station)
        station.phone("p12").got("属实回 核实")
        await station.phone("p12").replies(f"核实{station.phone('p12').number}")
        verified = (await station.journal((await sheet(station)).key))[-1]
        assert (verified.event, verified.person) == ("verified", "p12")


# ── removed and appointed ────────────────────────────────────────────────────────────────────────


async def test_who_is_removed_hears_it_and_the_seat_stays_empty(either_station: Station) -> None:
    station = either_station
    await vacates(station)
    station.phone("p11").got(
        "王建国决定", "您不再担任岐元村书记", WHY, "请找王建国13800100001", "谢谢您一直以来的辛苦"
    )
    station.phone("p13").expects("书记的工作请先找周丽华同志")
    [line] = await station.journal(OFFICE)
    assert (line.event, line.person, line.channel) == ("office_vacated", "p11", "shell")
    assert line.reason == f"by p01; {WHY}"
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    assert (None, "vacant: secretary") in await station.reasons(case, "passed_over")
    assert await station.called(case) == ["p14", "p12"]


async def test_a_vacancy_has_the_next_act_until_somebody_is_appointed(standing_in: Station) -> None:
    station = standing_in
    await vacates(station)
    station.phone("p12").expects("请您代理岐元村书记")
    station.phone("p13").expects("书记的工作由周丽华同志主持")
    await station.advance(hours=1)
    await appoints(station, "p14")
    station.phone("p12").got("到此为止")
    station.phone("p12").never_got("交还")
    station.phone("p14").got("王建国决定", "由您担任岐元村书记", "现在没有待办")
    station.phone("p13").expects("由郑秀英同志担任书记")
    assert await events(station) == ["office_vacated", "acting_began", "office_appointed", "acting_ended"]


async def test_who_acts_keeps_acting_when_the_holder_is_removed(station: Station) -> None:
    await has_act(station, "p12")
    station.reads_all()
    await vacates(station)
    station.phone("p11").expects("您不再担任岐元村书记")
    for person in ("p12", "p13"):
        station.phone(person).silent()


async def test_who_acted_and_is_appointed_is_not_thanked_for_stopping(station: Station) -> None:
    await vacates(station)
    await has_act(station, "p12")
    await appoints(station, "p12")
    station.phone("p12").expects("由您担任岐元村书记")
    station.phone("p12").never_got("到此为止")


async def test_an_open_case_passes_with_a_note_to_who_takes_over(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    await station.phone("p11").taps("收到")
    await appoints(station, "p12", replacing="p11")
    assert "岐元村卡口20:00缺1人" in station.phone("p12").got("由您担任岐元村书记").text
    station.phone("p11").got("您不再担任岐元村书记")
    assert (await station.called(case))[-1] == "p12"
    await station.phone("p12").replies_with_number("收到")
    assert (await station.case(EVENING)).holder == "p12"


async def test_an_appointment_ahead_is_told_when_it_begins(station: Station) -> None:
    await appoints(station, "p12", replacing="p11", since="2026-11-23 12:00")
    for person in ("p11", "p12", "p13"):
        station.phone(person).silent()
    await station.until_civil("12:00")
    station.phone("p12").expects("王建国决定", "由您担任岐元村书记")
    station.phone("p11").got("王建国决定", "不再担任")
    station.phone("p13").expects("由周丽华同志担任书记")


async def test_a_later_import_is_the_whole_truth_and_keeps_the_book(either_station: Station) -> None:
    station = either_station
    await vacates(station)
    station.reads_all()
    text = (station.city / "offices.csv").read_text(encoding="utf-8")
    report = await station.imports({"offices.csv": text})
    assert report.result.tables["offices"].changed == 1
    async with station.engine.parts.station.db.read() as tx:
        book = await tx.office_records.of_seat(SECRETARY)
    assert [(one.what, one.person, one.by) for one in book] == [
        (What.APPOINTED, "p11", None),
        (What.APPOINTED, None, "p01"),
        (What.APPOINTED, "p11", None),
    ]
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p11"]


async def test_a_vacancy_that_a_file_tells_has_the_next_act_too(standing_in: Station) -> None:
    station = standing_in
    await station.edits("offices.csv", {"secretary,1,p11,in_post,": "secretary,1,,,"})
    station.phone("p12").expects("请您代理岐元村书记")
    station.phone("p11").never_got("不再担任")
    await station.edits("offices.csv", {"secretary,1,,,": "secretary,1,p14,in_post,"})
    station.phone("p12").expects("到此为止")
