"""Broadcasts, and how each unit passes one on."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import BroadcastId, PersonId, UnitCode
from notifier.errors import NotFound
from notifier.store.rows import Broadcast, Relay
from notifier.store.statements import insert_or, locking
from notifier.store.tables import broadcasts, relays

PREPARING = "preparing"


def broadcast_of(row: RowMapping) -> Broadcast:
    """The value of one row."""
    return Broadcast(
        id=row["id"],
        kind=row["kind"],
        title=row["title"],
        body=row["body"],
        author=row["author"],
        audience=tuple(row["audience"]),
        relay=row["relay"],
        state=row["state"],
        created_at=row["created_at"],
        start_at=row["start_at"],
        reply_by=row["reply_by"],
        first_summary_at=row["first_summary_at"],
        final_summary_at=row["final_summary_at"],
    )


def broadcast_row(broadcast: Broadcast) -> dict[str, object]:
    """The row of a broadcast, without its id."""
    return {
        "kind": broadcast.kind,
        "title": broadcast.title,
        "body": broadcast.body,
        "author": broadcast.author,
        "audience": list(broadcast.audience),
        "relay": broadcast.relay,
        "state": broadcast.state,
        "created_at": broadcast.created_at,
        "start_at": broadcast.start_at,
        "reply_by": broadcast.reply_by,
        "first_summary_at": broadcast.first_summary_at,
        "final_summary_at": broadcast.final_summary_at,
    }


def relay_of(row: RowMapping) -> Relay:
    """The value of one row."""
    return Relay(
        broadcast=row["broadcast"],
        unit=row["unit"],
        members=row["members"],
        asked=row["asked"],
        relayed=row["relayed"],
        flagged=row["flagged"],
        answered_at=row["answered_at"],
        answered_by=row["answered_by"],
    )


def relay_row(relay: Relay) -> dict[str, object]:
    """The row of a relay."""
    return {
        "broadcast": relay.broadcast,
        "unit": relay.unit,
        "members": relay.members,
        "asked": relay.asked,
        "relayed": relay.relayed,
        "flagged": relay.flagged,
        "answered_at": relay.answered_at,
        "answered_by": relay.answered_by,
    }


class BroadcastRepo:
    """Broadcasts and relays. Their messages are the message repository's."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work inside the transaction of ``conn``."""
        self._conn = conn

    async def create(self, broadcast: Broadcast) -> Broadcast:
        """Write a new broadcast (id 0) and return it under its real id."""
        statement = insert(broadcasts).values(broadcast_row(broadcast)).returning(broadcasts.c.id)
        return replace(broadcast, id=(await self._conn.execute(statement)).scalar_one())

    async def get(self, broadcast: BroadcastId) -> Broadcast | None:
        """One broadcast; in a transaction that writes, nobody else changes it until the end."""
        query = select(broadcasts).where(broadcasts.c.id == broadcast)
        rows = await self._conn.execute(locking(self._conn, query))
        row = rows.mappings().one_or_none()
        return broadcast_of(row) if row else None

    async def set_state(self, broadcast: BroadcastId, state: str, *, only_from: Iterable[str] = ()) -> bool:
        """Put it into that state, if it is in one of ``only_from`` (where given). False when it was not."""
        states = list(only_from)
        allowed = [broadcasts.c.state.in_(states)] if states else []
        changing = update(broadcasts).where(broadcasts.c.id == broadcast, *allowed).values(state=state)
        return bool((await self._conn.execute(changing)).rowcount)

    async def stamp_summary(self, broadcast: BroadcastId, at: datetime, *, final: bool) -> bool:
        """Note that the first (or final) summary went out. False when it had already: send none."""
        column = broadcasts.c.final_summary_at if final else broadcasts.c.first_summary_at
        unsent = (broadcasts.c.id == broadcast) & column.is_(None)
        stamping = update(broadcasts).where(unsent).values({column: at})
        return bool((await self._conn.execute(stamping)).rowcount)

    async def listing(
        self, limit: int | None = None, state: str | None = None, *, before: BroadcastId | None = None
    ) -> list[Broadcast]:
        """Broadcasts (in that state; of before that one), newest first."""
        wanted = [broadcasts.c.state == state] if state else []
        wanted += [broadcasts.c.id < before] if before is not None else []
        query = select(broadcasts).where(*wanted).order_by(broadcasts.c.id.desc()).limit(limit)
        return [broadcast_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def abandoned(self, before: datetime) -> list[Broadcast]:
        """Those still being prepared that were begun before that time: whoever did so has died."""
        stale = (broadcasts.c.state == PREPARING) & (broadcasts.c.created_at < before)
        rows = await self._conn.execute(select(broadcasts).where(stale).order_by(broadcasts.c.id))
        return [broadcast_of(row) for row in rows.mappings()]

    async def relays(
        self, broadcast: BroadcastId, *, after: str = "", limit: int | None = None
    ) -> list[Relay]:
        """How every unit stands, by unit code; behind ``after``, at most ``limit`` of them."""
        query = select(relays).where(relays.c.broadcast == broadcast, relays.c.unit > after)
        query = query.order_by(relays.c.unit).limit(limit)
        return [relay_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def put_relays(self, wanted: Iterable[Relay]) -> None:
        """Write relays down; those that are there already stay as they are."""
        if rows := [relay_row(relay) for relay in wanted]:
            await self._conn.execute(insert_or(self._conn, relays).on_conflict_do_nothing(), rows)

    async def relay(self, broadcast: BroadcastId, unit: UnitCode) -> Relay | None:
        """How one unit stands, held as by ``get``."""
        query = select(relays).where(_one(broadcast, unit))
        rows = await self._conn.execute(locking(self._conn, query))
        row = rows.mappings().one_or_none()
        return relay_of(row) if row else None

    async def set_asked(self, broadcast: BroadcastId, unit: UnitCode, person: PersonId | None) -> None:
        """Note whom the unit's relay was asked of."""
        await self._conn.execute(update(relays).where(_one(broadcast, unit)).values(asked=person))

    async def unanswered(self, unit: UnitCode, asked: PersonId) -> list[Relay]:
        """The unit's relays that were asked of that person and have no count yet, oldest first."""
        waiting = (relays.c.unit == unit, relays.c.asked == asked, relays.c.answered_at.is_(None))
        query = select(relays).where(*waiting).order_by(relays.c.broadcast)
        return [relay_of(row) for row in (await self._conn.execute(query)).mappings()]

    async def answer_relay(
        self, broadcast: BroadcastId, unit: UnitCode, *, relayed: int, by: PersonId | None, at: datetime
    ) -> Relay:
        """Keep a unit's count; more than there are members is kept and flagged. A later count replaces it.

        Raises NotFound when that unit was not asked about that broadcast.
        """
        answer = {
            "relayed": relayed,
            "flagged": relays.c.members < relayed,
            "answered_at": at,
            "answered_by": by,
        }
        answering = update(relays).where(_one(broadcast, unit)).values(answer).returning(*relays.c)
        row = (await self._conn.execute(answering)).mappings().one_or_none()
        if row is None:
            raise NotFound(f"unit {unit} has no relay of broadcast {broadcast}")
        return relay_of(row)

    async def undo_relay(self, broadcast: BroadcastId, unit: UnitCode) -> bool:
        """Take a unit's count back. False when it had given none."""
        answered = _one(broadcast, unit) & relays.c.answered_at.is_not(None)
        blank = {"relayed": None, "flagged": False, "answered_at": None, "answered_by": None}
        return bool((await self._conn.execute(update(relays).where(answered).values(blank))).rowcount)


def _one(broadcast: BroadcastId, unit: UnitCode) -> ColumnElement[bool]:
    return (relays.c.broadcast == broadcast) & (relays.c.unit == unit)
