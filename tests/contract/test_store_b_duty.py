"""Shifts, presences and sheets."""

from dataclasses import replace
from datetime import datetime

import pytest

from notifier.domain.ids import PersonId, SheetKey
from notifier.domain.roster import Presence, PresenceEnd, Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.errors import NotFound
from notifier.store.database import Database
from notifier.store.rows import LeaveRow
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    DESK,
    EVA,
    FAN,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    ROSTER,
    V1,
    shift,
    take_in,
)

ELSEWHERE = shift(DESK, NIGHT.start, 8, EVA, BOB)


def here(person: PersonId, duty: Shift = NIGHT, hours: float = 0) -> Presence:
    return Presence(
        person=person,
        post=duty.post,
        shift=duty.key,
        since=duty.start + hours * HOUR,
        until=None,
        channel="telegram",
        by=person,
    )


# ── shifts ───────────────────────────────────────────────────────────────────────────────────────


async def test_shifts_by_key_post_person_and_time(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=(NIGHT, MORNING, ELSEWHERE)))
    async with database.read() as tx:
        shifts = tx.shifts
        assert await shifts.get(NIGHT.key) == NIGHT
        assert await shifts.many([NIGHT.key, MORNING.key]) == {NIGHT.key: NIGHT, MORNING.key: MORNING}
        assert await shifts.at_post(GATE, NOW, NIGHT.start) == []
        assert await shifts.at_post(GATE, NIGHT.start, NIGHT.end) == [NIGHT]
        assert await shifts.at_post(GATE, NIGHT.start, NIGHT.end + HOUR) == [NIGHT, MORNING]
        assert await shifts.running(GATE, NIGHT.start) == [NIGHT]
        assert await shifts.running(GATE, NIGHT.end) == [MORNING]
        assert await shifts.of_person(BOB, NOW, NOW + 24 * HOUR) == [ELSEWHERE, NIGHT]
        assert await shifts.of_person(BOB, NIGHT.end, NOW + 24 * HOUR) == []
        assert await shifts.following(NIGHT) == MORNING
        assert await shifts.following(MORNING) is None


async def test_planning_reads_shifts_in_pages(database: Database) -> None:
    many = [shift(post, NOW + hour * HOUR, 1, ANN) for hour in range(1, 8) for post in (DESK, GATE)]
    await take_in(database, replace(ROSTER, shifts=tuple(many)))
    seen: list[Shift] = []
    async with database.read() as tx:
        while page := await tx.shifts.between(
            NOW + 1.5 * HOUR, NOW + 6 * HOUR, after=seen[-1] if seen else None, limit=3
        ):
            seen += page
    assert seen == many[:10]


async def test_a_second_leave_is_the_first(database: Database) -> None:
    leave = LeaveRow(person=ANN, shift=NIGHT.key, reason="发烧", recorded_at=NOW)
    async with database.write() as tx:
        first = await tx.shifts.add_leave(leave)
        assert await tx.shifts.add_leave(replace(leave, reason="还是发烧")) == first
        assert await tx.shifts.leave_of(NIGHT.key) == [replace(leave, id=first)]
        assert await tx.shifts.revoke_leave(ANN, NIGHT.key, NOW)
        assert await tx.shifts.leave_of(NIGHT.key) == []
        assert await tx.shifts.add_leave(leave) != first


# ── presences ────────────────────────────────────────────────────────────────────────────────────


async def test_coming_and_going(database: Database) -> None:
    async with database.write() as tx:
        ann, bob = await tx.presences.arrive(here(ANN, hours=1)), await tx.presences.arrive(here(BOB))
        assert [row.id for row in await tx.presences.on_post(GATE)] == [bob, ann]
        assert await tx.presences.counts([GATE, DESK]) == {GATE: 2, DESK: 0}
        of_ann = await tx.presences.of_person(ANN)
        assert of_ann is not None
        assert of_ann.presence == here(ANN, hours=1)
        assert await tx.presences.end(ann, NIGHT.end, PresenceEnd.LEFT)
        assert not await tx.presences.end(ann, NIGHT.end + HOUR, PresenceEnd.MOVED)
        assert await tx.presences.of_person(ANN) is None
        stored = await tx.presences.get(ann)
        assert stored is not None
        assert (stored.presence.until, stored.ended) == (NIGHT.end, PresenceEnd.LEFT)
        assert await tx.presences.reopen(ann)
        assert not await tx.presences.reopen(ann)
        assert await tx.presences.end_many([ann, bob], NIGHT.end, PresenceEnd.SHIFT_END) == 2
        assert await tx.presences.on_post(GATE) == []


async def test_carried_over_he_was_there_in_both_shifts(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        bob = await tx.presences.arrive(here(BOB))
        carried = await tx.presences.carry(bob, MORNING)
        assert carried is not None
        [now_there] = await tx.presences.on_post(GATE)
        assert now_there.id == carried
        assert now_there.presence == replace(here(BOB, MORNING), by=BOB)
        [then_there] = await tx.presences.during(NIGHT.key)
        assert then_there.presence.until == MORNING.start
        assert [row.presence.person for row in await tx.presences.during(MORNING.key)] == [BOB]
        assert await tx.presences.carry(bob, MORNING) is None
        assert await tx.presences.carry(999, MORNING) is None


async def test_who_was_on_a_post_lately(database: Database) -> None:
    async with database.write() as tx:
        ann, bob = await tx.presences.arrive(here(ANN)), await tx.presences.arrive(here(BOB))
        await tx.presences.end(ann, NIGHT.end, PresenceEnd.LEFT)

        async def lately(since: datetime) -> set[PersonId]:
            return {row.presence.person for row in await tx.presences.lately_on_post(GATE, since)}

        assert await lately(NIGHT.end - HOUR) == {ANN, BOB}
        assert await lately(NIGHT.end) == {BOB}, "still there"
        await tx.presences.end(bob, NIGHT.end, PresenceEnd.UNDONE)
        assert await lately(NIGHT.end - HOUR) == {ANN}, "one taken back never was"
        assert await tx.presences.lately_on_post(DESK, NIGHT.end - HOUR) == []


async def test_who_was_there_during_a_shift(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        presences = tx.presences
        early = await presences.arrive(here(ANN, hours=-0.5))
        gone_before = await presences.arrive(here(BOB, hours=-0.5))
        await presences.end(gone_before, NIGHT.start, PresenceEnd.LEFT)
        undone = await presences.arrive(here(CAI))
        await presences.end(undone, NIGHT.start + HOUR, PresenceEnd.UNDONE)
        moved = await presences.arrive(here(FAN))
        await presences.end(moved, NIGHT.start + HOUR, PresenceEnd.MOVED)
        assert [row.id for row in await presences.during(NIGHT.key)] == [early, moved]


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────


def sheet(signer: PersonId, hours: float = 0) -> Sheet:
    return Sheet(
        key=SheetKey(f"rigid-8|{NIGHT.key}|{signer}"),
        checklist="rigid-8",
        unit=V1,
        signer=signer,
        asked_at=NIGHT.end,
        due_at=NIGHT.end + hours * HOUR,
        shift=NIGHT.key,
        settings_version=2,
    )


async def test_a_sheet_comes_back_as_it_was_written(database: Database) -> None:
    asked = sheet(ANN)
    async with database.write() as tx:
        assert await tx.sheets.add([asked, sheet(BOB)]) == {asked.key, sheet(BOB).key}
        assert await tx.sheets.get(asked.key) == asked
        assert await tx.sheets.get(SheetKey("?")) is None
        signed = replace(
            asked,
            state=SheetState.VERIFIED,
            draft=(2,),
            exceptions=(3, 5),
            signed_at=NOW,
            late=True,
            verifier=EVA,
            verified_at=NOW + HOUR,
            return_reason="重填",
            returns=1,
        )
        await tx.sheets.save(signed)
        assert await tx.sheets.add([asked]) == set()
        assert await tx.sheets.add([]) == set()
        assert await tx.sheets.of_shift(NIGHT.key) == [signed, sheet(BOB)]
        with pytest.raises(NotFound):
            await tx.sheets.save(sheet(FAN))


async def test_what_somebody_owes(database: Database) -> None:
    later = replace(sheet(ANN, 2), key=SheetKey("later"), state=SheetState.RETURNED)
    signed = replace(sheet(ANN, 1), key=SheetKey("signed"), state=SheetState.SIGNED, verifier=EVA)
    async with database.write() as tx:
        await tx.sheets.add([later, sheet(ANN), signed, sheet(BOB)])
        assert await tx.sheets.open_of(ANN) == [sheet(ANN), later]
        assert await tx.sheets.to_verify(EVA) == [signed]
        assert await tx.sheets.to_verify(ANN) == []
