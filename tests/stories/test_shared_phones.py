"""Two people at one number: told apart by the number of the ask, or asked which of the two."""

from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from notifier.domain.ids import SheetKey
from notifier.domain.policy import Kind
from notifier.domain.sheet import SheetState
from notifier.engine.broadcasts import Order
from notifier.engine.importing import import_roster
from notifier.store.database import Database
from tests.stories.intake_desk import CITY, GATE, PAIR, IntakeDesk, open_intake

LISTS = {"p14": f"rigid-8|{GATE}|p14", "p22": f"rigid-8|{PAIR}|p22"}

SHARED = {
    "p11,赵志强,138 0010 0011,BS01,zh,100011": "p11,赵志强,13800100011,BS01,zh,-",
    "p21,钱国华,13800100021,BS02,zh,100021": "p21,钱国华,13800100011,BS02,zh,-",
}
"""赵志强 (p11) and 钱国华 (p21), the secretaries of two villages, read at one phone, and have no Telegram."""


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> IntakeDesk:
    """Half past seven in the evening; both villages have a shift from eight."""
    desk = await open_intake(database, "11-23 08:30")
    text = (CITY / "people.csv").read_text(encoding="utf-8")
    for old, new in SHARED.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "people.csv").write_text(text, encoding="utf-8")
    await import_roster(desk.parts, tmp_path / "shared")
    await desk.at("11-23 19:30")
    return desk


async def asked_which(desk: IntakeDesk, words: str, *numbers: int) -> None:
    """The words alone are asked back, each of the two with number and name."""
    assert await desk.sms("p11", words) == ["which_matter"]
    text = (await desk.last("p11", "which_matter")).text
    for name, number in zip(("赵志强", "钱国华"), numbers, strict=True):
        assert f"{number}{name}：" in text


async def test_a_call(desk: IntakeDesk) -> None:
    await desk.at("11-23 20:16")
    numbers = await desk.number("p11", subject=GATE), await desk.number("p21", subject=PAIR)
    assert "p11" in (await desk.case(GATE)).called
    await desk.sms("p11", f"收到{numbers[0]}")
    assert ((await desk.case(GATE)).holder, (await desk.case(PAIR)).holder) == ("p11", None)
    await desk.sms("p11", f"收到{numbers[1]}")
    assert (await desk.case(PAIR)).holder == "p21"


async def test_a_call_without_its_number(desk: IntakeDesk) -> None:
    await desk.at("11-23 20:16")
    await asked_which(
        desk, "收到", await desk.number("p11", subject=GATE), await desk.number("p21", subject=PAIR)
    )
    assert ((await desk.case(GATE)).holder, (await desk.case(PAIR)).holder) == (None, None)


async def test_a_list_to_be_verified(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.chat("p22", "here")
    await desk.at("11-24 00:10")
    await desk.sms("p14", "签")
    await desk.chat("p22", "sign")
    numbers = await desk.number("p11", "verify"), await desk.number("p21", "verify")
    await asked_which(desk, "核实", *numbers)
    await desk.sms("p11", f"核实{numbers[1]}")
    async with desk.db.read() as tx:
        states = {person: await tx.sheets.get(SheetKey(key)) for person, key in LISTS.items()}
    assert {p: s and s.state for p, s in states.items()} == {
        "p14": SheetState.SIGNED,
        "p22": SheetState.VERIFIED,
    }
    assert {line.person for line in await desk.journal() if line.event == "verified"} == {"p21"}
    assert "sheet_verified" in await desk.sms("p11", "核实"), "only the other is left"


async def test_a_relay(desk: IntakeDesk) -> None:
    order = Order(
        kind=Kind.COMMENDATION,
        title="通报表扬",
        body="守卡认真",
        audience=("unit:BS",),
        author=None,
        relay=True,
        reply_by=None,
        start_at=None,
    )
    broadcast = await desk.parts.broadcasts.prepare(order, desk.clock.now(), lambda done: None)
    await desk.at("11-23 19:40")
    numbers = await desk.number("p11", "relay"), await desk.number("p21", "relay")
    await desk.sms("p11", "转达2")
    await desk.sms("p11", f"转达{numbers[1]} 2人")
    async with desk.db.read() as tx:
        relays = {relay.unit: relay.relayed for relay in await tx.broadcasts.relays(broadcast)}
    assert relays == {"BS01": None, "BS02": 2}


async def test_a_leave(desk: IntakeDesk) -> None:
    await desk.sms("p14", f"请假{await desk.number('p14', subject=GATE)} 发烧")
    await desk.chat("p22", f"leave {await desk.number('p22', subject=PAIR)} ill")
    await desk.sms("p11", "同意")
    assert "leave_agreed" not in await desk.events()
    text = (await desk.last("p21", "leave_told")).text
    await desk.sms("p11", f"同意{text[:3]}")
    assert [line.person for line in await desk.journal() if line.event == "leave_agreed"] == ["p22"]


async def test_an_unsigned_list_is_followed_up_by_the_one_who_was_called(desk: IntakeDesk) -> None:
    await desk.sms("p14", "到岗")
    await desk.chat("p22", "here")
    await desk.at("11-24 07:50")
    cases = [await desk.case(key, Kind.UNSIGNED) for key in LISTS.values()]
    assert [case.state for case in cases] == [CaseState.CALLING, CaseState.CALLING]
    await desk.sms("p11", f"收到{await desk.number('p21', 'unsigned')}")
    cases = [await desk.case(key, Kind.UNSIGNED) for key in LISTS.values()]
    assert [case.holder for case in cases] == [None, "p21"]
