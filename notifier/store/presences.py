"""Who is, and was, on post."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.roster import DUTY_DESK, Presence, PresenceEnd, Shift
from notifier.store.rows import PresenceRow
from notifier.store.statements import batches
from notifier.store.tables import posts, presences, shifts

_THERE = presences.c.until.is_(None)
_WORKED = (PresenceEnd.SHIFT_END, PresenceEnd.LEFT, PresenceEnd.HANDED_OVER, PresenceEnd.RELIEVED)
"""How a presence ends after which somebody needs his rest."""


def presence_of(row: RowMapping) -> PresenceRow:
    """The value of one row."""
    presence = Presence(
        person=row["person"],
        post=row["post"],
        shift=row["shift"],
        since=row["since"],
        until=row["until"],
        channel=row["channel"],
        by=row["by"],
    )
    ended = PresenceEnd(row["ended"]) if row["ended"] else None
    return PresenceRow(id=row["id"], presence=presence, ended=ended)


class PresenceRepo:
    """Presences: one row for each person, post and shift, from arrival to leaving."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def get(self, presence_id: int) -> PresenceRow | None:
        """One presence, by its row."""
        return next(iter(await self._load(select(presences).where(presences.c.id == presence_id))), None)

    async def on_post(self, post: PostCode) -> list[PresenceRow]:
        """Everybody on that post now, in order of arrival."""
        return await self._load(select(presences).where(presences.c.post == post, _THERE))

    async def lately_on_post(self, post: PostCode, since: datetime) -> list[PresenceRow]:
        """Everybody who was on that post after ``since``, or is there; not arrivals that were taken back."""
        there = presences.c.ended.is_(None) | (presences.c.ended != PresenceEnd.UNDONE)
        lately = _THERE | (presences.c.until > since)
        return await self._load(select(presences).where(presences.c.post == post, lately, there))

    async def of_person(self, person: PersonId) -> PresenceRow | None:
        """Where that person is on post now; the latest arrival should there be two."""
        rows = await self._load(select(presences).where(presences.c.person == person, _THERE))
        return rows[-1] if rows else None

    async def lately_of(self, person: PersonId, since: datetime) -> list[PresenceRow]:
        """Where that person was after ``since``, or is; not arrivals that were taken back."""
        there = presences.c.ended.is_(None) | (presences.c.ended != PresenceEnd.UNDONE)
        lately = _THERE | (presences.c.until > since)
        return await self._load(select(presences).where(presences.c.person == person, lately, there))

    async def came_off(
        self, people: Collection[PersonId], since: datetime, *, but: ShiftKey | None = None
    ) -> frozenset[PersonId]:
        """Who of them came off a shift after ``since``, other than ``but``, and stands nowhere now."""
        worked = presences.c.ended.in_(_WORKED)
        off = worked & (presences.c.until > since) & (presences.c.shift != (but or ""))
        found: dict[PersonId, bool] = {}
        for batch in batches(people):
            own = select(presences.c.person, _THERE).where(presences.c.person.in_(batch), _THERE | off)
            for person, there in await self._conn.execute(own):
                found[person] = bool(there) or found.get(person, False)
        return frozenset(person for person, there in found.items() if not there)

    async def stayed(
        self, keys: Collection[ShiftKey], now: datetime
    ) -> dict[tuple[PersonId, ShiftKey], datetime]:
        """Until when people stayed beyond the end of those shifts; ``now`` for who is kept on still."""
        kept_on = _THERE & presences.c.ended.is_not(None)
        whole = select(presences.c.person, presences.c.shift, presences.c.until)
        query = whole.join(shifts, shifts.c.key == presences.c.shift)
        found: dict[tuple[PersonId, ShiftKey], datetime] = {}
        for batch in batches(keys):
            beyond = query.where(presences.c.shift.in_(batch), kept_on | (presences.c.until > shifts.c.end))
            for person, shift, until in await self._conn.execute(beyond):
                found[person, shift] = max(until or now, found.get((person, shift), until or now))
        return found

    async def desks_kept_by(self, person: PersonId) -> list[UnitCode]:
        """The units at whose duty-desk post that person is now."""
        desks = select(posts.c.unit).where(posts.c.kind == DUTY_DESK, posts.c.removed_at.is_(None))
        his = desks.join(presences, presences.c.post == posts.c.code)
        found = his.where(presences.c.person == person, _THERE).distinct()
        return list(await self._conn.scalars(found.order_by(posts.c.unit)))

    async def during(self, shift: ShiftKey) -> list[PresenceRow]:
        """Everybody who was on post in that shift at any time, in order of arrival.

        Not those who left again before it began, nor those whose arrival was taken back.
        """
        start = select(shifts.c.start).where(shifts.c.key == shift).scalar_subquery()
        in_it = _THERE | (presences.c.until > start)
        there = presences.c.ended.is_(None) | (presences.c.ended != PresenceEnd.UNDONE)
        return await self._load(select(presences).where(presences.c.shift == shift, in_it, there))

    async def arrive(self, presence: Presence) -> int:
        """Write a presence down; returns its row's id."""
        row = {
            "person": presence.person,
            "post": presence.post,
            "shift": presence.shift,
            "since": presence.since,
            "until": presence.until,
            "channel": presence.channel,
            "by": presence.by,
        }
        written = await self._conn.execute(insert(presences).values(row).returning(presences.c.id))
        return int(written.scalar_one())

    async def end(self, presence_id: int, until: datetime, ended: PresenceEnd) -> bool:
        """End a presence. False when it had ended already."""
        return await self.end_many([presence_id], until, ended) == 1

    async def end_many(self, ids: Collection[int], until: datetime, ended: PresenceEnd) -> int:
        """End those presences that have not ended yet; returns how many."""
        count = 0
        for batch in batches(ids):
            ending = (
                update(presences).where(presences.c.id.in_(batch), _THERE).values(until=until, ended=ended)
            )
            count += (await self._conn.execute(ending)).rowcount
        return count

    async def keep_on(self, ids: Collection[int]) -> None:
        """Their shift has ended, and they are there all the same until that ends too."""
        for batch in batches(ids):
            staying = update(presences).where(presences.c.id.in_(batch))
            await self._conn.execute(staying.values(until=None, ended=PresenceEnd.SHIFT_END))

    async def reopen(self, presence_id: int) -> bool:
        """Take an ending back. False when that presence has not ended."""
        gone = (presences.c.id == presence_id) & presences.c.until.is_not(None)
        written = await self._conn.execute(update(presences).where(gone).values(until=None, ended=None))
        return bool(written.rowcount)

    async def carry(self, presence_id: int, shift: Shift) -> int | None:
        """Carry somebody over into the shift that follows: the presence ends at its start, a new one begins.

        Each row thus belongs to one shift. Returns the new row's id; None when he is no longer on post.
        """
        current = await self.get(presence_id)
        if current is None:
            return None
        before = current.presence
        since = max(before.since, shift.start)
        if not await self.end(presence_id, since, PresenceEnd.SHIFT_END):
            return None
        return await self.arrive(
            Presence(
                person=before.person,
                post=shift.post,
                shift=shift.key,
                since=since,
                until=None,
                channel=before.channel,
                by=before.by,
            )
        )

    async def counts(self, posts: Collection[PostCode]) -> dict[PostCode, int]:
        """How many are on each of those posts now, zeros too; not those who are kept on."""
        found = dict.fromkeys(posts, 0)
        for batch in batches(found):
            query = select(presences.c.post, func.count(presences.c.person.distinct())).where(
                presences.c.post.in_(batch), _THERE, presences.c.ended.is_(None)
            )
            for post, count in await self._conn.execute(query.group_by(presences.c.post)):
                found[post] = count
        return found

    async def _load(self, query: Select[*tuple[object, ...]]) -> list[PresenceRow]:
        rows = await self._conn.execute(query.order_by(presences.c.since, presences.c.id))
        return _values(rows.mappings().all())


def _values(rows: Sequence[RowMapping]) -> list[PresenceRow]:
    return [presence_of(row) for row in rows]
