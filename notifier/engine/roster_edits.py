"""People of the roster edited one at a time: by the same doors as an import of these rows, and journalled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Person
from notifier.engine.rotas import ROTAS
from notifier.engine.station import Actor, Station
from notifier.engine.taking_in import take_in_now
from notifier.errors import Conflict
from notifier.files import parse_rotas
from notifier.store.departures import HeldSeat, HeldShift
from notifier.store.import_plans import Planned
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

FIELDS: Final = {"name": "name", "phone": "number", "locale": "language", "unit": "unit"}
"""What may be changed of somebody, and what the journal calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What keeps somebody in the roster: seats he holds or acts in, shifts not over yet, posts of rotas."""

    seats: tuple[HeldSeat, ...]
    shifts: tuple[HeldShift, ...]
    rotas: tuple[PostCode, ...]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.seats or self.shifts or self.rotas)


def changed_fields(before: Person, after: Person) -> list[str]:
    """The names of what differs, as in FIELDS."""
    return [name for name in FIELDS if getattr(before, name) != getattr(after, name)]


async def ties_of(tx: Tx, person: PersonId, now: datetime) -> Ties:
    """What an import without that person would be refused for."""
    return await _ties(tx, person, await tx.imports.plan_people((), [person]), now)


async def add_person(station: Station, tx: Tx, person: Person, by: Actor, now: datetime) -> None:
    """He is in the roster; who left it under that id is back. Raises Conflict when somebody has the id."""
    await tx.imports.alone()
    if await tx.roster.present([person.id]):
        raise Conflict("somebody has that id by now")
    await _take_in(station, tx, await tx.imports.plan_people([person]))
    await _journal(tx, "person_added", person, by, None, now)


async def change_person(
    station: Station, tx: Tx, before: Person, after: Person, by: Actor, now: datetime
) -> None:
    """He is from now on as in ``after``. Raises Conflict when he is not as ``before`` any more.

    Both units of somebody who moves find it in the journal. A number is never written there.
    """
    await tx.imports.alone()
    await _require_as_before(tx, before)
    await _take_in(station, tx, await tx.imports.plan_people([after]))
    reason = "; ".join(f"{FIELDS[name]} changed" for name in changed_fields(before, after))
    await _journal(tx, "person_changed", after, by, reason, now)
    if before.unit != after.unit:
        await _journal(tx, "person_changed", before, by, reason, now)


async def remove_person(station: Station, tx: Tx, person: Person, by: Actor, now: datetime) -> None:
    """He leaves the roster. Raises Conflict when he is needed still, or is not as ``person`` any more."""
    await tx.imports.alone()
    await _require_as_before(tx, person)
    planned = await tx.imports.plan_people((), [person.id])
    if await _ties(tx, person.id, planned, now):
        raise Conflict("that person is needed still")
    await _take_in(station, tx, planned)
    await _journal(tx, "person_removed", person, by, None, now)


async def _ties(tx: Tx, person: PersonId, planned: Planned, now: datetime) -> Ties:
    rotas = parse_rotas(await tx.settings.document(ROTAS) or "")
    return Ties(
        seats=tuple(await tx.imports.seats_left_by(planned)),
        shifts=_first_each(await tx.imports.shifts_left_by(planned, now)),
        rotas=tuple(dict.fromkeys(rota.post for rota in rotas if person in rota.people)),
    )


def _first_each(held: Iterable[HeldShift]) -> tuple[HeldShift, ...]:
    """One for each post and source: somebody on a rota has two weeks of them."""
    first: dict[tuple[PostCode, bool], HeldShift] = {}
    for shift in held:
        first.setdefault((shift.post, shift.from_rota), shift)
    return tuple(first.values())


async def _require_as_before(tx: Tx, before: Person) -> None:
    if before.id not in await tx.roster.present([before.id]) or before != await tx.roster.person(before.id):
        raise Conflict("that person stands otherwise in the roster by now")


async def _take_in(station: Station, tx: Tx, planned: Planned) -> None:
    if not await take_in_now(station, tx, planned):
        raise Conflict("an import is being taken in; try again when it is done")


async def _journal(tx: Tx, event: str, person: Person, by: Actor, reason: str | None, now: datetime) -> None:
    line = JournalLine(
        at=now,
        event=event,
        unit=person.unit,
        subject=person.id,
        person=by.person,
        channel=by.channel,
        reason=reason,
    )
    await tx.journal.write([line])
