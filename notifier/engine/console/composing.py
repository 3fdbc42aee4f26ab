"""Writing a broadcast: whom somebody may choose, what his choice means, and the text tried on himself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.audience import parse_audience
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.message import Lane
from notifier.domain.roster import Person, Unit, UnitKind
from notifier.engine.access.guard import SeenUnits
from notifier.engine.broadcasts import Order
from notifier.engine.letters import Letter
from notifier.engine.parts import Parts
from notifier.store.roster_search import PeopleFilter
from notifier.store.tx import Tx

MOST_EXPRESSIONS = 100
"""Each is a question to the database of its own."""
FOUND = 20
"""How many of those found by a word are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A town with its villages. ``whole`` is None where the town itself is out of reach."""

    name: str
    whole: Unit | None
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What an audience is made of: the top of the tree (where in reach), towns, titles, kinds of posts."""

    root: Unit | None
    groups: tuple[Group, ...]
    titles: tuple[str, ...]
    post_kinds: tuple[str, ...]


async def read_choices(tx: Tx, seen: SeenUnits) -> Choices:
    """What somebody may choose from who may send to those units."""
    units = await tx.roster.units()
    root = next((unit for unit in units.values() if unit.parent is None), None)
    return Choices(
        root=root if root and root.code in seen else None,
        groups=tuple(_groups(units, seen)),
        titles=tuple(await tx.roster.titles()),
        post_kinds=tuple(await tx.roster.post_kinds()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """People whose name or id has ``text`` in it, by id; ``more``: not all of them are here."""

    text: str
    people: tuple[Person, ...]
    more: bool


async def find_people(tx: Tx, seen: SeenUnits, text: str, *, whole: bool) -> Found:
    """Those of the units ``seen``; ``whole``: those are all units there are."""
    wanted = PeopleFilter(units=None if whole else seen, text=text)
    found = await tx.roster_search.people(wanted, FOUND + 1)
    return Found(text=text, people=tuple(found[:FOUND]), more=len(found) > FOUND)


async def meaning_nobody(tx: Tx, told: Sequence[str], now: datetime) -> str | None:
    """The first of those expressions that means nobody at all."""
    for expression in told:
        if not await tx.roster.audience(parse_audience([expression]), now):
            return expression
    return None


def _groups(units: Mapping[UnitCode, Unit], seen: Collection[UnitCode]) -> list[Group]:
    towns = sorted((u for u in units.values() if u.kind is UnitKind.TOWN), key=lambda unit: unit.code)
    groups = []
    for town in towns:
        below = [unit for unit in units.values() if unit.parent == town.code and unit.code in seen]
        whole = town if town.code in seen else None
        if below or whole:
            below.sort(key=lambda unit: unit.code)
            groups.append(Group(name=town.name, whole=whole, units=tuple(below)))
    return groups


def expressions(
    chosen: Sequence[str], among: Sequence[str], units: Mapping[UnitCode, Unit], everywhere: Sequence[str]
) -> tuple[str, ...]:
    """The EXPR texts of a choice: of the chosen units' people those of any of the offices and posts.

    ``chosen`` are ``unit:CODE``, ``among`` ``office:TITLE`` and ``post:KIND``; with no unit chosen it is
    ``everywhere`` (nothing in it: no bound). What lies below a chosen unit is in it anyway.
    """
    if not chosen and not among:
        return ()
    places = [unit for unit in dict.fromkeys(chosen) if not _is_below(unit, chosen, units)] or list(
        everywhere
    )
    if not among:
        return tuple(places)
    roles = list(dict.fromkeys(among))
    if not places:
        return tuple(roles)
    return tuple(f"{place},{role}" for place in places for role in roles)


def _is_below(expression: str, chosen: Collection[str], units: Mapping[UnitCode, Unit]) -> bool:
    seen: set[UnitCode] = set()
    unit = units.get(UnitCode(expression.removeprefix("unit:")))
    while unit is not None and unit.parent is not None and unit.code not in seen:
        above = f"unit:{unit.parent}"
        if above in chosen and above != expression:
            return True
        seen.add(unit.code)
        unit = units.get(unit.parent)
    return False


async def try_out(parts: Parts, tx: Tx, order: Order, reader: PersonId) -> bool:
    """Send the order's text to that person alone, at once, once a token. False: no channel reaches him."""
    person = (await tx.roster.people([reader]))[reader]
    path = await tx.roster.path(person.unit)
    letter = Letter(
        key=f"try:{reader}:{order.token}",
        person=reader,
        template=str(order.kind),
        values={
            "unit": path[0].name,
            "town": path[1].name if len(path) > 1 else None,
            "title": order.title,
            "body": order.body,
            "broadcast": 0,
        },
        lane=Lane.REPLY,
        kind=order.kind,
    )
    [posted] = await parts.letters.post(tx, [letter], parts.station.now())
    return posted.message is not None
