"""How messages end unsent, and when the next channel is tried."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, or_, select, update
from sqlalchemy import case as when

from notifier.domain.ids import BroadcastId, CaseId, MatterId, MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.store.message_base import SET_SIZE, MessagePart
from notifier.store.message_values import S, in_states
from notifier.store.rows import StoredMessage
from notifier.store.statements import batches
from notifier.store.tables import matters, messages
from notifier.store.types import UtcTime


class MessageEnds(MessagePart):
    """Cancelling, expiring, falling back."""

    async def cancel_calls(self, case: CaseId, person: PersonId | None, now: datetime) -> int:
        """Cancel a case's calls that are still queued, one person's or (None) everybody's. How many.

        One that is being sent just now cannot be stopped, but it does not go out a second time; and neither
        that one nor one that has gone out falls back any more.
        """
        calls = and_(messages.c.case == case, messages.c.call.is_(True))
        which = calls if person is None else calls & (messages.c.person == person)
        cancelled = await self._cancel(which, now)
        waiting = select(messages.c.id).where(which, messages.c.fallback_at.is_not(None))
        await self._count_changed(waiting.order_by(messages.c.id), {"fallback_at": None})
        return cancelled

    async def cancel_queued(
        self,
        now: datetime,
        *,
        ids: Collection[MessageId] | None = None,
        matter: MatterId | None = None,
        case: CaseId | None = None,
    ) -> int:
        """Cancel what is still queued of these messages, this matter, this case: all that is given must hold.

        How many. Raises ValueError when nothing is given: that would be everything.
        """
        conditions: list[ColumnElement[bool]] = []
        if ids is not None:
            conditions.append(messages.c.id.in_(ids))
        if matter is not None:
            # Through its person, who has an index.
            whose = select(matters.c.person).where(matters.c.id == matter).scalar_subquery()
            conditions += [messages.c.person == whose, messages.c.matter == matter]
        if case is not None:
            conditions.append(messages.c.case == case)
        if not conditions:
            raise ValueError("say which messages to cancel")
        return await self._cancel(and_(*conditions), now)

    async def cancel_broadcast(self, broadcast: BroadcastId, now: datetime, limit: int = SET_SIZE) -> int:
        """Cancel at most ``limit`` queued messages of a broadcast. Call again until it returns 0."""
        return await self._cancel(messages.c.broadcast == broadcast, now, limit)

    async def expire_due(self, now: datetime, limit: int) -> list[StoredMessage]:
        """End what is queued past its ``expires_at``; it does not fall back either."""
        expired = await self._change_some(
            {"state": MessageState.EXPIRED.value, "ended_at": now, "fallback_at": None},
            in_states(S.QUEUED),
            messages.c.expires_at.is_not(None),
            messages.c.expires_at <= now,
            order_by=(messages.c.expires_at,),
            limit=limit,
        )
        await self._take_along(expired)
        return expired

    async def due_fallbacks(self, now: datetime, limit: int) -> list[StoredMessage]:
        """Messages for which the next channel's time has come; they are this transaction's until it ends.

        Queue the next and ``clear_fallback`` in the same transaction.
        """
        unheard = or_(
            in_states(S.QUEUED, S.SENDING, S.UNCERTAIN, S.FAILED),
            and_(in_states(S.SENT), messages.c.call.is_(True)),
        )
        return await self._all(
            select(messages)
            .where(messages.c.fallback_at.is_not(None), messages.c.fallback_at <= now, unheard)
            .order_by(messages.c.fallback_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )

    async def clear_fallback(self, ids: Iterable[MessageId]) -> None:
        """Nothing is left for them to fall back to."""
        for batch in batches(ids):
            await self._conn.execute(
                update(messages).where(messages.c.id.in_(batch)).values(fallback_at=None)
            )

    async def _cancel(self, which: ColumnElement[bool], now: datetime, limit: int | None = None) -> int:
        # One statement for both, so that no message slips through while it changes from one to the other.
        # The queued ones come first (as it happens in the alphabet too).
        picked = select(messages.c.id).where(_CANCELLABLE, which, _not_stopped(now))
        picked = picked.order_by(messages.c.state, messages.c.id).limit(limit)
        counted = await self._count_changed(picked, _cancelled(now))
        return counted[S.CANCELLED]


_CANCELLABLE = in_states(S.QUEUED, S.SENDING)


def _not_stopped(now: datetime) -> ColumnElement[bool]:
    return or_(in_states(S.QUEUED), messages.c.expires_at.is_(None), messages.c.expires_at > now)


def _cancelled(now: datetime) -> dict[str, Any]:
    """Queued: cancelled. Being sent: should it come back to the queue, it is past its time."""
    is_queued, moment = in_states(S.QUEUED), literal(now, UtcTime())
    return {
        "state": when((is_queued, S.CANCELLED.value), else_=messages.c.state),
        "ended_at": when((is_queued, moment), else_=messages.c.ended_at),
        "expires_at": when((is_queued, messages.c.expires_at), else_=moment),
        "fallback_at": None,
    }
