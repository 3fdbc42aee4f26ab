"""What an outage of the carriers, an opt-out heard of by receipt, and twice the same words come to."""

from notifier.domain.policy import Kind
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import Station
from tests.stories.test_broadcasts import sends
from tests.stories.test_duty_escalation import EVENING, at


async def test_reminders_that_are_stale_after_an_outage_are_dropped(station: Station) -> None:
    await station.until_civil("19:29")
    before = station.phone("p14").count("20:00")
    parts = station.engine.parts
    async with parts.station.db.write() as tx:
        await parts.shifts.remind(tx, f"1800 {EVENING}", parts.station.now())
    waiting = [m for m in await station.messages(person="p14") if m["state"] == "queued"]
    assert waiting
    await station.goes_down()
    station.clock.set(station.civil("2026-11-23 20:40"))
    await station.goes_up()
    await station.settle()
    states = {m["id"]: m["state"] for m in await station.messages(person="p14")}
    assert {states[m["id"]] for m in waiting} == {"expired"}
    assert station.phone("p14").count("还没收到") == 1
    assert station.phone("p14").count("20:00") == before + 1, "the call, and no reminder"


async def test_an_opt_out_heard_of_by_a_receipt_marks_the_contact_and_calls_the_next(
    station: Station,
) -> None:
    station.arm(Carrier.TWILIO, FaultKind.RECEIPT_FAIL, "p12", code=21610)
    await station.until_civil("20:25")
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-2:] == [("20:25", "p12"), ("20:25", "p02")]
    station.phone("p11").got("周丽华13800100012", "收不到本号消息")


async def test_each_failure_and_each_call_that_follows_is_in_the_journal(station: Station) -> None:
    station.phone("p11").forgets_the_chat()
    station.arm(Carrier.TWILIO, FaultKind.REFUSE, "p11", code=30004, status=400, times=None)
    await station.until_civil("20:15")
    told = [
        (event["event"], event["person"], event["channel"])
        for event in await station.trace(await station.case(EVENING))
        if event["person"] in ("p11", "p12") and event["event"] in ("called", "failed")
    ]
    assert {
        ("called", "p11", "telegram"),
        ("failed", "p11", "telegram"),
        ("failed", "p11", "sms"),
        ("called", "p12", "sms"),
    } == set(told)


async def test_the_same_words_meant_twice_arrive_twice(station: Station) -> None:
    for _ in range(2):
        await sends(station, "person:p11", kind=Kind.NOTICE)
    assert station.phone("p11").count("通报表扬") == 2
