"""How a unit's offices stand, or stood, with every record of them."""

from datetime import datetime

from notifier.domain.holdings import OfficeRecord, not_before_entry, standing
from notifier.domain.ids import UnitCode
from notifier.domain.times import iso_utc, iso_utc_or_none
from notifier.engine.parts import Parts
from notifier.errors import NotFound

Document = dict[str, object]


async def offices(parts: Parts, unit: UnitCode, at: datetime | None, known_at: datetime | None) -> Document:
    """Every seat at ``at`` (None: now), as it was known at ``known_at``, and its book. Raises NotFound."""
    now = parts.station.now()
    async with parts.station.db.read() as tx:
        if await tx.roster.unit(unit) is None:
            raise NotFound(f"there is no unit {unit}; give a code of units.csv")
        books = sorted((await tx.office_records.of_unit(unit)).items())
    seats = []
    for seat, book in books:
        how = standing(book, at or not_before_entry(book, now), known_at=known_at)
        seats.append(
            {
                "title": seat.title,
                "rank": seat.rank,
                "person": how.holder,
                "status": how.status,
                "until": iso_utc_or_none(how.until),
                "acting": how.acting,
                "acting_until": iso_utc_or_none(how.acting_until),
            }
        )
    records = [_record(record) for _, book in books for record in book]
    return {"unit": unit, "at": iso_utc(at or now), "seats": seats, "records": records}


def _record(record: OfficeRecord) -> Document:
    return {
        "id": str(record.id),
        "title": record.seat.title,
        "rank": record.seat.rank,
        "what": record.what,
        "person": record.person,
        "since": iso_utc(record.since),
        "until": iso_utc_or_none(record.until),
        "of": str(record.of) if record.of is not None else None,
        "by": record.by,
        "reason": record.reason,
        "order": record.order,
        "recorded_at": iso_utc(record.recorded_at),
    }
