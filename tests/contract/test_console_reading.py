"""What the console reads costs the same number of statements, however much there is to be read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import event

from notifier.domain.access import Right, Scope
from notifier.domain.case import Call, Case
from notifier.domain.ids import CaseId, PersonId, PostCode, UnitCode
from notifier.domain.pausing import Pause
from notifier.domain.policy import Kind
from notifier.domain.roster import Post, Presence, PresenceEnd, UnitKind
from notifier.domain.wall import Standing
from notifier.engine.access.guard import Guard
from notifier.engine.clock import ManualClock
from notifier.engine.console.case_view import read_case
from notifier.engine.console.unit_view import read_unit
from notifier.engine.console.wall import look, read_snapshot
from notifier.engine.parts import Parts
from notifier.store.database import Database
from notifier.store.tx import Tx
from tests.contract.store_city import (
    ANN,
    BOB,
    EVA,
    GATE,
    HOUR,
    NIGHT,
    NOW,
    PEOPLE,
    POSTS,
    ROSTER,
    SHIFTS,
    TOWN,
    UNITS,
    V1,
    person,
    shift,
    take_in,
    unit,
)
from tests.contract.web_client import parts_at

TONIGHT = NOW + 2 * HOUR
"""While NIGHT runs."""


@asynccontextmanager
async def counted(database: Database) -> AsyncIterator[tuple[Tx, list[str]]]:
    """A transaction to read in, and the statements that it has made."""
    made: list[str] = []
    async with database.read() as tx:
        connection = tx.conn.sync_connection
        assert connection is not None
        event.listen(connection, "before_cursor_execute", lambda *told: made.append(told[2]))
        yield tx, made


async def grow(database: Database, villages: int) -> None:
    """So many villages more, each with a post, somebody on it for tonight, and an open case about it."""
    codes = [UnitCode(f"X{number:03}") for number in range(villages)]
    people = [person(PersonId(f"x{code}"), code) for code in codes]
    posts = [
        Post(code=PostCode(f"{code}-G"), unit=code, name="卡口", kind="checkpoint", headcount=1)
        for code in codes
    ]
    shifts = [shift(post.code, NOW + HOUR, 8, who.id) for post, who in zip(posts, people, strict=True)]
    grown = replace(
        ROSTER,
        units=(*UNITS, *(unit(code, UnitKind.VILLAGE, TOWN) for code in codes)),
        people=(*PEOPLE, *people),
        posts=(*POSTS, *posts),
        shifts=(*SHIFTS, *shifts),
    )
    await take_in(database, grown)
    async with database.write() as tx:
        for code, turn in zip(codes, shifts, strict=True):
            await tx.cases.open(a_case(code, turn.key))


def a_case(code: UnitCode, subject: str, people: int = 0) -> Case:
    calls = tuple(Call(person=PersonId(f"x{n}"), step=1, at=TONIGHT) for n in range(people))
    # Settings of version 0 are the program's own, before any were stored.
    return Case(
        id=CaseId(0),
        kind=Kind.UNSTAFFED,
        unit=code,
        subject=subject,
        opened_at=TONIGHT,
        calls=calls,
        settings_version=0,
    )


async def statements(database: Database, read: Callable[[Tx], Awaitable[object]]) -> int:
    async with counted(database) as (tx, made):
        await read(tx)
    return len(made)


@pytest.fixture
async def parts(database: Database) -> Parts:
    """The parts, with the small city taken in."""
    await take_in(database, ROSTER)
    return parts_at(database)


async def test_the_wall_of_many_villages_costs_no_more_than_that_of_few(
    parts: Parts, database: Database
) -> None:
    async def read(tx: Tx) -> object:
        return await read_snapshot(tx, ManualClock(TONIGHT))

    few = await statements(database, read)
    await grow(database, 60)
    async with counted(database) as (tx, made):
        snapshot = await read_snapshot(tx, ManualClock(TONIGHT))
    assert len(snapshot.cells) == 65
    assert len(made) == few
    assert few <= 9


async def test_a_unit_and_a_case_cost_the_same_whatever_is_in_them(parts: Parts, database: Database) -> None:
    async with database.write() as tx:
        small = await tx.cases.open(a_case(V1, NIGHT.key, people=1))
    unit_cost = await statements(database, lambda tx: read_unit(parts.station, tx, V1, TONIGHT))
    case_cost = await statements(database, lambda tx: read_case(parts, tx, small, EVA, TONIGHT))
    crowd = tuple(person(PersonId(f"x{n}"), V1) for n in range(80))
    await take_in(database, replace(ROSTER, people=(*PEOPLE, *crowd)))
    async with database.write() as tx:
        for presence_of in crowd[:20]:
            await tx.presences.arrive(
                Presence(
                    person=presence_of.id,
                    post=GATE,
                    shift=NIGHT.key,
                    since=TONIGHT,
                    until=None,
                    channel="sms",
                    by=presence_of.id,
                )
            )
        large = await tx.cases.save(replace(small, calls=a_case(V1, "", people=70).calls))
    assert await statements(database, lambda tx: read_unit(parts.station, tx, V1, TONIGHT)) <= unit_cost
    assert await statements(database, lambda tx: read_case(parts, tx, large, EVA, TONIGHT)) <= case_cost


async def test_the_wall_counts_who_is_there_and_who_should_be(parts: Parts, database: Database) -> None:
    async with database.write() as tx:
        for who in (ANN, ANN, BOB):
            await tx.presences.arrive(
                Presence(
                    person=who, post=GATE, shift=NIGHT.key, since=TONIGHT, until=None, channel="sms", by=who
                )
            )
        await tx.cases.open(a_case(V1, NIGHT.key))
    async with database.read() as tx:
        before, after = (
            await read_snapshot(tx, ManualClock(NOW)),
            await read_snapshot(tx, ManualClock(TONIGHT)),
        )
    assert (before.cells[V1].on_post, before.cells[V1].expected) == (2, 0)
    assert (after.cells[V1].on_post, after.cells[V1].expected) == (2, 2), "each person counts once"
    assert after.cells[V1].standing is Standing.CALLING


async def test_a_paused_post_expects_nobody_and_shows_as_paused(parts: Parts, database: Database) -> None:
    pause = Pause(id=0, unit=TOWN, post=None, since=NOW, until=NOW + 4 * HOUR, reason="演练", by=EVA)
    async with database.write() as tx:
        await tx.pauses.add(pause)
    async with database.read() as tx:
        paused, over = (
            await read_snapshot(tx, ManualClock(TONIGHT)),
            await read_snapshot(tx, ManualClock(NOW + 5 * HOUR)),
        )
    assert (paused.cells[V1].standing, paused.cells[V1].expected) == (Standing.PAUSED, 0)
    assert (over.cells[V1].standing, over.cells[V1].expected) == (Standing.CALM, 2)


async def test_counters_are_of_what_one_sees(parts: Parts, database: Database) -> None:
    await grow(database, 3)
    async with database.read() as tx:
        snapshot = await read_snapshot(tx, ManualClock(TONIGHT))
        mine = Scope(person=ANN, over={V1: frozenset({Right.SEE})})
        town = Scope(person=EVA, over={TOWN: frozenset({Right.SEE})})
        one = look(snapshot, (await Guard.open(tx, mine)).units(Right.SEE))
        many = look(snapshot, (await Guard.open(tx, town)).units(Right.SEE))
    assert (one.counters.expected, sum(one.counters.cases.values()), one.is_calm) == (2, 0, True)
    assert (many.counters.expected, sum(many.counters.cases.values()), many.is_calm) == (5, 3, False)
    assert [group.head.code for group in many.groups] == [TOWN]
    assert {matter.unit for matter in many.urgent} == {"X000", "X001", "X002"}


async def test_the_mark_tells_when_there_is_something_new(parts: Parts, database: Database) -> None:
    async def mark() -> object:
        async with database.read() as tx:
            return await tx.walls.mark()

    calm = await mark()
    assert await mark() == calm
    async with database.write() as tx:
        case = await tx.cases.open(a_case(V1, NIGHT.key))
    opened = await mark()
    async with database.write() as tx:
        await tx.cases.save(replace(case, rounds=1))
    moved = await mark()
    async with database.write() as tx:
        row = await tx.presences.arrive(
            Presence(person=ANN, post=GATE, shift=NIGHT.key, since=NOW, until=None, channel="sms", by=ANN)
        )
    came = await mark()
    async with database.write() as tx:
        assert await tx.presences.end(row, TONIGHT, PresenceEnd.LEFT)
    left = await mark()
    assert len({calm, opened, moved, came, left}) == 5
