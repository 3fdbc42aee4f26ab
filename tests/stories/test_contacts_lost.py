"""Somebody wants no more texts, or blocks the bot: a hole in the chain that somebody must hear of."""

from tests.stories.harness import Station
from tests.stories.surroundings import SENDER
from tests.stories.test_duty_escalation import at

EVENING = "BS01-G1 2026-11-23T12:00:00Z"


async def test_stop_is_told_to_the_secretary_and_the_chain_goes_on_without_him(station: Station) -> None:
    await station.until_civil("12:00")
    await station.phone("p12").replies("STOP")
    told = station.phone("p11").expects("周丽华13800100012", "收不到本号消息")
    assert "收到" in told.buttons
    station.reads_all()
    await station.until_civil("20:26")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-1] == ("20:25", "p02")
    assert ("p12", "blocked") in [(p, _word(r)) for p, r in await station.reasons(case, "passed_over")]
    station.phone("p12").silent()


async def test_an_opt_out_we_never_heard_of_calls_the_next_at_once(station: Station) -> None:
    """Only the carrier knew: error 21610."""
    station.sandbox.state.twilio.opted_out.add((SENDER, "+8613800100012"))
    await station.until_civil("20:25")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-2:] == [("20:25", "p12"), ("20:25", "p02")]
    station.phone("p11").got("周丽华13800100012", "收不到本号消息")


async def test_the_other_channel_stays(station: Station) -> None:
    await station.until_civil("12:00")
    await station.phone("p11").replies("STOP", by="sms")
    await station.until_civil("20:25")
    station.phone("p11").got("缺1人", channel="telegram")
    station.phone("p11").never_got("缺1人", channel="sms")


async def test_stop_silences_everybody_who_shares_the_phone(station: Station) -> None:
    await station.until_civil("12:01")
    await station.phone("p14").replies("STOP")
    station.reads_all()
    await station.until_civil("20:11")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p11"]
    # The carrier confirmed it by itself; nothing of ours came any more.
    assert not [text for text in station.phone("p15").reads() if "岐元村" in text]


async def test_start_undoes_it(station: Station) -> None:
    await station.until_civil("12:00")
    await station.phone("p12").replies("STOP")
    await station.until_civil("13:00")
    await station.phone("p12").replies("START")
    await station.until_civil("20:26")
    assert at(await station.trace(await station.case(EVENING)), "called")[-1] == ("20:25", "p12")


async def test_a_blocked_bot_is_told_to_the_secretary(station: Station) -> None:
    await station.phone("p13").blocks()
    station.phone("p11").got("吴永明13800100013", "收不到本号消息")


async def test_a_secretary_who_blocks_it_is_told_to_nobody_but_keeps_his_phone(station: Station) -> None:
    await station.phone("p11").blocks()
    await station.until_civil("20:16")
    station.phone("p11").expects("缺1人", channel="sms")


async def test_a_stop_during_the_case_lets_the_chain_go_on(station: Station) -> None:
    await station.until_civil("20:26")
    await station.phone("p12").replies("退订")
    await station.until_civil("20:36")
    case = await station.case(EVENING)
    assert "p02" in await station.called(case)
    assert case.holder is None


def _word(reason: str | None) -> str:
    """An opt-out may be named by its own word; both say that nothing of ours arrives."""
    return "blocked" if reason in ("blocked", "stopped") else str(reason)
