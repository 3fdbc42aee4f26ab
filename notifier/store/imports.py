"""The roster, taken in as a whole and given back as a whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Shift
from notifier.store import mappers, shift_import
from notifier.store.diff import Difference, compare, write_difference
from notifier.store.link_orders import LinkPlan, plan_links, write_links
from notifier.store.rows import ImportResult, KnownCodes, LinkOrder, RosterTables, TableDiff
from notifier.store.shift_import import FILE, ShiftPlan
from notifier.store.shifts import load_shifts, shift_query
from notifier.store.statements import insert_or
from notifier.store.tables import links, offices, people, posts, shifts, signals, units

_ONE_AT_A_TIME = 0x6E6F7469
"""The advisory lock that imports take on PostgreSQL; SQLite has one writer anyway."""

_CHANGES = "roster"
"""Counts, among the signals, how often the roster changed."""

_MUCH = 1000
"""Rows from which on the planner is told."""

_ROSTER = ("units", "people", "links", "offices", "posts", "shifts", "shift_people")


@dataclass(slots=True)
class _Plan:
    """Everything that an import would change."""

    tables: dict[str, tuple[Table, Difference]]
    links: LinkPlan
    shifts: ShiftPlan
    held: set[UnitCode]
    """Units of which somebody who changed holds an office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What an import, or the rotas, would change, as found out in a transaction that keeps nobody waiting."""

    plan: _Plan
    seen: int
    at: datetime

    @property
    def result(self) -> ImportResult:
        """The same in figures and names."""
        return _result(self.plan)


class ImportRepo:
    """Imports and exports. Each import is whole: it stands or falls with the transaction it is made in."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def known(self) -> KnownCodes:
        """Every unit, person and post that the roster has now."""
        in_roster = people.c.removed_at.is_(None)
        kept = posts.c.removed_at.is_(None)
        return KnownCodes(
            units=frozenset(await self._conn.scalars(select(units.c.code))),
            people=frozenset(await self._conn.scalars(select(people.c.id).where(in_roster))),
            posts=frozenset(await self._conn.scalars(select(posts.c.code).where(kept))),
        )

    async def preview(self, told: RosterTables, *, now: datetime, default_account: str) -> ImportResult:
        """What ``apply`` would change, changing nothing."""
        return _result(await self._plan(told, now, default_account))

    async def plan(self, told: RosterTables, *, now: datetime, default_account: str) -> Planned:
        """The same, to be handed to ``apply``, which then need not compare everything while others wait."""
        return await self._planned(await self._plan(told, now, default_account), now)

    async def apply(
        self, told: RosterTables, *, now: datetime, default_account: str, planned: Planned | None = None
    ) -> ImportResult:
        """Take in what is told; tables that are not told stay as they are.

        People and posts that are no longer named are marked as removed, units and offices are deleted, the
        shifts to come of a removed post are cancelled. ``default_account`` is the bot of chats told
        without one. ``planned``, from ``plan`` for the same, is used if it still holds.
        """
        await self._alone()
        if planned is not None and await self._holds(planned, now):
            plan = planned.plan
        else:
            plan = await self._plan(told, now, default_account)
        for table, difference in plan.tables.values():
            await write_difference(self._conn, table, difference, now)
        await write_links(self._conn, plan.links, now)
        await shift_import.write_shifts(self._conn, plan.shifts, now)
        result = _result(plan)
        await self._note(result)
        await self._analyze(result)
        return result

    async def plan_rota(self, wanted: Sequence[Shift], *, until: datetime, now: datetime) -> Planned:
        """What ``apply_rota`` would change, to be handed to it."""
        plan = await shift_import.plan_rota_shifts(self._conn, wanted, until, now)
        return await self._planned(_Plan(tables={}, links=LinkPlan(), shifts=plan, held=set()), now)

    async def apply_rota(
        self, wanted: Sequence[Shift], *, until: datetime, now: datetime, planned: Planned | None = None
    ) -> ImportResult:
        """Take in what all rotas together yield for the time from ``now`` to ``until``.

        Shifts of an earlier rota in that time that are not among them are cancelled, unless begun. Those
        that overlap a shift of shifts.csv at the same post are left out. ``planned``, from ``plan_rota``
        for the same, is used if it still holds.
        """
        await self._alone()
        if planned is not None and await self._holds(planned, now):
            plan = planned.plan.shifts
        else:
            plan = await shift_import.plan_rota_shifts(self._conn, wanted, until, now)
        await shift_import.write_shifts(self._conn, plan, now)
        result = ImportResult(tables={"shifts": plan.counts}, shifts=frozenset(plan.keys))
        await self._note(result)
        return result

    async def export(self) -> RosterTables:
        """The whole roster, each table sorted by its key (offices by unit and rank, shifts by start).

        ``links`` has every chat of people in the roster. Shifts are those of shifts.csv that were not
        cancelled; what rotas yield stays with the rotas.
        """
        filed = shift_query(shifts.c.source == FILE)
        listed = [mappers.unit_of(row) for row in await self._rows(units)]
        staff = [mappers.person_of(row) for row in await self._rows(people) if row["removed_at"] is None]
        seats = [mappers.office_of(row) for row in await self._rows(offices)]
        kept = [mappers.post_of(row) for row in await self._rows(posts) if row["removed_at"] is None]
        in_roster = {person.id for person in staff}
        chats = [
            LinkOrder(person=row["person"], account=row["account"], chat=row["chat"])
            for row in await self._rows(links)
            if row["person"] in in_roster
        ]
        # Sorted here, since databases do not agree on the order of texts.
        return RosterTables(
            units=tuple(sorted(listed, key=lambda unit: unit.code)),
            people=tuple(sorted(staff, key=lambda person: person.id)),
            links=tuple(sorted(chats, key=lambda link: (link.person, link.account or "", link.chat or ""))),
            offices=tuple(sorted(seats, key=lambda seat: (seat.unit, seat.rank, seat.title))),
            posts=tuple(sorted(kept, key=lambda post: post.code)),
            shifts=tuple(
                sorted(await load_shifts(self._conn, filed), key=lambda shift: (shift.start, shift.post))
            ),
        )

    async def _rows(self, table: Table) -> Iterable[Any]:
        return (await self._conn.execute(select(table))).mappings()

    async def _alone(self) -> None:
        if self._conn.dialect.name == "postgresql":
            await self._conn.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))

    async def _planned(self, plan: _Plan, now: datetime) -> Planned:
        return Planned(plan=plan, seen=await self._seen(), at=now)

    async def _seen(self) -> int:
        """How many imports, or rotas, have changed the roster; nothing else changes it but for chats."""
        return await self._conn.scalar(select(signals.c.count).where(signals.c.name == _CHANGES)) or 0

    async def _note(self, result: ImportResult) -> None:
        if result.is_empty:
            return
        insert = insert_or(self._conn, signals).values(name=_CHANGES, count=1)
        grown = insert.on_conflict_do_update(index_elements=["name"], set_={"count": signals.c.count + 1})
        await self._conn.execute(grown)

    async def _holds(self, planned: Planned, now: datetime) -> bool:
        """Whether the roster is as it was when that was planned, and no shift has begun since."""
        if planned.seen != await self._seen():
            return False
        begun = select(shifts.c.key).where(shifts.c.start > planned.at, shifts.c.start <= now).limit(1)
        return await self._conn.scalar(begun) is None

    async def _analyze(self, result: ImportResult) -> None:
        """Tell PostgreSQL's planner what it has now, when it is much: by itself it looks a minute later."""
        size = sum(diff.added + diff.changed for diff in result.tables.values())
        if self._conn.dialect.name == "postgresql" and size >= _MUCH:
            for table in _ROSTER:
                await self._conn.execute(text(f"ANALYZE {table}"))

    async def _plan(self, told: RosterTables, now: datetime, default_account: str) -> _Plan:
        tables: dict[str, tuple[Table, Difference]] = {}
        for name, table, rows in _told_rows(told):
            tables[name] = (table, await compare(self._conn, table, rows))
        chats = await plan_links(self._conn, told.links, default_account) if told.links else LinkPlan()
        coming = await shift_import.plan_file_shifts(self._conn, told.shifts or (), now)
        given_up: list[PostCode] = [key[0] for key in tables["posts"][1].gone] if "posts" in tables else []
        already = coming.keys
        orphans = await shift_import.plan_given_up(self._conn, given_up, now)
        coming.cancelled += [key for key in orphans if key not in already]
        changed = chats.people | (tables["people"][1].touched("id") if "people" in tables else set())
        return _Plan(tables=tables, links=chats, shifts=coming, held=await self._units_held_by(changed))

    async def _units_held_by(self, changed: set[PersonId]) -> set[UnitCode]:
        if not changed:
            return set()
        query = select(offices.c.unit, offices.c.person).where(offices.c.person.is_not(None))
        return {unit for unit, person in await self._conn.execute(query) if person in changed}


def _told_rows(told: RosterTables) -> list[tuple[str, Table, list[dict[str, Any]]]]:
    """The tables that are told, with their rows as they should be."""
    found: list[tuple[str, Table, list[dict[str, Any]]]] = []
    if told.units is not None:
        found.append(("units", units, [mappers.unit_row(unit) for unit in told.units]))
    if told.people is not None:
        found.append(("people", people, [mappers.person_row(person) for person in told.people]))
    if told.offices is not None:
        found.append(("offices", offices, [mappers.office_row(office) for office in told.offices]))
    if told.posts is not None:
        found.append(("posts", posts, [mappers.post_row(post) for post in told.posts]))
    return found


def _result(plan: _Plan) -> ImportResult:
    counts: dict[str, TableDiff] = {name: found.counts for name, (_, found) in plan.tables.items()}
    touched = {name: found.touched for name, (_, found) in plan.tables.items()}
    changed_units: set[UnitCode] = set(plan.held)
    for name, column in (("units", "code"), ("offices", "unit"), ("posts", "unit")):
        if name in touched:
            changed_units |= touched[name](column)
    staff: set[PersonId] = touched["people"]("id") if "people" in touched else set()
    return ImportResult(
        tables={**counts, "links": plan.links.counts, "shifts": plan.shifts.counts},
        units=frozenset(changed_units),
        people=frozenset(staff | plan.links.people),
        posts=frozenset(touched["posts"]("code") if "posts" in touched else ()),
        shifts=frozenset(plan.shifts.keys),
    )
