"""Fetching updates: stored before they are forgotten, waited out, never by two."""

import asyncio
import itertools
from typing import Any

import pytest

from notifier.engine.intake.poller import Poller
from notifier.engine.metrics import Metrics
from notifier.engine.tenure import Tenure
from notifier.errors import CarrierError, Verdict
from notifier.store.database import Database
from notifier.store.rows import InboxItem
from tests.stories.intake_desk import BOT, IntakeDesk, open_intake

OURS = Tenure("poll", fence=1, trusted_until=float("inf"))


class Bot:
    """Answers with what it is told to, in turn; then with nothing."""

    account = BOT

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []

    async def get_updates(self, offset: int | None, timeout: float) -> list[dict[str, Any]]:  # noqa: ASYNC109
        self.offsets.append(offset)
        answer = self.answers.pop(0) if self.answers else []
        if isinstance(answer, CarrierError):
            raise answer
        return list(answer)


@pytest.fixture
async def desk(sqlite_database: Database) -> IntakeDesk:
    return await open_intake(sqlite_database, "11-23 07:00")


def poller(desk: IntakeDesk, bot: Bot, tenure: Tenure = OURS) -> Poller:
    return Poller(desk.parts.station, bot, tenure, Metrics(), poll_s=0)


async def kept(desk: IntakeDesk) -> list[InboxItem]:
    async with desk.db.read() as tx:
        return await tx.inbox.new(100)


async def test_what_comes_is_stored_before_telegram_may_forget_it(desk: IntakeDesk) -> None:
    bot = Bot([{"update_id": 5}, {"update_id": 6}], [{"update_id": 7}])
    polling = poller(desk, bot)
    assert await polling.turn()
    assert await polling.turn()
    assert not await polling.turn()
    assert bot.offsets == [None, 7, 8]
    assert [item.provider_id for item in await kept(desk)] == ["5", "6", "7"]


async def test_ids_that_begin_anew_are_followed_down(desk: IntakeDesk) -> None:
    bot = Bot([{"update_id": 900}], [{"update_id": 3}], [])
    polling = poller(desk, bot)
    for _ in range(3):
        await polling.turn()
    assert bot.offsets == [None, 901, 4]


async def test_a_repeat_is_stored_once(desk: IntakeDesk) -> None:
    for _ in range(2):
        await poller(desk, Bot([{"update_id": 5, "message": {}}])).turn()
    assert len(await kept(desk)) == 1


async def test_what_has_no_id_is_kept_under_its_hash_and_not_fetched_in_circles(desk: IntakeDesk) -> None:
    odd = {"update_id": True, "message": "\ud83d\x00"}
    bot = Bot([odd], [odd])
    polling = poller(desk, bot)
    await polling.turn()
    assert not await polling.turn()
    assert bot.offsets == [None]
    [item] = await kept(desk)
    assert item.provider_id.startswith("sha256:")
    assert item.payload.isascii()


async def test_nothing_is_fetched_without_the_lease(desk: IntakeDesk) -> None:
    bot = Bot([{"update_id": 5}])
    assert not await poller(desk, bot, Tenure("poll")).turn()
    assert bot.offsets == []


async def test_a_failure_is_waited_out(desk: IntakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = itertools.count(100)
    now = float(next(moments))
    monkeypatch.setattr("notifier.engine.intake.poller.time.monotonic", lambda: now)
    slow = CarrierError(Verdict.SLOW_DOWN, "429", retry_after=7)
    bot = Bot(CarrierError(Verdict.NOT_SENT, "connect"), slow, [{"update_id": 5}])
    polling = poller(desk, bot)
    assert not await polling.turn()
    assert not await polling.turn()
    assert len(bot.offsets) == 1
    now += 0.6
    assert not await polling.turn()
    now += 6.9
    assert not await polling.turn()
    assert len(bot.offsets) == 2
    now += 0.2
    assert await polling.turn()


async def test_the_reader_is_woken(desk: IntakeDesk) -> None:
    waiting = asyncio.create_task(desk.parts.station.wake.wait("intake", 5.0))
    await asyncio.sleep(0)
    await poller(desk, Bot([{"update_id": 5}])).turn()
    assert await waiting
