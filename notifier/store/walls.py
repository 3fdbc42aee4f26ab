"""What the wall and a unit's page show: a fixed number of short statements, however large the city."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.case import CaseState
from notifier.domain.ids import PostCode, UnitCode
from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind
from notifier.domain.roster import LONGEST_SHIFT, Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.domain.wall import OpenMatter
from notifier.store.message_values import in_states
from notifier.store.presences import presence_of
from notifier.store.rows import JournalLine, PresenceRow
from notifier.store.sheets import sheet_of
from notifier.store.tables import cases, journal, messages, presences, sheets, shifts, timers

_OPEN = cases.c.closed_at.is_(None)
WAITING = (SheetState.OPEN, SheetState.SIGNED, SheetState.RETURNED)
_THERE = presences.c.until.is_(None)
_IN_SHIFT = presences.c.ended.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Changes whenever anything was decided, anybody came or left, or a case moved. Compare, do not read."""

    journal: int
    open_cases: int
    versions: int
    presences: int
    there: int


class WallRepo:
    """Readings of the whole city."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def mark(self) -> Mark:
        """Where the city is now; cheap enough to be asked for every second."""
        # Of cases and presences too: lines of the journal may be committed out of the order of their ids.
        last = select(func.coalesce(func.max(journal.c.id), 0)).scalar_subquery()
        came = select(func.coalesce(func.max(presences.c.id), 0)).scalar_subquery()
        there = select(func.count()).select_from(presences).where(_THERE).scalar_subquery()
        standing = select(func.count(), func.coalesce(func.sum(cases.c.version), 0)).where(_OPEN).subquery()
        row = (await self._conn.execute(select(last, came, there, *standing.c))).one()
        lines, arrivals, on_post, number, versions = (int(value) for value in row)
        return Mark(journal=lines, open_cases=number, versions=versions, presences=arrivals, there=on_post)

    async def open_matters(self, unit: UnitCode | None = None) -> list[OpenMatter]:
        """Every open case (of exactly that unit), oldest first."""
        columns = ("id", "kind", "unit", "subject", "state", "holder", "opened_at", "due_at")
        query = select(*(cases.c[name] for name in columns)).where(_OPEN).order_by(cases.c.id)
        if unit is not None:
            query = query.where(cases.c.unit == unit)
        return [_matter(row) for row in (await self._conn.execute(query)).mappings()]

    async def running(self, now: datetime) -> list[Shift]:
        """The shifts that run at ``now``, without their people."""
        columns = select(shifts.c.post, shifts.c.start, shifts.c.end)
        # Bounded on both sides, so that the index on the end leaves out the weeks ahead.
        ending = shifts.c.end.between(now, now + LONGEST_SHIFT)
        runs = (shifts.c.start <= now, shifts.c.end > now, ending, shifts.c.cancelled_at.is_(None))
        found = await self._conn.execute(columns.where(*runs).order_by(shifts.c.start, shifts.c.post))
        return [Shift(post=post, start=start, end=end) for post, start, end in found]

    async def on_post(self) -> dict[PostCode, tuple[int, int]]:
        """How many are on each post now, and how many are kept on there; posts with nobody are left out."""
        people = func.count(presences.c.person.distinct())
        counts = people.filter(_IN_SHIFT), people.filter(~_IN_SHIFT)
        query = select(presences.c.post, *counts).where(_THERE).group_by(presences.c.post)
        return {post: (number, kept_on) for post, number, kept_on in await self._conn.execute(query)}

    async def late_timers(self, before: datetime, lanes: Collection[int]) -> int:
        """How many pending timers of those lanes were due before that moment."""
        # Written into the statement, not bound: only so does the partial index serve it.
        pending = timers.c.state == literal_column("'pending'")
        late = (pending, timers.c.lane.in_(lanes), timers.c.due_at < before)
        return await self._conn.scalar(select(func.count()).select_from(timers).where(*late)) or 0

    async def queued(self) -> dict[Lane, int]:
        """How many messages wait to be sent, by lane, zeros too."""
        query = select(messages.c.lane, func.count()).where(in_states(MessageState.QUEUED))
        found = {lane: number for lane, number in await self._conn.execute(query.group_by(messages.c.lane))}
        return {lane: found.get(lane, 0) for lane in Lane}

    async def waiting_lists(self, since: datetime) -> dict[UnitCode, tuple[int, int]]:
        """By unit, how many lists due since then wait for a signature, and how many to be verified.

        Without those about which a case is open; units without any are left out.
        """
        # Written into the statement, not bound: only so does the partial index serve it.
        waiting = sheets.c.state.in_([literal_column(f"'{state}'") for state in WAITING])
        kinds = (Kind.UNSIGNED, Kind.UNVERIFIED)
        late = exists().where(cases.c.kind.in_(kinds), cases.c.subject == sheets.c.key, _OPEN)
        signed = func.count().filter(sheets.c.state == literal_column(f"'{SheetState.SIGNED}'"))
        query = select(sheets.c.unit, func.count(), signed).where(waiting, sheets.c.due_at >= since, ~late)
        found = await self._conn.execute(query.group_by(sheets.c.unit))
        return {unit: (number - to_verify, to_verify) for unit, number, to_verify in found}

    # ── one unit ──

    async def there(self, codes: Collection[PostCode]) -> list[PresenceRow]:
        """Everybody on those posts now, in order of arrival."""
        query = select(presences).where(presences.c.post.in_(codes), _THERE)
        found = await self._conn.execute(query.order_by(presences.c.since, presences.c.id))
        return [presence_of(row) for row in found.mappings()]

    async def sheets_since(self, unit: UnitCode, since: datetime, limit: int) -> list[Sheet]:
        """The lists of exactly that unit that were asked for since then, the newest first."""
        theirs = select(sheets).where(sheets.c.unit == unit, sheets.c.asked_at >= since)
        found = await self._conn.execute(theirs.order_by(sheets.c.due_at.desc(), sheets.c.key).limit(limit))
        return [sheet_of(row) for row in found.mappings()]

    async def lines_since(self, unit: UnitCode, since: datetime, limit: int) -> list[JournalLine]:
        """What was written down about exactly that unit since then, the newest first."""
        # Through the time, which has an index: the unit has none.
        theirs = select(journal).where(journal.c.at >= since, journal.c.unit == unit)
        found = await self._conn.execute(theirs.order_by(journal.c.id.desc()).limit(limit))
        return [JournalLine(**row) for row in found.mappings()]

    async def trail(self, unit: UnitCode, since: datetime) -> tuple[int, int]:
        """How many lines there are about exactly that unit since then, and the highest id among them."""
        theirs = (journal.c.at >= since, journal.c.unit == unit)
        query = select(func.count(), func.coalesce(func.max(journal.c.id), 0)).where(*theirs)
        number, last = (await self._conn.execute(query)).one()
        return number, last


def _matter(row: RowMapping) -> OpenMatter:
    return OpenMatter(**dict(row) | {"kind": Kind(row["kind"]), "state": CaseState(row["state"])})
