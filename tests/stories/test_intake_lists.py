"""What people say of lists and of commendations, and what comes of it."""

from collections.abc import Iterable

import pytest

from notifier.domain.case import CaseState
from notifier.domain.ids import BroadcastId, PersonId, SheetKey, ShiftKey, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.sheet import Sheet, SheetState
from notifier.engine.broadcasts import Order
from notifier.store.database import Database
from notifier.store.rows import Relay
from tests.stories.intake_desk import IntakeDesk, civil, open_intake

LIST = "rigid-8|BS02-G1 2026-11-23T12:00:00Z|p22"
"""What p22 owes: she was on post at 密东村. The secretary p21 verifies it."""


async def sheet(desk: IntakeDesk) -> Sheet:
    async with desk.db.read() as tx:
        found = await tx.sheets.get(SheetKey(LIST))
    assert found is not None
    return found


@pytest.fixture
async def desk(sqlite_database: Database) -> IntakeDesk:
    """Just after midnight: p22 stood her shift, and is asked for the list."""
    desk = await open_intake(sqlite_database, "11-23 19:35")
    await desk.chat("p22", "here")
    await desk.at("11-24 00:05")
    return desk


async def test_signed(desk: IntakeDesk) -> None:
    assert await desk.chat("p22", "sign") == ["sheet_verify", "sheet_signed"]
    assert (await sheet(desk)).state is SheetState.SIGNED
    assert "signed" in await desk.events("p22")


async def test_signed_with_exceptions(desk: IntakeDesk) -> None:
    number = await desk.number("p22", "sheet")
    assert await desk.chat("p22", f"签{number}除3,5") == ["sheet_verify", "sheet_signed"]
    assert (await sheet(desk)).exceptions == (3, 5)


async def test_signed_with_an_item_that_there_is_not(desk: IntakeDesk) -> None:
    number = await desk.number("p22", "sheet")
    assert await desk.chat("p22", f"签{number}除9") == ["how_to_sign"]
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_loose_words_sign_nothing(desk: IntakeDesk) -> None:
    assert await desk.chat("p22", "都做了") == ["sign_all"]
    assert await desk.chat("p22", "3没做") == ["sign_except"]
    assert await desk.chat("p22", "收到") == ["how_to_sign"]
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_items_are_toggled_in_place_and_signed_by_the_button(desk: IntakeDesk) -> None:
    await desk.at("11-24 06:31")
    asked = await desk.last("p22", "sheet_ask")
    assert await desk.tap_data("p22", asked.keyboard[1][0].data, asked.provider_id or "") == ["sheet_ask"]
    edit = await desk.last("p22", "sheet_ask")
    assert edit.edits == asked.provider_id
    assert edit.text == asked.text
    assert edit.keyboard[1][0].label.startswith("☐ 3")
    assert await desk.taps("p22", "sign", "sheet_ask") == ["sheet_verify", "sheet_signed"]
    assert (await sheet(desk)).exceptions == (3,)


async def test_twice_is_told_how_it_stands(desk: IntakeDesk) -> None:
    number = await desk.number("p22", "sheet")
    await desk.chat("p22", f"sign {number}")
    assert await desk.chat("p22", f"sign {number}") == ["sheet_already"]
    assert await desk.chat("p22", "sign") == ["sheet_already"]


async def test_verified(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    assert await desk.taps("p21", "verify", "sheet_verify") == ["sheet_verified", "sheet_verified"]
    assert (await sheet(desk)).state is SheetState.VERIFIED
    assert "verified" in await desk.events("p21")


async def test_nobody_verifies_who_was_not_asked(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    number = await desk.number("p21", "verify")
    await desk.chat("p22", f"verify {number}")
    await desk.sms("p12", f"核实{number}")
    assert (await sheet(desk)).state is SheetState.SIGNED


async def test_returned_with_a_reason(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    assert await desk.taps("p21", "return", "sheet_verify") == ["return_reason"]
    number = await desk.number("p21", "verify")
    told = await desk.chat("p21", f"退回{number} 第3项没照片")
    assert told == ["sheet_returned", "sheet_return_noted"]
    now = await sheet(desk)
    assert (now.state, now.return_reason) == (SheetState.RETURNED, "第3项没照片")
    assert await desk.chat("p21", f"核实{number}") == ["sheet_return_noted"]


async def test_will_not_sign_stops_the_nagging_and_tells_the_verifier(desk: IntakeDesk) -> None:
    await desk.at("11-24 08:00")
    case = await desk.case(LIST, Kind.UNSIGNED)
    assert case.is_open
    told = await desk.chat("p22", "不签")
    assert {"wont_sign_told", "wont_sign_noted"} <= set(told)
    case = await desk.case(LIST, Kind.UNSIGNED)
    assert (case.state, case.outcome) == (CaseState.CANCELLED, "wont_sign")
    assert await desk.taps("p21", "ack", "wont_sign_told") == ["taken"]
    assert "sheet_signed" in await desk.chat("p22", "sign")


async def test_later_reminds_once_more(desk: IntakeDesk) -> None:
    await desk.chat("p22", "later")
    before = len([m for m in await desk.messages("p22") if m.template == "sheet_ask"])
    await desk.at("11-24 06:45")
    assert len([m for m in await desk.messages("p22") if m.template == "sheet_ask"]) == before + 1


async def test_the_items_are_listed(desk: IntakeDesk) -> None:
    number = await desk.number("p22", "sheet")
    assert await desk.chat("p22", f"list {number}") == ["sheet_items"]


@pytest.mark.parametrize("judgement", ["核实", "退回 没照片"])
async def test_taking_back_a_judgement(desk: IntakeDesk, judgement: str) -> None:
    await desk.chat("p22", "sign")
    await desk.chat("p21", judgement)
    assert "undone" in await desk.chat("p21", "撤销")
    assert (await sheet(desk)).state is SheetState.SIGNED


async def test_taking_back_a_signature(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    assert "undone" in await desk.chat("p22", "undo")
    assert (await sheet(desk)).state is SheetState.OPEN


async def test_a_signature_that_was_judged_stands(desk: IntakeDesk) -> None:
    await desk.chat("p22", "sign")
    await desk.chat("p21", "核实")
    assert await desk.chat("p22", "undo") == ["nothing_to_undo"]


async def test_an_unsigned_list_is_followed_up_by_whoever_takes_it(desk: IntakeDesk) -> None:
    await desk.at("11-24 08:00")
    assert "p21" in (await desk.case(LIST, Kind.UNSIGNED)).called
    number = await desk.number("p21", "unsigned")
    assert "taken" in await desk.chat("p21", f"收到{number}")
    assert (await desk.case(LIST, Kind.UNSIGNED)).holder == "p21"
    assert await desk.chat("p21", f"{number} 20分钟") == ["waiting"]


# ── commendations and relays ─────────────────────────────────────────────────────────────────────


@pytest.fixture
async def praised(sqlite_database: Database) -> IntakeDesk:
    """Ten in the morning: 岐元村 is commended, and p11 is to pass it on."""
    desk = await open_intake(sqlite_database, "11-22 10:00")
    order = Order(
        kind=Kind.COMMENDATION,
        title="通报表扬",
        body="守卡认真",
        audience=("unit:BS01",),
        author=None,
        relay=True,
        reply_by=None,
        start_at=None,
    )
    await desk.parts.broadcasts.prepare(order, desk.clock.now(), lambda done: None)
    await desk.at("11-22 10:01")
    return desk


async def relay(desk: IntakeDesk) -> Relay:
    async with desk.db.read() as tx:
        found = await tx.broadcasts.relay(BroadcastId(1), UnitCode("BS01"))
    assert found is not None
    return found


async def test_relayed(praised: IntakeDesk) -> None:
    assert await praised.chat("p11", "转达5") == ["relay_noted"]
    assert (await relay(praised)).relayed == 5
    assert "relayed" in await praised.events("p11")
    assert await praised.chat("p11", "转达4") == ["relay_noted"]
    assert (await relay(praised)).relayed == 4
    assert await praised.chat("p11", "撤销") == ["undone"]
    assert (await relay(praised)).relayed == 5


async def test_more_than_there_are_is_asked_once_then_kept_and_marked(praised: IntakeDesk) -> None:
    number = await praised.number("p11", "relay")
    assert await praised.chat("p11", f"转达{number} 43") == ["more_than_members"]
    assert (await relay(praised)).relayed is None
    assert await praised.chat("p11", f"转达{number} 43") == ["relay_flagged"]
    assert (await relay(praised)).flagged


async def test_the_button_asks_how_many(praised: IntakeDesk) -> None:
    assert await praised.taps("p11", "relayed", "relay_ask") == ["how_many"]
    assert await praised.chat("p11", "5") == ["relay_noted"]


async def test_thanks_for_a_commendation_are_silent_and_count_as_read(praised: IntakeDesk) -> None:
    assert await praised.sms("p12", "收到") == []
    assert (await praised.last("p12", "commendation")).answered_at == civil("11-22 10:01")
    assert (await praised.last("p14", "commendation")).answered_at is None


async def test_the_button_under_a_commendation(praised: IntakeDesk) -> None:
    assert await praised.taps("p11", "seen", "commendation") == []
    assert (await praised.last("p11", "commendation")).answered_at is not None


async def test_a_reply_to_a_commendation_answers_nothing_else(praised: IntakeDesk) -> None:
    said = await praised.last("p11", "commendation")
    assert await praised.chat("p11", "收到", quoted=said.provider_id) == []
    assert (await relay(praised)).relayed is None


# ── one phone, two people ────────────────────────────────────────────────────────────────────────


async def test_two_lists_at_one_phone_are_told_apart_by_number_or_asked_back(desk: IntakeDesk) -> None:
    """p14 and p15, who share a phone, each stood a shift at 岐元村 and owe its list."""
    owed = {
        "p14": "rigid-8|BS01-G1 2026-11-23T12:00:00Z|p14",
        "p15": "rigid-8|BS01-G1 2026-11-23T16:00:00Z|p15",
    }
    for person, key in owed.items():
        await owes(desk, person, key)
    assert await desk.sms("p14", "签") == ["which_matter"]
    assert await states(desk, owed.values()) == [SheetState.OPEN, SheetState.OPEN]
    number = await desk.number("p15", "sheet")
    assert "sheet_signed" in await desk.sms("p14", f"签{number}")
    assert await states(desk, owed.values()) == [SheetState.OPEN, SheetState.SIGNED]
    assert "signed" in await desk.events("p15")
    assert "signed" not in await desk.events("p14")
    assert "sheet_signed" in await desk.sms("p14", "签"), "only p14's is left"


async def owes(desk: IntakeDesk, person: str, key: str) -> None:
    """That person is asked for that list."""
    _, shift, _ = key.split("|")
    async with desk.db.write() as tx:
        stood = await tx.shifts.get(ShiftKey(shift))
        assert stood is not None
        unit, now = UnitCode("BS01"), desk.clock.now()
        await desk.parts.sheets.ask_after_shift(tx, stood, unit, [PersonId(person)], now)
    await desk.sends()


async def states(desk: IntakeDesk, keys: Iterable[str]) -> list[SheetState]:
    async with desk.db.read() as tx:
        found = [await tx.sheets.get(SheetKey(key)) for key in keys]
    return [sheet.state for sheet in found if sheet is not None]
