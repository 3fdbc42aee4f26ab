"""Sending uncertain messages again, marked as repeats: each once, and the journal keeps who asked for it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from notifier.domain.ids import BroadcastId, MessageId
from notifier.domain.message import MessageState
from notifier.domain.secrecy import SECRET_TEMPLATES
from notifier.engine.parts import Parts
from notifier.engine.station import Actor
from notifier.errors import Conflict, InputError, NotFound
from notifier.store.rows import JournalLine
from notifier.store.statements import batches
from notifier.store.tx import Tx

RESENT: Final = "resent"
RESENT_TOGETHER = 1000
"""Messages that one transaction sends again."""


async def resend_one(parts: Parts, message: MessageId, by: Actor) -> None:
    """Send that message again. Raises NotFound, and InputError as ``Conflict`` does in ``resend``."""
    async with parts.station.db.write() as tx:
        if await tx.messages.get(message) is None:
            raise NotFound(f"there is no message {message}")
        try:
            await resend(tx, message, by, parts.station.now())
        except Conflict as error:
            raise InputError(str(error)) from None


async def resend(tx: Tx, message: MessageId, by: Actor, now: datetime) -> None:
    """Send an uncertain message again. Raises Conflict for one that is settled, or still on its way."""
    if await _again(tx, [message], by, now):
        return
    found = await tx.messages.get(message)
    if found is not None and found.template in SECRET_TEMPLATES:
        raise Conflict(f"message {message} told somebody a code; ask for a new one")
    state = found.state if found is not None else "gone"
    raise Conflict(f"message {message} is {state}; only an uncertain one is sent again")


async def resend_all(parts: Parts, by: Actor) -> int:
    """Send again all that are uncertain now. How many."""
    async with parts.station.db.read() as tx:
        # Once each, though some may become uncertain again meanwhile.
        uncertain = await tx.messages.ids_in(MessageState.UNCERTAIN)
    return await resend_these(parts, uncertain, by)


async def resend_these(parts: Parts, uncertain: Iterable[MessageId], by: Actor) -> int:
    """Send those of them again that are uncertain still, in short sets. How many."""
    resent = 0
    for some in batches(uncertain, RESENT_TOGETHER):
        async with parts.station.db.write() as tx:
            resent += len(await _again(tx, some, by, parts.station.now()))
    return resent


async def resend_broadcast(parts: Parts, broadcast: BroadcastId, by: Actor) -> int:
    """Send again to those recipients of whom it is not known whether it reached them. How many messages."""
    async with parts.station.db.read() as tx:
        uncertain = await tx.messages.uncertain_of(broadcast)
    resent = 0
    for some in batches(uncertain, RESENT_TOGETHER):
        async with parts.station.db.write() as tx:
            resent += len(await tx.messages.requeue_uncertain(some, parts.station.now()))
            await tx.signals.ring()
    if resent:
        line = JournalLine(
            at=parts.station.now(),
            event="broadcast_resent",
            subject=f"broadcast:{broadcast}",
            person=by.person,
            channel=by.channel,
            reason=str(resent),
        )
        async with parts.station.db.write() as tx:
            await tx.journal.write([line])
    return resent


async def _again(tx: Tx, ids: Sequence[MessageId], by: Actor, now: datetime) -> Sequence[MessageId]:
    """Those of them that are sent again; a line for each."""
    again = await tx.messages.requeue_uncertain(ids, now)
    if again:
        about = await tx.deliveries.subjects(again)
        await tx.journal.write(
            [
                JournalLine(
                    at=now,
                    event=RESENT,
                    case=about[message].case,
                    unit=about[message].unit,
                    subject=about[message].person,
                    person=by.person,
                    channel=by.channel,
                    message=message,
                )
                for message in again
            ]
        )
        await tx.signals.ring()
    return again
