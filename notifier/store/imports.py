"""The roster, taken in as a whole and given back as a whole."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.roster import Person, Shift
from notifier.store import mappers, shift_import
from notifier.store.departures import HeldSeat, HeldShift, held_seats, held_shifts
from notifier.store.diff import Difference, compare, put, remove
from notifier.store.import_plans import Plan, Planned
from notifier.store.link_orders import LinkPlan, plan_links
from notifier.store.office_records import OfficeRecordRepo
from notifier.store.roster_sets import RosterSet
from notifier.store.rows import KnownCodes, LinkOrder, RosterTables
from notifier.store.shift_import import FILE, ShiftPlan, Stored
from notifier.store.shifts import load_shifts, shift_query
from notifier.store.statements import insert_or, read_all
from notifier.store.tables import (
    imports,
    links,
    metadata,
    offices,
    people,
    posts,
    shifts,
    signals,
    units,
)

_ONE_AT_A_TIME = 0x6E6F7469
"""The advisory lock that imports take on PostgreSQL; SQLite has one writer anyway."""

_CHANGES = "roster"
"""Counts, among the signals, how often the roster was changed."""

_ROSTER = ("units", "people", "links", "offices", "posts", "shifts", "shift_people")


class ImportRepo:
    """What an import would change, the writing of it set by set, and exports."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def known(self) -> KnownCodes:
        """Every unit, person and post that the roster has now."""
        in_roster = people.c.removed_at.is_(None)
        kept = posts.c.removed_at.is_(None)
        called = select(people.c.unit, people.c.name, people.c.id).where(in_roster).order_by(people.c.id)
        named = await asyncio.to_thread(_named, await read_all(self._conn, called))
        return KnownCodes(
            units=frozenset(await self._conn.scalars(select(units.c.code))),
            people=frozenset(person for ids in named.values() for person in ids),
            named=named,
            posts=frozenset(await self._conn.scalars(select(posts.c.code).where(kept))),
        )

    async def plan(self, told: RosterTables, *, now: datetime, default_account: str) -> Planned:
        """What taking that in would change; tables that are not told stay as they are.

        ``default_account`` is the bot of chats told without one. Comparing takes longer than writing: do it
        in a transaction that keeps nobody waiting.
        """
        return await self._planned(await self._plan(told, now, default_account))

    async def plan_people(self, told: Sequence[Person], gone: Collection[PersonId] = ()) -> Planned:
        """What it would change that these people are as told and those gone; all others stay as they are."""
        named = {*(person.id for person in told), *gone}
        rows = [mappers.person_row(person) for person in told]
        changed = await compare(self._conn, people, rows, people.c.id.in_(named))
        held = await self._units_held_by(changed.touched("id"))
        return await self._planned(Plan(tables={"people": changed}, shifts=ShiftPlan(FILE), held=held))

    async def plan_joining(self, shift: Shift, person: PersonId) -> Planned:
        """What it would change that this person stands that shift, planned already or not, beside who does.

        It is a shift of shifts.csv from then on: the rotas leave it alone.
        """
        stored = await shift_import.load_stored(self._conn, shifts.c.key == shift.key)
        known = stored.get(shift.key)
        plan = ShiftPlan(FILE)
        if known is None or known.cancelled:
            plan.added.append(replace(shift, people=(person,)))
        else:
            people = dict.fromkeys((*known.shift.people, person))
            plan.change(replace(known.shift, people=tuple(people)), known)
        return await self._planned(Plan(shifts=plan))

    async def seats_left_by(self, planned: Planned) -> list[HeldSeat]:
        """The offices that people who would leave the roster still hold, or act in, after that."""
        held = await held_seats(self._conn, planned.people_gone)
        told = planned.plan.tables.get("offices")
        if told is None:
            return held
        # The file's holders are in the roster. Who acts goes on, unless the seat goes: no file says so.
        given_up = {(row["unit"], row["title"], row["rank"]) for row in told.gone}
        return [seat for seat in held if seat.acting and seat.seat not in given_up]

    async def shifts_left_by(self, planned: Planned, now: datetime) -> list[HeldShift]:
        """The shifts not over yet in which people who would leave the roster still stand after that."""
        plan = planned.plan.shifts
        written = (*plan.added, *plan.changed)
        return await held_shifts(
            self._conn, planned.people_gone, now, written=written, cancelled=plan.cancelled
        )

    async def plan_rota(self, wanted: Sequence[Shift], *, until: datetime, now: datetime) -> Planned:
        """What the rotas change, if together they yield those shifts for the time from ``now`` to ``until``.

        Shifts of an earlier rota in that time that are not among them are cancelled, unless begun or
        checked in to. Those that overlap a shift of shifts.csv at the same post are left out.
        """
        plan = await shift_import.plan_rota_shifts(self._conn, wanted, until, now)
        return await self._planned(Plan(shifts=plan))

    async def kept_posts(self) -> frozenset[PostCode]:
        """Every post that is kept now."""
        return frozenset(await self._conn.scalars(select(posts.c.code).where(posts.c.removed_at.is_(None))))

    async def stored_shifts(
        self, start: datetime, end: datetime, now: datetime
    ) -> tuple[dict[ShiftKey, Stored], frozenset[ShiftKey]]:
        """The shifts that start in [start, end), cancelled ones too; and where somebody has come already."""
        stored = await shift_import.load_stored(self._conn, shifts.c.start >= start, shifts.c.start < end)
        return stored, frozenset(await shift_import.arrived_early(self._conn, now))

    async def disturbs(self, part: RosterSet, now: datetime) -> bool:
        """Whether a set of the rotas' touches a shift to come in which somebody has checked in by now."""
        touched = {*(shift.key for shift in part.shifts), *part.cancelled}
        return not touched.isdisjoint(await shift_import.arrived_early(self._conn, now))

    async def holds(self, seen: int) -> bool:
        """Whether the roster is still as it was when it was ``seen``, with no import under way.

        Nobody else changes it until this transaction ends.
        """
        await self.alone()
        under_way = await self._conn.scalar(select(imports.c.id).where(imports.c.state == "released"))
        return under_way is None and await self._seen() == seen

    async def alone(self) -> None:
        """Nobody else applies anything to the roster until this transaction ends."""
        if self._conn.dialect.name == "postgresql":
            await self._conn.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))

    async def write(self, part: RosterSet, now: datetime) -> int:
        """Apply one set of what was planned; returns what is ``seen`` from now on.

        People and posts that are gone are marked as removed, units and offices are deleted, shifts are
        cancelled. A shift that has begun by now stays as it is. Only where it ``holds``.
        """
        for name, rows in part.put.items():
            told = [{**row, "linked_at": now} for row in rows] if name == links.name else rows
            await put(self._conn, metadata.tables[name], told)
        await shift_import.write_shifts(self._conn, part.shifts, part.cancelled, part.source, now)
        for name, rows in part.removed.items():
            await remove(self._conn, metadata.tables[name], rows, now)
        await OfficeRecordRepo(self._conn).follow(part.seats, now)
        return await self.note()

    async def note(self) -> int:
        """Let everybody who has planned a change see that the roster is another now."""
        insert = insert_or(self._conn, signals).values(name=_CHANGES, count=1)
        grown = insert.on_conflict_do_update(index_elements=["name"], set_={"count": signals.c.count + 1})
        count: int = (await self._conn.execute(grown.returning(signals.c.count))).scalar_one()
        return count

    async def analyze(self) -> None:
        """Tell PostgreSQL's planner what it has now: by itself it would look a minute later."""
        if self._conn.dialect.name == "postgresql":
            for table in _ROSTER:
                await self._conn.execute(text(f"ANALYZE {table}"))

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

    async def _planned(self, plan: Plan) -> Planned:
        return Planned(plan=plan, seen=await self._seen())

    async def _seen(self) -> int:
        """How often the roster was changed by imports or rotas; nothing else changes it but for chats."""
        return await self._conn.scalar(select(signals.c.count).where(signals.c.name == _CHANGES)) or 0

    async def _plan(self, told: RosterTables, now: datetime, default_account: str) -> Plan:
        rows = await asyncio.to_thread(_told_rows, told)
        tables = {table.name: await compare(self._conn, table, wanted) for table, wanted in rows}
        none = Difference()
        chats = await plan_links(self._conn, told.links, default_account) if told.links else LinkPlan()
        coming = await shift_import.plan_file_shifts(self._conn, told.shifts or (), now)
        given_up: list[PostCode] = [row["code"] for row in tables.get("posts", none).gone]
        already = coming.keys
        orphans = await shift_import.plan_given_up(self._conn, given_up, now)
        for key, known in orphans.items():
            if key not in already:
                coming.cancel(key, known)
        changed = chats.people | tables.get("people", none).touched("id")
        before = {row["code"]: row["parent"] for row in tables.get("units", none).before}
        return Plan(
            tables=tables,
            links=chats,
            shifts=coming,
            parents=before | {unit.code: unit.parent for unit in told.units or ()},
            held=await self._units_held_by(changed),
        )

    async def _units_held_by(self, changed: set[PersonId]) -> set[UnitCode]:
        if not changed:
            return set()
        query = select(offices.c.unit, offices.c.person).where(offices.c.person.is_not(None))
        return {unit for unit, person in await self._conn.execute(query) if person in changed}


def _named(rows: Iterable[Sequence[Any]]) -> dict[tuple[UnitCode, str], tuple[PersonId, ...]]:
    named: dict[tuple[UnitCode, str], tuple[PersonId, ...]] = {}
    for unit, name, person in rows:
        named[unit, name] = (*named.get((unit, name), ()), person)
    return named


def _told_rows(told: RosterTables) -> list[tuple[Table, list[dict[str, Any]]]]:
    """The tables that are told, with their rows as they should be."""
    found: list[tuple[Table, list[dict[str, Any]]]] = []
    if told.units is not None:
        found.append((units, [mappers.unit_row(unit) for unit in told.units]))
    if told.people is not None:
        found.append((people, [mappers.person_row(person) for person in told.people]))
    if told.offices is not None:
        found.append((offices, [mappers.office_row(office) for office in told.offices]))
    if told.posts is not None:
        found.append((posts, [mappers.post_row(post) for post in told.posts]))
    return found
