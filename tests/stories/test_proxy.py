"""代 NAME 签: an office holder signs a list for somebody who cannot; he is told, and another verifies it."""

import pytest

from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId, SheetKey, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.sheet import Sheet, SheetState
from notifier.engine import reports
from notifier.engine.offices import ActingOrder
from notifier.engine.station import Actor
from notifier.store.database import Database
from tests.stories.intake_desk import GATE, IntakeDesk, open_intake

LIST = f"rigid-8|{GATE}|p14"
"""What 郑秀英 (p14) owes of the gate at 岐元村. The secretary, 赵志强 (p11), is to verify it."""


async def sheet(desk: IntakeDesk, key: str = LIST) -> Sheet:
    async with desk.db.read() as tx:
        found = await tx.sheets.get(SheetKey(key))
    assert found is not None
    return found


async def text(desk: IntakeDesk, person: str, template: str) -> str:
    return (await desk.last(person, template)).text


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """郑秀英 stood her shift until midnight; ten minutes later her list is open."""
    desk = await open_intake(database, "11-23 19:30")
    await desk.sms("p14", "到岗")
    await desk.at("11-24 00:10")
    return desk


async def test_the_liaison_signs_for_her_and_the_secretary_sees_it(desk: IntakeDesk) -> None:
    number = await desk.number("p14", "sheet")
    told = await desk.chat("p02", f"代 郑秀英 签{number} 除3,5")
    assert told == ["sheet_verify", "signed_for_told", "signed_for"]
    signed = await sheet(desk)
    assert (signed.state, signed.signer, signed.exceptions) == (SheetState.SIGNED, "p14", (3, 5))
    assert signed.verifier == "p11"
    assert "，陈晓燕代签）" in await text(desk, "p11", "sheet_verify")
    assert "陈晓燕代您签了" in await text(desk, "p14", "signed_for_told")
    assert "已代郑秀英签：8项中6项做了，3、5没做，交赵志强核实" in await text(desk, "p02", "signed_for")
    assert await desk.chat("p11", "核实") == ["sheet_verified", "sheet_verified"]


async def test_the_english_words_do_the_same(desk: IntakeDesk) -> None:
    number = await desk.number("p14", "sheet")
    assert "signed_for" in await desk.chat("p02", f"for 郑秀英 sign {number} except 3 5")
    assert (await sheet(desk)).exceptions == (3, 5)


async def test_both_times_and_who_are_on_record(desk: IntakeDesk) -> None:
    await desk.at("11-24 07:30")
    case = await desk.case(LIST, Kind.UNSIGNED)
    assert case.is_open
    await desk.chat("p02", "代郑秀英签 00:40")
    trace = await reports.trace(desk.parts, case.id)
    events = {e["event"]: e for e in trace["events"] if e["event"] in ("signed", "signed_for")}  # type: ignore[attr-defined]
    assert events["signed"]["at"] == "2026-11-23T23:30:00Z", "when it was entered"
    assert events["signed"]["person"] == "p14"
    assert events["signed"]["reason"] == "by proxy of p02; done 2026-11-23T16:40:00Z; late"
    assert (events["signed_for"]["person"], events["signed_for"]["reason"]) == ("p02", "for p14")
    assert not (await desk.case(LIST, Kind.UNSIGNED)).is_open


async def test_an_hour_that_is_still_to_come_was_yesterdays(desk: IntakeDesk) -> None:
    await desk.chat("p02", "代郑秀英签 23:50")
    [line] = [line for line in await desk.journal() if line.event == "signed"]
    assert line.reason == "by proxy of p02; done 2026-11-23T15:50:00Z"


async def test_what_he_was_called_about_names_the_list_too(desk: IntakeDesk) -> None:
    await desk.at("11-24 09:00")
    assert "p12" in (await desk.case(LIST, Kind.UNSIGNED)).called
    number = await desk.number("p12", "unsigned")
    assert "signed_for" in await desk.sms("p12", f"代郑秀英签{number}")
    [line] = [line for line in await desk.journal() if line.event == "signed_for"]
    assert (line.person, line.reason) == ("p12", "for p14")


async def test_help_names_it_to_who_keeps_an_office(desk: IntakeDesk) -> None:
    async def helped(person: str) -> str:
        await desk.chat(person, "帮助")
        return await text(desk, person, "help")

    liaison, desk_officer, member = [await helped(person) for person in ("p02", "p01", "p13")]
    assert ("代 姓名 签828" in liaison, "接班827" in liaison) == (True, False)
    assert ("代 姓名 签828" in desk_officer, "接班827" in desk_officer) == (True, True)
    assert ("代 姓名 签828" in member, "接班827" in member) == (False, False), "he is away"


# ── who may not ──────────────────────────────────────────────────────────────────────────────────


async def test_who_is_to_verify_it_may_not(desk: IntakeDesk) -> None:
    assert await desk.chat("p11", "代郑秀英签") == ["sign_for_verifier"]
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_who_acts_may_and_the_one_stood_in_for_may_not(desk: IntakeDesk) -> None:
    deputy = Seat(unit=UnitCode("BS01"), title="deputy_secretary", rank=2)
    order = ActingOrder(seat=deputy, person=PersonId("p15"), since=desk.clock.now(), until=None, order=None)
    async with desk.db.write() as tx:
        by = Actor(person=PersonId("p02"), channel="shell")
        await desk.parts.offices.appoint_acting(tx, order, by, desk.clock.now())
    number = await desk.number("p14", "sheet")
    assert await desk.sms("p12", f"代郑秀英签{number}") == ["sign_for_office"], "he acts for her"
    assert "signed_for" in await desk.sms("p15", f"代郑秀英签{number}")
    [line] = [line for line in await desk.journal() if line.event == "signed_for"]
    assert (line.person, line.reason) == ("p15", "acting deputy_secretary; for p14")


async def test_who_acts_for_the_secretary_verifies_and_may_not(desk: IntakeDesk) -> None:
    await desk.chat("p02", "请周丽华主持")
    number = await desk.number("p14", "sheet")
    assert await desk.sms("p12", f"代郑秀英签{number}") == ["sign_for_verifier"]


async def test_no_one_without_an_office_there_may(desk: IntakeDesk) -> None:
    number = await desk.number("p14", "sheet")
    assert await desk.chat("p22", f"代郑秀英签{number}") == ["sign_for_office"]
    assert await desk.chat("p21", f"代郑秀英签{number}") == ["sign_for_whom"], "another village's secretary"
    assert await desk.sms("p15", f"代郑秀英签{number}") == ["sign_for_office"]
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_an_sms_needs_the_number_of_the_ask(desk: IntakeDesk) -> None:
    assert await desk.sms("p12", "代郑秀英签") == ["sign_for_how"]
    number = await desk.number("p14", "sheet")
    assert "signed_for" in await desk.sms("p12", f"代郑秀英签{number}")


async def test_never_for_who_has_signed_already(desk: IntakeDesk) -> None:
    await desk.sms("p14", "签")
    assert await desk.chat("p02", "代郑秀英签") == ["sign_for_nothing"]
    assert [line.event for line in await desk.journal()].count("signed") == 1


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("代签", "sign_for_how"),
        ("代 姓名 签828", "sign_for_how"),
        ("代张三签", "sign_for_whom"),
        ("代郑秀英签 除9", "sign_for_how"),
        ("代郑秀英签 除3-5", "sign_for_how"),
    ],
)
async def test_what_is_not_clear_is_asked_back(desk: IntakeDesk, words: str, answer: str) -> None:
    assert await desk.chat("p02", words) == [answer]
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_a_denial_signs_nothing(desk: IntakeDesk) -> None:
    await desk.chat("p02", "代郑秀英没签")
    await desk.chat("p02", "代郑秀英签吗？")
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_a_number_of_something_else_is_asked_back(desk: IntakeDesk) -> None:
    assert await desk.chat("p02", "代郑秀英签999") == ["sign_for_which"]
    number = await desk.number("p14", "sheet")
    assert f"{number} 疫情防控8项刚性任务清单" in await text(desk, "p02", "sign_for_which")


async def test_of_two_of_one_name_it_is_asked_which(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE people SET name = '郑秀英' WHERE id = 'p15'")
    await desk.sms("p15", f"到岗{await desk.number('p15')}")
    await desk.at("11-24 08:10")
    assert await desk.chat("p02", "代郑秀英签") == ["sign_for_whom"]
    assert "郑秀英 p14、郑秀英 p15" in await text(desk, "p02", "sign_for_whom")
    assert "signed_for" in await desk.chat("p02", "代郑秀英 p15 签")
    assert (await sheet(desk)).state is SheetState.OPEN
    assert "signed_for" in await desk.chat("p02", f"代郑秀英签{await desk.number('p14', 'sheet')}")


# ── taking it back, and judging it ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", ["p14", "p02"])
async def test_both_may_take_it_back_for_half_an_hour(desk: IntakeDesk, who: str) -> None:
    await desk.chat("p02", "代郑秀英签")
    await desk.at("11-24 00:39")
    words = "撤销"
    told = await (desk.sms(who, words) if who == "p14" else desk.chat(who, words))
    assert "undone" in told
    assert (await sheet(desk)).state is SheetState.OPEN
    assert "undone" in await desk.events(who)


async def test_later_it_stands(desk: IntakeDesk) -> None:
    await desk.chat("p02", "代郑秀英签")
    await desk.at("11-24 00:41")
    assert await desk.sms("p14", "撤销") == ["nothing_to_undo"]
    assert (await sheet(desk)).state is SheetState.SIGNED


async def test_her_own_signature_is_not_his_to_take_back(desk: IntakeDesk) -> None:
    await desk.chat("p02", "代郑秀英签")
    await desk.sms("p14", "撤销")
    await desk.sms("p14", "签")
    assert await desk.chat("p02", "撤销") == ["nothing_to_undo"]
    assert (await sheet(desk)).state is SheetState.SIGNED


async def test_who_signed_for_her_never_verifies_it(desk: IntakeDesk) -> None:
    """Nobody of the village is left to verify it but who signed: then it is nobody's."""
    number = await desk.number("p14", "sheet")
    await desk.sms("p12", f"代郑秀英签{number}")
    assert (await sheet(desk)).verifier == "p11"
    async with desk.db.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE offices SET status = 'absent' WHERE person = 'p11'")
    await desk.at("11-24 09:30")
    case = await desk.case(LIST, Kind.UNVERIFIED)
    assert case.is_open
    assert "p12" not in case.called
    assert "p02" in case.called


async def test_returned_it_is_hers_again(desk: IntakeDesk) -> None:
    await desk.chat("p02", "代郑秀英签")
    assert "sheet_returned" in await desk.chat("p11", "退回 第3项没照片")
    await desk.sms("p14", "签")
    assert "代签" not in await text(desk, "p11", "sheet_verify")
