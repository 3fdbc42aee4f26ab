"""What people say while a post is empty: taking it, coming, handing on, taking it back."""

from pathlib import Path

from notifier.domain.case import CaseState
from notifier.domain.ids import PersonId
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import Station, duty_station
from tests.stories.test_duty_escalation import at

EVENING = "BS01-G1 2026-11-23T12:00:00Z"


# ── taking it ────────────────────────────────────────────────────────────────────────────────────


async def test_taking_it_stops_the_calls_and_tells_those_called_who_has_it(station: Station) -> None:
    await station.until_civil("20:26")
    station.reads_all()
    await station.phone("p12").replies("收到")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.HELD, "p12")
    station.phone("p12").expects("交给您了", "20:46前没人到，会再找下一位")
    station.phone("p11").expects("周丽华20:26", "已接手")
    station.phone("p14").expects("周丽华20:26", "已在安排", "到岗")
    station.phone("p02").silent()
    station.reads_all()
    await station.until_civil("20:45")
    for person in ("p01", "p02", "p11", "p12", "p14"):
        station.phone(person).silent()


async def test_taking_it_with_a_note_and_a_time_holds_it_until_then(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p12").replies("收到 打过电话 5分钟到")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.HELD, "p12")
    station.phone("p12").expects("交给您了", "20:31前没人到，会再找下一位")
    assert await station.reasons(case, "held") == [("p12", "收到 打过电话 5分钟到")]
    await station.until_civil("20:31")
    assert at(await station.trace(case), "lapsed") == [("20:31", "p12")]


async def test_who_holds_it_notes_how_it_stands_with_a_time(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:36")
    await station.phone("p11").replies("20分钟 已电话联系")
    case = await station.case(EVENING)
    assert case.holder == "p11"
    assert await station.reasons(case, "on_the_way") == [("p11", "20分钟 已电话联系")]
    await station.until_civil("20:55")
    assert (await station.case(EVENING)).holder == "p11"


async def test_a_time_alone_takes_nothing(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p12").replies("打过电话 5分钟到")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.CALLING, None)
    assert await station.reasons(case, "on_the_way") == [("p12", "打过电话 5分钟到")]


async def test_a_call_that_has_not_gone_out_when_it_is_taken_never_does(station: Station) -> None:
    station.arm(Carrier.TELEGRAM, FaultKind.ERROR, "p11", status=403, body="a proxy", times=None)
    await station.until_civil("20:15")
    [waiting] = [m for m in await station.messages(person="p11") if m["state"] == "queued"]
    await station.phone("p11").replies("收到", by="sms")
    [call] = [m for m in await station.messages(person="p11") if m["id"] == waiting["id"]]
    assert call["state"] == "cancelled"
    assert (await station.case(EVENING)).holder == "p11"
    station.sandbox.state.faults.clear()
    await station.until_civil("20:30")
    station.phone("p11").never_got("缺1人", "未回")


async def test_who_took_it_is_not_reached_by_the_other_channel_as_well(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:30")
    station.phone("p11").never_got("岐元村卡口", channel="sms")


async def test_the_second_to_take_it_is_told_who_has_it(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p11").taps("收到")
    station.reads_all()
    await station.phone("p12").replies("收到")
    station.phone("p12").expects("20:26已由", "赵志强接手")
    assert (await station.case(EVENING)).holder == "p11"


async def test_a_successor_who_was_not_called_yet_may_take_it(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p12").replies("我来")
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p11"]


async def test_a_case_not_done_in_time_goes_on_after_the_furthest_step(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p11").taps("收到")
    station.reads_all()
    await station.until_civil("20:46")
    case = await station.case(EVENING)
    events = await station.trace(case)
    assert at(events, "lapsed") == [("20:46", "p11")]
    assert at(events, "called")[-1] == ("20:46", "p02")
    station.phone("p11").expects("还没人到岗", "陈晓燕")
    station.phone("p12").silent()


async def test_who_let_it_lapse_cannot_hold_it_again(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:37")
    await station.phone("p11").replies_with_number("收到")
    station.phone("p11").expects("接过一次")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.CALLING, None)


# ── coming ───────────────────────────────────────────────────────────────────────────────────────


async def test_the_calls_wait_for_somebody_on_the_way(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies("15分钟到")
    station.phone("p14").expects("等您到20:27")
    await station.until_civil("20:26")
    assert await station.called(await station.case(EVENING)) == ["p14"]
    await station.until_civil("20:28")
    assert at(await station.trace(await station.case(EVENING)), "called")[-1] == ("20:27", "p11")


async def test_nobody_is_waited_for_longer_than_it_may_take(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies_with_number("堵车两小时 ")
    await station.phone("p14").replies("120分钟到")
    await station.until_civil("20:33")
    assert at(await station.trace(await station.case(EVENING)), "called")[1] == ("20:32", "p11")


async def test_a_holder_who_needs_longer_gets_it_once_more(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:30")
    await station.phone("p11").replies("20分钟")
    await station.until_civil("20:49")
    assert (await station.case(EVENING)).state is CaseState.HELD
    await station.until_civil("20:50")
    assert (await station.case(EVENING)).state is CaseState.CALLING


# ── handing on, by proxy ─────────────────────────────────────────────────────────────────────────


async def test_a_holder_who_hands_it_on_is_done_with_it(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:20")
    await station.phone("p11").taps("转交")
    station.phone("p11").got("已转请")
    case = await station.case(EVENING)
    events = await station.trace(case)
    assert at(events, "handed_on") == [("20:20", "p11")]
    assert at(events, "called")[-1] == ("20:20", "p12")
    await station.phone("p11").replies_with_number("收到")
    assert (await station.case(EVENING)).holder is None


async def test_the_holder_puts_somebody_on_post_by_proxy(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.phone("p11").replies("代 吴永明 到岗")
    case = await station.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")
    station.phone("p11").got("已代吴永明记到岗")
    station.phone("p13").got("赵志强代您记了到岗", "岐元村卡口")
    [arrival] = [line for line in await station.journal(EVENING) if line.event == "on_post"]
    assert (arrival.person, arrival.channel, arrival.reason) == ("p13", "telegram", "by proxy of p11")


async def test_the_secretary_may_do_so_without_holding_it(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p11").replies("代王建国到岗")
    assert (await station.case(EVENING)).state is CaseState.CALLING
    await station.phone("p11").replies("代郑秀英到岗")
    assert (await station.case(EVENING)).state is CaseState.RESOLVED


async def test_two_of_that_name_are_asked_about(tmp_path: Path, sqlite_url: str) -> None:
    edits = {"people.csv": {"p15,孙小军": "p15,吴永明"}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("20:16")
        await station.phone("p11").taps("收到")
        await station.phone("p11").replies("代吴永明到岗")
        station.phone("p11").expects("没认准", "吴永明")
        assert (await station.case(EVENING)).state is CaseState.HELD


async def test_nobody_but_holder_and_office_may_speak_for_another(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies("代孙小军到岗")
    assert (await station.case(EVENING)).state is CaseState.CALLING


async def test_the_holder_may_stand_the_shift_himself(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.phone("p11").taps("到岗")
    case = await station.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")
    station.phone("p14").expects("赵志强", "到岗")


# ── taking it back ───────────────────────────────────────────────────────────────────────────────


async def test_an_acknowledgement_taken_back_sends_the_calls_on(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:18")
    await station.phone("p11").replies("点错了")
    station.phone("p11").got("已撤销")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.CALLING, None)
    assert at(await station.trace(case), "called")[-1] == ("20:18", "p12")
    assert at(await station.trace(case), "undone") == [("20:18", "p11")]


async def test_a_decline_taken_back_leaves_him_free_to_take_it(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("不便")
    await station.phone("p11").replies("撤销")
    await station.phone("p11").replies_with_number("收到")
    assert (await station.case(EVENING)).holder == "p11"


async def test_an_arrival_taken_back_opens_the_gap_again(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies("到岗")
    first = await station.case(EVENING)
    assert first.state is CaseState.RESOLVED
    await station.until_civil("20:20")
    await station.phone("p14").replies_with_number("撤销")
    second = await station.case(EVENING)
    assert (second.previous, second.state) == (first.id, CaseState.CALLING)


async def test_leaving_taken_back_closes_the_gap_again(station: Station) -> None:
    await station.until_civil("19:50")
    await station.phone("p14").replies("到岗")
    await station.until_civil("21:00")
    await station.phone("p14").replies("离岗")
    assert (await station.case(EVENING)).state is CaseState.CALLING
    await station.phone("p14").replies_with_number("撤销")
    case = await station.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")


async def test_on_the_way_taken_back_is_waited_for_no_longer(station: Station) -> None:
    await station.until_civil("20:12")
    await station.phone("p14").replies("15分钟到")
    await station.until_civil("20:20")
    await station.phone("p14").replies_with_number("撤销")
    assert at(await station.trace(await station.case(EVENING)), "called")[-1] == ("20:20", "p11")


async def test_leave_taken_back_is_no_leave(station: Station) -> None:
    await station.until_civil("19:35")
    await station.phone("p14").replies_with_number("请假")
    await station.phone("p14").replies_with_number("撤销")
    station.phone("p14").got("已撤销")
    await station.until_civil("20:10")
    assert await station.called(await station.case(EVENING)) == ["p14"]


async def test_after_half_an_hour_nothing_is_taken_back(station: Station) -> None:
    await station.until_civil("19:31")
    await station.phone("p14").replies("到岗")
    await station.until_civil("20:02")
    await station.phone("p14").replies_with_number("撤销")
    await station.until_civil("20:15")
    assert await station.cases() == []


async def test_a_proxy_taken_back_by_whom_it_names(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.phone("p11").replies("代 吴永明 到岗")
    await station.phone("p13").taps("撤销")
    case = await station.case(EVENING)
    assert case.state is CaseState.CALLING


# ── one phone, two people ────────────────────────────────────────────────────────────────────────


async def test_two_called_at_one_phone_are_told_apart_by_number_or_asked_back(
    tmp_path: Path, database_url: str
) -> None:
    both = {"shifts.csv": {"2026-11-24 00:00,p14\n": "2026-11-24 00:00,p14;p15\n"}}
    async with duty_station(tmp_path, database_url, edits=both) as station:
        await station.until_civil("20:12")
        assert (await station.case(EVENING)).called == ("p14", "p15")
        await station.phone("p15").replies("收到", by="sms")
        assert (await station.case(EVENING)).holder is None
        async with station.engine.parts.station.db.read() as tx:
            own = await tx.matters.open_of_people([PersonId("p15")])
        [number] = [matter.number for matter in own if matter.subject == EVENING]
        await station.phone("p15").replies(f"收到{number}", by="sms")
        assert (await station.case(EVENING)).holder == "p15"
