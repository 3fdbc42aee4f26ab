"""A broadcast's messages: released and counted by recipient, each in exactly one state."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, case, func, select

from notifier.domain.ids import BroadcastId, MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.store.message_base import SET_SIZE, MessagePart
from notifier.store.message_values import BEST_FIRST, S, in_states
from notifier.store.tables import messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """How one recipient of a broadcast stands: his best message speaks for him, any answer counts."""

    person: PersonId
    state: MessageState
    channel: ChannelName
    error: str | None
    sent_at: datetime | None
    delivered_at: datetime | None
    answered_at: datetime | None


class MessageRecipients(MessagePart):
    """Messages that carry the broadcast's id are its recipients'; asks to relay must not carry it."""

    async def release_broadcast(self, broadcast: BroadcastId, now: datetime, limit: int = SET_SIZE) -> int:
        """Let at most ``limit`` of its messages out. Call again until it returns 0."""
        unreleased = (messages.c.broadcast == broadcast, in_states(S.QUEUED), messages.c.not_before.is_(None))
        some = select(messages.c.id).where(*unreleased).order_by(messages.c.id).limit(limit)
        return (await self._count_changed(some, {"not_before": now})).total()

    async def recipient_states(self, broadcast: BroadcastId) -> dict[MessageState, int]:
        """How many recipients stand in each state, zeros too; the sum is the number of recipients."""
        best = (
            select(func.min(_rank()).label("rank"))
            .where(messages.c.broadcast == broadcast)
            .group_by(messages.c.person)
            .subquery()
        )
        counted = await self._conn.execute(select(best.c.rank, func.count()).group_by(best.c.rank))
        return dict.fromkeys(S, 0) | {BEST_FIRST[rank]: number for rank, number in counted}

    async def recipient_rows(
        self,
        broadcast: BroadcastId,
        *,
        state: MessageState | None = None,
        after: PersonId | None = None,
        limit: int | None = None,
    ) -> list[Recipient]:
        """Recipients in order of person id, from behind ``after`` on; None does not filter."""
        best = _best_messages(broadcast)
        query = select(*(best.c[name] for name in _RECIPIENT)).where(best.c.place == 1)
        if state is not None:
            query = query.where(best.c.state == state.value)
        if after is not None:
            query = query.where(best.c.person > after)
        found = await self._conn.execute(query.order_by(best.c.person).limit(limit))
        return [_recipient(row) for row in found.all()]

    async def uncertain_of(self, broadcast: BroadcastId) -> list[MessageId]:
        """The messages of those recipients of whom it is not known whether any reached them."""
        best = _best_messages(broadcast)
        unsure = (best.c.place == 1) & (best.c.state == S.UNCERTAIN.value)
        query = select(best.c.id).where(unsure).order_by(best.c.id)
        return [MessageId(number) for number in await self._conn.scalars(query)]

    async def still_going(self, broadcasts: Collection[BroadcastId]) -> set[BroadcastId]:
        """Those of which messages have not gone out yet."""
        ahead = messages.c.broadcast.in_(list(broadcasts)) & in_states(S.QUEUED, S.SENDING)
        found = await self._conn.scalars(select(messages.c.broadcast).where(ahead).distinct())
        return {BroadcastId(number) for number in found if number is not None}

    async def confirmed(self, broadcast: BroadcastId) -> int:
        """How many recipients answered."""
        who = select(func.count(messages.c.person.distinct()))
        told = who.where(messages.c.broadcast == broadcast, messages.c.answered_at.is_not(None))
        return await self._conn.scalar(told) or 0


_RECIPIENT = ("person", "state", "channel", "error", "sent_at", "delivered_at", "answered_at")


def _rank() -> ColumnElement[int]:
    places = {state.value: place for place, state in enumerate(BEST_FIRST)}
    return case(places, value=messages.c.state)


def _best_messages(broadcast: BroadcastId) -> CTE:
    person = messages.c.person
    place = func.row_number().over(partition_by=person, order_by=(_rank(), messages.c.id))
    answered_at = func.min(messages.c.answered_at).over(partition_by=person)
    plain = [messages.c[name] for name in ("id", *_RECIPIENT) if name != "answered_at"]
    chosen = select(*plain, answered_at.label("answered_at"), place.label("place"))
    return chosen.where(messages.c.broadcast == broadcast).cte("best")


def _recipient(row: Sequence[Any]) -> Recipient:
    fields = dict(zip(_RECIPIENT, row, strict=True))
    fields["state"] = MessageState(fields["state"])
    fields["channel"] = ChannelName(fields["channel"])
    return Recipient(**fields)
