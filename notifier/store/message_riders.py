"""Lists, and the asks that ride on them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from notifier.domain.ids import MessageId, PersonId
from notifier.domain.joining import list_key
from notifier.domain.message import Keyboard, Lane, MessageState
from notifier.store.message_base import MessagePart
from notifier.store.message_values import in_states, stored
from notifier.store.rows import StoredMessage
from notifier.store.tables import messages

LOOKED_THROUGH = 200
"""Of one person's messages, so many of the latest are looked at."""

_GOES = tuple(
    state.value
    for state in (
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNCERTAIN,
    )
)


class MessageRiders(MessagePart):
    """What goes out together as one message."""

    async def lately_told(
        self, person: PersonId, account: str, address: str, since: datetime
    ) -> list[StoredMessage]:
        """What he was told in the course of cases at that address from then on, or is yet to be; lists too.

        The oldest first.
        """
        latest = select(messages).where(messages.c.person == person).order_by(messages.c.id.desc())
        row = latest.limit(LOOKED_THROUGH).subquery()
        recent = or_(row.c.created_at >= since, row.c.state == MessageState.QUEUED.value)
        about = or_(row.c.case.is_not(None), row.c.key.startswith(list_key("")))
        there = (row.c.account == account, row.c.address == address)
        return await self._all(select(row).where(recent, about, *there).order_by(row.c.id))

    async def said_patiently(self, person: PersonId, since: datetime) -> list[datetime]:
        """When he was told what is neither a call nor an answer after that moment, or is yet to be; in order.

        What rides on a list is that list's.
        """
        latest = select(messages).where(messages.c.person == person).order_by(messages.c.id.desc())
        row = latest.limit(LOOKED_THROUGH).subquery()
        patient = (row.c.lane >= int(Lane.DUTY), row.c.rides_on.is_(None), row.c.state.in_(_GOES))
        query = select(row.c.created_at).where(row.c.created_at > since, *patient)
        return list(await self._conn.scalars(query.order_by(row.c.created_at)))

    async def is_known(self, key: str) -> bool:
        """Whether there is a message of that key."""
        return await self._conn.scalar(select(messages.c.id).where(messages.c.key == key)) is not None

    async def hasten(self, waiting: MessageId, at: datetime) -> None:
        """Let that list go at ``at`` at the latest."""
        later = (messages.c.id == waiting, messages.c.not_before > at)
        await self._conn.execute(update(messages).where(*later).values(not_before=at))

    async def lists_to(
        self, people: Collection[PersonId], address: str, since: datetime
    ) -> list[StoredMessage]:
        """The lists that went to these people at that address from then on, the oldest first."""
        found = [await self._latest_lists(person, address, since) for person in sorted(people)]
        return sorted((one for some in found for one in some), key=lambda one: one.id)

    async def riders_of(self, lists: Collection[MessageId]) -> list[StoredMessage]:
        """Everything that rides on those lists, the oldest first."""
        return await self._all(select(messages).where(messages.c.rides_on.in_(lists)).order_by(messages.c.id))

    async def board(self, on: MessageId, ids: Sequence[MessageId]) -> int:
        """Let these messages ride on that list, as far as they wait still and were never tried; how many."""
        boarding = update(messages).where(
            messages.c.id.in_(ids), in_states(MessageState.QUEUED), messages.c.attempts == 0
        )
        return (await self._conn.execute(boarding.values(rides_on=on, not_before=None))).rowcount

    async def holds_back(self, waiting: MessageId) -> bool:
        """Whether that list waits still; then it does not go before this transaction ends."""
        # Never waited for: whoever has it is about to send it.
        free = select(messages.c.id).where(messages.c.id == waiting, in_states(MessageState.QUEUED))
        return await self._conn.scalar(free.with_for_update(skip_locked=True)) is not None

    async def write_list(
        self,
        claimed: MessageId,
        *,
        text: str,
        keyboard: Keyboard,
        values: Mapping[str, object],
        edits: str | None,
    ) -> None:
        """What a list says, now that it goes."""
        said: dict[str, Any] = {
            "text": text,
            "keyboard": [[[button.label, button.data] for button in row] for row in keyboard],
            "values": dict(values),
            "edits": edits,
        }
        await self._conn.execute(update(messages).where(messages.c.id == claimed).values(said))

    async def withdraw(self, claimed: StoredMessage, now: datetime) -> None:
        """It was claimed and there is nothing left to say: neither it nor what rides on it goes out."""
        ended = {"state": MessageState.CANCELLED.value, "ended_at": now}
        ending = update(messages).where(messages.c.id == claimed.id).values(ended).returning(messages)
        await self._take_along([stored(row) for row in (await self._conn.execute(ending)).mappings()])

    async def _latest_lists(self, person: PersonId, address: str, since: datetime) -> list[StoredMessage]:
        latest = select(messages).where(messages.c.person == person).order_by(messages.c.id.desc())
        row = latest.limit(LOOKED_THROUGH).subquery()
        lists = (row.c.key.startswith(list_key("")), row.c.address == address)
        went = row.c.state.in_((MessageState.SENT.value, MessageState.DELIVERED.value))
        at = func.coalesce(row.c.sent_at, row.c.created_at)
        return await self._all(select(row).where(*lists, went, at >= since))
