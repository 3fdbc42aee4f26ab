"""Lineages: a unit with all above it, as chains of succession need it. Four queries, however many units."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, ShiftKey, UnitCode
from notifier.domain.roster import DUTY_DESK, ChannelName, Lineage, Office, Unit
from notifier.store.mappers import OFFICE_COLUMNS, office_of, unit_of
from notifier.store.reach import Reached, load_reached
from notifier.store.rows import LineageQuery
from notifier.store.statements import batches
from notifier.store.tables import leaves, offices, posts, presences
from notifier.store.tree import ABOVE, path_of

# Built once: at hundreds of reads a second, putting statements together would be half of the work.

_PATH = select(*ABOVE.c, *OFFICE_COLUMNS).outerjoin_from(ABOVE, offices, offices.c.unit == ABOVE.c.code)
"""The units, all above them, and all their offices."""

_DESKS = (
    select(posts.c.unit, presences.c.person)
    .join(presences, presences.c.post == posts.c.code)
    .where(posts.c.kind == DUTY_DESK, posts.c.removed_at.is_(None), presences.c.until.is_(None))
    .order_by(presences.c.since, presences.c.id)
)
"""Everybody on post at a duty desk; there are few of these in a city."""

_LEAVES = select(leaves.c.shift, leaves.c.person).where(
    leaves.c.shift.in_(bindparam("shifts", expanding=True)), leaves.c.revoked_at.is_(None)
)


@dataclass(slots=True)
class _Loaded:
    """Everything that the lineages asked for are made of."""

    units: dict[UnitCode, Unit] = field(default_factory=dict)
    offices: dict[UnitCode, dict[tuple[str, int], Office]] = field(default_factory=dict)
    desk: dict[UnitCode, list[PersonId]] = field(default_factory=dict)
    on_leave: dict[ShiftKey, set[PersonId]] = field(default_factory=dict)
    reached: Reached = field(default_factory=Reached)


async def load_lineages(
    conn: AsyncConnection,
    wanted: Sequence[LineageQuery],
    *,
    channels: Collection[ChannelName],
    accounts: Collection[str],
) -> list[Lineage | None]:
    """One lineage for each query, in its order; None for a unit that there is not."""
    loaded = _Loaded()
    await _load_path(conn, loaded, {query.unit for query in wanted})
    await _load_desks(conn, loaded)
    await _load_leaves(conn, loaded, {query.shift for query in wanted if query.shift})
    ids = {person for query in wanted for person in query.also} | _named(loaded)
    loaded.reached = await load_reached(conn, ids, channels=channels, accounts=accounts)
    return [_lineage(loaded, query) for query in wanted]


async def _load_path(conn: AsyncConnection, loaded: _Loaded, codes: Collection[UnitCode]) -> None:
    for batch in batches(codes):
        for row in (await conn.execute(_PATH, {"codes": batch})).mappings():
            if row["code"] not in loaded.units:
                loaded.units[row["code"]] = unit_of(row)
            if row["title"] is not None:
                loaded.offices.setdefault(row["code"], {})[row["title"], row["rank"]] = office_of(row)


async def _load_desks(conn: AsyncConnection, loaded: _Loaded) -> None:
    for unit, person in await conn.execute(_DESKS):
        if unit in loaded.units:
            loaded.desk.setdefault(unit, []).append(person)


async def _load_leaves(conn: AsyncConnection, loaded: _Loaded, shifts: Collection[ShiftKey]) -> None:
    for batch in batches(shifts):
        for shift, person in await conn.execute(_LEAVES, {"shifts": batch}):
            loaded.on_leave.setdefault(shift, set()).add(person)


def _named(loaded: _Loaded) -> set[PersonId]:
    seats = {who for seats in loaded.offices.values() for seat in seats.values() for who in _standing(seat)}
    return seats | {person for on_post in loaded.desk.values() for person in on_post}


def _lineage(loaded: _Loaded, query: LineageQuery) -> Lineage | None:
    path = path_of(loaded.units, query.unit)
    if not path:
        return None
    seats = tuple(seat for unit in path for _, seat in sorted(loaded.offices.get(unit.code, {}).items()))
    desk = {unit.code: tuple(loaded.desk[unit.code]) for unit in path if unit.code in loaded.desk}
    named = {*query.also, *(who for seat in seats for who in _standing(seat)), *_flat(desk.values())}
    reached = loaded.reached
    return Lineage(
        units=path,
        offices=seats,
        people={person: reached.people[person] for person in named if person in reached.people},
        contacts={person: reached.contacts[person] for person in named if person in reached.contacts},
        lost={person: reached.lost[person] for person in named if person in reached.lost},
        desk=desk,
        on_leave=frozenset(loaded.on_leave.get(query.shift, ())) if query.shift else frozenset(),
    )


def _standing(seat: Office) -> list[PersonId]:
    return [who for who in (seat.person, seat.acting) if who is not None]


def _flat(groups: Iterable[tuple[PersonId, ...]]) -> set[PersonId]:
    return {person for group in groups for person in group}
