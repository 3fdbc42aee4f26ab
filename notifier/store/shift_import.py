"""Shifts as shifts.csv or the rotas tell them.

Two sources, one rule between them: at one post, a rota's shift gives way to a file's that overlaps it in
time. It does not matter which of the two is imported first. A shift that has begun is never touched.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Shift
from notifier.store.diff import RowDict, put
from notifier.store.rows import TableDiff
from notifier.store.statements import batches
from notifier.store.tables import shift_people, shifts

FILE = "file"
ROTA = "rota"


@dataclass(frozen=True, slots=True)
class Stored:
    """A shift as it is stored, cancelled or not."""

    shift: Shift
    source: str
    cancelled: bool

    def may_go(self, now: datetime) -> bool:
        """Whether it stands and has not begun."""
        return not self.cancelled and self.shift.start > now


@dataclass(slots=True)
class ShiftPlan:
    """Shifts to be written and to be cancelled."""

    source: str
    added: list[Shift] = field(default_factory=list)
    changed: list[Shift] = field(default_factory=list)
    cancelled: list[ShiftKey] = field(default_factory=list)

    @property
    def counts(self) -> TableDiff:
        """The same in figures."""
        return TableDiff(added=len(self.added), changed=len(self.changed), removed=len(self.cancelled))

    @property
    def keys(self) -> set[ShiftKey]:
        """Every shift that this touches."""
        return {shift.key for shift in (*self.added, *self.changed)} | set(self.cancelled)


async def plan_file_shifts(conn: AsyncConnection, wanted: Sequence[Shift], now: datetime) -> ShiftPlan:
    """What shifts.csv changes: it speaks for its posts, and for shifts that start in its span of time."""
    plan = ShiftPlan(source=FILE)
    if not wanted:
        return plan
    first, last = min(shift.start for shift in wanted), max(shift.end for shift in wanted)
    by_post = _by_post(wanted)
    stored = await _load(conn, shifts.c.start < last, shifts.c.end > first, posts=by_post)
    _compare(plan, wanted, stored, now)
    told = {shift.key for shift in wanted}
    for key, known in stored.items():
        in_span = known.source == FILE and first <= known.shift.start < last
        if (
            key not in told
            and known.may_go(now)
            and (in_span or (known.source == ROTA and _overlaps(known.shift, by_post)))
        ):
            plan.cancelled.append(key)
    return plan


async def plan_rota_shifts(
    conn: AsyncConnection, wanted: Sequence[Shift], until: datetime, now: datetime
) -> ShiftPlan:
    """What the rotas change: they speak for all their shifts that start between ``now`` and ``until``."""
    plan = ShiftPlan(source=ROTA)
    earliest = min((shift.start for shift in wanted), default=now)
    stored = await _load(conn, shifts.c.start < until, shifts.c.end > min(now, earliest))
    filed = _by_post(known.shift for known in stored.values() if known.source == FILE and not known.cancelled)
    ours = [shift for shift in wanted if not _overlaps(shift, filed)]
    _compare(plan, ours, stored, now)
    told = {shift.key for shift in ours}
    plan.cancelled = [
        key for key, known in stored.items() if key not in told and known.source == ROTA and known.may_go(now)
    ]
    return plan


async def plan_given_up(conn: AsyncConnection, posts: Collection[PostCode], now: datetime) -> list[ShiftKey]:
    """The shifts to come at posts that are no longer kept."""
    stored = await _load(conn, shifts.c.start > now, posts=posts) if posts else {}
    return [key for key, known in stored.items() if known.may_go(now)]


async def write_shifts(conn: AsyncConnection, plan: ShiftPlan, now: datetime) -> None:
    """Carry the plan out."""
    for keys in batches(plan.cancelled):
        await conn.execute(update(shifts).where(shifts.c.key.in_(keys)).values(cancelled_at=now))
    written = [*plan.added, *plan.changed]
    await put(conn, shifts, [_row(shift, plan.source) for shift in written])
    for some in batches({"_shift": shift.key} for shift in written):
        await conn.execute(delete(shift_people).where(shift_people.c.shift == bindparam("_shift")), some)
    rows = [
        {"shift": shift.key, "person": person, "ordinal": n}
        for shift in written
        for n, person in enumerate(shift.people)
    ]
    for batch in batches(rows):
        await conn.execute(insert(shift_people), batch)


def _row(shift: Shift, source: str) -> RowDict:
    return {
        "key": shift.key,
        "post": shift.post,
        "start": shift.start,
        "end": shift.end,
        "source": source,
        "cancelled_at": None,
    }


def _compare(plan: ShiftPlan, wanted: Iterable[Shift], stored: dict[ShiftKey, Stored], now: datetime) -> None:
    for shift in {shift.key: shift for shift in wanted}.values():
        known = stored.get(shift.key)
        if known is None or known.cancelled:
            plan.added.append(shift)
        elif shift.start > now and (known.shift != shift or known.source != plan.source):
            plan.changed.append(shift)


def _by_post(listed: Iterable[Shift]) -> dict[PostCode, list[Shift]]:
    by_post: dict[PostCode, list[Shift]] = {}
    for shift in listed:
        by_post.setdefault(shift.post, []).append(shift)
    return by_post


def _overlaps(shift: Shift, by_post: dict[PostCode, list[Shift]]) -> bool:
    others = by_post.get(shift.post, ())
    return any(other.start < shift.end and shift.start < other.end for other in others)


async def _load(
    conn: AsyncConnection, *conditions: ColumnElement[bool], posts: Collection[PostCode] | None = None
) -> dict[ShiftKey, Stored]:
    """The stored shifts that meet the conditions (at those posts), cancelled ones too, with their people."""
    columns = select(
        shifts.c.key, shifts.c.post, shifts.c.start, shifts.c.end, shifts.c.source, shifts.c.cancelled_at
    )
    query = columns.where(*conditions)
    parts = [query] if posts is None else [query.where(shifts.c.post.in_(part)) for part in batches(posts)]
    rows = [row for part in parts for row in await conn.execute(part)]
    people: dict[str, list[PersonId]] = {}
    for part in batches(row.key for row in rows):
        named = select(shift_people.c.shift, shift_people.c.person).where(shift_people.c.shift.in_(part))
        for shift, person in await conn.execute(named.order_by(shift_people.c.shift, shift_people.c.ordinal)):
            people.setdefault(shift, []).append(person)
    return {row.key: _stored(row, people.get(row.key, ())) for row in rows}


def _stored(row: Row[*tuple[Any, ...]], people: Sequence[PersonId]) -> Stored:
    _, post, start, end, source, cancelled_at = row
    shift = Shift(post=post, start=start, end=end, people=tuple(people))
    return Stored(shift=shift, source=source, cancelled=cancelled_at is not None)
