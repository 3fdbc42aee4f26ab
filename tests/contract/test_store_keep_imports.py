"""An import is compared while others write, and what was found then counts only while it still holds."""

from dataclasses import replace

from sqlalchemy import select

from notifier.domain.ids import PersonId
from notifier.domain.roster import Shift
from notifier.store.database import Database
from notifier.store.import_plans import Planned
from notifier.store.roster_sets import RosterSet
from notifier.store.rows import RosterTables
from notifier.store.tables import import_sets, imports
from tests.contract.store_city import (
    BOT,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    PEOPLE,
    ROSTER,
    V1,
    person,
    shift,
    take_in,
)

FEWER = RosterTables(people=PEOPLE[1:])


async def planned(database: Database, told: RosterTables) -> Planned:
    async with database.read() as tx:
        return await tx.imports.plan(told, now=NOW, default_account=BOT)


async def planned_rota(database: Database, *yields: Shift) -> Planned:
    async with database.read() as tx:
        return await tx.imports.plan_rota(yields, until=NOW + 24 * HOUR, now=NOW)


async def holds(database: Database, plan: Planned) -> bool:
    async with database.write() as tx:
        return await tx.imports.holds(plan.seen)


async def write(database: Database, plan: Planned, hours: float = 0) -> None:
    async with database.write() as tx:
        for part in plan.sets():
            await tx.imports.write(part, NOW + hours * HOUR)


async def test_what_was_planned_is_what_happens(database: Database) -> None:
    plan = await planned(database, ROSTER)
    assert not plan.result.is_empty
    assert await holds(database, plan)
    await write(database, plan)
    again = await planned(database, ROSTER)
    assert again.result.is_empty
    assert list(again.sets()) == []


async def test_a_plan_is_overtaken_by_another_import(database: Database) -> None:
    await take_in(database, ROSTER)
    plan = await planned(database, FEWER)
    await take_in(database, RosterTables(people=(*PEOPLE, person(PersonId("gus"), V1))))
    assert not await holds(database, plan)
    assert await holds(database, await planned(database, FEWER))


async def test_a_plan_is_overtaken_by_the_rotas(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=()))
    plan = await planned(database, RosterTables(shifts=(NIGHT,)))
    await write(database, await planned_rota(database, shift(GATE, NOW + 2 * HOUR, 2)))
    assert not await holds(database, plan)


async def test_no_plan_holds_while_an_import_is_under_way(database: Database) -> None:
    plan = await planned(database, ROSTER)
    async with database.write() as tx:
        await tx.staging.begin("a", NOW)
        await tx.staging.add("a", 0, RosterSet().dump())
    assert await holds(database, plan), "what is not decided on yet changes nothing"
    async with database.write() as tx:
        assert await tx.staging.release("a")
    assert not await holds(database, plan)


async def test_a_shift_that_began_in_between_is_not_touched(database: Database) -> None:
    await take_in(database, ROSTER)
    plan = await planned(database, RosterTables(shifts=(replace(NIGHT, people=()), MORNING)))
    assert plan.result.tables["shifts"].changed == 1
    await write(database, plan, hours=1.5)
    gone = await planned(database, RosterTables(shifts=(shift(GATE, NOW, 9.5),)))
    assert gone.result.shifts >= {NIGHT.key, MORNING.key}
    await write(database, gone, hours=1.5)
    async with database.read() as tx:
        assert await tx.shifts.get(NIGHT.key) == NIGHT
        assert await tx.shifts.get(MORNING.key) is None


async def test_rotas_that_yield_nothing_new_have_nothing_to_write(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=()))
    yields = shift(GATE, NOW + 2 * HOUR, 2)
    await write(database, await planned_rota(database, yields))
    assert list((await planned_rota(database, yields)).sets()) == []


# ── what is staged ───────────────────────────────────────────────────────────────────────────────


async def test_sets_come_back_from_the_database_as_they_were(database: Database) -> None:
    plan = await planned(database, ROSTER)
    [whole] = plan.sets()
    await _stage(database, "a", whole)
    async with database.write() as tx:
        found = await tx.staging.next()
        assert found is not None
        assert found.part == whole
        await tx.imports.write(found.part, NOW)
        await tx.staging.done(found)
    assert (await planned(database, ROSTER)).result.is_empty
    assert await _left(database) == []


async def test_each_set_is_given_once_and_in_order(database: Database) -> None:
    first, last = RosterSet(cancelled=[NIGHT.key]), RosterSet(cancelled=[MORNING.key])
    await _stage(database, "a", first, last)
    for position, part in enumerate((first, last)):
        async with database.write() as tx:
            assert await tx.staging.mark() == ("a", position)
            found = await tx.staging.next()
            assert found is not None
            assert (found.part, found.is_last) == (part, part is last)
            await tx.staging.done(found)
    async with database.write() as tx:
        assert await tx.staging.mark() is None
        assert await tx.staging.next() is None
    assert await _left(database) == []


async def test_what_is_not_released_is_not_given_and_what_is_gone_not_released(database: Database) -> None:
    async with database.write() as tx:
        await tx.staging.begin("a", NOW)
        await tx.staging.add("a", 0, RosterSet().dump())
        assert await tx.staging.next() is None
        await tx.staging.discard("a")
        assert not await tx.staging.release("a")
    assert await _left(database) == []


async def _stage(database: Database, name: str, *parts: RosterSet) -> None:
    async with database.write() as tx:
        await tx.staging.begin(name, NOW)
        for position, part in enumerate(parts):
            await tx.staging.add(name, position, part.dump())
        assert await tx.staging.release(name)


async def _left(database: Database) -> list[str]:
    async with database.read() as tx:
        names = list(await tx.conn.scalars(select(imports.c.id)))
        return names + list(await tx.conn.scalars(select(import_sets.c.import_id)))
