"""Taking the roster in as a whole, and giving it back."""

from dataclasses import replace

from notifier.domain.ids import PersonId
from notifier.domain.roster import Shift
from notifier.store.database import Database
from notifier.store.rows import KnownCodes, LinkOrder, RosterTables, TableDiff
from tests.contract.store_city import (
    ANN,
    BOB,
    BOT,
    CAI,
    CITY,
    DAN,
    DESK,
    EVA,
    FAN,
    GATE,
    HOUR,
    MORNING,
    NIGHT,
    NOW,
    OFFICES,
    OTHER,
    PEOPLE,
    POSTS,
    ROSTER,
    TOWN,
    UNITS,
    V1,
    V2,
    shift,
    take_in,
)


async def test_first_import_adds_everything_and_a_second_nothing(database: Database) -> None:
    first = await take_in(database, ROSTER)
    assert first.tables["people"] == TableDiff(added=6)
    assert first.tables["links"] == TableDiff(added=2)
    assert first.shifts == {NIGHT.key, MORNING.key}
    assert first.units >= {V1, TOWN, CITY}
    again = await take_in(database, ROSTER)
    assert again.is_empty
    assert not (again.units | again.people | again.posts | again.shifts)


async def test_export_gives_back_what_was_taken_in(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        given = await tx.imports.export()
    assert given.units == tuple(sorted(UNITS, key=lambda u: u.code))
    assert given.people == PEOPLE
    assert set(given.offices or ()) == set(OFFICES)
    assert set(given.posts or ()) == set(POSTS)
    assert given.shifts == (NIGHT, MORNING)
    assert given.links == (
        LinkOrder(person=ANN, account=BOT, chat="1001"),
        LinkOrder(person=DAN, account="701", chat="1004"),
    )
    assert (await take_in(database, given)).is_empty


async def test_absent_tables_change_nothing(database: Database) -> None:
    await take_in(database, ROSTER)
    result = await take_in(database, RosterTables(posts=(replace(POSTS[0], headcount=3),)))
    assert result.tables == {
        "posts": TableDiff(changed=1, removed=1),
        "links": TableDiff(),
        "shifts": TableDiff(),
    }
    assert result.posts == {GATE, DESK}
    assert result.units == {V1, CITY}
    async with database.read() as tx:
        assert await tx.roster.people_of(V1) == list(PEOPLE[:3])


async def test_people_who_left_are_kept_by_name_only(database: Database) -> None:
    await take_in(database, ROSTER)
    result = await take_in(database, RosterTables(people=PEOPLE[1:]))
    assert result.tables["people"] == TableDiff(removed=1)
    assert result.people == {ANN}
    assert result.units == {V1}, "she was its secretary"
    async with database.read() as tx:
        assert await tx.roster.person(ANN) == PEOPLE[0]
        assert await tx.roster.members(V1) == [BOB, CAI]
        assert await tx.roster.present([ANN, BOB]) == {BOB}
        assert await tx.contacts.by_chat(BOT, "1001") is None
        assert ANN not in (await tx.imports.known()).people
    back = await take_in(database, RosterTables(people=PEOPLE))
    assert back.tables["people"] == TableDiff(added=1)
    async with database.read() as tx:
        assert await tx.contacts.by_chat(BOT, "1001") == ANN


async def test_units_and_offices_go_for_good(database: Database) -> None:
    await take_in(database, ROSTER)
    result = await take_in(database, RosterTables(units=UNITS[:2] + UNITS[3:], offices=OFFICES[1:]))
    assert result.tables["units"] == TableDiff(removed=1)
    assert result.tables["offices"] == TableDiff(removed=1)
    assert result.units == {OTHER, V1}
    async with database.read() as tx:
        assert set(await tx.roster.units()) == {CITY, TOWN, V1, V2}
        assert await tx.roster.offices_held(ANN) == []


async def test_link_orders_set_move_and_remove(database: Database) -> None:
    await take_in(database, ROSTER)
    orders = (
        LinkOrder(person=ANN, chat="1111"),
        LinkOrder(person=BOB, chat="1001"),
        LinkOrder(person=DAN),
        LinkOrder(person=EVA),
    )
    result = await take_in(database, RosterTables(people=PEOPLE, links=orders))
    assert result.tables["links"] == TableDiff(added=1, changed=1, removed=1)
    assert result.people == {ANN, BOB, DAN}
    async with database.read() as tx:
        assert await tx.contacts.by_chat(BOT, "1111") == ANN
        assert await tx.contacts.by_chat(BOT, "1001") == BOB
        assert await tx.contacts.chats(DAN) == []
        assert await tx.contacts.chats(ANN) == [(BOT, "1111")]


async def test_two_people_may_swap_their_chats(database: Database) -> None:
    await take_in(database, ROSTER)
    await take_in(database, RosterTables(people=PEOPLE, links=(LinkOrder(person=BOB, chat="1002"),)))
    swapped = (LinkOrder(person=ANN, chat="1002"), LinkOrder(person=BOB, chat="1001"))
    await take_in(database, RosterTables(people=PEOPLE, links=swapped))
    async with database.read() as tx:
        assert await tx.contacts.chats(ANN) == [(BOT, "1002")]
        assert await tx.contacts.chats(BOB) == [(BOT, "1001")]


async def test_a_plan_tells_and_changes_nothing(database: Database) -> None:
    async with database.read() as tx:
        told = (await tx.imports.plan(ROSTER, now=NOW, default_account=BOT)).result
        assert await tx.imports.known() == KnownCodes(
            units=frozenset(), people=frozenset(), posts=frozenset(), named={}
        )
    assert told.tables == (await take_in(database, ROSTER)).tables
    async with database.read() as tx:
        known = await tx.imports.known()
    assert known.people == {person.id for person in PEOPLE}
    assert {who for ids in known.named.values() for who in ids} == known.people


# ── shifts ───────────────────────────────────────────────────────────────────────────────────────


async def _shifts(database: Database) -> list[Shift]:
    async with database.read() as tx:
        return await tx.shifts.between(NOW - 100 * HOUR, NOW + 1000 * HOUR)


async def test_shifts_speak_only_for_their_posts_and_their_time(database: Database) -> None:
    elsewhere, later = shift(DESK, NOW + HOUR, 8, EVA), shift(GATE, NOW + 40 * HOUR, 8, BOB)
    await take_in(database, replace(ROSTER, shifts=(NIGHT, MORNING, elsewhere, later)))
    moved = shift(GATE, NOW + 2 * HOUR, 8, CAI)
    told = (replace(NIGHT, people=(ANN,)), shift(GATE, NOW + 30 * HOUR, 4, FAN))
    result = await take_in(database, RosterTables(shifts=(*told, moved)))
    assert result.tables["shifts"] == TableDiff(added=2, changed=1, removed=1)
    assert result.shifts == {NIGHT.key, told[1].key, moved.key, MORNING.key}
    assert await _shifts(database) == [elsewhere, told[0], moved, told[1], later]


async def test_a_shift_that_has_begun_is_never_touched(database: Database) -> None:
    await take_in(database, ROSTER)
    begun = NIGHT.start + HOUR
    changed = (replace(NIGHT, people=(FAN,), end=NIGHT.end + HOUR), replace(MORNING, people=(FAN,)))
    result = await take_in(database, RosterTables(shifts=changed), begun)
    assert result.shifts == {MORNING.key}
    assert (await _shifts(database))[0] == NIGHT
    gone = await take_in(database, RosterTables(shifts=(shift(GATE, NOW, 20, EVA),)), begun)
    assert MORNING.key in gone.shifts
    assert NIGHT.key not in gone.shifts


async def test_a_running_shift_can_be_new(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    result = await take_in(database, RosterTables(shifts=(NIGHT,)), NIGHT.start + HOUR)
    assert result.tables["shifts"] == TableDiff(added=1)


async def test_a_cancelled_shift_comes_back_with_the_file(database: Database) -> None:
    await take_in(database, ROSTER)
    await take_in(database, RosterTables(shifts=(replace(NIGHT, start=NIGHT.start - HOUR / 2),)))
    async with database.read() as tx:
        assert await tx.shifts.get(NIGHT.key) is None
    result = await take_in(database, RosterTables(shifts=SHIFTS_AGAIN))
    assert result.tables["shifts"].added == 1
    assert await _shifts(database) == [*SHIFTS_AGAIN]


SHIFTS_AGAIN = (shift(GATE, NOW + HOUR / 2, 8.5, DAN), NIGHT, MORNING)


async def test_shifts_of_a_post_given_up_are_cancelled(database: Database) -> None:
    await take_in(database, ROSTER)
    result = await take_in(database, RosterTables(posts=POSTS[1:]), NIGHT.start)
    assert result.shifts == {MORNING.key}
    assert await _shifts(database) == [NIGHT]


async def test_people_of_a_shift_keep_their_order(database: Database) -> None:
    many = tuple(PersonId(name) for name in ("z", "a", "m", "B", "1"))
    await take_in(database, replace(ROSTER, shifts=(replace(NIGHT, people=many),)))
    assert (await _shifts(database))[0].people == many


# ── rotas ────────────────────────────────────────────────────────────────────────────────────────

UNTIL = NOW + 200 * HOUR
DAILY = tuple(shift(GATE, NOW + (2 + 24 * day) * HOUR, 8, CAI) for day in range(4))
EXCEPTION = shift(GATE, NOW + 28 * HOUR, 4, FAN)


async def _rota(database: Database, *wanted: Shift) -> TableDiff:
    async with database.read() as tx:
        planned = await tx.imports.plan_rota(wanted, until=UNTIL, now=NOW)
    async with database.write() as tx:
        for part in planned.sets():
            await tx.imports.write(part, NOW)
    return planned.result.tables["shifts"]


async def test_a_rota_gives_way_to_the_file_whichever_comes_first(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    expected = [DAILY[0], EXCEPTION, DAILY[2], DAILY[3]]
    assert await _rota(database, *DAILY) == TableDiff(added=4)
    await take_in(database, RosterTables(shifts=(EXCEPTION,)))
    assert await _shifts(database) == expected
    assert await _rota(database, *DAILY) == TableDiff()
    assert await _shifts(database) == expected


async def test_a_changed_rota_replaces_its_own_shifts_only(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=(EXCEPTION,)))
    await _rota(database, *DAILY)
    changed = replace(DAILY[2], people=(BOB,))
    assert await _rota(database, DAILY[0], changed) == TableDiff(changed=1, removed=1)
    assert await _shifts(database) == [DAILY[0], EXCEPTION, changed]
    assert await _rota(database) == TableDiff(removed=2)
    assert await _shifts(database) == [EXCEPTION]


async def test_the_file_takes_over_a_rota_shift_of_the_same_key(database: Database) -> None:
    await take_in(database, replace(ROSTER, shifts=None))
    await _rota(database, *DAILY)
    own = replace(DAILY[1], people=(DAN,))
    await take_in(database, RosterTables(shifts=(own,)))
    assert await _rota(database, *DAILY) == TableDiff()
    assert await _shifts(database) == [DAILY[0], own, DAILY[2], DAILY[3]]
    async with database.read() as tx:
        assert (await tx.imports.export()).shifts == (own,)


async def test_known_names_what_is_in_the_roster(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        known = await tx.imports.known()
    assert known.units == {CITY, TOWN, OTHER, V1, V2}
    assert known.people == {p.id for p in PEOPLE}
    assert known.posts == {GATE, DESK}
