"""Cases, their calls, and what happens when two write at once."""

import asyncio
from dataclasses import replace

import pytest

from notifier.domain.case import Call, CallState, Case, CaseState, Cursor
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind
from notifier.errors import Conflict, NotFound
from notifier.store.database import Database
from notifier.store.rows import CaseFilter
from tests.contract.store_city import ANN, BOB, CAI, HOUR, NIGHT, NOW, ROSTER, TOWN, V1, V2, take_in


def new_case(subject: str = NIGHT.key, unit: UnitCode = V1, kind: Kind = Kind.UNSTAFFED) -> Case:
    return Case(id=CaseId(0), kind=kind, unit=unit, subject=subject, opened_at=NOW, due_at=NOW + HOUR)


def call(person: PersonId, step: int = 1) -> Call:
    return Call(person=person, step=step, at=NOW)


async def _open(database: Database, case: Case) -> Case:
    async with database.write() as tx:
        return await tx.cases.open(case)


async def _save(database: Database, case: Case) -> Case:
    async with database.write() as tx:
        return await tx.cases.save(case)


async def _get(database: Database, case_id: CaseId) -> Case:
    async with database.read() as tx:
        return await tx.cases.get(case_id)


def closed(case: Case, outcome: str = "staffed") -> Case:
    return replace(case, state=CaseState.RESOLVED, outcome=outcome, closed_at=NOW + HOUR, due_at=None)


async def test_a_case_comes_back_as_it_was_written(database: Database) -> None:
    opened = await _open(database, replace(new_case(), calls=(call(BOB), call(ANN))))
    assert opened.id
    assert await _get(database, opened.id) == opened
    changed = replace(
        opened,
        state=CaseState.HELD,
        cursor=Cursor(step=2, order=(1, 3, "ann"), repeats=2),
        holder=ANN,
        calls=(call(BOB), replace(call(ANN), state=CallState.HOLDING, times=0), call(CAI, 2)),
        due_at=NOW + 2 * HOUR,
        settings_version=3,
        previous=CaseId(7),
        rounds=4,
        takes=2,
        passed=("1/0/1/secretary/", "2/0/95/duty_desk/"),
        chosen=(PersonId("cai"),),
    )
    saved = await _save(database, changed)
    assert saved == replace(changed, version=1)
    assert await _get(database, opened.id) == saved
    fewer = await _save(database, replace(saved, calls=(call(CAI, 2), call(BOB))))
    assert await _get(database, opened.id) == fewer


async def test_an_unknown_case_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await _get(database, CaseId(99))


async def test_one_open_case_for_each_subject(database: Database) -> None:
    first = await _open(database, new_case())
    async with database.write() as tx:
        with pytest.raises(Conflict):
            await tx.cases.open(new_case())
        # The transaction goes on unharmed.
        assert await tx.cases.open_for(Kind.UNSTAFFED, NIGHT.key) == first
        await tx.cases.open(new_case(kind=Kind.UNSIGNED))
    await _save(database, closed(first))
    second = await _open(database, replace(new_case(), previous=first.id))
    async with database.read() as tx:
        assert await tx.cases.open_for(Kind.UNSTAFFED, NIGHT.key) == second
        assert await tx.cases.last_for(Kind.UNSTAFFED, NIGHT.key) == second
        assert await tx.cases.last_for(Kind.UNRELAYED, NIGHT.key) is None


async def test_a_stale_case_is_not_written(database: Database) -> None:
    opened = await _open(database, new_case())
    await _save(database, replace(opened, rounds=1, calls=(call(ANN),)))
    with pytest.raises(Conflict):
        await _save(database, replace(opened, rounds=9, calls=(call(BOB),)))
    kept = await _get(database, opened.id)
    assert kept.rounds == 1
    assert kept.called == (ANN,)


async def test_two_who_take_it_at_once_take_it_one_after_the_other(database: Database) -> None:
    opened = await _open(database, new_case())

    async def take(person: PersonId) -> None:
        async with database.write() as tx:
            case = await tx.cases.get(opened.id)
            await asyncio.sleep(0.02)
            await tx.cases.save(replace(case, calls=(*case.calls, call(person))))

    await asyncio.gather(*(take(person) for person in (ANN, BOB, CAI)))
    assert set((await _get(database, opened.id)).called) == {ANN, BOB, CAI}


async def test_open_cases_by_person_subject_and_unit(database: Database) -> None:
    await take_in(database, ROSTER)
    one = await _open(database, replace(new_case("s1"), calls=(call(ANN), call(BOB))))
    two = await _open(database, replace(new_case("s2", V2), holder=ANN))
    three = await _open(database, replace(new_case("s3", TOWN), calls=(call(ANN),)))
    over = await _save(database, closed(three))
    async with database.read() as tx:
        cases = tx.cases
        assert await cases.open_with_person(ANN) == [one, two]
        assert await cases.open_with_person(BOB) == [one]
        assert await cases.open_ids() == [one.id, two.id]
        assert await cases.open_ids({V2, TOWN}) == [two.id]
        assert await cases.open_ids([]) == []
        assert await cases.open_on_subjects(Kind.UNSTAFFED, ["s2", "s3", "s1"]) == [one, two]
        assert await cases.listing(CaseFilter()) == [one, two, over]
        assert await cases.listing(CaseFilter(unit=TOWN)) == [one, two, over], "all below counts too"
        assert await cases.listing(CaseFilter(unit=V1, open_only=True)) == [one]
        assert await cases.listing(CaseFilter(ids=(over.id, one.id), open_only=True)) == [one]
        assert await cases.counts() == {
            CaseState.CALLING: 2,
            CaseState.HELD: 0,
            CaseState.RESOLVED: 1,
            CaseState.EXHAUSTED: 0,
            CaseState.CANCELLED: 0,
        }
