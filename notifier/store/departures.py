"""Who would leave the roster while something still hangs on him."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Shift
from notifier.store.shift_import import FILE
from notifier.store.statements import batches
from notifier.store.tables import offices, shift_people, shifts

Seat = tuple[str, str, int]
"""Unit, title and rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSeat:
    """An office that somebody holds, or acts in."""

    person: PersonId
    seat: Seat
    acting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldShift:
    """A shift that somebody stands, or is to stand. ``from_rota``: it comes of rotas.yaml."""

    person: PersonId
    post: PostCode
    start: datetime
    end: datetime
    from_rota: bool


async def held_seats(conn: AsyncConnection, people: Collection[PersonId]) -> list[HeldSeat]:
    """The offices that those people hold or act in."""
    found = []
    key = (offices.c.unit, offices.c.title, offices.c.rank)
    for column in (offices.c.person, offices.c.acting):
        for batch in batches(people):
            for *seat, person in await conn.execute(select(*key, column).where(column.in_(batch))):
                unit, title, rank = seat
                acting = column is offices.c.acting
                found.append(HeldSeat(person=person, seat=(unit, title, rank), acting=acting))
    return sorted(found, key=lambda held: (held.person, held.seat))


async def held_shifts(
    conn: AsyncConnection,
    people: Collection[PersonId],
    now: datetime,
    *,
    written: Sequence[Shift],
    cancelled: Collection[ShiftKey],
) -> list[HeldShift]:
    """The shifts not over yet in which those people stand, once these are ``written`` and ``cancelled``."""
    settled = {*(shift.key for shift in written), *cancelled}
    found = []
    for batch in batches(people):
        query = (
            select(
                shifts.c.key,
                shift_people.c.person,
                shifts.c.post,
                shifts.c.start,
                shifts.c.end,
                shifts.c.source,
            )
            .join(shift_people, shift_people.c.shift == shifts.c.key)
            .where(shift_people.c.person.in_(batch), shifts.c.end > now, shifts.c.cancelled_at.is_(None))
        )
        for key, person, post, start, end, source in await conn.execute(query):
            if key not in settled:
                rota = source != FILE
                found.append(HeldShift(person=person, post=post, start=start, end=end, from_rota=rota))
    return sorted(found, key=lambda held: (held.person, held.start))
