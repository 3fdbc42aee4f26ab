"""Whom links are for: the people of a unit and all below it, from the top down, or one person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import ChannelName, Person, Unit
from notifier.engine.station import Station
from notifier.errors import InputError, NotFound
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Everybody of a unit and below it, or one person: one of the two is given.

    ``missing``: only those whom the bot cannot write to now.
    """

    unit: UnitCode | None = None
    person: PersonId | None = None
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One unit's people, by id. ``above`` is the name of the unit that it belongs to."""

    unit: Unit
    above: str | None
    people: Sequence[Person]


async def find_groups(station: Station, whom: Whom) -> list[Group]:
    """The groups that have anybody in them. Raises NotFound."""
    async with station.db.read() as tx:
        units = await tx.roster.units()
        if whom.person is not None:
            groups = [await _alone(tx, whom.person, units)]
        else:
            groups = [
                Group(unit=unit, above=_name_above(unit, units), people=await tx.roster.people_of(unit.code))
                for unit in await _below(tx, whom.unit, units)
            ]
        if whom.missing:
            groups = [await _unlinked(station, tx, group) for group in groups]
    return [group for group in groups if group.people]


def anybody_in(groups: Sequence[Group], whom: Whom) -> Sequence[Group]:
    """The same groups. Raises InputError when there is nobody to do anything for."""
    if groups:
        return groups
    if whom.missing:
        raise InputError("nobody is missing: the bot can write to all of them")
    raise InputError(f"unit {whom.unit} has no people; import people.csv first")


async def _alone(tx: Tx, person_id: PersonId, units: dict[UnitCode, Unit]) -> Group:
    person = await tx.roster.person(person_id)
    if person is None or person.id not in await tx.roster.present([person_id]):
        raise NotFound(f"there is no person {person_id} in the roster")
    unit = units[person.unit]
    return Group(unit=unit, above=_name_above(unit, units), people=[person])


async def _below(tx: Tx, unit: UnitCode | None, units: dict[UnitCode, Unit]) -> list[Unit]:
    """That unit and all below it (all units for None): each before those below it."""
    codes = set(units) if unit is None else await tx.roster.below(unit)
    if not codes:
        raise NotFound(f"there is no unit {unit}")
    paths: dict[UnitCode, tuple[UnitCode, ...]] = {}

    def path(code: UnitCode) -> tuple[UnitCode, ...]:
        if code not in paths:
            parent = units[code].parent
            paths[code] = (*(path(parent) if parent in units else ()), code)
        return paths[code]

    return [units[code] for code in sorted(codes, key=path)]


def _name_above(unit: Unit, units: dict[UnitCode, Unit]) -> str | None:
    above = units.get(unit.parent) if unit.parent else None
    return above.name if above else None


async def _unlinked(station: Station, tx: Tx, group: Group) -> Group:
    usable = await tx.contacts.usable(
        [person.id for person in group.people],
        channels=[ChannelName.TELEGRAM],
        accounts=station.reach.telegram,
    )
    return replace(group, people=[person for person in group.people if not usable[person.id]])
