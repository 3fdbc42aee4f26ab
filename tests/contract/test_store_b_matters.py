"""Numbers towards people."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from notifier.domain.ids import PersonId
from notifier.domain.matters import FORBIDDEN
from notifier.store.database import Database
from notifier.store.rows import RosterTables
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    EVA,
    FAN,
    NOW,
    PEOPLE,
    ROSTER,
    V1,
    person,
    take_in,
)

DAY = timedelta(days=1)


async def test_the_same_matter_keeps_its_number(database: Database) -> None:
    await take_in(database, ROSTER)
    wanted = [(ANN, "shift", "s1", V1), (BOB, "shift", "s1", V1), (ANN, "shift", "s1", V1)]
    async with database.write() as tx:
        ann, bob, again = await tx.matters.ensure(wanted, NOW)
        assert ann == again
        assert ann.number != bob.number, "they share a phone"
        assert [ann.person, bob.person] == [ANN, BOB]
        assert (ann.unit, ann.issued_at, ann.closed_at) == (V1, NOW, None)
    async with database.write() as tx:
        assert await tx.matters.ensure(wanted, NOW + 40 * DAY) == [ann, bob, ann]
        assert await tx.matters.get(ann.id) == ann
        assert await tx.matters.find(ANN, "shift", "s1") == ann
        assert await tx.matters.find(ANN, "sheet", "s1") is None
        assert await tx.matters.ensure([], NOW) == []


async def test_numbers_are_unique_among_all_who_share_an_address(database: Database) -> None:
    crowd = tuple(person(PersonId(f"x{n}"), V1, "+8613900000000") for n in range(20))
    await take_in(database, replace(ROSTER, people=PEOPLE + crowd))
    wanted = [(one.id, "notice", f"n{n}", V1) for one in crowd for n in range(10)]
    async with database.write() as tx:
        first = await tx.matters.ensure(wanted, NOW)
    async with database.write() as tx:
        more = [(one.id, "shift", f"n{n}", V1) for one in crowd for n in range(10)]
        second = await tx.matters.ensure(more, NOW + DAY)
    numbers = [matter.number for matter in (*first, *second)]
    assert len(set(numbers)) == 400
    assert all(101 <= number <= 999 for number in numbers)
    assert not FORBIDDEN & set(numbers)


async def test_two_transactions_never_give_out_the_same_number(database: Database) -> None:
    crowd = tuple(person(PersonId(f"x{n}"), V1, "+8613900000000") for n in range(12))
    await take_in(database, replace(ROSTER, people=PEOPLE + crowd))

    async def ask(who: PersonId) -> int:
        async with database.write() as tx:
            [matter] = await tx.matters.ensure([(who, "shift", "s", V1)], NOW)
            return matter.number

    numbers = await asyncio.gather(*(ask(one.id) for one in crowd))
    assert len(set(numbers)) == 12


async def test_a_closed_matter_reopens_under_its_number_for_30_days(database: Database) -> None:
    await take_in(database, ROSTER)
    request = [(ANN, "shift", "s1", V1)]
    async with database.write() as tx:
        [first] = await tx.matters.ensure(request, NOW)
        assert await tx.matters.close("shift", "s1", NOW + DAY) == 1
        assert await tx.matters.close("shift", "s1", NOW + DAY) == 0
        assert await tx.matters.open_of(ANN) == []
        assert await tx.matters.ensure(request, NOW + 29 * DAY) == [first]
        await tx.matters.close("shift", "s1", NOW + 29 * DAY)
        [renewed] = await tx.matters.ensure(request, NOW + 31 * DAY)
    assert renewed.id == first.id
    assert renewed.number != first.number
    assert renewed.issued_at == NOW + 31 * DAY


async def test_whoever_moves_to_another_address_gets_a_number_that_is_free_there(database: Database) -> None:
    await take_in(database, ROSTER)
    request = [(CAI, "shift", "s1", V1)]
    async with database.write() as tx:
        [first] = await tx.matters.ensure(request, NOW)
        await tx.matters.close("shift", "s1", NOW)
    moved = [replace(one, phone="+8613800000005") if one.id == CAI else one for one in PEOPLE]
    await take_in(database, RosterTables(people=tuple(moved)))
    async with database.write() as tx:
        theirs = await tx.matters.ensure([(EVA, "shift", f"{n}", V1) for n in range(800)], NOW)
        [again] = await tx.matters.ensure(request, NOW)
    assert again.id == first.id
    assert again.number not in {matter.number for matter in theirs}


async def test_what_is_open_and_what_a_number_means(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        wanted = [(ANN, "shift", "s1", V1), (ANN, "sheet", "k1", V1), (BOB, "shift", "s1", V1)]
        shift, sheet, bobs, _ = await tx.matters.ensure([*wanted, (FAN, "shift", "s1", V1)], NOW)
        assert await tx.matters.open_of(ANN) == [shift, sheet]
        assert await tx.matters.open_of_people([ANN, BOB]) == [shift, sheet, bobs]
        assert await tx.matters.close("shift", "s1", NOW + DAY, person=ANN) == 1
        assert await tx.matters.open_of_people([ANN, BOB]) == [sheet, bobs]
        over = replace(shift, closed_at=NOW + DAY)
        assert await tx.matters.by_number([ANN, BOB], shift.number) == [over]
        assert await tx.matters.by_number([BOB], shift.number) == []
        used = {shift.number, sheet.number, bobs.number}
        assert await tx.matters.numbers_of([ANN, BOB], NOW) == used
        assert await tx.matters.numbers_of([ANN, BOB], NOW + DAY) == set()
