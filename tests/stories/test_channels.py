"""Two channels: which one is used, when the other takes over, and when nothing goes out at all."""

from pathlib import Path
from typing import Any

import pytest

from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import at

EVENING = "BS01-G1 2026-11-23T12:00:00Z"


async def test_who_has_no_chat_gets_texts(station: Station) -> None:
    await station.until_civil("20:26")
    station.phone("p12").expects("岐元村卡口", channel="sms")


async def test_a_call_without_a_sign_of_life_goes_by_sms_two_minutes_later(station: Station) -> None:
    """Telegram took it, which says nothing of whether anybody saw it."""
    await station.until_civil("20:16")
    station.phone("p11").expects("缺1人", channel="telegram")
    station.phone("p11").never_got("缺1人", channel="sms")
    await station.until_civil("20:17")
    station.phone("p11").expects("缺1人", channel="sms")


async def test_a_sign_of_life_keeps_the_text_back(station: Station) -> None:
    """Whatever he says to it shows that he has seen it, though he does not take it."""
    await station.until_civil("20:16")
    call = station.phone("p11").got("缺1人")
    await station.phone("p11").quotes(call, "几点？在哪？")
    await station.until_civil("20:24")
    assert (await station.case(EVENING)).holder is None
    station.phone("p11").never_got("缺1人", channel="sms")


async def test_what_is_no_call_stays_on_the_channel_that_took_it(both_villages: Station) -> None:
    station = both_villages
    await station.until_civil("20:05")
    station.phone("p21").got("请到", channel="telegram")
    station.phone("p21").never_got("密东村卡口", channel="sms")


@pytest.mark.parametrize("way", ["blocked", "never started"])
async def test_a_chat_that_is_lost_is_left_for_sms_at_once(station: Station, way: str) -> None:
    if way == "blocked":
        station.phone("p11").blocks_unheard()
    else:
        station.phone("p11").forgets_the_chat()
    await station.until_civil("20:15")
    station.phone("p11").expects("缺1人", channel="sms")
    [failed] = [m for m in await station.messages(person="p11") if m["channel"] == "telegram"]
    assert failed["state"] == "failed"
    # The next message does not even try.
    await station.until_civil("20:16")
    await station.phone("p11").replies("收到", by="sms")
    assert [m["channel"] for m in await station.messages(person="p11")].count("telegram") == 1


async def test_a_block_that_is_heard_of_leaves_the_chat_alone_from_then_on(station: Station) -> None:
    await station.phone("p11").blocks()
    await station.until_civil("20:15")
    station.phone("p11").expects("缺1人", channel="sms")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "failed") == []


async def test_when_every_channel_fails_the_next_is_called_at_once(station: Station) -> None:
    station.phone("p11").forgets_the_chat()
    station.arm(Carrier.TWILIO, FaultKind.REFUSE, "p11", code=30004, status=400, times=None)
    await station.until_civil("20:15")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called") == [("20:10", "p14"), ("20:15", "p11"), ("20:15", "p12")]


async def test_a_text_that_comes_back_undelivered_calls_the_next_at_once(station: Station) -> None:
    station.arm(Carrier.TWILIO, FaultKind.RECEIPT_FAIL, "p12", code=30005)
    await station.until_civil("20:25")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-2:] == [("20:25", "p12"), ("20:25", "p02")]
    assert ("20:25", "p12") in at(await station.trace(case), "failed")


async def test_an_answer_counts_on_either_channel(station: Station) -> None:
    await station.until_civil("20:18")
    await station.phone("p11").replies("收到", by="sms")
    case = await station.case(EVENING)
    assert case.holder == "p11"
    [taken] = [event for event in await station.trace(case) if event["event"] == "acknowledged"]
    assert taken["channel"] == "sms"
    # And is answered the way it came.
    station.phone("p11").got("交给您了", channel="sms")


async def test_a_call_cut_off_after_it_was_taken_rings_twice_and_says_so(station: Station) -> None:
    station.arm(Carrier.TELEGRAM, FaultKind.CUT_AFTER, "p11")
    await station.until_civil("20:15")
    assert station.phone("p11").count("缺1人") == 2
    station.phone("p11").expects("（重发）", "缺1人")
    case = await station.case(EVENING)
    assert ("repeated", "p11") in await station.events(case)


async def test_messages_beyond_only_to_are_on_record_and_stay_here(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST, only_to=("p12", "BS02")) as station:
        await station.until_civil("20:26")
        for person in ("p11", "p14", "p02"):
            station.phone(person).silent()
        station.phone("p12").expects("缺1人")
        case = await station.case(EVENING)
        # The chain runs as it would: each is waited for.
        assert at(await station.trace(case), "called") == [
            ("20:10", "p14"),
            ("20:15", "p11"),
            ("20:25", "p12"),
        ]
        assert [p for e, p in await station.events(case) if e == "withheld"] == ["p14", "p11"]
        assert (await station.dump())["withheld"] > 0


async def test_with_everybody_meant_by_unit_all_below_it_get_theirs(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST, only_to=("BS",)) as station:
        await station.until_civil("20:16")
        station.phone("p11").expects("缺1人")


async def test_who_cannot_answer_by_sms_is_told_whom_to_ring(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST, sms_replies="auto") as station:
        await station.until_civil("20:11")
        text = station.phone("p14").expects("岐元村卡口", "赵志强13800100011").text
        assert "回 到岗" not in text


async def test_a_program_with_sms_alone_reaches_everybody_by_sms(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST, telegram_token=None) as station:
        await station.until_civil("20:16")
        station.phone("p11").expects("缺1人", channel="sms")


async def test_a_program_with_telegram_alone_passes_over_who_has_only_a_phone(
    tmp_path: Path, sqlite_url: str
) -> None:
    off: dict[str, Any] = {"twilio_account_sid": None, "twilio_auth_token": None, "twilio_from": ()}
    async with duty_station(tmp_path, sqlite_url, edits=ONE_POST, **off) as station:
        await station.until_civil("20:25")
        case = await station.case(EVENING)
        assert await station.called(case) == ["p11", "p02"]
        assert ("p14", "no_contact") in await station.reasons(case, "passed_over")
