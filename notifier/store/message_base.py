"""What the parts of the message repository share: loading rows to change them, and writing them back."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Update, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import MessageId
from notifier.domain.joining import is_list
from notifier.store.message_values import carried, stored
from notifier.store.rows import StoredMessage
from notifier.store.statements import batches, listed
from notifier.store.tables import messages

_CHANGING = (
    "state",
    "error",
    "repeated",
    "provider_id",
    "not_before",
    "fallback_at",
    "sent_at",
    "delivered_at",
    "answered_at",
    "ended_at",
)
_WRITE_BACK = (
    update(messages)
    .where(messages.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)

SET_SIZE = 1000
"""How many rows one statement changes where a whole broadcast is meant."""


class MessagePart:
    """One part of the repository, in one transaction."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def _all(self, query: Select[Any]) -> list[StoredMessage]:
        return [stored(row) for row in (await self._conn.execute(query)).mappings()]

    async def _held(self, *conditions: ColumnElement[bool]) -> list[StoredMessage]:
        """The rows, which nobody else changes before this transaction ends; in order of id, so that two
        who want the same wait for each other and do not deadlock.
        """
        return await self._all(select(messages).where(*conditions).order_by(messages.c.id).with_for_update())

    async def _held_by_id(self, ids: Iterable[MessageId]) -> dict[MessageId, StoredMessage]:
        held: dict[MessageId, StoredMessage] = {}
        for batch in batches(sorted(set(ids))):
            held.update((row.id, row) for row in await self._held(messages.c.id.in_(batch)))
        return held

    async def _lock(self, ids: Iterable[MessageId]) -> None:
        """Have the rows to ourselves, in order of id, without reading them. SQLite has one writer anyway."""
        if self._conn.dialect.name == "sqlite":
            return
        these = listed(self._conn, (messages.c.id,), ((number,) for number in ids))
        rows = select(messages.c.id).where(messages.c.id.in_(select(these.c.id))).order_by(messages.c.id)
        (await self._conn.execute(rows.with_for_update(of=messages))).close()

    async def _write_back(self, rows: Sequence[StoredMessage]) -> None:
        changed = [
            {"row_id": row.id, **{f"new_{name}": getattr(row, name) for name in _CHANGING}} for row in rows
        ]
        if changed:
            await self._conn.execute(_WRITE_BACK, changed)

    async def _take_along(self, changed: Iterable[StoredMessage]) -> None:
        """Let what rides on those of them that are lists share their fate."""
        lists = {row.id: row for row in changed if is_list(row.key)}
        if not lists:
            return
        riders = await self._held(messages.c.rides_on.in_(lists))
        after = [carried(rider, lists[rider.rides_on]) for rider in riders if rider.rides_on is not None]
        await self._write_back([row for row, before in zip(after, riders, strict=True) if row != before])

    async def _change_some(
        self,
        values: dict[str, Any],
        *conditions: ColumnElement[bool],
        order_by: Sequence[ColumnElement[Any]] = (messages.c.id,),
        limit: int,
    ) -> list[StoredMessage]:
        """Change the first ``limit`` rows that nobody else is changing; give them back as they are now."""
        picked = select(messages.c.id).where(*conditions).order_by(*order_by).limit(limit)
        change = _change_picked(picked.with_for_update(skip_locked=True), values).returning(messages)
        return [stored(row) for row in (await self._conn.execute(change)).mappings()]

    async def _count_changed(self, picked: Select[Any], values: dict[str, Any]) -> Counter[str]:
        """Change the picked rows, waiting for whoever is changing them; how many are in which state now."""
        change = _change_picked(picked.with_for_update(), values)
        # Counted from what comes back: the driver knows no row count of a statement that begins with WITH.
        return Counter(await self._conn.scalars(change.returning(messages.c.state)))


def _change_picked(picked: Select[Any], values: dict[str, Any]) -> Update:
    # A CTE, since PostgreSQL may run a plain subquery more than once and so pick more than its limit.
    ids = picked.cte("picked")
    return update(messages).where(messages.c.id.in_(select(ids.c.id))).values(values)
