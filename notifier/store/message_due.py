"""When there is something to do: cheap looks that keep idle loops from asking for the writer."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from notifier.domain.message import Lane, MessageState
from notifier.store.message_base import MessagePart
from notifier.store.message_values import in_states
from notifier.store.tables import messages


class MessageDue(MessagePart):
    """What is due, and when."""

    async def has_queued(self, account: str, lanes: Sequence[Lane], now: datetime) -> bool:
        """Whether ``claim`` would find anything for that account in those lanes."""
        for lane in lanes:
            waiting = select(messages.c.id).where(
                messages.c.account == account,
                messages.c.lane == lane,
                messages.c.not_before <= now,
                in_states(MessageState.QUEUED),
            )
            if await self._conn.scalar(waiting.limit(1)) is not None:
                return True
        return False

    async def next_release(self, account: str) -> datetime | None:
        """The next time at which a queued message of that account may go."""
        queued = (messages.c.account == account, in_states(MessageState.QUEUED))
        times = [
            await self._conn.scalar(
                select(func.min(messages.c.not_before)).where(*queued, messages.c.lane == lane)
            )
            for lane in Lane
        ]
        return min((moment for moment in times if moment is not None), default=None)

    async def oldest_call_waiting(self, accounts: Sequence[str], released_by: datetime) -> datetime | None:
        """When the oldest call was queued that no carrier has taken yet though it may go out by that time."""
        oldest = select(func.min(messages.c.created_at)).where(
            in_states(MessageState.QUEUED),
            messages.c.account.in_(accounts),
            messages.c.lane == Lane.ESCALATION,
            messages.c.not_before <= released_by,
            messages.c.call,
        )
        found: datetime | None = await self._conn.scalar(oldest)
        return found

    async def next_deadline(self) -> datetime | None:
        """The next time at which a fallback falls due or a queued message expires."""
        falls_back = await self._conn.scalar(
            select(func.min(messages.c.fallback_at)).where(messages.c.fallback_at.is_not(None))
        )
        expires = await self._conn.scalar(
            select(func.min(messages.c.expires_at)).where(
                in_states(MessageState.QUEUED), messages.c.expires_at.is_not(None)
            )
        )
        return min((moment for moment in (falls_back, expires) if moment is not None), default=None)
