"""Timers, leases, inbox, journal and clock: the same on SQLite and PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.store.database import Database
from notifier.store.rows import InboxItem, JournalLine, Timer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def timer(key: str, *, lane: int = 2, due_at: datetime = NOW) -> Timer:
    return Timer(key=key, lane=lane, due_at=due_at, kind="grace", subject="BS01-G1")


def item(provider_id: str, payload: str = "{}") -> InboxItem:
    return InboxItem(
        source="telegram", account="1", provider_id=provider_id, payload=payload, received_at=NOW
    )


async def test_planning_twice_changes_nothing(database: Database) -> None:
    async with database.write() as tx:
        assert await tx.timers.plan([timer("b"), timer("a")]) == 2
        assert await tx.timers.plan([timer("a", due_at=NOW + MINUTE), timer("c")]) == 1
        assert await tx.timers.plan([]) == 0
        assert {(t.key, t.due_at) for t in await tx.timers.due(NOW, 2, 10)} == {
            ("a", NOW),
            ("b", NOW),
            ("c", NOW),
        }


async def test_due_timers_come_longest_due_first_from_their_lane(database: Database) -> None:
    async with database.write() as tx:
        await tx.timers.plan(
            [
                timer("late", due_at=NOW - MINUTE),
                timer("now"),
                timer("later", due_at=NOW + MINUTE),
                timer("other", lane=0, due_at=NOW - 2 * MINUTE),
            ]
        )
        assert [t.key for t in await tx.timers.due(NOW, 2, 10)] == ["late", "now"]
        assert [t.key for t in await tx.timers.due(NOW, 2, 1)] == ["late"]
        assert await tx.timers.next_due() == NOW - 2 * MINUTE
        assert await tx.timers.lateness(NOW) == 120.0


async def test_no_timer_is_neither_due_nor_late(database: Database) -> None:
    async with database.read() as tx:
        assert await tx.timers.next_due() is None
        assert await tx.timers.lateness(NOW) == 0.0


async def test_finished_failed_and_dropped_timers_are_over(database: Database) -> None:
    async with database.write() as tx:
        await tx.timers.plan([timer(key) for key in ("done", "failed", "dropped", "again")])
        ids = {t.key: t.id for t in await tx.timers.due(NOW, 2, 10)}
        await tx.timers.finish([ids["done"]])
        await tx.timers.fail(ids["failed"])
        assert await tx.timers.drop(["dropped", "unknown"]) == 1
        await tx.timers.postpone(ids["again"], NOW + MINUTE)
        assert await tx.timers.due(NOW, 2, 10) == []
        [again] = await tx.timers.due(NOW + MINUTE, 2, 10)
        assert (again.key, again.tries) == ("again", 1)
        assert await tx.timers.plan([timer("done")]) == 0


async def test_setting_a_timer_moves_it_and_makes_it_pending_again(database: Database) -> None:
    async with database.write() as tx:
        await tx.timers.set(timer("t"))
        [first] = await tx.timers.due(NOW, 2, 10)
        await tx.timers.postpone(first.id, NOW)
        await tx.timers.finish([first.id])
        await tx.timers.set(timer("t", lane=0, due_at=NOW + MINUTE))
        [moved] = await tx.timers.due(NOW + MINUTE, 0, 10)
        assert (moved.id, moved.due_at, moved.tries) == (first.id, NOW + MINUTE, 0)


@pytest.mark.postgres
async def test_two_processes_are_given_different_timers(postgres_database: Database) -> None:
    async with postgres_database.write() as tx:
        await tx.timers.plan([timer("a"), timer("b")])
    async with postgres_database.write() as one, postgres_database.write() as two:
        first, second = await one.timers.due(NOW, 2, 1), await two.timers.due(NOW, 2, 10)
        assert {t.key for t in first + second} == {"a", "b"}
        assert len(first) == len(second) == 1


async def test_a_lease_changes_hands_only_when_free_or_still(database: Database) -> None:
    async with database.write() as tx:
        assert await tx.leases.read("bot:1") is None
        mine = await tx.leases.take("bot:1", "one", None)
        assert mine is not None
        assert mine.fence == 1
        assert await tx.leases.take("bot:1", "two", None) is None
        assert await tx.leases.renew("one") == {"bot:1": mine.fence}
        assert await tx.leases.take("bot:1", "two", mine.beat) is None
        seen = await tx.leases.read("bot:1")
        assert seen is not None
        taken = await tx.leases.take("bot:1", "two", seen.beat)
        assert taken is not None
        assert (taken.owner, taken.fence) == ("two", 2)
        assert await tx.leases.renew("one") == {}
        assert not await tx.leases.release("bot:1", "one", mine.fence)
        assert await tx.leases.release("bot:1", "two", taken.fence)
        again = await tx.leases.take("bot:1", "one", None)
        assert again is not None
        assert again.fence == 3


async def test_only_one_of_many_takes_a_lease(database: Database) -> None:
    async def take(owner: str, seen: int | None) -> bool:
        async with database.write() as tx:
            return await tx.leases.take("bot:1", owner, seen) is not None

    assert sum(await asyncio.gather(*(take(f"p{n}", None) for n in range(8)))) == 1
    assert sum(await asyncio.gather(*(take(f"p{n}", 1) for n in range(8)))) == 1


async def test_who_stands_ready_beats_beside_the_lease_until_he_stands_back(database: Database) -> None:
    async with database.write() as tx:
        await tx.leases.take("bot:1", "one", None)
        await tx.leases.stand_ready("one", ["bot:1", "bot:2"])
        await tx.leases.stand_ready("two", ["bot:1"])
        await tx.leases.stand_ready("two", ["bot:1"])
        assert await tx.leases.renew("one") == {"bot:1": 1, "bot:1@one": 1, "bot:2@one": 1}
        beats = {row.name: row.beat for row in await tx.leases.all()}
        assert beats == {"bot:1": 2, "bot:1@one": 2, "bot:1@two": 1, "bot:2@one": 2}
        await tx.leases.stand_back("one")
        assert [row.name for row in await tx.leases.all()] == ["bot:1", "bot:1@two"]


async def test_only_the_dead_who_stood_ready_are_forgotten(database: Database) -> None:
    async with database.write() as tx:
        await tx.leases.take("bot:1", "one", None)
        await tx.leases.stand_ready("one", ["bot:1"])
        await tx.leases.stand_ready("two", ["bot:1"])
        await tx.leases.renew("two")
        await tx.leases.forget_ready({"bot:1": 1, "bot:1@one": 1, "bot:1@two": 1})
        assert [row.name for row in await tx.leases.all()] == ["bot:1", "bot:1@two"]


async def test_what_comes_in_twice_is_kept_once(database: Database) -> None:
    async with database.write() as tx:
        first = await tx.inbox.store([item("1", "a"), item("2"), item("1", "b")])
        assert len(first) == 2
        assert await tx.inbox.store([item("2")]) == []
        assert await tx.inbox.store([]) == []
        assert await tx.inbox.depth() == 2
        kept = await tx.inbox.new(10)
        assert [(i.id, i.provider_id, i.payload) for i in kept] == [
            (first[0], "1", "a"),
            (first[1], "2", "{}"),
        ]


async def test_inbox_items_are_retried_until_done_or_failed(database: Database) -> None:
    async with database.write() as tx:
        one, two, three = await tx.inbox.store([item("1"), item("2"), item("3")])
        await tx.inbox.done([one])
        await tx.inbox.retry(two, "busy")
        await tx.inbox.fail(three, "nonsense")
        [left] = await tx.inbox.new(10)
        assert (left.id, left.tries) == (two, 1)
        assert await tx.inbox.depth() == 1


async def test_the_journal_is_read_by_case_and_newest_first(database: Database) -> None:
    case, unit, person = CaseId(7), UnitCode("BS01"), PersonId("p1")
    opened = JournalLine(at=NOW, event="opened", case=case, unit=unit)
    called = JournalLine(at=NOW, event="called", case=case, unit=unit, person=person, reason="secretary")
    other = JournalLine(at=NOW + MINUTE, event="opened", unit=UnitCode("XX01"))
    async with database.write() as tx:
        await tx.journal.write([opened, called, other])
        await tx.journal.write([])
        assert [line.event for line in await tx.journal.of_case(case)] == ["opened", "called"]
        newest = await tx.journal.recent(2)
        assert [(line.event, line.unit) for line in newest] == [("opened", "XX01"), ("called", "BS01")]
        [oldest] = await tx.journal.recent(5, before=newest[-1].id)
        assert oldest.event == "opened"
        assert len(await tx.journal.recent(5, units=[unit])) == 2
        assert len(await tx.journal.recent(5, units=[])) == 0
        [told] = await tx.journal.recent(5, person=person, events=["called"])
        assert (told.reason, told.at) == ("secretary", NOW)
        assert await tx.journal.count("opened", NOW) == 2
        assert await tx.journal.count("opened", NOW + MINUTE) == 1


async def test_the_clock_anchor_is_put_replaced_and_cleared(database: Database) -> None:
    async with database.write() as tx:
        assert await tx.clock.anchor() is None
        await tx.clock.set_anchor(NOW, 60.0, NOW)
        await tx.clock.set_anchor(NOW + MINUTE, 1.5, NOW)
        assert await tx.clock.anchor() == (NOW + MINUTE, 1.5, NOW)
        await tx.clock.clear()
        assert await tx.clock.anchor() is None
