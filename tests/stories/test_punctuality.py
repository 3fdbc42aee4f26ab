"""The watcher is watched: late timers are told to the duty desk, once, and the end of it too."""

from datetime import timedelta

import pytest

from notifier.domain.message import Lane
from notifier.domain.roster import ChannelName
from notifier.engine.contacts_lost import BLOCKED, STOPPED
from notifier.engine.punctuality import LOOKS, Punctuality
from notifier.engine.shifts import WATCH
from notifier.store.database import Database
from notifier.store.rows import Timer
from notifier.store.tx import Tx
from tests.stories.intake_desk import BOT, CHATS, PHONES, IntakeDesk, civil, open_intake

DESK = "p01"


@pytest.fixture
async def desk(database: Database) -> IntakeDesk:
    """Ten minutes before a post is found empty, on either database."""
    desk = await open_intake(database, "11-23 19:35")
    await desk.at("11-23 20:00")
    await desk.news()
    return desk


async def looks(desk: IntakeDesk, punctuality: Punctuality | None = None, times: int = LOOKS) -> list[str]:
    """So many looks; what is queued by them."""
    for _ in range(times):
        await (punctuality or desk.parts.punctuality).look()
    return [f"{message.template} {message.person}" for message in await desk.news()]


async def noted(desk: IntakeDesk, event: str) -> list[str | None]:
    """The reasons of that event in the journal."""
    return [line.reason for line in await desk.journal() if line.event == event]


async def test_the_desk_is_told_once_however_many_look(desk: IntakeDesk) -> None:
    desk.clock.set(civil("11-23 20:11"))
    assert await looks(desk) == [], "a minute, and not more"
    desk.clock.set(civil("11-23 20:14"))
    assert await looks(desk, times=LOOKS - 1) == [], "it may be being done just now"
    assert await looks(desk, times=1) == [f"timers_late {DESK}"]
    # The same process looks on, and so do others.
    assert await looks(desk) == []
    assert await looks(desk, Punctuality(desk.parts.station, desk.parts.letters)) == []
    assert await noted(desk, "timers_late") == ["the oldest timer is 240 s late"]
    told = await desk.last(DESK, "timers_late")
    assert (told.lane, "晚发了4分钟" in told.text) == (Lane.ESCALATION, True)


async def test_the_all_clear_comes_when_the_watch_has_caught_up(desk: IntakeDesk) -> None:
    desk.clock.set(civil("11-23 20:14"))
    await looks(desk)
    desk.clock.set(civil("11-23 20:40"))
    assert await looks(desk) == [], "still late, and told"
    await desk.at("11-23 20:40")
    assert await noted(desk, "timers_on_time") == ["late since 2026-11-23T12:10:00Z"]
    assert "已恢复准时" in (await desk.last(DESK, "timers_on_time")).text
    # The next time is a time of its own.
    async with desk.db.read() as tx:
        following = await tx.timers.next_due()
    assert following is not None
    await desk.news()
    desk.clock.set(following + timedelta(hours=1))
    assert await looks(desk) == [f"timers_late {DESK}"]


async def test_lateness_that_comes_and_goes_is_told_once(desk: IntakeDesk) -> None:
    desk.clock.set(civil("11-23 20:12"))
    assert await looks(desk) == [f"timers_late {DESK}"]
    await desk.at("11-23 20:13")
    await desk.news()
    await plan(desk, "11-23 20:13")
    desk.clock.set(civil("11-23 20:15"))
    assert await looks(desk) == []
    await desk.at("11-23 20:30")
    assert len(await noted(desk, "timers_late")) == len(await noted(desk, "timers_on_time")) == 1


async def test_reminders_by_the_thousand_may_take_their_time(desk: IntakeDesk) -> None:
    await desk.at("11-23 20:30")
    await desk.news()
    await plan(desk, "11-23 20:30", Lane.DUTY)
    desk.clock.set(civil("11-23 20:34"))
    assert await looks(desk) == []
    desk.clock.set(civil("11-23 20:36"))
    assert await looks(desk) == [f"timers_late {DESK}"]


async def test_it_is_real_time_that_counts_where_civil_time_runs_fast(
    desk: IntakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.clock, "speed", 60.0)
    desk.clock.set(civil("11-23 20:40"))
    assert await looks(desk) == [], "half an hour late by the clock on the wall, half a minute in truth"
    desk.clock.set(civil("11-23 21:12"))
    assert await looks(desk) == [f"timers_late {DESK}"]


async def test_what_is_planned_for_the_past_and_done_at_once_is_not_late(desk: IntakeDesk) -> None:
    await looks(desk, times=LOOKS - 1)
    await plan(desk, "11-23 12:00")
    assert await looks(desk, times=LOOKS - 1) == []
    await desk.at("11-23 20:01")
    assert await looks(desk) == []


async def test_a_desk_that_nobody_can_reach_is_an_alarm(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        await silence_everybody(tx)
    desk.clock.set(civil("11-23 20:14"))
    assert await looks(desk) == []
    assert await noted(desk, "alarm") == [
        "the oldest timer is 240 s late, and nobody at the duty desk can be reached"
    ]


async def plan(desk: IntakeDesk, moment: str, lane: Lane = Lane.ESCALATION) -> None:
    """A timer that finds nothing to do."""
    timer = Timer(key=f"nothing:{moment}", lane=lane, due_at=civil(moment), kind=WATCH, subject="no shift")
    async with desk.db.write() as tx:
        await tx.timers.plan([timer])


async def silence_everybody(tx: Tx) -> None:
    """Nobody can be written to any more."""
    now = civil("11-23 20:00")
    for chat in CHATS.values():
        await tx.contacts.mark(ChannelName.TELEGRAM, BOT, str(chat), BLOCKED, None, now)
    for phone in PHONES.values():
        await tx.contacts.mark(ChannelName.SMS, "", phone, STOPPED, None, now)


async def test_calls_that_no_carrier_takes_are_an_alarm_now_and_again(desk: IntakeDesk) -> None:
    """Every carrier is down, or nobody sends: the desk is not to be reached by anything that we have."""

    async def until(moment: str) -> list[str | None]:
        desk.clock.set(civil(moment))
        while await desk.watch.turn():
            pass
        await looks(desk)
        return await noted(desk, "alarm")

    assert await until("11-23 20:10") == []
    assert await until("11-23 20:14") == []
    assert await until("11-23 20:16") == ["a call has waited 6 minutes for a carrier to take it"]
    assert len(await until("11-23 20:30")) == 1
    await desk.sends()
    assert len(await until("11-23 21:20")) == 1, "they have been taken"
