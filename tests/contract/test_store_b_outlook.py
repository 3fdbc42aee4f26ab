"""The hours ahead and the day past, as coverage and digests read them."""

from dataclasses import replace

from notifier.domain.case import Case, CaseState, Cursor
from notifier.domain.ids import CaseId, SheetKey
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName, Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.store.database import Database
from notifier.store.rows import LeaveRow, RosterTables
from tests.contract.store_city import (
    ANN,
    BOB,
    BOT,
    CAI,
    DAN,
    DESK,
    FAN,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    POSTS,
    ROSTER,
    V1,
    V2,
    shift,
    take_in,
)


async def test_posts_are_those_that_are_kept(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert (await tx.outlook.posts())[V1] == (POSTS[0],)
    await take_in(database, RosterTables(posts=(POSTS[1],)))
    async with database.read() as tx:
        assert list(await tx.outlook.posts()) == [POSTS[1].unit]


async def test_shifts_come_with_their_people_past_ones_without(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        ahead = await tx.outlook.shifts([GATE, DESK], NOW, NOW + 2 * HOUR)
        assert ahead == [NIGHT]
        assert await tx.outlook.shifts([DESK], NOW, NOW + 2 * HOUR) == []
        past = await tx.outlook.past_shifts([GATE], NOW, NIGHT.end)
        assert past == [Shift(post=GATE, start=NIGHT.start, end=NIGHT.end)]
        assert await tx.outlook.past_shifts([GATE], NIGHT.end, MORNING.end) == [
            Shift(post=GATE, start=MORNING.start, end=MORNING.end)
        ]


async def test_leaves_that_stand_are_found_by_shift(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        for person in (ANN, BOB):
            leave = LeaveRow(person=person, shift=NIGHT.key, reason="ill", recorded_at=NOW)
            await tx.shifts.add_leave(leave)
        await tx.shifts.revoke_leave(BOB, NIGHT.key, NOW)
    async with database.read() as tx:
        assert await tx.outlook.leaves([NIGHT.key, MORNING.key]) == {NIGHT.key: frozenset({ANN})}


async def test_members_and_their_duties(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        assert await tx.outlook.members([V1, V2]) == {V1: [ANN, BOB, CAI], V2: [FAN]}
        duties = await tx.outlook.duties([ANN, CAI, DAN], NOW, NOW + 2 * HOUR)
        assert duties == {ANN: [(NIGHT.start, NIGHT.end)]}


async def test_a_shift_that_was_cancelled_is_no_duty(database: Database) -> None:
    await take_in(database, ROSTER)
    replaced = shift(GATE, NOW + HOUR / 2, 8, CAI)
    await take_in(database, RosterTables(shifts=(replaced, MORNING)))
    async with database.read() as tx:
        assert await tx.outlook.duties([ANN], NOW, NOW + 24 * HOUR) == {}
        assert [s.start for s in await tx.outlook.shifts([GATE], NOW, NIGHT.end)] == [replaced.start]


async def test_who_is_not_written_to_any_more(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        await tx.contacts.mark(ChannelName.TELEGRAM, BOT, "1001", "blocked", None, NOW)
        await tx.contacts.mark(ChannelName.TELEGRAM, "701", "1004", "blocked", None, NOW)
        await tx.contacts.mark(ChannelName.SMS, "", "+8613800000004", "stopped", None, NOW)
    async with database.read() as tx:
        assert await tx.outlook.silenced([ANN, BOB, DAN], [BOT]) == {
            ANN: (ChannelName.TELEGRAM,),
            DAN: (ChannelName.SMS,),
        }
        assert await tx.outlook.silenced([ANN], []) == {}


async def test_a_shift_is_missed_when_its_case_ended_so(database: Database) -> None:
    await take_in(database, ROSTER)
    case = Case(
        id=CaseId(0),
        kind=Kind.UNSTAFFED,
        unit=V1,
        subject=NIGHT.key,
        opened_at=NOW,
        state=CaseState.CANCELLED,
        outcome="missed",
        cursor=Cursor(),
        closed_at=NOW + HOUR,
    )
    others = (
        replace(case, subject="gone", outcome="gone"),
        replace(case, subject="earlier", closed_at=NOW - HOUR),
        replace(case, subject="elsewhere", unit=V2),
    )
    async with database.write() as tx:
        for one in (case, *others):
            await tx.cases.open(one)
    async with database.read() as tx:
        found = await tx.outlook.missed([V1], NOW, NOW + 2 * HOUR)
    assert [one.subject for one in found] == [NIGHT.key]


async def test_unfinished_lists_are_overdue_or_wait_for_a_verifier(database: Database) -> None:
    await take_in(database, ROSTER)
    base = Sheet(
        key=SheetKey("late"),
        checklist="rigid-8",
        unit=V1,
        signer=ANN,
        asked_at=NOW - HOUR,
        due_at=NOW - HOUR,
    )
    sheets = (
        base,
        replace(base, key=SheetKey("not due yet"), due_at=NOW + HOUR),
        replace(base, key=SheetKey("signed"), state=SheetState.SIGNED, due_at=NOW + HOUR),
        replace(base, key=SheetKey("verified"), state=SheetState.VERIFIED),
        replace(base, key=SheetKey("elsewhere"), unit=V2),
    )
    async with database.write() as tx:
        await tx.sheets.add(sheets)
    async with database.read() as tx:
        found = await tx.outlook.unfinished_lists([V1], NOW)
    assert [one.key for one in found] == ["late", "signed"]
