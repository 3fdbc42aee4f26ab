"""Who covers counts as rostered wherever shifts are read, who is covered does not."""

from dataclasses import replace

from notifier.domain.audience import parse_audience
from notifier.domain.ids import PersonId
from notifier.store.database import Database
from notifier.store.rows import LeaveRow, RosterTables
from notifier.store.tx import Tx
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    DAN,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    ROSTER,
    shift,
    take_in,
)

SPAN = (NIGHT.start, NIGHT.end)


async def covers(tx: Tx, absent: PersonId, person: PersonId) -> None:
    """``absent`` is on leave from the night shift, and ``person`` stands it."""
    await tx.shifts.add_leave(LeaveRow(person=absent, shift=NIGHT.key, reason="ill", recorded_at=NOW))
    await tx.covers.record(NIGHT.key, absent, person, NOW)


async def rostered(tx: Tx) -> tuple[PersonId, ...]:
    found = await tx.shifts.get(NIGHT.key)
    assert found is not None
    return found.people


async def test_who_covers_is_rostered_and_may_be_covered_in_turn(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await covers(tx, ANN, CAI)
        assert await rostered(tx) == (BOB, ANN, CAI)
        await covers(tx, CAI, DAN)
        assert await rostered(tx) == (BOB, ANN, CAI, DAN)
        assert [one.key for one in await tx.shifts.of_person(DAN, *SPAN)] == [NIGHT.key]
        assert [(row.absent, row.person) for row in await tx.covers.standing([NIGHT.key])] == [
            (ANN, CAI),
            (CAI, DAN),
        ]


async def test_the_hours_are_his_who_covers(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await covers(tx, ANN, CAI)
        await covers(tx, CAI, DAN)
    async with database.read() as tx:
        assert await tx.outlook.duties([ANN, BOB, CAI, DAN], *SPAN) == {BOB: [SPAN], DAN: [SPAN]}
        assert await tx.outlook.absences([ANN, BOB, CAI, DAN], *SPAN) == {ANN: [SPAN], CAI: [SPAN]}


async def test_a_broadcast_to_a_post_goes_to_who_covers(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=(NIGHT,)))
    async with database.write() as tx:
        await covers(tx, ANN, DAN)
    async with database.read() as tx:
        assert await tx.roster.audience(parse_audience(["post:checkpoint"]), NOW) == [BOB, DAN]
        assert await tx.roster.audience(parse_audience(["post:checkpoint"]), NIGHT.end) == []


async def test_a_leave_taken_back_makes_both_count(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await covers(tx, ANN, CAI)
        await tx.shifts.revoke_leave(ANN, NIGHT.key, NOW)
    async with database.read() as tx:
        assert await tx.outlook.duties([ANN, CAI], *SPAN) == {ANN: [SPAN], CAI: [SPAN]}


async def test_a_cover_ends_with_the_roster_that_it_was_for(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await covers(tx, ANN, CAI)
    await take_in(database, RosterTables(shifts=(shift(GATE, NIGHT.start, 8, BOB), MORNING)))
    async with database.read() as tx:
        assert await rostered(tx) == (BOB,)
        assert await tx.shifts.of_person(CAI, *SPAN) == []
        assert await tx.outlook.duties([ANN, BOB, CAI], NIGHT.start, NIGHT.start + HOUR) == {BOB: [SPAN]}


async def test_recording_a_cover_again_moves_what_was_said_before(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await tx.covers.ask(NIGHT.key, ANN, [CAI], NOW)
        await tx.covers.record(NIGHT.key, ANN, CAI, NOW + HOUR)
        [row] = await tx.covers.of(NIGHT.key, ANN)
    assert (row.state, row.asked_at, row.answered_at) == ("covers", NOW, NOW + HOUR)
