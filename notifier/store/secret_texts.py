"""Texts with a code in them, once the code works no more: nobody finds it here later."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.ids import MessageId
from notifier.domain.secrecy import HIDDEN
from notifier.store.messages import MessageRepo
from notifier.store.tables import messages


async def blank_texts(conn: AsyncConnection, ids: Sequence[MessageId], now: datetime) -> None:
    """Let none of those messages go out any more, and none keep its text. ``now`` is civil."""
    if not ids:
        return
    await MessageRepo(conn).cancel_queued(now, ids=ids)
    blanking = update(messages).where(messages.c.id.in_(ids))
    await conn.execute(blanking.values(text=HIDDEN, values={}, keyboard=[], fallback_at=None))
