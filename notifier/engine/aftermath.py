"""What follows when a message does not arrive: the other channel, then the next in the chain."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.case import CallFailed
from notifier.domain.message import MessageState
from notifier.engine.apart import apart
from notifier.engine.cases import Cases
from notifier.engine.joining import as_asked
from notifier.engine.letters import Letters, occasion
from notifier.engine.station import Station
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx

SWEEP_SIZE = 100

_ALIVE = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.UNCERTAIN,
        MessageState.WITHHELD,
    }
)


class Aftermath:
    """Falls back to the other channel, and lets the chain go on where there is none."""

    def __init__(self, station: Station, letters: Letters, cases: Cases) -> None:
        """Work with the station's letters and cases."""
        self._station = station
        self._letters = letters
        self._cases = cases

    async def sweep(self, now: datetime) -> bool:
        """One set of messages whose fallback is due or that are no longer worth sending; True if any."""
        async with self._station.db.write() as tx:
            await tx.cases.decide_alone()
            late = await tx.messages.due_fallbacks(now, SWEEP_SIZE)
            for message in late:
                await tx.messages.clear_fallback([message.id])
                async with apart(tx, "fallback", message.id):
                    await self._try_other_channel(tx, message, now)
            expired = await tx.messages.expire_due(now, SWEEP_SIZE)
            await self.failed(tx, expired, now)
        if late or expired:
            self._station.wake.ring("send", "watch")
        return bool(late or expired)

    async def failed(self, tx: Tx, messages: Sequence[StoredMessage], now: datetime) -> None:
        """These have failed for good (or expired): fall back at once, else the chain goes on."""
        for message in [ask for one in messages for ask in await as_asked(tx, one, one.state)]:
            await tx.messages.clear_fallback([message.id])
            async with apart(tx, "fallback", message.id):
                await self._try_other_channel(tx, message, now)
            if message.case is not None and message.call and message.person is not None:
                async with apart(tx, "next call", message.id):
                    await self._give_up_if_nothing_is_left(tx, message, now)

    async def _try_other_channel(self, tx: Tx, message: StoredMessage, now: datetime) -> None:
        if message.state is MessageState.EXPIRED:
            return
        posted = await self._letters.fall_back(tx, message, now)
        if posted is not None and message.state is MessageState.QUEUED:
            # It has not gone out and now goes the other way: sent on both it would be a double.
            await tx.messages.cancel_queued(now, ids=[message.id])

    async def _give_up_if_nothing_is_left(self, tx: Tx, message: StoredMessage, now: datetime) -> None:
        if message.case is None or message.person is None:
            return
        # Of this call alone: an earlier one may have arrived, and still nothing of this one ever will.
        siblings = [m for m in await tx.messages.of_case(message.case) if occasion(m) == occasion(message)]
        if any(m.state in _ALIVE for m in siblings):
            return
        event = CallFailed(person=message.person, reason=message.error or message.state)
        await self._cases.happen(tx, message.case, event, now)
