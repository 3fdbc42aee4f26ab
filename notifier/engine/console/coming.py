"""What is settled of offices and has not begun: absences to come, acting appointments, appointments."""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.holdings import OfficeRecord, Seat, announced
from notifier.domain.roster import Office
from notifier.store.tx import Tx


def seats_of(offices: Iterable[Office]) -> list[Seat]:
    """Which seats those are."""
    return [Seat(unit=office.unit, title=office.title, rank=office.rank) for office in offices]


async def announced_of(tx: Tx, seats: Iterable[Seat], now: datetime) -> tuple[OfficeRecord, ...]:
    """What is entered of those seats and has not begun, by when it does."""
    books = await tx.office_records.of_seats(list(seats))
    coming = [record for book in books.values() for record in announced(book, now)]
    return tuple(sorted(coming, key=lambda record: (record.since, record.id)))
