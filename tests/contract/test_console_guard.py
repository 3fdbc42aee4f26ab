"""The guard: what is out of reach and what there is not are told apart by nobody who may not see it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from notifier.domain.access import ALL_RIGHTS, SEE_ONLY, Grant, Limit, Right, limited
from notifier.domain.case import Call, CallState, Case, CaseState
from notifier.domain.ids import BroadcastId, CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.roster import Presence
from notifier.engine.access.guard import Guard
from notifier.engine.access.scopes import load_scope
from notifier.errors import NotAllowed, NotFound
from notifier.store.database import Database
from notifier.store.rows import Broadcast
from notifier.store.tx import Tx
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    CITY,
    DAN,
    DESK,
    EVA,
    FAN,
    GATE,
    NIGHT,
    NOW,
    OTHER,
    ROSTER,
    TOWN,
    V1,
    V2,
    shift,
    take_in,
)

Ask = Callable[[Guard, Tx, str], Awaitable[object]]


async def guard_of(tx: Tx, person: PersonId) -> Guard:
    return await Guard.open(tx, await load_scope(tx, person, NOW))


async def fill(database: Database) -> None:
    """Ann leads V1, Dan T1; Eva sits at the city's desk. A case, a broadcast and a message in V1."""
    await take_in(database, ROSTER)
    async with database.write() as tx:
        case = Case(
            id=CaseId(0),
            kind=Kind.UNSTAFFED,
            unit=V1,
            subject=NIGHT.key,
            opened_at=NOW,
            state=CaseState.CALLING,
            calls=(Call(person=CAI, step=1, at=NOW, state=CallState.ASKED),),
            settings_version=0,
        )
        await tx.cases.open(case)
        await tx.presences.arrive(
            Presence(
                person=EVA,
                post=DESK,
                shift=shift(DESK, NOW, 8).key,
                since=NOW,
                until=None,
                channel="sms",
                by=EVA,
            )
        )
        for audience in (("unit:V1",), ("unit:T1",), ("office:secretary",), ("person:ann", "person:fan")):
            await tx.broadcasts.create(
                Broadcast(
                    id=BroadcastId(0),
                    kind="notice",
                    title="t",
                    body="b",
                    author=BOB,
                    audience=audience,
                    relay=False,
                    state="done",
                    created_at=NOW,
                    start_at=NOW,
                    reply_by=None,
                )
            )


async def test_units_by_right(database: Database) -> None:
    await fill(database)
    async with database.read() as tx:
        ann, dan, eva, fan = [await guard_of(tx, who) for who in (ANN, DAN, EVA, FAN)]
    assert set(ann.units(Right.SEE)) == {V1}
    assert set(dan.units(Right.ACT)) == {TOWN, V1, V2}
    assert set(dan.units(Right.OVERSEE)) == set()
    assert set(eva.units(Right.OVERSEE)) == {CITY, TOWN, OTHER, V1, V2}
    assert set(fan.units(Right.SEE)) == set()


ASKED: dict[str, tuple[Ask, str]] = {
    "unit": (lambda guard, _, which: _now(guard.unit(which, Right.SEE)), V1),
    "case": (lambda guard, tx, which: guard.case(tx, which, Right.SEE), "1"),
    "person": (lambda guard, tx, which: guard.person(tx, which, Right.SEE), ANN),
    "post": (lambda guard, tx, which: guard.post(tx, which, Right.SEE), GATE),
    "shift": (lambda guard, tx, which: guard.shift(tx, which, Right.SEE), NIGHT.key),
    "broadcast": (lambda guard, tx, which: guard.broadcast(tx, which, Right.SEE), "1"),
}


async def _now(value: object) -> object:
    return value


@pytest.mark.parametrize("kind", ASKED)
async def test_what_is_foreign_and_what_there_is_not_are_the_same(database: Database, kind: str) -> None:
    await fill(database)
    ask, mine = ASKED[kind]
    missing = ("nothing", "999", "99999999999999999999999", "-1", "", "1e3", "٣", "'; --", "V1\0", "\ud800")
    async with database.read() as tx:
        assert await ask(await guard_of(tx, ANN), tx, mine)
        stranger = await guard_of(tx, FAN)
        told = set()
        for which in (mine, *missing):
            with pytest.raises(NotAllowed) as refused:
                await ask(stranger, tx, which)
            told.add(str(refused.value))
        assert len(told) == 1
        city = await guard_of(tx, EVA)
        assert await ask(city, tx, mine)
        for which in missing:
            with pytest.raises(NotFound):
                await ask(city, tx, which)


async def test_to_see_is_not_to_act(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        grant = Grant(
            id=0,
            person=FAN,
            unit=TOWN,
            rights=SEE_ONLY,
            by=EVA,
            reason="r",
            since=NOW,
            until=NOW + timedelta(days=1),
        )
        await tx.grants.add(grant)
    async with database.read() as tx:
        guard = await guard_of(tx, FAN)
        assert guard.unit("V1", Right.SEE) == V1
        for right in ALL_RIGHTS - SEE_ONLY:
            with pytest.raises(NotAllowed):
                guard.unit("V1", right)


async def test_who_was_called_sees_his_case_and_no_other(database: Database) -> None:
    await fill(database)
    async with database.read() as tx:
        guard = await guard_of(tx, CAI)
        assert (await guard.case(tx, "1", Right.SEE)).id == 1
        with pytest.raises(NotAllowed):
            await guard.case(tx, "1", Right.ACT)
        with pytest.raises(NotAllowed):
            guard.unit("V1", Right.SEE)
        assert (await guard.person(tx, CAI, Right.SEE)).id == CAI
        with pytest.raises(NotAllowed):
            await guard.person(tx, CAI, Right.UNMASK)


@pytest.mark.parametrize(
    ("audience", "by_town", "by_village"),
    [
        (("unit:V1",), True, True),
        (("unit:V1,office:secretary",), True, True),
        (("unit:V1", "unit:V2"), True, False),
        (("unit:T1",), True, False),
        (("unit:C,unit:V1",), True, True),
        (("office:secretary",), False, False),
        (("post:checkpoint",), False, False),
        (("person:ann",), True, True),
        (("person:ann", "person:fan"), True, False),
        (("person:eva",), False, False),
        (("person:nobody",), False, False),
        (("unit:T1", "office:secretary"), False, False),
    ],
)
async def test_an_audience_is_in_reach_only_as_a_whole(
    sqlite_database: Database, audience: tuple[str, ...], by_town: bool, by_village: bool
) -> None:
    await fill(sqlite_database)
    async with sqlite_database.read() as tx:
        town, village, city = [await guard_of(tx, who) for who in (DAN, ANN, EVA)]
        assert await town.reaches(tx, audience, Right.BROADCAST) is by_town
        assert await village.reaches(tx, audience, Right.BROADCAST) is by_village
        assert await city.reaches(tx, audience, Right.BROADCAST)


async def test_who_wrote_a_broadcast_sees_it(database: Database) -> None:
    await fill(database)
    async with database.read() as tx:
        for number in "1234":
            assert (await (await guard_of(tx, BOB)).broadcast(tx, number, Right.SEE)).author == BOB
        assert (await (await guard_of(tx, ANN)).broadcast(tx, "1", Right.SEE)).id == 1
        with pytest.raises(NotAllowed):
            await (await guard_of(tx, ANN)).broadcast(tx, "2", Right.SEE)


async def test_a_post_at_the_desk_counts_only_while_one_is_there(database: Database) -> None:
    await fill(database)
    async with database.write() as tx:
        assert (await guard_of(tx, EVA)).scope.everything
        await tx.conn.exec_driver_sql("UPDATE presences SET until = since")
        assert not (await guard_of(tx, EVA)).scope.everything


async def test_a_ring_of_units_ends(sqlite_database: Database) -> None:
    await fill(sqlite_database)
    async with sqlite_database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE units SET parent = 'V1' WHERE code = 'T1'")
    async with sqlite_database.read() as tx:
        guard = await guard_of(tx, DAN)
        assert set(guard.units(Right.SEE)) == {TOWN, V1, V2}
    assert UnitCode("T1") in guard.units(Right.ACT)


# ── scopes cut down ──


async def test_what_is_ones_own_is_as_limited_as_the_rest(database: Database) -> None:
    """Cai was called in the case and wrote the broadcast: both are his as far as the limit says."""
    await fill(database)
    everything, looking = Limit(rights=ALL_RIGHTS), Limit(rights=SEE_ONLY)
    async with database.write() as tx:
        await tx.conn.exec_driver_sql(f"UPDATE broadcasts SET author = '{CAI}'")
        scope, units = await load_scope(tx, CAI, NOW), await tx.roster.units()
        whole = await Guard.open(tx, limited(scope, everything, units))
        looks = await Guard.open(tx, limited(scope, looking, units))
        village = await Guard.open(tx, limited(scope, Limit(rights=ALL_RIGHTS, unit=V1), units))
        for guard in (whole, looks):
            assert (await guard.case(tx, "1", Right.SEE)).id == 1
            assert (await guard.person(tx, CAI, Right.SEE)).id == CAI
            assert (await guard.broadcast(tx, "1", Right.SEE)).id == 1
        assert (await whole.broadcast(tx, "1", Right.BROADCAST)).id == 1
        with pytest.raises(NotAllowed):
            await looks.broadcast(tx, "1", Right.BROADCAST)
        for ask in (village.case(tx, "1", Right.SEE), village.person(tx, CAI, Right.SEE)):
            with pytest.raises(NotAllowed):
                await ask
        with pytest.raises(NotAllowed):
            await village.broadcast(tx, "1", Right.SEE)
        assert await village.broadcasts(tx, [await whole.broadcast(tx, "1", Right.SEE)], Right.SEE) == []


@pytest.mark.parametrize("number", ["2147483648", "9" * 18, "9" * 4400, "-1", "1.0", "１"])
async def test_no_number_is_too_large_for_a_database(database: Database, number: str) -> None:
    await fill(database)
    async with database.read() as tx:
        for who, refusal in ((EVA, NotFound), (CAI, NotAllowed)):
            guard = await guard_of(tx, who)
            for ask in (guard.case, guard.broadcast, guard.message):
                with pytest.raises(refusal):
                    await ask(tx, number, Right.SEE)
