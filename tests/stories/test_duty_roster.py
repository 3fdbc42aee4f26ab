"""The roster is edited while a case runs, and the case heeds it at once."""

from datetime import UTC, datetime

from sqlalchemy import update

from notifier.domain.case import CaseState
from notifier.sandbox.faults import Carrier, FaultKind
from notifier.store.tables import shifts
from tests.stories.harness import Station
from tests.stories.test_duty_escalation import at

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
EVENING = "BS01-G1 2026-11-23T12:00:00Z"


async def test_a_callee_who_leaves_office_is_asked_no_more_and_the_next_is_called(station: Station) -> None:
    await station.until_civil("20:16")
    await station.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,,,"})
    case = await station.case(EVENING)
    events = await station.trace(case)
    assert at(events, "removed") == [("20:16", "p11")]
    assert at(events, "called")[-1] == ("20:16", "p12")
    await station.phone("p11").replies("收到")
    assert (await station.case(EVENING)).holder is None


async def test_a_callee_who_is_gone_is_not_reached_by_the_other_channel(station: Station) -> None:
    await station.until_civil("20:16")
    await station.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,,,"})
    await station.until_civil("20:20")
    station.phone("p11").never_got("缺1人", channel="sms")


async def test_a_new_secretary_is_the_one_who_is_called(station: Station) -> None:
    await station.until_civil("20:12")
    await station.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,p15,in_post,"})
    await station.until_civil("20:15")
    assert await station.called(await station.case(EVENING)) == ["p14", "p15"]
    station.phone("p11").silent()


async def test_a_secretary_put_in_after_his_step_is_not_passed_by(station: Station) -> None:
    """The seat reached counts as ahead for whoever has come to it since."""
    await station.until_civil("20:16")
    await station.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,p15,in_post,"})
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called")[-1] == ("20:16", "p15")


async def test_an_absent_secretary_is_passed_over_and_said_why(station: Station) -> None:
    await station.until_civil("20:12")
    await station.edits(
        "offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,p11,absent,2026-11-25"}
    )
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p14", "p12"]
    assert ("p11", "absent until 2026-11-25") in await station.reasons(case, "passed_over")


async def test_a_suspended_holder_loses_it(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    await station.until_civil("20:20")
    await station.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,p11,suspended,"})
    case = await station.case(EVENING)
    events = await station.trace(case)
    assert case.state is CaseState.CALLING
    assert at(events, "lapsed") == [("20:20", "p11")]
    assert at(events, "called")[-1] == ("20:20", "p12")


async def test_a_post_that_is_struck_takes_its_case_with_it(station: Station) -> None:
    await station.until_civil("20:16")
    station.reads_all()
    text = (station.city / "posts.csv").read_text(encoding="utf-8")
    await station.imports({"posts.csv": text.replace("BS01-G1,BS01,岐元村卡口,checkpoint,1\n", "")})
    case = await station.case(EVENING)
    assert case.state is CaseState.CANCELLED
    for person in ("p11", "p14"):
        station.phone(person).expects("取消")
    station.reads_all()
    await station.until_civil("21:00")
    for person in ("p02", "p11", "p12", "p14"):
        station.phone(person).silent()


async def test_a_shift_given_to_another_before_it_begins(station: Station) -> None:
    await station.until_civil("19:40")
    station.reads_all()
    await station.edits("shifts.csv", {"2026-11-24 00:00,p14": "2026-11-24 00:00,p13"})
    station.phone("p13").got("20:00请到", "岐元村卡口")
    await station.until_civil("20:10")
    assert await station.called(await station.case(EVENING)) == ["p13"]


async def test_a_shift_cancelled_before_it_begins_calls_nobody(station: Station) -> None:
    await station.until_civil("19:40")
    station.reads_all()
    # The file speaks for the post from the first to the last shift it names.
    await station.edits(
        "shifts.csv",
        {
            "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\n": "",
            "BS01-G1,2026-11-24 00:00": "BS01-G1,2026-11-23 19:50,2026-11-23 19:55,p13\n"
            "BS01-G1,2026-11-24 00:00",
        },
    )
    await station.until_civil("20:30")
    assert await station.cases(EVENING) == []


async def test_a_phone_that_is_mended_during_the_case_is_used(station: Station) -> None:
    station.arm(Carrier.TWILIO, FaultKind.REFUSE, "p12", code=21614, status=400, times=None)
    await station.until_civil("20:20")
    await station.edits("people.csv", {"+8613800100012": "+8613800100099"})
    station.sandbox.state.register(name="周丽华", phone_id="p12", number="+8613800100099")
    await station.until_civil("20:26")
    station.phone("p12").expects("岐元村卡口20:00缺1人")


async def test_an_import_that_changes_nothing_changes_nothing(station: Station) -> None:
    await station.until_civil("20:16")
    case, before = await station.case(EVENING), await station.dump()
    offices = (station.city / "offices.csv").read_text(encoding="utf-8")
    report = await station.imports({"offices.csv": offices})
    assert report.result.is_empty
    assert (await station.case(EVENING), await station.dump()) == (case, before)


async def test_a_shift_whose_row_is_gone_still_lets_its_case_end(station: Station) -> None:
    await station.until_civil("20:16")
    station.reads_all()
    async with station.engine.parts.station.db.write() as tx:
        await tx.conn.execute(update(shifts).where(shifts.c.key == EVENING).values(cancelled_at=NOON))
    await station.until_civil("20:26")
    case = await station.case(EVENING)
    assert (case.state, case.outcome) == (CaseState.CANCELLED, "gone")
    for person in ("p11", "p14"):
        station.phone(person).expects("原先请您办的事已取消")
