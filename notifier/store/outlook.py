"""What the hours ahead and the day past look like, for many units at once: coverage and digests read it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.case import Case, CaseState
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName, Post, Shift
from notifier.domain.sheet import Sheet, SheetState
from notifier.store.cases import case_of
from notifier.store.covers import who_stands
from notifier.store.mappers import POST_COLUMNS, post_of
from notifier.store.sheets import sheet_of
from notifier.store.shifts import load_shifts, shift_query
from notifier.store.statements import batches
from notifier.store.tables import (
    address_states,
    cases,
    leaves,
    links,
    people,
    posts,
    sheets,
    shifts,
)

Span = tuple[datetime, datetime]
"""From, until (UTC)."""


class OutlookRepo:
    """Readings only. Spans of time are [start, end); whoever and whatever has nothing is left out."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    # ── the roster ahead ──

    async def posts(self) -> dict[UnitCode, tuple[Post, ...]]:
        """Every post that is kept, by unit, in order of code."""
        query = select(*POST_COLUMNS).where(posts.c.removed_at.is_(None)).order_by(posts.c.code)
        found: dict[UnitCode, tuple[Post, ...]] = {}
        for row in (await self._conn.execute(query)).mappings():
            post = post_of(row)
            found[post.unit] = (*found.get(post.unit, ()), post)
        return found

    async def shifts(self, codes: Collection[PostCode], start: datetime, end: datetime) -> list[Shift]:
        """The shifts of those posts that touch the span, by start, with their people."""
        touching = (shifts.c.start < end, shifts.c.end > start)
        return [
            shift
            for batch in batches(codes)
            for shift in await load_shifts(self._conn, shift_query(shifts.c.post.in_(batch), *touching))
        ]

    async def past_shifts(self, codes: Collection[PostCode], start: datetime, end: datetime) -> list[Shift]:
        """The shifts of those posts that ended in the span, without their people, of whom there are many."""
        columns = select(shifts.c.post, shifts.c.start, shifts.c.end)
        ended = (shifts.c.end > start, shifts.c.end <= end, shifts.c.cancelled_at.is_(None))
        return [
            Shift(post=post, start=since, end=until)
            for batch in batches(codes)
            for post, since, until in await self._conn.execute(
                columns.where(shifts.c.post.in_(batch), *ended)
            )
        ]

    async def leaves(self, keys: Collection[ShiftKey]) -> dict[ShiftKey, frozenset[PersonId]]:
        """Who is on leave from those shifts."""
        found: dict[ShiftKey, frozenset[PersonId]] = {}
        for batch in batches(keys):
            standing = (leaves.c.shift.in_(batch), leaves.c.revoked_at.is_(None))
            for key, person in await self._conn.execute(
                select(leaves.c.shift, leaves.c.person).where(*standing)
            ):
                found[key] = found.get(key, frozenset()) | {person}
        return found

    # ── people ──

    async def members(self, codes: Collection[UnitCode]) -> dict[UnitCode, list[PersonId]]:
        """The people of exactly those units, by id."""
        found: dict[UnitCode, list[PersonId]] = {}
        for batch in batches(codes):
            own = (people.c.unit.in_(batch), people.c.removed_at.is_(None))
            query = select(people.c.unit, people.c.id).where(*own).order_by(people.c.id)
            for unit, person in await self._conn.execute(query):
                found.setdefault(unit, []).append(person)
        return found

    async def duties(
        self, ids: Collection[PersonId], start: datetime, end: datetime
    ) -> dict[PersonId, list[Span]]:
        """When those people are, or were, to stand a shift in that span of time: their own, or a cover."""
        touching = (shifts.c.start < end, shifts.c.end > start)
        found: dict[PersonId, list[Span]] = {}
        for batch in batches(ids):
            for person, since, until in await self._conn.execute(who_stands(*touching, of=batch)):
                found.setdefault(person, []).append((since, until))
        return found

    async def absences(
        self, ids: Collection[PersonId], start: datetime, end: datetime
    ) -> dict[PersonId, list[Span]]:
        """When those people are on leave from a shift in that span of time, covered or not."""
        columns = select(leaves.c.person, shifts.c.start, shifts.c.end)
        joined = columns.join(shifts, shifts.c.key == leaves.c.shift).where(leaves.c.revoked_at.is_(None))
        touching = (shifts.c.start < end, shifts.c.end > start, shifts.c.cancelled_at.is_(None))
        found: dict[PersonId, list[Span]] = {}
        for batch in batches(ids):
            query = joined.where(leaves.c.person.in_(batch), *touching)
            for person, since, until in await self._conn.execute(query):
                found.setdefault(person, []).append((since, until))
        return found

    async def silenced(
        self, ids: Collection[PersonId], accounts: Collection[str]
    ) -> dict[PersonId, tuple[ChannelName, ...]]:
        """On which channels they get nothing any more: a bot of ``accounts`` blocked, a phone stopped."""
        found: dict[PersonId, tuple[ChannelName, ...]] = {}
        for batch in batches(ids):
            chat = select(links.c.person, address_states.c.channel).join(
                address_states,
                and_(
                    address_states.c.channel == ChannelName.TELEGRAM,
                    address_states.c.account == links.c.account,
                    address_states.c.address == links.c.chat,
                ),
            )
            phone = select(people.c.id, address_states.c.channel).join(
                address_states,
                and_(address_states.c.channel == ChannelName.SMS, address_states.c.address == people.c.phone),
            )
            ours = (links.c.person.in_(batch), links.c.account.in_(sorted(accounts)))
            both = union_all(chat.where(*ours), phone.where(people.c.id.in_(batch)))
            for person, channel in await self._conn.execute(both):
                found[person] = tuple(dict.fromkeys((*found.get(person, ()), ChannelName(channel))))
        return found

    # ── the day past ──

    async def missed(self, codes: Collection[UnitCode], since: datetime, until: datetime) -> list[Case]:
        """The cases of shifts that ended in that span with too few on post, without their calls."""
        ended = (cases.c.closed_at >= since, cases.c.closed_at < until, cases.c.kind == Kind.UNSTAFFED)
        missed = (cases.c.state == CaseState.CANCELLED, cases.c.outcome == "missed")
        return [
            case_of(row)
            for batch in batches(codes)
            for row in (
                await self._conn.execute(
                    select(cases).where(cases.c.unit.in_(batch), *ended, *missed).order_by(cases.c.id)
                )
            ).mappings()
        ]

    async def unfinished_lists(self, codes: Collection[UnitCode], now: datetime) -> list[Sheet]:
        """The lists that should have been signed by now, and those that wait for a verifier."""
        owed = and_(sheets.c.state.in_((SheetState.OPEN, SheetState.RETURNED)), sheets.c.due_at <= now)
        wanted = or_(owed, sheets.c.state == SheetState.SIGNED)
        return [
            sheet_of(row)
            for batch in batches(codes)
            for row in (
                await self._conn.execute(
                    select(sheets)
                    .where(sheets.c.unit.in_(batch), wanted)
                    .order_by(sheets.c.due_at, sheets.c.key)
                )
            ).mappings()
        ]
