"""Hand-over at a post: who leaves is asked for it, and nobody leaves a post that nobody has come to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import PresenceEnd
from notifier.engine.pausing import PauseOrder
from notifier.engine.station import Actor
from notifier.store.rows import PresenceRow
from tests.stories.harness import Edits, Station, duty_station

EVENING = ShiftKey("BS02-G1 2026-11-23T12:00:00Z")
"""密东村, 20:00 to midnight: 林晓东 (a1) and 叶文华 (a2); two are wanted."""
NIGHT = ShiftKey("BS02-G1 2026-11-23T16:00:00Z")
"""The same post, midnight to 08:00: 钱国华 (p21, the secretary) and 冯美珍 (p22, English)."""
MORNING = ShiftKey("BS02-G1 2026-11-24T00:00:00Z")
"""08:00 to noon, in stories that have it: a2 alone."""
MIDNIGHT, EIGHT = "2026-11-24 00:00", "2026-11-24 08:00"

KEPT: Edits = {
    "policies.yaml": {"  checkin_from: 60m\n": "  checkin_from: 60m\n  relief: keep\n"},
    "people.csv": {
        "p21,钱国华": (
            "a1,林晓东,13800100041,BS02,zh,100041\na2,叶文华,13800100042,BS02,zh,100042\np21,钱国华"
        ),
    },
    "shifts.csv": {
        "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\nBS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15\n": "",
        "BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22\n": (
            "BS02-G1,2026-11-23 20:00,2026-11-24 00:00,a1;a2\n"
            "BS02-G1,2026-11-24 00:00,2026-11-24 08:00,p21;p22\n"
        ),
    },
}


def with_a_morning(people: str) -> Edits:
    """The same with a shift of those people from 08:00 to noon."""
    [(old, new)] = [(k, v) for k, v in KEPT["shifts.csv"].items() if v]
    longer = f"{new}BS02-G1,2026-11-24 08:00,2026-11-24 12:00,{people}\n"
    return {**KEPT, "shifts.csv": {**KEPT["shifts.csv"], old: longer}}


async def presences(station: Station, person: str) -> list[PresenceRow]:
    """Where that person was, and is, in order."""
    async with station.engine.parts.station.db.read() as tx:
        rows = await tx.presences.lately_on_post(PostCode("BS02-G1"), station.civil("2026-11-23 00:00"))
    return [row for row in rows if row.presence.person == person]


async def there(station: Station) -> set[str]:
    """Who is at the post, kept on or not."""
    async with station.engine.parts.station.db.read() as tx:
        return {row.presence.person for row in await tx.presences.on_post(PostCode("BS02-G1"))}


async def comes(station: Station, *people: str) -> None:
    for person in people:
        await station.phone(person).replies("到岗")
    station.reads_all()


@asynccontextmanager
async def late(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    async with duty_station(tmp_path, database_url, edits=KEPT) as opened:
        await opened.until_civil("19:50")
        await comes(opened, "a1", "a2")
        await opened.until_civil("23:30")
        opened.reads_all()
        yield opened


@pytest.fixture
async def evening(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """23:30: both of the evening are on post, nobody of the night is."""
    async with late(tmp_path, sqlite_url) as opened:
        yield opened


@pytest.fixture
async def either_evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """The same, once on SQLite and once on PostgreSQL."""
    async with late(tmp_path, database_url) as opened:
        yield opened


# ── the relief comes in time ─────────────────────────────────────────────────────────────────────


async def test_who_leaves_is_asked_to_hand_over_and_does_it_by_a_button(either_evening: Station) -> None:
    evening = either_evening
    await evening.phone("p21").replies("到岗")
    for person in ("a1", "a2"):
        assert evening.phone(person).got("钱国华", "密东村卡口", "接班", "交班").buttons == ("交班",)
    await evening.phone("a1").taps("交班")
    evening.phone("a1").expects("已记交班：23:30", "交给钱国华")
    [row] = await presences(evening, "a1")
    assert (row.presence.until, row.ended) == (evening.clock.now(), PresenceEnd.HANDED_OVER)
    lines = [line for line in await evening.journal(EVENING) if line.event == "handed_over"]
    assert [(line.person, line.reason, line.at) for line in lines] == [("a1", "to p21", evening.clock.now())]
    assert await evening.cases() == []


async def test_by_word_with_a_number_too(evening: Station) -> None:
    await evening.phone("p21").replies("到岗")
    number = evening.phone("a2").got("接班").number
    await evening.phone("a2").replies(f"交班{number}")
    assert await there(evening) == {"a1", "p21"}


async def test_nobody_hands_over_so_that_the_post_is_short(evening: Station) -> None:
    await evening.phone("p21").replies("到岗")
    await evening.phone("a1").replies("交班")
    await evening.phone("a2").replies("交班")
    evening.phone("a2").expects("还差1人", "再守一会儿")
    assert await there(evening) == {"a2", "p21"}
    await evening.phone("p22").replies("here")
    await evening.phone("a2").replies("已交班")
    evening.phone("a2").expects("已记交班", "交给冯美珍")
    assert await there(evening) == {"p21", "p22"}
    await evening.until_civil("2026-11-24 00:20")
    assert await evening.cases() == []


async def test_who_does_not_confirm_goes_off_at_the_end_all_the_same(evening: Station) -> None:
    await comes(evening, "p21", "p22")
    await evening.until_civil("2026-11-24 00:15")
    assert await there(evening) == {"p21", "p22"}
    [row] = await presences(evening, "a1")
    assert (row.presence.until, row.ended) == (evening.civil(MIDNIGHT), PresenceEnd.SHIFT_END)
    evening.phone("a1").never_got("先守着")
    assert await evening.cases() == []


async def test_before_anybody_has_come_there_is_nobody_to_hand_over_to(evening: Station) -> None:
    await evening.phone("a1").replies("交班")
    evening.phone("a1").expects("还差1人", "再守一会儿")
    assert await there(evening) == {"a1", "a2"}


async def test_a_hand_over_is_taken_back(evening: Station) -> None:
    await evening.phone("p21").replies("到岗")
    await evening.phone("a1").taps("交班")
    await evening.phone("a1").taps("撤销")
    assert await there(evening) == {"a1", "a2", "p21"}


# ── the relief does not come ─────────────────────────────────────────────────────────────────────


async def test_at_the_end_those_there_are_kept_on_and_the_case_is_opened_at_once(
    either_evening: Station,
) -> None:
    evening = either_evening
    await evening.until_civil(MIDNIGHT)
    for person in ("a1", "a2"):
        assert evening.phone(person).got("还没人接班", "先守着").buttons == ("收到", "离岗")
    evening.phone("p21").got("00:00", "前一班在等您")
    evening.phone("p22").got("those before you wait")
    case = await evening.case(NIGHT)
    assert case.opened_at == evening.civil(MIDNIGHT)
    assert await evening.called(case) == ["p21", "p22"]
    assert await evening.reasons(case, "opened") == [(None, "0 of 2 on post, 2 kept on")]
    assert {row.is_kept_on for row in await presences(evening, "a1")} == {True}
    assert [p for p, _ in await evening.reasons(case, "kept_on")] == ["a1", "a2"]


async def test_once_enough_have_come_those_kept_on_may_go(either_evening: Station) -> None:
    evening = either_evening
    await evening.until_civil("2026-11-24 00:20")
    await comes(evening, "p21")
    case = await evening.case(NIGHT)
    assert case.state is not CaseState.RESOLVED, "who is kept on is not the relief"
    assert await there(evening) == {"a1", "a2", "p21"}
    evening.phone("a1").got("钱国华", "接班", "交班")
    await evening.until_civil("2026-11-24 00:25")
    await evening.phone("p22").replies("here")
    assert await there(evening) == {"p21", "p22"}
    for person in ("a1", "a2"):
        evening.phone(person).expects("冯美珍", "可以走了")
        [row] = await presences(evening, person)
        assert (row.presence.until, row.ended) == (evening.clock.now(), PresenceEnd.RELIEVED)
    assert (await evening.case(NIGHT)).outcome == "staffed"
    lines = [line for line in await evening.journal(EVENING) if line.event == "relieved"]
    assert [(line.person, line.reason) for line in lines] == [("a1", "by p22"), ("a2", "by p22")]


async def test_one_of_those_kept_on_hands_over_to_the_first_who_comes(evening: Station) -> None:
    await evening.until_civil("2026-11-24 00:20")
    await comes(evening, "p21")
    await evening.phone("a1").replies("交班")
    evening.phone("a1").expects("已记交班", "交给钱国华")
    await evening.phone("a2").replies("交班")
    evening.phone("a2").expects("还差1人")
    assert await there(evening) == {"a2", "p21"}


async def test_who_is_kept_on_says_that_he_knows(evening: Station) -> None:
    await evening.until_civil(MIDNIGHT)
    await evening.phone("a1").taps("收到")
    evening.phone("a1").expects("谢谢您", "马上告诉您")
    assert await there(evening) == {"a1", "a2"}


async def test_when_the_last_one_leaves_the_case_goes_on_and_says_that_the_post_is_empty(
    either_evening: Station,
) -> None:
    evening = either_evening
    await evening.until_civil("2026-11-24 00:08")
    first = await evening.case(NIGHT)
    await evening.phone("p21").replies("20分钟")
    holder = (await evening.case(NIGHT)).holder
    await evening.phone("a1").replies("离岗")
    await evening.phone("a2").replies("下班了")
    evening.phone("a2").expects("还没人接班", "现在就离开吗")
    await evening.phone("a2").replies("离岗")
    assert await there(evening) == set()
    case = await evening.case(NIGHT)
    assert (case.id, case.is_open, case.holder) == (first.id, True, holder)
    assert await evening.reasons(case, "left_unrelieved") == [
        ("a1", "1 still there"), ("a2", "the post is empty now"),
    ]  # fmt: skip
    [row] = await presences(evening, "a2")
    assert (row.presence.until, row.ended) == (evening.clock.now(), PresenceEnd.LEFT)


async def test_the_holder_hears_that_the_post_is_empty(evening: Station) -> None:
    await evening.until_civil("2026-11-24 00:06")
    await evening.phone("p02").replies("在吗")
    await evening.until_civil("2026-11-24 00:40")
    case = await evening.case(NIGHT)
    assert "p02" in await evening.called(case), await evening.events(case)
    await evening.phone("p02").taps("收到")
    evening.reads_all()
    await evening.phone("a1").replies("离岗")
    evening.phone("p02").silent()
    await evening.phone("a2").replies("离岗")
    evening.phone("p02").expects("叶文华", "走了", "现在没有人")


async def test_leaving_is_taken_back_while_nobody_has_come(either_evening: Station) -> None:
    evening = either_evening
    await evening.until_civil("2026-11-24 00:05")
    await evening.phone("a1").replies("离岗")
    await evening.advance(minutes=2)
    await evening.phone("a1").taps("撤销")
    assert {row.is_kept_on for row in await presences(evening, "a1")} == {True}
    await comes(evening, "p21")
    await evening.phone("p22").replies("here")
    evening.phone("a1").expects("可以走了")
    await evening.phone("a1").replies("撤销")
    assert await there(evening) == {"p21", "p22"}, "it is too late for that now"


async def test_all_of_it_survives_a_restart(either_evening: Station) -> None:
    evening = either_evening
    await evening.until_civil(MIDNIGHT)
    await evening.restarts(tidily=False)
    await evening.until_civil("2026-11-24 00:12")
    await comes(evening, "p21")
    await evening.restarts(tidily=False)
    await evening.phone("p22").replies("here")
    assert await there(evening) == {"p21", "p22"}
    evening.phone("a1").got("可以走了")


async def test_an_end_found_late_keeps_them_too(evening: Station) -> None:
    await evening.goes_down(tidily=False)
    evening.clock.set(evening.civil("2026-11-24 00:30"))
    await evening.goes_up()
    await evening.settle()
    assert await there(evening) == {"a1", "a2"}
    assert (await evening.case(NIGHT)).opened_at == evening.clock.now()


async def test_who_is_known_to_be_on_his_way_is_not_called_before_his_time(evening: Station) -> None:
    await evening.until_civil("23:55")
    await evening.phone("p21").replies("20分钟")
    await evening.until_civil("2026-11-24 00:14")
    assert await there(evening) == {"a1", "a2"}
    assert await evening.cases() == []
    evening.phone("p21").got("前一班在等您")
    await evening.until_civil("2026-11-24 00:15")
    assert (await evening.case(NIGHT)).opened_at == evening.civil("2026-11-24 00:15")


# ── where nobody is kept ─────────────────────────────────────────────────────────────────────────


async def test_without_a_following_shift_everybody_goes(evening: Station) -> None:
    await comes(evening, "p21", "p22")
    await evening.until_civil(EIGHT)
    assert await there(evening) == set()
    evening.phone("p21").never_got("先守着")


async def test_who_was_kept_on_goes_when_the_rota_ends(evening: Station) -> None:
    await evening.until_civil("2026-11-24 07:59")
    assert await there(evening) == {"a1", "a2"}
    await evening.until_civil(EIGHT)
    assert await there(evening) == set()
    evening.phone("a1").expects("不用再守了")
    assert (await evening.case(NIGHT)).outcome == "missed"


async def test_a_paused_post_keeps_nobody(evening: Station) -> None:
    await pauses(evening)
    await evening.until_civil(MIDNIGHT)
    assert await there(evening) == set()
    assert await evening.cases() == []


async def test_a_pause_sends_those_home_who_are_kept_on(either_evening: Station) -> None:
    evening = either_evening
    await evening.until_civil("2026-11-24 00:05")
    await pauses(evening)
    assert await there(evening) == set()
    evening.phone("a1").got("不用再守了")


async def pauses(station: Station) -> None:
    now = station.clock.now()
    order = PauseOrder(
        reason="道路封闭", since=now, until=station.civil("2026-11-24 12:00"), post=PostCode("BS02-G1")
    )
    desk = Actor(person=PersonId("p01"), channel="shell")
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.pausing.pause(tx, order, desk, now)
    await station.settle()


async def test_without_the_policy_the_end_is_the_end(tmp_path: Path, sqlite_url: str) -> None:
    plain = {name: changes for name, changes in KEPT.items() if name != "policies.yaml"}
    async with duty_station(tmp_path, sqlite_url, edits=plain) as station:
        await station.until_civil("19:50")
        await comes(station, "a1", "a2")
        await station.until_civil("23:30")
        await comes(station, "p21")
        for person in ("a1", "a2"):
            station.phone(person).silent()
        await station.phone("a1").replies("交班")
        station.phone("a1").expects("现在就离开吗")
        await station.until_civil("2026-11-24 00:09")
        assert await there(station) == {"p21"}
        assert await station.cases() == []


# ── longer rotas ─────────────────────────────────────────────────────────────────────────────────


async def test_a_shift_that_nobody_came_to_is_followed_by_the_next(tmp_path: Path, database_url: str) -> None:
    async with duty_station(tmp_path, database_url, edits=with_a_morning("p21;a2")) as station:
        await station.until_civil("19:50")
        await comes(station, "a1", "a2")
        await station.until_civil(EIGHT)
        assert await there(station) == {"a1", "a2"}
        assert [row.presence.shift for row in await presences(station, "a2")] == [EVENING, MORNING]
        [_, now] = await presences(station, "a2")
        assert not now.is_kept_on, "he goes on into his own next shift"
        [kept] = await presences(station, "a1")
        assert kept.is_kept_on
        case = await station.case(MORNING)
        assert case.opened_at == station.civil(EIGHT)
        station.reads_all()
        await station.phone("p21").replies("到岗")
        station.phone("a1").expects("钱国华", "可以走了")
        assert await there(station) == {"a2", "p21"}
