"""Rotas are planned around what has begun, in the database too; and who was told what can be read."""

from dataclasses import replace

from notifier.domain.ids import PersonId
from notifier.domain.message import Draft, Lane
from notifier.domain.roster import ChannelName, Presence, PresenceEnd, Shift
from notifier.store.database import Database
from notifier.store.import_plans import Planned
from tests.contract.store_city import ANN, BOB, CAI, GATE, HOUR, NOW, ROSTER, V1, shift, take_in

UNTIL = NOW + 200 * HOUR
OLD = shift(GATE, NOW + HOUR, 12, CAI)
NEW = shift(GATE, NOW + 2 * HOUR, 12, BOB)


async def planned(database: Database, *wanted: Shift, hours: float = 0) -> Planned:
    async with database.read() as tx:
        return await tx.imports.plan_rota(wanted, until=UNTIL, now=NOW + hours * HOUR)


async def taken(database: Database, plan: Planned, hours: float = 0) -> bool:
    """Write it as the planner does: not where it would disturb somebody."""
    for part in plan.sets():
        async with database.write() as tx:
            if await tx.imports.disturbs(part, NOW + hours * HOUR):
                return False
            await tx.imports.write(part, NOW + hours * HOUR)
    return True


async def standing(database: Database) -> list[Shift]:
    async with database.read() as tx:
        return await tx.shifts.at_post(GATE, NOW, UNTIL)


async def comes(database: Database, one: Shift, person: PersonId) -> int:
    presence = Presence(
        person=person, post=one.post, shift=one.key, since=NOW, until=None, channel="sms", by=person
    )
    async with database.write() as tx:
        return await tx.presences.arrive(presence)


async def test_who_checks_in_between_the_planning_and_the_writing_keeps_his_shift(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    assert await taken(database, await planned(database, OLD))
    plan = await planned(database, NEW)
    row = await comes(database, OLD, CAI)
    assert not await taken(database, plan)
    assert await standing(database) == [OLD]
    rest = replace(NEW, start=OLD.end)
    assert await taken(database, await planned(database, NEW))
    assert await standing(database) == [OLD, rest]
    assert (await planned(database, NEW)).result.is_empty
    async with database.write() as tx:
        await tx.presences.end(row, NOW, PresenceEnd.UNDONE)
    assert await taken(database, await planned(database, NEW))
    assert await standing(database) == [NEW]


async def test_what_begins_between_the_planning_and_the_writing_runs_on(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    assert await taken(database, await planned(database, OLD))
    plan = await planned(database, NEW)
    assert await taken(database, plan, hours=1.5)
    assert OLD in await standing(database)
    assert await taken(database, await planned(database, NEW, hours=1.5), hours=1.5)
    assert await standing(database) == [OLD, replace(NEW, start=OLD.end)]


async def test_what_stands_and_what_was_cancelled_of_a_post_is_told_apart(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    await taken(database, await planned(database, OLD))
    await taken(database, await planned(database, NEW))
    async with database.read() as tx:
        assert await tx.shifts.starting(GATE, NOW, UNTIL) == ([NEW], [OLD])
        assert await tx.shifts.starting(GATE, NEW.start, UNTIL) == ([], [])
        stored, arrived = await tx.imports.stored_shifts(NOW, UNTIL, NOW)
    assert {key: known.cancelled for key, known in stored.items()} == {OLD.key: True, NEW.key: False}
    assert arrived == frozenset()


async def test_what_was_said_about_a_matter_is_found_oldest_first(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.write() as tx:
        wanted = [(ANN, "shift", "k", V1), (BOB, "shift", "k", V1), (BOB, "shift", "other", V1)]
        ann, bob, other = await tx.matters.ensure(wanted, NOW)
        drafts = [
            Draft(
                key=f"{n}",
                person=matter.person,
                channel=ChannelName.SMS,
                account="+1",
                address="+861",
                lane=Lane.DUTY,
                template=template,
                values={},
                text="…",
                matter=matter.id,
            )
            for n, (matter, template) in enumerate(
                [(ann, "a"), (bob, "b"), (ann, "b"), (ann, "c"), (other, "a")]
            )
        ]
        await tx.messages.queue(drafts, NOW)
        assert [m.id for m in await tx.matters.about("shift", ["k", "none"])] == [ann.id, bob.id]
        said = await tx.messages.said_about([ann.id, bob.id], [ANN, BOB], ("a", "b"))
    assert {matter: [m.template for m in messages] for matter, messages in said.items()} == {
        ann.id: ["a", "b"],
        bob.id: ["b"],
    }
