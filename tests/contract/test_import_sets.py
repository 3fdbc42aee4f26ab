"""A large import goes by short sets: each leaves a roster that holds, and no death leaves one half done."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from random import Random
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, UnitKind
from notifier.engine import taking_in
from notifier.engine.station import Rules, Station
from notifier.engine.taking_in import Change, Successor, finish_released, take_in
from notifier.errors import NotFound
from notifier.store.database import Database
from notifier.store.import_plans import Planned
from notifier.store.imports import ImportRepo
from notifier.store.roster_sets import SET_SIZE, RosterSet
from notifier.store.rows import LinkOrder, RosterTables
from notifier.store.staging import StagingRepo
from notifier.store.tables import import_sets, imports, people
from notifier.store.tx import Tx
from tests.contract.import_towns import draw, flaws
from tests.contract.store_city import BOT, CITY, NOW, ROSTER, V1, person, shift, unit

ZONE = ZoneInfo("Asia/Shanghai")
MANY = 2600
"""People: three sets of them, and three of their chats."""


class Killed(BaseException):
    """What happens to a process."""


def at(database: Database) -> Station:
    return cast(Station, SimpleNamespace(db=database, now=lambda: NOW, rules=Rules(ZONE)))


def town(phones: int = 0) -> RosterTables:
    """A large one: everybody with a chat, and a phone that ``phones`` changes."""
    staff = [person(PersonId(f"p{n}"), V1, f"+8613{phones}{n:08}") for n in range(MANY)]
    return replace(
        ROSTER,
        people=(*(ROSTER.people or ()), *staff),
        links=tuple(LinkOrder(person=one.id, chat=str(n)) for n, one in enumerate(staff)),
    )


async def planned(database: Database, told: RosterTables) -> Planned:
    async with database.read() as tx:
        return await tx.imports.plan(told, now=NOW, default_account=BOT)


async def taken_in(database: Database, told: RosterTables, **more: object) -> bool:
    change = Change(planned=await planned(database, told))
    return await take_in(at(database), replace(change, **more))  # type: ignore[arg-type]


async def is_in_force(database: Database, told: RosterTables) -> bool:
    return (await planned(database, told)).result.is_empty


async def staged(database: Database) -> int:
    async with database.read() as tx:
        rows = await tx.conn.scalar(select(func.count()).select_from(import_sets)) or 0
        return rows + (await tx.conn.scalar(select(func.count()).select_from(imports)) or 0)


def dies_at(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, turn: int) -> None:
    """The process dies in the midst of that turn (from 1) of a method, with its transaction open."""
    real: Callable[..., Awaitable[object]] = getattr(owner, method)
    turns = 0

    async def dying(*arguments: object, **named: object) -> object:
        nonlocal turns
        turns += 1
        done = await real(*arguments, **named)
        if turns == turn:
            raise Killed
        return done

    monkeypatch.setattr(owner, method, dying)


# ── each set leaves a roster that holds ──────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(4))
async def test_every_set_leaves_a_roster_that_holds(database: Database, seed: int) -> None:
    chance = Random(seed)
    for _ in range(3):
        told = draw(chance)
        plan = await planned(database, told)
        assert not plan.result.is_empty
        for part in plan.sets(most=chance.choice((1, 4, 20))):
            async with database.write() as tx:
                await tx.imports.write(part, NOW)
            assert await flaws(database) == []
        assert await is_in_force(database, told)


async def test_what_is_called_off_as_it_is_decided_on_leaves_nothing(database: Database) -> None:
    async def call_off(_: Tx) -> None:
        raise NotFound("somebody has dropped it")

    with pytest.raises(NotFound):
        await taken_in(database, town(), decided=call_off)
    assert await staged(database) == 0
    async with database.read() as tx:
        assert await tx.conn.scalar(select(func.count()).select_from(people)) == 0
    assert await taken_in(database, town())


async def test_a_tree_turned_upside_down_never_runs_in_a_circle(database: Database) -> None:
    line = [unit(UnitCode(f"U{n}"), UnitKind.VILLAGE, UnitCode(f"U{n - 1}") if n else None) for n in range(6)]
    turned = [replace(above, parent=below.code) for above, below in pairwise(line)] + [
        replace(line[-1], parent=None)
    ]
    for told in (line, turned):
        for part in (await planned(database, RosterTables(units=tuple(told)))).sets(most=1):
            async with database.write() as tx:
                await tx.imports.write(part, NOW)
            assert await flaws(database) == []


async def test_a_unit_hands_its_seats_over_within_one_set(database: Database) -> None:
    seats = [
        Office(unit=unit_, title="secretary", rank=rank, person=PersonId(f"p{rank}"))
        for unit_ in (V1, CITY)
        for rank in (1, 2)
    ]
    before = RosterTables(units=ROSTER.units, offices=tuple(seats))
    assert await taken_in(database, before)
    moved = tuple(replace(seat, rank=seat.rank + 2) for seat in seats)
    parts = list((await planned(database, RosterTables(offices=moved))).sets(most=4))
    assert [{row["unit"] for row in (*part.put["offices"], *part.removed["offices"])} for part in parts] == [
        {CITY},
        {V1},
    ]


async def test_a_post_gives_up_a_shift_in_the_set_that_brings_the_other(database: Database) -> None:
    assert await taken_in(database, ROSTER)
    [old] = [one for one in ROSTER.shifts or () if one.people == (PersonId("cai"),)]
    moved = shift(old.post, old.start.replace(minute=30), 8, *old.people)
    kept = tuple(one for one in ROSTER.shifts or () if one is not old)
    [part] = (await planned(database, RosterTables(shifts=(*kept, moved)))).sets()
    assert (part.shifts, part.cancelled) == ([moved], [old.key])


# ── the writer is held for few rows at a time ────────────────────────────────────────────────────


async def test_no_transaction_of_a_large_import_writes_more_than_a_set(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    real = sqlite_database.write

    @asynccontextmanager
    async def counted() -> AsyncIterator[Tx]:
        async with real() as tx:
            before = await tx.conn.scalar(text("SELECT total_changes()")) or 0
            yield tx
            written.append((await tx.conn.scalar(text("SELECT total_changes()")) or 0) - before)

    monkeypatch.setattr(sqlite_database, "write", counted)
    for told in (town(), town(phones=1), ROSTER):
        written.clear()
        assert await taken_in(sqlite_database, told)
        assert sum(written) > MANY
        # Beside its own rows a set writes that it is done, and that the roster has changed.
        assert max(written) <= SET_SIZE + 20
    assert await is_in_force(sqlite_database, replace(ROSTER, links=()))


async def test_a_small_import_is_one_transaction(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await planned(sqlite_database, ROSTER)
    monkeypatch.setattr(taking_in, "_take_in_by_sets", None)
    assert await take_in(at(sqlite_database), Change(planned=plan, rotas="[]"))
    assert await is_in_force(sqlite_database, ROSTER)


# ── whoever dies leaves nothing half done ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("owner", "method"), [(StagingRepo, "add"), (ImportRepo, "holds"), (ImportRepo, "note")]
)
async def test_who_dies_before_it_is_decided_has_changed_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, owner: type, method: str
) -> None:
    assert await taken_in(database, town())
    with monkeypatch.context() as patched:
        dies_at(patched, owner, method, 1)
        with pytest.raises(Killed):
            await taken_in(database, town(phones=1), rotas="[]")
    assert await staged(database) > 0
    assert not await finish_released(at(database))
    assert await is_in_force(database, town())
    async with database.read() as tx:
        assert await tx.settings.document("rotas.yaml") is None


@pytest.mark.parametrize("turn", [1, 2, 3])
async def test_what_was_decided_is_finished_by_who_comes_next(
    database: Database, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    assert await taken_in(database, town())
    with monkeypatch.context() as patched:
        dies_at(patched, ImportRepo, "write", turn)
        with pytest.raises(Killed):
            await taken_in(database, town(phones=1), rotas="[]")
    assert not await is_in_force(database, town(phones=1))
    assert await finish_released(at(database))
    assert await is_in_force(database, town(phones=1))
    assert await staged(database) == 0
    async with database.read() as tx:
        assert await tx.settings.document("rotas.yaml") == "[]"


async def test_the_service_goes_on_only_where_nobody_else_does(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Successor(at(database))
    await service.look()
    with monkeypatch.context() as patched:
        dies_at(patched, ImportRepo, "write", 2)
        with pytest.raises(Killed):
            await taken_in(database, town())
    await service.look()
    # The one who imports was only slow.
    assert await taking_in._apply_next(at(database))
    await service.look()
    assert await staged(database) > 0, "somebody is at it"
    await service.look()
    assert await staged(database) == 0
    assert await is_in_force(database, town())


async def test_any_number_may_finish_at_once_and_each_set_is_applied_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        dies_at(patched, ImportRepo, "note", 1)
        patched.setattr(ImportRepo, "note", _nothing)
        patched.setattr(taking_in, "finish_released", _nothing)
        assert await taken_in(database, town())
    assert await staged(database) > 3
    applied: list[RosterSet] = []
    real = ImportRepo.write

    async def recording(repo: ImportRepo, part: RosterSet, *more: object) -> int:
        applied.append(part)
        return await real(repo, part, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ImportRepo, "write", recording)
    await asyncio.gather(*(finish_released(at(database)) for _ in range(3)))
    assert len(applied) == len({str(part.put)[:400] + str(part.removed)[:400] for part in applied}) > 3
    assert await is_in_force(database, town())


async def _nothing(*_: object) -> int:
    return 0


# ── two at once ──────────────────────────────────────────────────────────────────────────────────


async def test_a_change_that_was_overtaken_is_not_taken_in(database: Database) -> None:
    large, small = (
        Change(planned=await planned(database, town())),
        Change(planned=await planned(database, ROSTER)),
    )
    fewer = Change(planned=await planned(database, replace(ROSTER, people=())))
    assert await take_in(at(database), small)
    for overtaken in (large, fewer):
        assert not await take_in(at(database), overtaken)
    assert await staged(database) == 0
    assert await is_in_force(database, ROSTER)


async def test_nothing_small_slips_in_between_the_sets_of_a_large_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        dies_at(patched, ImportRepo, "write", 2)
        with pytest.raises(Killed):
            await taken_in(database, town())
    assert not await taken_in(database, ROSTER)
    await finish_released(at(database))
    assert await taken_in(database, ROSTER)
    async with database.read() as tx:
        left = select(func.count()).select_from(people).where(people.c.removed_at.is_(None))
        assert await tx.conn.scalar(left) == len(ROSTER.people or ())
