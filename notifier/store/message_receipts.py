"""What carriers and people say about messages later: receipts and answers only lift them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import update

from notifier.domain.ids import MatterId, MessageId, PersonId
from notifier.domain.joining import is_list
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.store.message_base import MessagePart
from notifier.store.message_values import S, answered, receipted
from notifier.store.rows import StoredMessage
from notifier.store.tables import messages


class MessageReceipts(MessagePart):
    """In whatever order and however often they come."""

    async def record_receipt(
        self,
        channel: ChannelName,
        provider_id: str,
        message_id: MessageId | None,
        state: MessageState,
        code: str | None,
        now: datetime,
    ) -> StoredMessage | None:
        """Lift the message by a receipt (SENT, DELIVERED or FAILED), found by its id, else by provider id.

        The message as it is after; ``sent_at``, ``delivered_at`` or ``ended_at`` equal to ``now`` tells
        that it changed. A failure of an earlier attempt changes nothing. A failure leaves ``fallback_at``:
        falling back is the caller's. None: no such message (yet: our own record may still be on its way).
        """
        row = await self._find(channel, provider_id, message_id)
        if row is None:
            return None
        after = receipted(row, state, provider_id, code, now)
        if after != row:
            await self._write_back([after])
            await self._take_along([after])
        return after

    async def mark_answered(self, message_id: MessageId, now: datetime) -> StoredMessage | None:
        """Its reader tapped or replied to it: it is delivered and answered, and falls back no more."""
        rows = await self._held(messages.c.id == message_id)
        rows += await self._seen_with(rows)
        after = [answered(row, now) for row in rows]
        await self._write_back(after)
        await self._take_along(after)
        return after[0] if after else None

    async def answered_by_person(self, person: PersonId, matter: MatterId, now: datetime) -> list[MessageId]:
        """The person answered the matter: what was sent of it is answered, and none of it falls back.

        The ids of those that had no answer before.
        """
        his = (messages.c.person == person, messages.c.matter == matter)
        rows = [row for row in await self._held(*his) if row.state in (S.SENT, S.DELIVERED)]
        fresh = [row.id for row in rows if row.answered_at is None]
        await self._write_back([answered(row, now) for row in rows])
        waiting = (*his, messages.c.fallback_at.is_not(None))
        await self._conn.execute(update(messages).where(*waiting).values(fallback_at=None))
        return fresh

    async def _seen_with(self, rows: Sequence[StoredMessage]) -> list[StoredMessage]:
        """The other rows behind a list that somebody sees: each change of it was a message of its own."""
        if not rows or not is_list(rows[0].key) or rows[0].provider_id is None:
            return []
        seen = rows[0]
        same = (messages.c.provider_id == seen.provider_id, messages.c.address == seen.address)
        return await self._held(*same, messages.c.account == seen.account, messages.c.id != seen.id)

    async def _find(
        self, channel: ChannelName, provider_id: str, message_id: MessageId | None
    ) -> StoredMessage | None:
        if message_id is not None:
            rows = await self._held(messages.c.id == message_id, messages.c.channel == channel.value)
            if rows:
                return rows[0]
        rows = await self._held(messages.c.provider_id == provider_id, messages.c.channel == channel.value)
        return rows[-1] if rows else None
