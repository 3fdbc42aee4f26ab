"""The reader: in sets, one by one where a set fails, and never held up."""

import asyncio
import json

import pytest

from notifier.domain.message import Incoming
from notifier.engine.intake.errands import Errand
from notifier.engine.intake.receptionist import Receptionist
from notifier.store.database import Database
from notifier.store.rows import InboxItem
from notifier.store.tx import Tx
from tests.stories.intake_desk import GATE, IntakeDesk, open_intake


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """A quarter past eight in the evening, on either database."""
    desk = await open_intake(database, "11-23 19:35")
    await desk.at("11-23 20:16")
    return desk


@pytest.fixture
def stumbling(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A receptionist who stumbles over 毒, after having written something."""
    heard: list[str] = []
    receive = Receptionist.receive

    async def stumbles(
        self: Receptionist, tx: Tx, item: int, incoming: Incoming, now: object
    ) -> list[Errand]:
        heard.append(incoming.text)
        errands = await receive(self, tx, item, incoming, now)  # type: ignore[arg-type]
        if incoming.text == "毒":
            raise TypeError("not thought of")
        return errands

    monkeypatch.setattr(Receptionist, "receive", stumbles)
    return heard


def sms(sender: str, text: str) -> str:
    return json.dumps({"form": [["From", sender], ["Body", text]]})


async def states(desk: IntakeDesk) -> list[InboxItem]:
    # New items are locked for who takes them, which PostgreSQL allows only where one may write.
    async with desk.db.write() as tx:
        return await tx.inbox.new(100)


async def test_a_poisoned_item_is_given_up_and_leaves_nothing_behind(
    desk: IntakeDesk, stumbling: list[str]
) -> None:
    for text in ("帮助", "毒", "清单"):
        await desk.stores("sms", sms("+8613800100012", text))
    assert await desk.reads() == ["help", "nothing_open"]
    assert stumbling.count("毒") == 6, "three times, in the set and alone"
    assert await states(desk) == []


async def test_everything_at_once_on_either_database(desk: IntakeDesk) -> None:
    number = await desk.number("p11")
    told = await desk.sms("p11", f"收到{number}")
    assert "taken" in told[0]
    assert "proxied" in await desk.sms("p11", f"代孙小军到岗{number}")
    assert "undone" in await desk.sms("p11", "撤销")
    assert not (await desk.case(GATE)).closed_at


async def test_two_readers_read_each_item_once(desk: IntakeDesk) -> None:
    for n in range(30):
        await desk.stores("sms", sms(f"+86139000000{n:02}", "喂"))

    async def reads() -> None:
        while await desk.reader.turn():
            pass

    await asyncio.gather(reads(), reads())
    assert [message.template for message in await desk.news()].count("stranger") == 30


async def test_a_tap_is_ended_and_a_group_left_once_all_is_committed(desk: IntakeDesk) -> None:
    await desk.taps("p11", "ack", "call_unstaffed")
    group = {"message_id": 1, "date": 1, "chat": {"id": -55, "type": "group"}, "text": "hi"}
    await desk.update({"message": group})
    await asyncio.sleep(0)
    assert len(desk.bots.ended) == 1
    assert desk.bots.left == [], "it is told why first"
    await desk.update({"message": group})
    await asyncio.sleep(0)
    assert desk.bots.left == ["-55"]
