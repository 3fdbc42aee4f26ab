"""Rosters drawn at random that hold together, and what must hold of any roster, also amid an import."""

from collections.abc import Sequence
from random import Random

from sqlalchemy import Table, select

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Office, Person, Post, Shift, Unit, UnitKind
from notifier.store.database import Database
from notifier.store.rows import LinkOrder, RosterTables
from notifier.store.tables import links, offices, people, posts, shift_people, shifts, units
from tests.contract.store_city import HOUR, NOW

TITLES = ("secretary", "deputy_secretary", "committee")


def draw(chance: Random) -> RosterTables:
    """Some of 15 units in some tree, with some of 40 people, their offices, chats, posts and shifts."""
    tree = _tree(chance)
    staff = tuple(
        Person(
            id=PersonId(f"p{n}"),
            name=f"人{n}",
            phone=f"+861380000{chance.randrange(10_000):04}",
            unit=chance.choice(tree).code,
            locale="zh",
        )
        for n in chance.sample(range(40), 30)
    )
    posts_ = tuple(
        Post(
            code=PostCode(f"G{n}"),
            unit=chance.choice(tree).code,
            name=f"岗{n}",
            kind="checkpoint",
            headcount=1,
        )
        for n in chance.sample(range(8), 5)
    )
    return RosterTables(
        units=tree,
        people=staff,
        links=_links(chance, staff),
        offices=_offices(chance, tree, staff),
        posts=posts_,
        shifts=_shifts(chance, posts_, staff),
    )


def _tree(chance: Random) -> tuple[Unit, ...]:
    codes = [UnitCode(f"U{n}") for n in chance.sample(range(15), 10)]
    listed = [
        Unit(
            code=code,
            name=f"单位{code}",
            kind=UnitKind.VILLAGE if n else UnitKind.CITY,
            parent=chance.choice(codes[:n]) if n else None,
        )
        for n, code in enumerate(codes)
    ]
    chance.shuffle(listed)
    return tuple(listed)


def _offices(chance: Random, tree: Sequence[Unit], staff: Sequence[Person]) -> tuple[Office, ...]:
    return tuple(
        Office(unit=unit.code, title=title, rank=chance.randrange(1, 4), person=chance.choice(staff).id)
        for unit in tree
        for title in chance.sample(TITLES, 2)
    )


def _links(chance: Random, staff: Sequence[Person]) -> tuple[LinkOrder, ...]:
    chats = chance.sample(range(60), len(staff))
    return tuple(
        LinkOrder(person=person.id, chat=str(chat) if chance.random() < 0.8 else None)
        for person, chat in zip(staff, chats, strict=True)
    )


def _shifts(chance: Random, kept: Sequence[Post], staff: Sequence[Person]) -> tuple[Shift, ...]:
    # The first of each post tells the whole span, so that a file speaks for all of it.
    starts = [0, *chance.sample(range(1, 60), 6)]
    return tuple(
        Shift(
            post=post.code,
            start=NOW + (1 + start) * HOUR,
            end=NOW + (9 + start) * HOUR,
            people=tuple(person.id for person in chance.sample(staff, 2)),
        )
        for post in kept
        for start in starts
    )


async def flaws(database: Database) -> list[str]:
    """Whatever names something that is not there, and every circle above a unit."""
    async with database.read() as tx:

        async def rows(table: Table) -> list[dict[str, object]]:
            return [dict(row) for row in (await tx.conn.execute(select(table))).mappings()]

        tree = {row["code"]: row["parent"] for row in await rows(units)}
        staff = {row["id"]: row["unit"] for row in await rows(people) if row["removed_at"] is None}
        kept = {row["code"]: row["unit"] for row in await rows(posts) if row["removed_at"] is None}
        standing = {row["key"]: row["post"] for row in await rows(shifts) if row["cancelled_at"] is None}
        seats = [(row["unit"], row["person"]) for row in await rows(offices)]
        stood = [(row["shift"], row["person"]) for row in await rows(shift_people)]
        bots = [(row["account"], row["chat"]) for row in await rows(links)]
    found = [f"unit {unit} below {parent}" for unit, parent in tree.items() if parent not in {None, *tree}]
    found += [f"circle above {unit}" for unit in tree if _is_in_a_circle(unit, tree)]
    found += [f"person {person} of {unit}" for person, unit in staff.items() if unit not in tree]
    found += [f"post {post} of {unit}" for post, unit in kept.items() if unit not in tree]
    found += [f"shift {key} at {post}" for key, post in standing.items() if post not in kept]
    found += [f"seat of {unit}" for unit, _ in seats if unit not in tree]
    found += [f"seat held by {person}" for _, person in seats if person not in {None, *staff}]
    found += [f"shift {key} of {who}" for key, who in stood if key in standing and who not in staff]
    found += [f"chat {chat} twice" for chat in bots if bots.count(chat) > 1]
    return found


def _is_in_a_circle(unit: object, tree: dict[object, object]) -> bool:
    seen = set()
    while unit is not None and unit not in seen:
        seen.add(unit)
        unit = tree.get(unit)
    return unit is not None
