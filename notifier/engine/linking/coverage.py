"""Who can be written to, unit by unit: what is left to be done before the program reaches everybody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from notifier.domain.ids import UnitCode
from notifier.domain.roster import Person, Unit
from notifier.engine.linking.groups import Group, Whom, find_groups
from notifier.engine.station import Station
from notifier.errors import NotFound
from notifier.store.reach import BLOCKED, NO_CONTACT
from notifier.store.rows import Reach
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """A unit with all below it: its people by how they can be reached now, each counted once."""

    unit: Unit
    reach: Reach

    @property
    def people(self) -> int:
        """Everybody."""
        return self.reach.telegram + self.reach.sms_only + self.reach.neither

    def percent(self, number: int) -> float:
        """A part of the people in percent, with one decimal; 0 of nobody."""
        return round(100 * number / self.people, 1) if self.people else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """Somebody whom the bot cannot write to: ``no_contact`` or ``blocked``. ``sms``: that way is left."""

    person: Person
    reason: str
    sms: bool


async def coverage(station: Station, tx: Tx, unit: UnitCode | None = None) -> list[Coverage]:
    """That unit and each below it that has people (all of them for None), by code. Raises NotFound."""
    units = await tx.roster.units()
    shown = set(units) if unit is None else await tx.roster.below(unit)
    if unit is not None and not shown:
        raise NotFound(f"there is no unit {unit}")
    reach = station.reach
    own = await tx.contacts.coverage(channels=reach.channels, accounts=reach.telegram)
    whole = _with_all_below(own, units)
    return [Coverage(unit=units[code], reach=whole[code]) for code in sorted(shown & whole.keys())]


def _with_all_below(own: Mapping[UnitCode, Reach], units: Mapping[UnitCode, Unit]) -> dict[UnitCode, Reach]:
    whole: dict[UnitCode, Reach] = {}
    for code, reach in own.items():
        for above in _upward(code, units):
            whole[above] = _sum(whole.get(above, Reach()), reach)
    return whole


def _upward(code: UnitCode, units: Mapping[UnitCode, Unit]) -> Iterable[UnitCode]:
    unit = units.get(code)
    while unit is not None:
        yield unit.code
        unit = units.get(unit.parent) if unit.parent else None


def _sum(one: Reach, other: Reach) -> Reach:
    return Reach(
        telegram=one.telegram + other.telegram,
        sms_only=one.sms_only + other.sms_only,
        neither=one.neither + other.neither,
    )


async def unlinked(station: Station, unit: UnitCode | None) -> list[Unlinked]:
    """Everybody of the unit and below it whom the bot cannot write to, unit by unit. Raises NotFound."""
    groups = await find_groups(station, Whom(unit=unit, missing=True))
    async with station.db.read() as tx:
        return [one for group in groups for one in await _of_group(station, tx, group)]


async def _of_group(station: Station, tx: Tx, group: Group) -> Sequence[Unlinked]:
    reach = station.reach
    usable = await tx.contacts.usable(
        [person.id for person in group.people], channels=reach.channels, accounts=reach.telegram
    )
    found = []
    for person in group.people:
        had = [chat for account, chat in await tx.contacts.chats(person.id) if account in reach.telegram]
        found.append(
            Unlinked(person=person, reason=BLOCKED if had else NO_CONTACT, sms=bool(usable[person.id]))
        )
    return found


def as_document(found: Iterable[Coverage]) -> list[dict[str, object]]:
    """The same as ``--json`` prints it."""
    return [
        {
            "unit": one.unit.code,
            "name": one.unit.name,
            "people": one.people,
            "telegram": one.reach.telegram,
            "sms_only": one.reach.sms_only,
            "neither": one.reach.neither,
            "telegram_percent": one.percent(one.reach.telegram),
            "sms_only_percent": one.percent(one.reach.sms_only),
            "neither_percent": one.percent(one.reach.neither),
        }
        for one in found
    ]
