"""Shifts as shifts.csv or the rotas tell them.

Two sources, one rule between them: at one post, a rota's shift gives way to a file's that overlaps it in
time. It does not matter which of the two is imported first. A shift that has begun is never touched.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import PresenceEnd, Shift
from notifier.domain.rota import outside
from notifier.store.diff import RowDict, put
from notifier.store.rows import TableDiff
from notifier.store.statements import batches
from notifier.store.tables import presences, shift_people, shifts

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
    """Shifts to be written and to be cancelled; ``before`` has as they are those that are not new."""

    source: str
    added: list[Shift] = field(default_factory=list)
    changed: list[Shift] = field(default_factory=list)
    cancelled: list[ShiftKey] = field(default_factory=list)
    before: dict[ShiftKey, Stored] = field(default_factory=dict)

    def change(self, shift: Shift, known: Stored) -> None:
        """Let it take the place of the one that is known."""
        self.changed.append(shift)
        self.before[shift.key] = known

    def cancel(self, key: ShiftKey, known: Stored) -> None:
        """Let nobody stand it."""
        self.cancelled.append(key)
        self.before[key] = known

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
    if not wanted:
        return ShiftPlan(source=FILE)
    first, last = _span(wanted)
    posts = {shift.post for shift in wanted}
    stored = await load_stored(conn, shifts.c.start < last, shifts.c.end > first, posts=posts)
    return await asyncio.to_thread(compare_file, stored, wanted, now)


def compare_file(stored: Mapping[ShiftKey, Stored], wanted: Sequence[Shift], now: datetime) -> ShiftPlan:
    """The same for what is ``stored`` at those posts in that span."""
    plan = ShiftPlan(source=FILE)
    by_post = _by_post(wanted)
    _compare(plan, wanted, stored, now)
    first, last = _span(wanted)
    told = {shift.key for shift in wanted}
    for key, known in stored.items():
        in_span = known.source == FILE and first <= known.shift.start < last
        if (
            key not in told
            and known.may_go(now)
            and known.shift.post in by_post
            and (in_span or (known.source == ROTA and _overlaps(known.shift, by_post)))
        ):
            plan.cancel(key, known)
    return plan


async def plan_rota_shifts(
    conn: AsyncConnection, wanted: Sequence[Shift], until: datetime, now: datetime
) -> ShiftPlan:
    """What the rotas change: they speak for all their shifts that start between ``now`` and ``until``."""
    earliest = min((shift.start for shift in wanted), default=now)
    stored = await load_stored(conn, shifts.c.start < until, shifts.c.end > min(now, earliest))
    arrived = await arrived_early(conn, now)
    # In a thread, since a city's shifts of two weeks take a while, in which calls go out.
    return await asyncio.to_thread(compare_rotas, stored, wanted, arrived, until, now)


def compare_rotas(
    stored: Mapping[ShiftKey, Stored],
    wanted: Sequence[Shift],
    arrived: Collection[ShiftKey],
    until: datetime,
    now: datetime,
) -> ShiftPlan:
    """The same for what is ``stored``; in the shifts ``arrived`` somebody has checked in before the start.

    A rota's shift that has begun, or in which somebody has checked in, stays as it is; of an edited rota's
    shift that overlaps it, what lies outside is stood. So no hour is lost, and none is stood twice.
    """
    plan = ShiftPlan(source=ROTA)
    standing = {key: known for key, known in stored.items() if not known.cancelled}
    filed = _by_post(known.shift for known in standing.values() if known.source == FILE)
    ours = {key: known.shift for key, known in standing.items() if known.source == ROTA}
    fixed = {key: shift for key, shift in ours.items() if shift.start <= now or key in arrived}
    kept, planned_before = (
        _by_post(fixed.values()),
        {k.shift.post for k in stored.values() if k.source == ROTA},
    )
    to_stand = [
        part
        for shift in wanted
        if shift.start < until and not _overlaps(shift, filed)
        for part in outside(shift, kept.get(shift.post, ()), now)
        # What a post's rota says of the past counts only when it is the post's first.
        if part.end > now or part.post not in planned_before
    ]
    _compare(plan, to_stand, stored, now)
    told = {shift.key for shift in to_stand} | fixed.keys()
    for key in ours:
        if key not in told:
            plan.cancel(key, stored[key])
    return plan


async def plan_given_up(
    conn: AsyncConnection, posts: Collection[PostCode], now: datetime
) -> dict[ShiftKey, Stored]:
    """The shifts to come at posts that are no longer kept."""
    stored = await load_stored(conn, shifts.c.start > now, posts=posts) if posts else {}
    return {key: known for key, known in stored.items() if known.may_go(now)}


async def write_shifts(
    conn: AsyncConnection, written: Sequence[Shift], cancelled: Sequence[ShiftKey], source: str, now: datetime
) -> None:
    """Write and cancel, but for what has begun by now: some time may have passed since it was planned."""
    for keys in batches(cancelled):
        to_come = (shifts.c.key.in_(keys), shifts.c.start > now, shifts.c.cancelled_at.is_(None))
        await conn.execute(update(shifts).where(*to_come).values(cancelled_at=now))
    begun = await _begun(conn, [shift.key for shift in written if shift.start <= now])
    kept = {shift.key: shift for shift in written if shift.key not in begun}
    await put(conn, shifts, [_row(shift, source) for shift in kept.values()])
    for some in batches(kept):
        await conn.execute(delete(shift_people).where(shift_people.c.shift.in_(some)))
    rows = [
        {"shift": key, "person": person, "ordinal": n}
        for key, shift in kept.items()
        for n, person in enumerate(shift.people)
    ]
    for batch in batches(rows):
        await conn.execute(insert(shift_people), batch)


async def _begun(conn: AsyncConnection, keys: Sequence[ShiftKey]) -> set[ShiftKey]:
    """Which of these, all past their start, stand already."""
    standing = select(shifts.c.key).where(shifts.c.cancelled_at.is_(None))
    return {
        key for some in batches(keys) for key in await conn.scalars(standing.where(shifts.c.key.in_(some)))
    }


def _row(shift: Shift, source: str) -> RowDict:
    return {
        "key": shift.key,
        "post": shift.post,
        "start": shift.start,
        "end": shift.end,
        "source": source,
        "cancelled_at": None,
    }


def _compare(
    plan: ShiftPlan, wanted: Iterable[Shift], stored: Mapping[ShiftKey, Stored], now: datetime
) -> None:
    for shift in {shift.key: shift for shift in wanted}.values():
        known = stored.get(shift.key)
        if known is None or known.cancelled:
            plan.added.append(shift)
        elif shift.start > now and (known.shift != shift or known.source != plan.source):
            plan.change(shift, known)


def _span(listed: Iterable[Shift]) -> tuple[datetime, datetime]:
    """From the first start to the last end."""
    spans = [(shift.start, shift.end) for shift in listed]
    return min(start for start, _ in spans), max(end for _, end in spans)


def _by_post(listed: Iterable[Shift]) -> dict[PostCode, list[Shift]]:
    by_post: dict[PostCode, list[Shift]] = {}
    for shift in listed:
        by_post.setdefault(shift.post, []).append(shift)
    return by_post


def _overlaps(shift: Shift, by_post: dict[PostCode, list[Shift]]) -> bool:
    others = by_post.get(shift.post, ())
    return any(other.start < shift.end and shift.start < other.end for other in others)


async def arrived_early(conn: AsyncConnection, now: datetime) -> set[ShiftKey]:
    """The shifts to come in which somebody has checked in already."""
    known = select(presences.c.shift).join(shifts, shifts.c.key == presences.c.shift)
    undone = presences.c.ended.is_not_distinct_from(PresenceEnd.UNDONE.value)
    return set(await conn.scalars(known.where(shifts.c.start > now, ~undone)))


async def load_stored(
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
