"""Responsibility lists: asked for at shift end, signed, verified or returned, and called for if not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from notifier.domain.case import CaseState
from notifier.domain.sheet import Sheet, SheetState
from notifier.store.tables import sheets
from tests.stories.harness import ONE_POST, Edits, Station, duty_station
from tests.stories.test_duty_escalation import at


def by_day(person: str) -> Edits:
    """That person has the post from eight to four, so that no quiet hours lie in between."""
    line = "2026-11-23 20:00,2026-11-24 00:00,p14"
    return {"shifts.csv": {**ONE_POST["shifts.csv"], line: f"2026-11-23 08:00,2026-11-23 16:00,{person}"}}


async def on_post(station: Station, person: str) -> None:
    """He stands the day's shift, and everybody has read what came of it."""
    await station.until_civil("07:50")
    await station.phone(person).replies("到岗")
    await station.until_civil("15:59")
    station.reads_all()


async def sheet(station: Station) -> Sheet:
    """The one sheet there is."""
    async with station.engine.parts.station.db.read() as tx:
        [key] = await tx.conn.scalars(select(sheets.c.key))
        found = await tx.sheets.get(key)
    assert found is not None
    return found


@pytest.fixture
async def day(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """吴永明 (p13) stood the post from eight to four; the secretary (p11) verifies."""
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p13")) as opened:
        await on_post(opened, "p13")
        yield opened


# ── asking and signing ───────────────────────────────────────────────────────────────────────────


async def test_the_list_is_asked_for_when_the_shift_ends_of_those_who_were_there(day: Station) -> None:
    for person in ("p11", "p12", "p13", "p14"):
        day.phone(person).silent()
    await day.until_civil("16:00")
    asked = day.phone("p13").expects("岐元村8项清单", "16:30前签", channel="telegram")
    assert "签字" in asked.buttons
    assert any("3 车辆登记" in label for label in asked.buttons)
    for person in ("p11", "p12", "p14"):
        day.phone(person).silent()


async def test_nobody_who_was_not_there_owes_a_list(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p13")) as station:
        await station.until_civil("17:00")
        assert await station.cases("unsigned") == []
        station.phone("p13").never_got("清单")


async def test_what_was_not_done_is_named_and_the_verifier_reads_it(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").replies(f"签{day.phone('p13').number}除3,5")
    day.phone("p13").expects("已签", "8项中6项做了", "3、5没做", "交赵志强核实")
    read = day.phone("p11").expects("请核实岐元村吴永明", "6项已做", "3、5未做")
    assert {"核实", "退回"} <= set(read.buttons)
    signed = await sheet(day)
    assert (signed.state, signed.exceptions, signed.late) == (SheetState.SIGNED, (3, 5), False)


async def test_buttons_mark_what_was_not_done(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("3 车辆登记")
    assert any("☐ 3" in label for label in day.phone("p13").got("清单").buttons)
    await day.phone("p13").taps("5 居家隔离走访")
    await day.phone("p13").taps("3 车辆登记")
    await day.phone("p13").taps("签字")
    assert (await sheet(day)).exceptions == (5,)


async def test_a_signature_that_is_verified_closes_the_matter(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.until_civil("16:30")
    await day.phone("p11").taps("核实")
    verified = await sheet(day)
    assert (verified.state, verified.verifier) == (SheetState.VERIFIED, "p11")
    day.phone("p13").expects("已核实", "赵志强")
    day.reads_all()
    await day.until_civil("21:00")
    assert await day.cases() == []
    for person in ("p11", "p12", "p13"):
        day.phone(person).silent()


async def test_one_is_never_a_signature(day: Station) -> None:
    await day.until_civil("16:05")
    for words in ("1", "收到", "都做了", "签3", "3没做", "没签", "不签"):
        await day.phone("p13").replies(words)
        assert (await sheet(day)).state is SheetState.OPEN


# ── verifying ────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_verifies_his_own(tmp_path: Path, sqlite_url: str) -> None:
    """The secretary himself was on post: his deputy verifies."""
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p11")) as station:
        await on_post(station, "p11")
        await station.until_civil("16:05")
        await station.phone("p11").taps("签字")
        station.phone("p12").expects("请核实岐元村赵志强")
        await station.phone("p11").replies("核实")
        await station.phone("p11").replies_with_number("核实")
        assert (await sheet(station)).state is SheetState.SIGNED
        await station.phone("p12").replies_with_number("核实")
        assert (await sheet(station)).state is SheetState.VERIFIED


async def test_the_liaison_verifies_where_the_village_has_nobody_else(
    tmp_path: Path, sqlite_url: str
) -> None:
    edits = {
        **by_day("p11"),
        "offices.csv": {"BS01,deputy_secretary,2,p12,in_post,": "BS01,deputy_secretary,2,,,"},
    }
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await on_post(station, "p11")
        await station.until_civil("16:05")
        await station.phone("p11").taps("签字")
        station.phone("p02").expects("请核实岐元村赵志强")


async def test_a_list_is_returned_only_with_a_reason_and_the_grace_begins_anew(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.until_civil("17:00")
    await day.phone("p11").replies(f"退回{day.phone('p11').number}")
    assert (await sheet(day)).state is SheetState.SIGNED
    day.phone("p11").expects("要写原因")
    await day.phone("p11").replies(f"退回{day.phone('p11').number}第3项没照片")
    returned = await sheet(day)
    assert (returned.state, returned.return_reason) == (SheetState.RETURNED, "第3项没照片")
    day.phone("p13").expects("赵志强退回", "第3项没照片")
    await day.until_civil("17:14")
    assert await day.cases("unsigned") == []
    await day.until_civil("17:15")
    assert (await day.case("unsigned")).state is CaseState.CALLING
    await day.phone("p13").replies_with_number("签")
    assert (await day.case("unsigned")).state is CaseState.RESOLVED


async def test_a_returned_list_signed_in_time_is_not_late(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.until_civil("17:00")
    await day.phone("p11").replies(f"退回{day.phone('p11').number} 第3项没照片")
    await day.until_civil("17:10")
    await day.phone("p13").replies_with_number("签")
    signed = await sheet(day)
    assert (signed.state, signed.late) == (SheetState.SIGNED, False)
    day.phone("p11").expects("请核实岐元村吴永明")


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_unsigned_list_is_called_for_the_signer_first(day: Station) -> None:
    await day.until_civil("16:44")
    assert await day.cases() == []
    await day.until_civil("18:20")
    case = await day.case("unsigned")
    assert at(await day.trace(case), "called") == [("16:45", "p13"), ("17:15", "p11"), ("18:15", "p12")]
    day.phone("p13").got("清单", "还没签")
    day.phone("p11").got("应签未签", "吴永明13800100013")


async def test_a_late_signature_resolves_it_and_is_marked_late(day: Station) -> None:
    await day.until_civil("17:20")
    await day.phone("p13").replies_with_number("签")
    signed = await sheet(day)
    assert (signed.state, signed.late) == (SheetState.SIGNED, True)
    case = await day.case("unsigned")
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "late")
    day.phone("p13").got("迟签")
    day.phone("p11").got("请核实岐元村吴永明", "迟签")
    stood_down = [person for event, person in await day.events(case) if event == "stood_down"]
    assert sorted(map(str, stood_down)) == ["p11", "p13"]


async def test_a_list_nobody_verifies_is_a_case_of_its_own(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.until_civil("18:04")
    assert await day.cases() == []
    await day.until_civil("19:06")
    case = await day.case("unverified")
    assert at(await day.trace(case), "called") == [("18:05", "p11"), ("19:05", "p12")]
    assert "p13" not in await day.called(case)
    await day.phone("p12").replies_with_number("核实")
    case = await day.case("unverified")
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "verified")
    verified = await sheet(day)
    assert (verified.state, verified.verifier) == (SheetState.VERIFIED, "p12")
    day.phone("p11").got("请放心")


async def test_an_acknowledged_list_is_not_a_signed_one(day: Station) -> None:
    await day.until_civil("17:16")
    await day.phone("p11").taps("收到")
    case = await day.case("unsigned")
    assert (case.state, case.holder) == (CaseState.HELD, "p11")
    assert (await sheet(day)).state is SheetState.OPEN
    await day.until_civil("19:17")
    assert at(await day.trace(await day.case("unsigned")), "lapsed") == [("19:16", "p11")]


# ── taking it back ───────────────────────────────────────────────────────────────────────────────


async def test_a_signature_taken_back_is_owed_again(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.until_civil("16:10")
    await day.phone("p13").taps("撤销")
    assert (await sheet(day)).state is SheetState.OPEN
    await day.phone("p11").replies_with_number("核实")
    assert (await sheet(day)).state is SheetState.OPEN
    await day.until_civil("16:45")
    assert (await day.case("unsigned")).state is CaseState.CALLING


async def test_a_verification_taken_back_is_owed_again(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.phone("p11").taps("核实")
    await day.until_civil("16:10")
    await day.phone("p11").replies_with_number("撤销")
    assert (await sheet(day)).state is SheetState.SIGNED
    await day.until_civil("18:06")
    assert (await day.case("unverified")).state is CaseState.CALLING


async def test_a_return_taken_back_leaves_it_signed(day: Station) -> None:
    await day.until_civil("16:05")
    await day.phone("p13").taps("签字")
    await day.phone("p11").replies(f"退回{day.phone('p11').number} 第3项没照片")
    await day.until_civil("16:10")
    await day.phone("p11").replies_with_number("撤销")
    assert (await sheet(day)).state is SheetState.SIGNED
    await day.until_civil("16:50")
    assert await day.cases("unsigned") == []
