"""An import is compared while others write, and what was found then counts only while it still holds."""

from dataclasses import replace

import pytest

from notifier.domain.ids import PersonId
from notifier.store.database import Database
from notifier.store.imports import ImportRepo, Planned
from notifier.store.rows import ImportResult, RosterTables
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


async def applied(database: Database, told: RosterTables, plan: Planned, hours: float = 0) -> ImportResult:
    async with database.write() as tx:
        at = NOW + hours * HOUR
        return await tx.imports.apply(told, now=at, default_account=BOT, planned=plan)


async def test_what_was_planned_is_what_happens(database: Database) -> None:
    plan = await planned(database, ROSTER)
    assert await applied(database, ROSTER, plan) == plan.result
    again = await planned(database, ROSTER)
    assert again.result.is_empty
    assert (await applied(database, ROSTER, again)).is_empty


async def test_a_plan_overtaken_by_another_import_is_made_anew(database: Database) -> None:
    await take_in(database, ROSTER)
    plan = await planned(database, FEWER)
    stranger = person(PersonId("gus"), V1)
    await take_in(database, RosterTables(people=(*PEOPLE, stranger)))
    assert plan.result.tables["people"].removed == 1
    assert (await applied(database, FEWER, plan)).tables["people"].removed == 2


async def test_a_plan_overtaken_by_the_rotas_is_made_anew(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=()))
    told = RosterTables(shifts=(NIGHT,))
    plan = await planned(database, told)
    async with database.write() as tx:
        await tx.imports.apply_rota([shift(GATE, NOW + 2 * HOUR, 2)], until=NOW + 24 * HOUR, now=NOW)
    assert plan.result.tables["shifts"].removed == 0
    assert (await applied(database, told, plan)).tables["shifts"].removed == 1


async def test_a_shift_that_began_in_between_is_not_touched(database: Database) -> None:
    await take_in(database, ROSTER)
    told = RosterTables(shifts=(replace(NIGHT, people=()), MORNING))
    plan = await planned(database, told)
    assert plan.result.tables["shifts"].changed == 1
    assert (await applied(database, told, plan, hours=1.5)).tables["shifts"].changed == 0


async def test_rotas_that_yield_nothing_new_have_nothing_to_write(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=()))
    yields = [shift(GATE, NOW + 2 * HOUR, 2)]
    until = NOW + 24 * HOUR
    for empty in (False, True):
        async with database.read() as tx:
            plan = await tx.imports.plan_rota(yields, until=until, now=NOW)
        assert plan.result.is_empty == empty
        async with database.write() as tx:
            await tx.imports.apply_rota(yields, until=until, now=NOW, planned=plan)


async def test_a_plan_that_holds_is_not_made_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(database, ROSTER)
    monkeypatch.setattr(ImportRepo, "_plan", None)
    assert not (await applied(database, ROSTER, plan)).is_empty
