"""Cases and the calls made in them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, delete, exists, false, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.case import Call, CallState, Case, CaseState, Cursor
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind
from notifier.errors import Conflict, NotFound
from notifier.store.rows import CaseFilter, CaseSearch
from notifier.store.statements import batches, insert_or, locking, may_write
from notifier.store.tables import calls, cases
from notifier.store.tree import below

_OPEN = cases.c.closed_at.is_(None)
_DECIDING = 0x6E6F7463
"""PostgreSQL's advisory lock for deciding: another number than the one for migrating."""


def case_of(row: RowMapping, made: Sequence[Call] = ()) -> Case:
    """The value of one row and its calls."""
    level, rank, person = row["cursor"]["order"]
    return Case(
        id=row["id"],
        kind=Kind(row["kind"]),
        unit=row["unit"],
        subject=row["subject"],
        opened_at=row["opened_at"],
        state=CaseState(row["state"]),
        outcome=row["outcome"],
        cursor=Cursor(step=row["step"], order=(level, rank, person), repeats=row["cursor"]["repeats"]),
        holder=row["holder"],
        calls=tuple(made),
        due_at=row["due_at"],
        closed_at=row["closed_at"],
        settings_version=row["settings_version"],
        previous=row["previous"],
        version=row["version"],
        rounds=row["rounds"],
        takes=row["takes"],
        passed=tuple(row["passed"]),
        chosen=tuple(row["cursor"].get("chosen", ())),
    )


def case_row(case: Case) -> dict[str, object]:
    """The row of a case, without its id."""
    return {
        "kind": case.kind,
        "unit": case.unit,
        "subject": case.subject,
        "state": case.state,
        "outcome": case.outcome,
        "step": case.cursor.step,
        "cursor": {
            "order": list(case.cursor.order),
            "repeats": case.cursor.repeats,
            "chosen": list(case.chosen),
        },
        "rounds": case.rounds,
        "takes": case.takes,
        "passed": list(case.passed),
        "holder": case.holder,
        "opened_at": case.opened_at,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
        "settings_version": case.settings_version,
        "previous": case.previous,
        "version": case.version,
    }


def call_of(row: RowMapping) -> Call:
    """The value of one row."""
    return Call(
        person=row["person"],
        step=row["step"],
        at=row["at"],
        state=CallState(row["state"]),
        times=row["times"],
    )


def call_row(case: CaseId, ordinal: int, call: Call) -> dict[str, object]:
    """The row of the call at that place, from 0, among the case's calls."""
    return {
        "case": case,
        "person": call.person,
        "ordinal": ordinal,
        "step": call.step,
        "at": call.at,
        "state": call.state,
        "times": call.times,
    }


class CaseRepo:
    """Cases, always with all their calls."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn
        self._is_alone = False

    async def decide_alone(self) -> None:
        """Wait until no other transaction decides about cases; then none does before this one ends.

        Call it before anything is locked. Whoever decides locks cases, people and messages in the order in
        which things come, and many of them: two at once would deadlock on PostgreSQL, which costs a second
        each time. With SQLite's one writer there is nothing to wait for.
        """
        if self._is_alone or self._conn.dialect.name != "postgresql" or not may_write(self._conn):
            return
        await self._conn.execute(select(func.pg_advisory_xact_lock(_DECIDING)))
        self._is_alone = True

    async def get(self, case_id: CaseId) -> Case:
        """One case; in a transaction that writes, nobody else changes it until the end. Raises NotFound."""
        case = await self._one(cases.c.id == case_id)
        if case is None:
            raise NotFound(f"there is no case {case_id}")
        return case

    async def open_for(self, kind: Kind, subject: str) -> Case | None:
        """The open case of that kind about that subject, if any, held as by ``get``; there is at most one."""
        about = (cases.c.kind == kind) & (cases.c.subject == subject)
        return await self._one(about & _OPEN)

    async def last_for(self, kind: Kind, subject: str) -> Case | None:
        """The newest case of that kind about that subject, open or not."""
        newest = select(func.max(cases.c.id)).where(cases.c.kind == kind, cases.c.subject == subject)
        return await self._one(cases.c.id == newest.scalar_subquery())

    async def open(self, case: Case) -> Case:
        """Write a new case (id 0) and return it under its real id.

        Raises Conflict, and spoils nothing, when one of that kind about that subject is open already.
        """
        statement = insert_or(self._conn, cases).on_conflict_do_nothing().values(case_row(case))
        case_id = (await self._conn.execute(statement.returning(cases.c.id))).scalar_one_or_none()
        if case_id is None:
            raise Conflict(f"a case is open already: {case.kind} {case.subject}")
        await self._add_calls([call_row(case_id, n, call) for n, call in enumerate(case.calls)])
        return replace(case, id=case_id)

    async def save(self, case: Case) -> Case:
        """Write a case that was loaded and changed; returns it with its new version.

        Raises Conflict when somebody wrote it since.
        """
        saved = replace(case, version=case.version + 1)
        as_loaded = (cases.c.id == case.id) & (cases.c.version == case.version)
        written = await self._conn.execute(update(cases).where(as_loaded).values(case_row(saved)))
        if written.rowcount == 0:
            raise Conflict(f"case {case.id} changed")
        await self._write_calls(saved)
        return saved

    async def open_ids(self, units: Collection[UnitCode] | None = None) -> list[CaseId]:
        """The ids of all open cases (of exactly those units), oldest first."""
        if units is None:
            return await self._ids(_OPEN)
        found = [await self._ids(_OPEN & cases.c.unit.in_(batch)) for batch in batches(units)]
        return sorted(case_id for ids in found for case_id in ids)

    async def open_with_person(self, person: PersonId) -> list[Case]:
        """Open cases in which that person was called, or which he holds; oldest first."""
        called = exists().where(calls.c.case == cases.c.id, calls.c.person == person)
        return await self._many(_OPEN & or_(cases.c.holder == person, called))

    async def open_on_subjects(self, kind: Kind, subjects: Collection[str]) -> list[Case]:
        """The open cases of that kind about any of those subjects, oldest first."""
        about = [_OPEN & (cases.c.kind == kind) & cases.c.subject.in_(part) for part in batches(subjects)]
        found = [case for condition in about for case in await self._many(condition)]
        return sorted(found, key=lambda case: case.id)

    async def unheld(self, ids: Collection[CaseId]) -> set[CaseId]:
        """Those of these cases that are open and that nobody has; whoever asks decides nothing about them."""
        found: set[CaseId] = set()
        for batch in batches(ids):
            found.update(await self._ids(_OPEN & cases.c.holder.is_(None) & cases.c.id.in_(batch)))
        return found

    async def any_on_subjects(self, kind: Kind, subjects: Collection[str]) -> bool:
        """Whether there ever was a case of that kind about any of those subjects."""
        for some in batches(subjects):
            about = (cases.c.kind == kind) & cases.c.subject.in_(some)
            if await self._conn.scalar(select(cases.c.id).where(about).limit(1)) is not None:
                return True
        return False

    async def listing(self, wanted: CaseFilter) -> list[Case]:
        """The cases that pass the filter (its unit stands for all below it too), oldest first."""
        conditions: list[ColumnElement[bool]] = [_OPEN] if wanted.open_only else []
        if wanted.unit is not None:
            conditions.append(cases.c.unit.in_(below(wanted.unit)))
        if wanted.ids is None:
            return await self._many(*conditions)
        found = [await self._many(*conditions, cases.c.id.in_(part)) for part in batches(wanted.ids)]
        return sorted((case for part in found for case in part), key=lambda case: case.id)

    async def newest(self, wanted: CaseSearch, limit: int, before: CaseId | None = None) -> list[Case]:
        """The cases that pass, the newest first; ``before`` is the last one of the page before."""
        conditions = [] if before is None else [cases.c.id < before]
        if wanted.states is not None:
            conditions.append(cases.c.state.in_(wanted.states))
        if wanted.kind is not None:
            conditions.append(cases.c.kind == wanted.kind)
        if wanted.units is not None:
            conditions.append(cases.c.unit.in_(wanted.units) if wanted.units else false())
        query = select(cases.c.id).where(*conditions).order_by(cases.c.id.desc()).limit(limit)
        found = await self._many(cases.c.id.in_(list(await self._conn.scalars(query))))
        return found[::-1]

    async def counts(self) -> dict[CaseState, int]:
        """How many cases are in each state, zeros too."""
        query = select(cases.c.state, func.count()).group_by(cases.c.state)
        found = {state: count for state, count in await self._conn.execute(query)}
        return {state: found.get(state, 0) for state in CaseState}

    async def _ids(self, condition: ColumnElement[bool]) -> list[CaseId]:
        return list(await self._conn.scalars(select(cases.c.id).where(condition).order_by(cases.c.id)))

    async def _one(self, condition: ColumnElement[bool]) -> Case | None:
        await self.decide_alone()
        rows = await self._conn.execute(locking(self._conn, select(cases).where(condition)))
        row = rows.mappings().one_or_none()
        return case_of(row, (await self._calls([row["id"]])).get(row["id"], ())) if row else None

    async def _many(self, *conditions: ColumnElement[bool]) -> list[Case]:
        rows = await self._conn.execute(select(cases).where(*conditions).order_by(cases.c.id))
        found = rows.mappings().all()
        made = await self._calls([row["id"] for row in found])
        return [case_of(row, made.get(row["id"], ())) for row in found]

    async def _calls(self, ids: Collection[CaseId]) -> dict[CaseId, list[Call]]:
        made: dict[CaseId, list[Call]] = {}
        for batch in batches(ids):
            query = select(calls).where(calls.c.case.in_(batch)).order_by(calls.c.case, calls.c.ordinal)
            for row in (await self._conn.execute(query)).mappings():
                made.setdefault(row["case"], []).append(call_of(row))
        return made

    async def _write_calls(self, case: Case) -> None:
        """Replace what differs: most steps add one call or change one."""
        query = select(calls).where(calls.c.case == case.id)
        stored = {row["person"]: dict(row) for row in (await self._conn.execute(query)).mappings()}
        wanted = [call_row(case.id, n, call) for n, call in enumerate(case.calls)]
        differing = [row for row in wanted if stored.get(row["person"]) != row]
        kept = {row["person"] for row in wanted if row not in differing}
        if gone := stored.keys() - kept:
            own = (calls.c.case == case.id) & calls.c.person.in_(gone)
            await self._conn.execute(delete(calls).where(own))
        await self._add_calls(differing)

    async def _add_calls(self, rows: Sequence[dict[str, object]]) -> None:
        if rows:
            await self._conn.execute(insert(calls), rows)
