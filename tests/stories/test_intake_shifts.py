"""What people say of their shifts, and what comes of it."""

import pytest

from notifier.domain.case import CaseState
from notifier.store.database import Database
from tests.stories.intake_desk import GATE, NIGHT, PAIR, IntakeDesk, open_intake


@pytest.fixture
async def desk(sqlite_database: Database) -> IntakeDesk:
    """Half past seven in the evening: reminded, and within the hour in which on post counts."""
    return await open_intake(sqlite_database, "11-23 19:35")


@pytest.fixture
async def called(sqlite_database: Database) -> IntakeDesk:
    """A quarter past eight: nobody is at the gate, p14 and then p11, the secretary, have been called."""
    desk = await open_intake(sqlite_database, "11-23 19:35")
    await desk.at("11-23 20:16")
    return desk


async def test_received_to_a_reminder_puts_nobody_on_post(desk: IntakeDesk) -> None:
    number = await desk.number("p14")
    assert await desk.sms("p14", f"收到{number}") == ["reminder_acked"]
    assert await desk.events("p14") == ["acknowledged"]
    assert await desk.on_post() == []
    # Of the two who share this phone only the other is still asked.
    assert await desk.sms("p14", "收到") == ["reminder_acked"]
    assert await desk.events("p15") == ["acknowledged"]


async def test_on_post_without_a_number_and_without_a_reminder(sqlite_database: Database) -> None:
    desk = await open_intake(sqlite_database, "11-23 19:05")
    assert await desk.sms("p14", "到岗") == ["on_post"]
    assert await desk.on_post() == ["p14"]


async def test_too_early(sqlite_database: Database) -> None:
    desk = await open_intake(sqlite_database, "11-23 15:00")
    assert await desk.sms("p14", "到了") == ["too_early"]
    assert await desk.on_post() == []


async def test_too_late(desk: IntakeDesk) -> None:
    await desk.at("11-24 00:01")
    number = await desk.number("p14")
    assert await desk.sms("p14", f"到岗{number}") == ["too_late"]


async def test_on_post_staffs_the_case_and_says_so_to_everybody(called: IntakeDesk) -> None:
    assert (await called.case()).state is CaseState.CALLING
    assert "on_post" in await called.sms("p14", "我到了")
    case = await called.case()
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")


async def test_the_secretary_takes_the_call_by_a_tap(called: IntakeDesk) -> None:
    told = await called.taps("p11", "ack", "call_unstaffed")
    assert "taken" in told[0]
    case = await called.case()
    assert (case.state, case.holder) == (CaseState.HELD, "p11")
    lines = [line for line in await called.journal() if line.event == "acknowledged" and line.case]
    assert [(line.person, line.channel, line.reason) for line in lines] == [("p11", "telegram", "收到")]
    assert len(called.bots.ended) == 1


@pytest.mark.parametrize("words", ["收到{n}", "{n}收到", "{n}", "1", "收到"])
async def test_ways_to_take_a_call_by_text(called: IntakeDesk, words: str) -> None:
    number = await called.number("p11")
    await called.sms("p11", words.format(n=number))
    assert (await called.case()).holder == "p11"
    reasons = [line.reason for line in await called.journal() if line.event == "acknowledged" and line.case]
    assert reasons == [words.format(n=number)]


async def test_another_hears_who_has_it_and_nothing_changes(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    before = await called.case()
    number = await called.number("p14")
    assert await called.sms("p14", f"收到{number}") == ["who_has_it_rostered"]
    assert await called.chat("p11", "收到") == ["held_already"]
    assert await called.case() == before


async def test_after_the_end_it_is_said_how_it_stands(called: IntakeDesk) -> None:
    number = await called.number("p11")
    await called.sms("p14", "到岗")
    assert await called.chat("p11", f"收到{number}") == ["case_closed"]
    assert await called.chat("p11", f"不便{number}") == ["case_closed"]


async def test_a_decline_calls_the_next_at_once(called: IntakeDesk) -> None:
    told = await called.chat("p11", "不便")
    assert told == ["call_unstaffed", "declined"]
    assert "declined" in await called.events("p11")
    assert (await called.last("p12")).template == "call_unstaffed"


async def test_the_holder_hands_on(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    assert "handed_on" in await called.chat("p11", "转交")
    case = await called.case()
    assert case.holder is None
    assert "p12" in case.called
    assert "handed_on" in await called.events("p11")


async def test_naming_somebody_hands_nothing_on(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    assert await called.chat("p11", "叫老孙去") == ["who_is_on_post"]
    assert (await called.case()).holder == "p11"


async def test_on_the_way_waits_but_never_too_long(called: IntakeDesk) -> None:
    number = await called.number("p11")
    assert await called.chat("p11", f"{number} 15分钟") == ["eta_noted"]
    case = await called.case()
    assert case.holder is None
    assert case.due_at is not None
    assert (case.due_at - called.clock.now()).total_seconds() == 15 * 60
    assert "on_the_way" in await called.events("p11")


async def test_who_is_rostered_comes_after_all(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    number = await called.number("p14")
    assert await called.sms("p14", f"{number} 20分钟") == ["forwarded", "who_has_it_rostered"]
    assert (await called.last("p11", "forwarded")).text
    assert "on_the_way" in await called.events("p14")


async def test_a_number_that_is_not_his_is_nothing_to_him(called: IntakeDesk) -> None:
    number = await called.number("p11")
    assert await called.sms("p12", f"收到{number}") == ["nothing_open"]
    assert (await called.case()).holder is None


async def test_on_the_way_before_there_is_a_case(desk: IntakeDesk) -> None:
    await desk.at("11-23 20:05")
    assert await desk.sms("p14", "20分钟到") == ["eta_noted"]
    await desk.at("11-23 20:20")
    async with desk.db.read() as tx:
        assert await tx.cases.last_for("unstaffed", GATE) is None  # type: ignore[arg-type]
    await desk.at("11-23 20:26")
    assert (await desk.case()).is_open


async def test_leave_tells_the_secretary_who_finds_another(desk: IntakeDesk) -> None:
    number = await desk.number("p14")
    assert await desk.sms("p14", f"请假{number} 孩子发烧") == ["leave_told", "leave_noted"]
    told = await desk.last("p11", "leave_told")
    assert "郑秀英" in told.text
    assert await desk.taps("p11", "ack", "leave_told") == ["taken_unstaffed"]
    async with desk.db.read() as tx:
        [leave] = await tx.shifts.leave_of(GATE)  # type: ignore[arg-type]
    assert (leave.person, leave.reason) == ("p14", "孩子发烧")


async def test_a_leave_that_the_secretary_cannot_see_to_goes_to_the_next(desk: IntakeDesk) -> None:
    await desk.sms("p14", f"{await desk.number('p14')}来不了")
    assert await desk.taps("p11", "decline", "leave_told") == ["leave_told", "declined"]
    assert (await desk.last("p12")).template == "leave_told"


async def test_leave_in_a_case_is_a_decline(called: IntakeDesk) -> None:
    number = await called.number("p14")
    told = await called.sms("p14", f"请假{number}")
    assert told == ["leave_noted"]
    assert {"leave", "declined"} <= set(await called.events("p14"))


async def test_who_was_called_staffs_it_himself(called: IntakeDesk) -> None:
    told = await called.chat("p11", "到岗")
    assert "on_post" in told
    assert await called.on_post() == ["p11"]
    assert (await called.case()).state is CaseState.RESOLVED
    assert {"acknowledged", "on_post"} <= set(await called.events("p11"))


async def test_by_proxy(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    told = await called.chat("p11", "代孙小军到岗")
    assert {"proxied", "proxied_told"} <= set(told)
    assert await called.on_post() == ["p15"]
    [line] = [line for line in await called.journal() if line.event == "on_post"]
    assert (line.person, line.reason) == ("p15", "by proxy of p11")


async def test_an_office_holder_who_was_not_called_may_stand_in_for_somebody(called: IntakeDesk) -> None:
    assert "proxied" in await called.sms("p12", "代郑秀英到岗")
    assert await called.on_post() == ["p14"]


async def test_nobody_else_may(called: IntakeDesk) -> None:
    await called.sms("p22", "代郑秀英到岗")
    assert await called.on_post() == []


async def test_a_name_that_is_nobody_is_asked_back(called: IntakeDesk) -> None:
    assert await called.chat("p11", "代张三到岗") == ["which_person"]
    assert await called.on_post() == []


async def test_off_post_empties_the_post_and_opens_a_case_at_once(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 21:00")
    told = await desk.sms("p14", "离岗")
    assert "off_post" in told
    assert (await desk.case()).is_open


async def test_gone_is_asked_once(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 21:00")
    assert await desk.sms("p14", "走了") == ["confirm_off"]
    assert await desk.on_post() == ["p14"]
    assert "off_post" in await desk.sms("p14", "走了")
    assert await desk.on_post() == []


async def test_gone_is_asked_anew_after_a_while(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 21:00")
    assert await desk.sms("p14", "走了") == ["confirm_off"]
    await desk.at("11-23 21:11")
    assert await desk.sms("p14", "走了") == ["confirm_off"]


async def test_a_claim_is_confirmed_by_the_secretary(desk: IntakeDesk) -> None:
    await desk.at("11-24 00:30")
    assert await desk.sms("p14", "昨晚到了忘回了") == ["claim_ask", "claim_noted"]
    number = await desk.number("p11", subject=GATE)
    assert await desk.chat("p11", f"代郑秀英到岗{number}") == ["claim_confirmed", "claim_confirmed_noted"]
    assert {"claim", "claim_confirmed"} <= set(await desk.events("p14"))
    assert await desk.on_post() == []


# ── shared phones ────────────────────────────────────────────────────────────────────────────────


async def test_a_shared_phone_means_whoever_is_due(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 23:35")
    assert await desk.sms("p15", "到岗") == ["on_post"]
    assert sorted(await desk.on_post()) == ["p14", "p15"]
    await desk.at("11-24 00:01")
    assert await desk.on_post() == ["p15"]


async def test_a_shared_phone_of_whom_two_are_due_is_asked_back(desk: IntakeDesk) -> None:
    await desk.at("11-23 23:35")
    assert await desk.sms("p15", "到岗") == ["which_matter"]
    number = await desk.number("p15", subject=NIGHT)
    assert await desk.sms("p15", f"到岗{number}") == ["on_post"]
    assert await desk.on_post() == ["p15"]


# ── taking back ──────────────────────────────────────────────────────────────────────────────────


async def test_taking_back_on_post(called: IntakeDesk) -> None:
    await called.sms("p14", "到岗")
    told = await called.sms("p14", "撤销")
    assert "undone" in told
    assert await called.on_post() == []
    assert (await called.case()).is_open
    assert "undone" in await called.events("p14")


async def test_taking_back_an_acknowledgement(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    assert "undone" in await called.chat("p11", "撤销")
    assert (await called.case()).holder is None


async def test_taking_back_by_proxy_by_the_one_named(called: IntakeDesk) -> None:
    await called.chat("p11", "代周丽华到岗")
    assert await called.on_post() == ["p12"]
    assert "undone" in await called.sms("p12", "撤销")
    assert await called.on_post() == []
    assert await called.chat("p11", "撤销") == ["nothing_to_undo"]


async def test_taking_back_a_leave(desk: IntakeDesk) -> None:
    await desk.sms("p14", f"来不了{await desk.number('p14')}")
    assert await desk.sms("p14", "撤销") == ["undone"]
    async with desk.db.read() as tx:
        assert await tx.shifts.leave_of(GATE) == []  # type: ignore[arg-type]


async def test_taking_back_off_post(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 21:00")
    await desk.sms("p14", "离岗")
    assert "undone" in await desk.sms("p14", "撤销")
    assert await desk.on_post() == ["p14"]
    assert not (await desk.case()).is_open


async def test_after_half_an_hour_nothing_is_taken_back(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.at("11-23 20:06")
    assert await desk.sms("p14", "撤销") == ["nothing_to_undo"]
    assert await desk.on_post() == ["p14"]


async def test_undo_by_the_button_under_the_answer(desk: IntakeDesk) -> None:
    await desk.chat("p21", "到岗")
    assert "undone" in await desk.taps("p21", "undo", "on_post")
    assert await desk.on_post("BS02-G1") == []


async def test_one_post_of_two_people(desk: IntakeDesk) -> None:
    assert await desk.chat("p21", "到岗") == ["on_post"]
    assert await desk.chat("p22", "here") == ["on_post"]
    assert (await desk.last("p22")).text.startswith(str(await desk.number("p22", subject=PAIR)))
    assert sorted(await desk.on_post("BS02-G1")) == ["p21", "p22"]
    assert await desk.chat("p21", "到岗") == ["on_post"]
