"""Offices over time: a book of records for each seat, and the seats as their books say they stand now."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.holdings import (
    Entry,
    OfficeRecord,
    Seat,
    Standing,
    What,
    entries_for,
    next_change,
    not_before_entry,
    standing,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, OfficeStatus
from notifier.store.statements import batches, insert_or
from notifier.store.tables import office_records, offices

Book = list[OfficeRecord]
"""A seat's records in the order of entering."""


class OfficeRecordRepo:
    """Records are entered and read, never changed. ``offices`` follows them, by ``settle``."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def enter(
        self,
        entries: Sequence[Entry],
        *,
        by: PersonId | None,
        now: datetime,
        reason: str | None = None,
        order: str | None = None,
    ) -> list[OfficeRecord]:
        """Add these to the books of their seats, in this order; ``by`` None is an import, or a rule."""
        rows = [
            {**_row(entry), "by": by, "reason": reason, "order": order, "recorded_at": now}
            for entry in entries
        ]
        adding = insert(office_records).returning(office_records, sort_by_parameter_order=True)
        entered: list[OfficeRecord] = []
        for batch in batches(rows):
            entered += [_record(row) for row in (await self._conn.execute(adding, batch)).mappings()]
        return entered

    async def of_seat(self, seat: Seat) -> Book:
        """The book of that seat."""
        return (await self.of_seats([seat])).get(seat, [])

    async def of_seats(self, seats: Collection[Seat]) -> dict[Seat, Book]:
        """The books of those seats; one without records is left out."""
        wanted = set(seats)
        books: dict[Seat, Book] = {}
        for batch in batches({seat.unit for seat in wanted}):
            found = await self._books(select(office_records).where(office_records.c.unit.in_(batch)))
            books |= {seat: book for seat, book in found.items() if seat in wanted}
        return books

    async def of_unit(self, unit: UnitCode) -> dict[Seat, Book]:
        """The books of every seat that the unit has or had."""
        return await self._books(select(office_records).where(office_records.c.unit == unit))

    async def follow(self, told: Mapping[Seat, Office | None], now: datetime) -> None:
        """Enter what an import changed: each seat as it is told now, None for one that is no more.

        The import writes ``offices`` itself, but for who acts: ``settle`` does that.
        """
        books = await self.of_seats(told)
        entries = [
            entry
            for seat, office in told.items()
            for entry in entries_for(seat, _at_least_as_entered(books.get(seat, []), now), office, now)
        ]
        await self.enter(entries, by=None, now=now, reason="import")

    async def settle(self, seats: Collection[Seat], now: datetime) -> dict[Seat, Standing]:
        """Write into ``offices`` how those seats stand at ``now``, and return it."""
        books = await self.of_seats(seats)
        stood = {seat: _at_least_as_entered(books.get(seat, []), now) for seat in seats}
        rows = [_office_row(seat, how) for seat, how in stood.items() if how.appointment is not None]
        upsert = insert_or(self._conn, offices)
        keys = [column.name for column in offices.primary_key]
        rest = {column.name: column for column in upsert.excluded if column.name not in keys}
        for batch in batches(rows):
            await self._conn.execute(upsert.on_conflict_do_update(index_elements=keys, set_=rest), batch)
        for seat in (seat for seat, how in stood.items() if how.appointment is None):
            its_key = (
                offices.c.unit == seat.unit,
                offices.c.title == seat.title,
                offices.c.rank == seat.rank,
            )
            await self._conn.execute(delete(offices).where(*its_key))
        return stood

    async def acting_in(self, seats: Collection[Seat]) -> set[Seat]:
        """Those of the seats in which ``offices`` has somebody act."""
        columns = (offices.c.unit, offices.c.title, offices.c.rank)
        found = await self._conn.execute(select(*columns).where(offices.c.acting.is_not(None)))
        acting = {Seat(unit=unit, title=title, rank=rank) for unit, title, rank in found}
        return acting & set(seats)

    async def next_change(self, seat: Seat, after: datetime) -> datetime | None:
        """The first moment after ``after`` at which the seat may stand otherwise."""
        return next_change(await self.of_seat(seat), after)

    async def _books(self, query: Select[Any]) -> dict[Seat, Book]:
        books: dict[Seat, Book] = {}
        for row in (await self._conn.execute(query.order_by(office_records.c.id))).mappings():
            record = _record(row)
            books.setdefault(record.seat, []).append(record)
        return books


def _at_least_as_entered(book: Book, now: datetime) -> Standing:
    return standing(book, not_before_entry(book, now))


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "unit": entry.seat.unit,
        "title": entry.seat.title,
        "rank": entry.seat.rank,
        "what": entry.what,
        "person": entry.person,
        "since": entry.since,
        "until": entry.until,
        "of": entry.of,
    }


def _record(row: RowMapping) -> OfficeRecord:
    return OfficeRecord(
        id=row["id"],
        seat=Seat(unit=row["unit"], title=row["title"], rank=row["rank"]),
        what=What(row["what"]),
        person=row["person"],
        since=row["since"],
        until=row["until"],
        of=row["of"],
        by=row["by"],
        reason=row["reason"],
        order=row["order"],
        recorded_at=row["recorded_at"],
    )


def _office_row(seat: Seat, now: Standing) -> dict[str, Any]:
    return {
        "unit": seat.unit,
        "title": seat.title,
        "rank": seat.rank,
        "person": now.holder,
        "status": now.status,
        # offices.csv ends absences only; with any other end here the same file would differ from it.
        "until": now.until if now.status is OfficeStatus.ABSENT else None,
        "acting": now.acting,
        "acting_until": now.acting_until,
    }
