"""昨晚到了忘回了: a claim that the secretary confirms. Both times are kept, and the case's trace says so."""

import pytest

from notifier.domain.case import CaseState
from notifier.engine import reports
from notifier.store.database import Database
from tests.stories.intake_desk import GATE, IntakeDesk, open_intake

SAID = "昨晚到了忘回了"


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """Nine in the morning: nobody was known to be at the gate of 岐元村 last night."""
    desk = await open_intake(database, "11-23 19:35")
    await desk.at("11-24 09:00")
    return desk


async def told(desk: IntakeDesk) -> list[tuple[str, str | None, str]]:
    """What the trace of the gate's case says of the claim: event, person, when."""
    case = await desk.case(GATE)
    trace = await reports.trace(desk.parts, case.id)
    events = [e for e in trace["events"] if str(e["event"]).startswith("claim")]  # type: ignore[attr-defined]
    return [(e["event"], e["reason"], e["at"]) for e in events]


async def claims(desk: IntakeDesk) -> None:
    """郑秀英 (p14) says so, by the number of her call: 孙小军 reads at her phone, and has missed his too."""
    number = await desk.number("p14", subject=GATE)
    assert await desk.sms("p14", f"{number}{SAID}") == ["claim_ask", "claim_noted"]


async def test_the_secretary_confirms_by_a_tap_and_both_times_are_kept(desk: IntakeDesk) -> None:
    await claims(desk)
    await desk.at("11-24 09:20")
    assert await desk.taps("p11", "verify", "claim_ask") == ["claim_confirmed", "claim_confirmed_noted"]
    number = await desk.number("p14", subject=GATE)
    assert await told(desk) == [
        ("claim", f"{number}{SAID}", "2026-11-24T01:00:00Z"),
        ("claim_confirmed", "by p11; claimed 2026-11-24T01:00:00Z", "2026-11-24T01:20:00Z"),
    ]
    assert await desk.on_post() == []
    case = await desk.case(GATE)
    assert (case.state, case.outcome) == (CaseState.CANCELLED, "missed"), "what was known then stays so"


async def test_the_same_by_words(desk: IntakeDesk) -> None:
    await claims(desk)
    number = await desk.number("p11", subject=GATE)
    assert await desk.chat("p11", f"核实{number}") == ["claim_confirmed", "claim_confirmed_noted"]
    assert await desk.chat("p11", f"核实{number}") != ["claim_confirmed", "claim_confirmed_noted"]
    assert len(await told(desk)) == 2


async def test_it_is_refused_with_a_reason(desk: IntakeDesk) -> None:
    await claims(desk)
    number = await desk.number("p11", subject=GATE)
    assert await desk.taps("p11", "return", "claim_ask") == ["help_open"], "why is asked"
    assert await desk.chat("p11", f"退回{number} 我在卡口没见到她") == [
        "claim_refused",
        "claim_refused_noted",
    ]
    assert (await told(desk))[-1][:2] == (
        "claim_refused",
        "by p11; claimed 2026-11-24T01:00:00Z; 我在卡口没见到她",
    )
    assert "我在卡口没见到她" in (await desk.last("p14", "claim_refused")).text


async def test_nothing_is_confirmed_that_nobody_claims(desk: IntakeDesk) -> None:
    number = await desk.number("p11", subject=GATE)
    await desk.chat("p11", f"代郑秀英到岗{number}")
    await desk.chat("p11", f"核实{number}")
    assert await told(desk) == []


async def test_only_who_claims_is_confirmed(desk: IntakeDesk) -> None:
    await claims(desk)
    number = await desk.number("p11", subject=GATE)
    assert await desk.chat("p11", f"代孙小军到岗{number}") == ["too_late"]
    assert await desk.chat("p22", f"核实{number}") != ["claim_confirmed", "claim_confirmed_noted"]
    assert [event for event, _, _ in await told(desk)] == ["claim"]


async def test_the_decision_is_taken_back_for_half_an_hour(desk: IntakeDesk) -> None:
    await claims(desk)
    number = await desk.number("p11", subject=GATE)
    await desk.chat("p11", f"核实{number}")
    await desk.at("11-24 09:29")
    assert "undone" in await desk.chat("p11", "撤销")
    assert await desk.chat("p11", f"退回{number} 记错了") == ["claim_refused", "claim_refused_noted"]
    events = [event for event, _, _ in await told(desk)]
    assert events == ["claim", "claim_confirmed", "claim_reopened", "claim_refused"]


async def test_she_takes_it_back(desk: IntakeDesk) -> None:
    await claims(desk)
    assert "undone" in await desk.sms("p14", "撤销")
    number = await desk.number("p11", subject=GATE)
    await desk.chat("p11", f"代郑秀英到岗{number}")
    assert [event for event, _, _ in await told(desk)] == ["claim"]


async def test_the_secretary_does_not_confirm_his_own(database: Database) -> None:
    desk = await open_intake(database, "11-23 19:35")
    await desk.chat("p22", "here")
    await desk.at("11-24 09:00")
    assert await desk.chat("p21", SAID) == ["claim_ask", "claim_noted"]
    assert (await desk.last("p02", "claim_ask")).person == "p02"
    assert await desk.taps("p02", "verify", "claim_ask") == ["claim_confirmed", "claim_confirmed_noted"]


async def test_two_at_one_phone_are_asked_whose(desk: IntakeDesk) -> None:
    assert await desk.sms("p14", SAID) == ["claim_which"]
    text = (await desk.last("p14", "claim_which")).text
    number = await desk.number("p15")
    assert f"{number} 孙小军" in text
    assert "郑秀英" in text
    assert await desk.sms("p14", f"{number}{SAID}") == ["claim_ask", "claim_noted"]
    assert [line.person for line in await desk.journal() if line.event == "claim"] == ["p15"]
    assert await desk.sms("p14", SAID) == ["claim_ask", "claim_noted"], "now only she is left"
