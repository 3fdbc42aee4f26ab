"""The inbox: what came in, raw, each once under the provider's own id."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, RowMapping, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.rows import InboxItem
from notifier.store.statements import batches, insert_or
from notifier.store.tables import inbox

_NEW: ColumnElement[bool] = inbox.c.state == literal_column("'new'")


class InboxRepo:
    """An item is new until it is done, or failed for good."""

    def __init__(self, conn: AsyncConnection) -> None:
        """Work in this transaction."""
        self._conn = conn

    async def store(self, items: Sequence[InboxItem]) -> list[int]:
        """Keep what came in; what is known already is left alone. The ids of the new ones, in order."""
        if not items:
            return []
        unique = ["source", "account", "provider_id"]
        insert = insert_or(self._conn, inbox).on_conflict_do_nothing(index_elements=unique)
        stored = await self._conn.scalars(insert.returning(inbox.c.id), [_values(item) for item in items])
        return sorted(stored)

    async def new(self, limit: int) -> list[InboxItem]:
        """The oldest new items. They are this transaction's until it ends."""
        found = await self._conn.execute(
            select(inbox).where(_NEW).order_by(inbox.c.id).limit(limit).with_for_update(skip_locked=True)
        )
        return [_item(row) for row in found.mappings()]

    async def done(self, ids: Iterable[int]) -> None:
        """They have been seen to."""
        for batch in batches(ids):
            await self._conn.execute(update(inbox).where(inbox.c.id.in_(batch)).values(state="done"))

    async def retry(self, item: int, error: str) -> None:
        """It stays new; the try and its error are kept."""
        again = {"tries": inbox.c.tries + 1, "error": error}
        await self._conn.execute(update(inbox).where(inbox.c.id == item).values(again))

    async def fail(self, item: int, error: str) -> None:
        """Give it up; the row stays to be looked at until its age is past."""
        given_up = {"tries": inbox.c.tries + 1, "error": error, "state": "failed"}
        await self._conn.execute(update(inbox).where(inbox.c.id == item).values(given_up))

    async def depth(self) -> int:
        """How many are new."""
        return await self._conn.scalar(select(func.count()).select_from(inbox).where(_NEW)) or 0


def _values(item: InboxItem) -> dict[str, object]:
    return {
        "source": item.source,
        "account": item.account,
        "provider_id": item.provider_id,
        "payload": item.payload,
        "received_at": item.received_at,
        "state": "new",
        "tries": 0,
    }


def _item(row: RowMapping) -> InboxItem:
    return InboxItem(
        id=row["id"],
        source=row["source"],
        account=row["account"],
        provider_id=row["provider_id"],
        payload=row["payload"],
        received_at=row["received_at"],
        tries=row["tries"],
    )
