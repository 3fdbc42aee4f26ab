"""Not more than so many messages an hour to one person: what is too many waits, and comes as one digest.

Calls and answers are never held back, nor is what somebody has sent by hand to many: it counts, but it would
come cut short in a digest.
"""

from dataclasses import replace
from datetime import datetime

from notifier.domain.ids import MessageId
from notifier.domain.joining import HOUR, digest_at, held_until
from notifier.domain.message import Draft, Lane, MessageState
from notifier.engine.joining import STACK, Stack, list_draft
from notifier.engine.station import Station
from notifier.store.tx import Tx

HELD_BACK = "held_back"
"""The text of the list of what was held back."""

_PATIENT = frozenset({Lane.DUTY, Lane.BULK})


def may_be_held_back(draft: Draft) -> bool:
    """Whether the message may wait for a digest."""
    released = draft.not_before is not None and draft.broadcast is None
    return released and draft.lane in _PATIENT and draft.state is MessageState.QUEUED


class Ceiling:
    """Says of what is posted whether it would be one too many."""

    def __init__(self, station: Station) -> None:
        """Read the station's rules."""
        self._station = station

    async def seat(self, tx: Tx, draft: Draft, now: datetime) -> Draft:
        """The draft as it is to be queued: as it was, or riding on the digest of what is held back."""
        if draft.person is None or draft.not_before is None or not may_be_held_back(draft):
            return draft
        ceiling = (await self._station.rules.current(tx)).ceiling
        said = await tx.messages.said_patiently(draft.person, now - HOUR)
        over = held_until(said, ceiling)
        if over is None or await tx.messages.is_known(draft.key):
            return draft
        goes_at = max(draft.not_before, digest_at(over, draft.expires_at, now))
        on = await self._digest(tx, draft, goes_at, now)
        fallback = draft.fallback_at
        return replace(
            draft,
            rides_on=on,
            not_before=None,
            # The other channel has its turn as long after this one as it would have had.
            fallback_at=fallback + (goes_at - draft.not_before) if fallback is not None else None,
        )

    async def _digest(self, tx: Tx, draft: Draft, goes_at: datetime, now: datetime) -> MessageId:
        """The digest that waits for that address, or a new one; it goes at ``goes_at`` at the latest."""
        if draft.person is None or draft.not_before is None:
            raise ValueError("only what is to go to somebody is held back")
        # What keeps quiet hours has a digest of its own, which does so too.
        stack = Stack(kind="quiet" if draft.not_before > now else "", template=HELD_BACK)
        told = await tx.messages.lately_told(draft.person, draft.account, draft.address, now)
        for row in told:
            waits = row.values.get(STACK) == stack.name and row.state is MessageState.QUEUED
            if waits and await tx.messages.holds_back(row.id):
                await tx.messages.hasten(row.id, goes_at)
                return row.id
        head = replace(list_draft(draft, stack, goes_at), lane=Lane.DUTY, expires_at=None)
        [(on, _)] = await tx.messages.queue([head], now)
        return on
