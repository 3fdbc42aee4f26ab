"""Offices over time: books that are only added to, and seats that follow them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import column, insert, select, table, text

from notifier.domain.holdings import Entry, Seat, What, office_at, standing
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, OfficeStatus
from notifier.store.database import Database
from notifier.store.mappers import OFFICE_COLUMNS, office_of
from notifier.store.migrate import upgrade
from notifier.store.tables import metadata, offices
from notifier.store.tx import Tx
from tests.contract.store_city import ROSTER, V1, take_in

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEAT = Seat(unit=UnitCode("V1"), title="secretary", rank=1)
OTHER = Seat(unit=UnitCode("V1"), title="committee", rank=3)
OFFICES_AT_FIRST = table(
    "offices",
    *(column(name, offices.c[name].type) for name in ("unit", "title", "rank", "person", "status", "until")),
)
WANG, LI = PersonId("wang"), PersonId("li")


def seat(person: PersonId | None, status: OfficeStatus = OfficeStatus.IN_POST) -> Office:
    return Office(unit=SEAT.unit, title=SEAT.title, rank=SEAT.rank, person=person, status=status)


async def stored(tx: Tx) -> list[Office]:
    rows = await tx.conn.execute(select(*OFFICE_COLUMNS).order_by(offices.c.rank))
    return [office_of(row) for row in rows.mappings()]


async def test_a_file_is_followed_and_the_same_file_again_enters_nothing(database: Database) -> None:
    async with database.write() as tx:
        await tx.office_records.follow({SEAT: seat(WANG)}, NOW)
        await tx.office_records.settle([SEAT], NOW)
        await tx.office_records.follow({SEAT: seat(WANG)}, NOW + HOUR)
        book = await tx.office_records.of_seat(SEAT)
        assert [(record.what, record.person, record.reason) for record in book] == [
            (What.APPOINTED, WANG, "import")
        ]
        assert await stored(tx) == [seat(WANG)]


async def test_a_seat_that_is_told_no_more_is_gone_and_its_book_stays(database: Database) -> None:
    async with database.write() as tx:
        await tx.office_records.follow({SEAT: seat(WANG, OfficeStatus.ABSENT)}, NOW)
        await tx.office_records.follow({SEAT: None}, NOW + HOUR)
        await tx.office_records.settle([SEAT], NOW + HOUR)
        assert await stored(tx) == []
        book = await tx.office_records.of_seat(SEAT)
        assert standing(book, NOW).holder == WANG
        assert standing(book, NOW + HOUR).holder is None


async def test_who_acts_is_written_beside_the_seat_and_an_import_leaves_him(database: Database) -> None:
    async with database.write() as tx:
        await tx.office_records.follow({SEAT: seat(WANG)}, NOW)
        entry = Entry(seat=SEAT, what=What.ACTING, person=LI, since=NOW, until=NOW + HOUR)
        [record] = await tx.office_records.enter([entry], by=WANG, now=NOW, order="3/2026", reason="leave")
        assert (record.by, record.order, record.reason) == (WANG, "3/2026", "leave")
        await tx.office_records.settle([SEAT], NOW)
        await tx.office_records.follow({SEAT: seat(WANG, OfficeStatus.SUSPENDED)}, NOW)
        await tx.office_records.settle([SEAT], NOW)
        [office] = await stored(tx)
        assert (office.person, office.acting, office.acting_until) == (WANG, LI, NOW + HOUR)
        assert await tx.office_records.next_change(SEAT, NOW) == NOW + HOUR
        await tx.office_records.settle([SEAT], NOW + HOUR)
        [office] = await stored(tx)
        assert (office.acting, office.status) == (None, OfficeStatus.SUSPENDED)


async def test_books_are_kept_apart_and_entries_in_order(database: Database) -> None:
    async with database.write() as tx:
        entries = [
            Entry(seat=one, what=What.APPOINTED, person=who, since=NOW)
            for one, who in ((SEAT, WANG), (OTHER, LI), (SEAT, LI))
        ]
        entered = await tx.office_records.enter(entries, by=None, now=NOW)
        assert [record.person for record in entered] == [WANG, LI, LI]
        assert sorted(record.id for record in entered) == [record.id for record in entered]
        books = await tx.office_records.of_unit(SEAT.unit)
        assert {one: [record.person for record in book] for one, book in books.items()} == {
            SEAT: [WANG, LI],
            OTHER: [LI],
        }


async def test_a_grown_database_begins_its_books_with_how_the_seats_stand(database: Database) -> None:
    """Nobody wrote down what came before."""
    async with database.write() as tx:
        await tx.conn.run_sync(metadata.drop_all)
        await tx.conn.execute(text("DROP TABLE alembic_version"))
    async with database.write() as tx:
        await tx.conn.run_sync(upgrade, "0001")
        for rank, person, status in ((1, WANG, "absent"), (2, LI, "in_post"), (3, None, "in_post")):
            row = {"unit": "V1", "title": "office", "rank": rank, "person": person, "status": status}
            until = NOW + HOUR if status == "absent" else None
            await tx.conn.execute(insert(OFFICES_AT_FIRST).values(row | {"until": until}))
    await database.upgrade()
    async with database.read() as tx:
        books = await tx.office_records.of_unit(UnitCode("V1"))
        told = [[(record.what, record.person) for record in book] for book in books.values()]
        assert told == [
            [(What.APPOINTED, WANG), (What.ABSENT, WANG)],
            [(What.APPOINTED, LI)],
            [(What.APPOINTED, None)],
        ]
        [away] = [record for book in books.values() for record in book if record.what is What.ABSENT]
        assert away.until == NOW + HOUR


async def test_an_import_is_entered_into_the_books_of_the_seats_that_it_changes(database: Database) -> None:
    await take_in(database, ROSTER)
    async with database.read() as tx:
        before = await tx.office_records.of_unit(V1)
        seats = {Seat(unit=o.unit, title=o.title, rank=o.rank): o for o in await tx.roster.offices_of(V1)}
    assert {seat: office_at(seat, standing(book, NOW)) for seat, book in before.items()} == seats
