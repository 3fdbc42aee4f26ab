"""Delivery receipts: messages climb by them, and a failure starts what follows from it at once."""

from datetime import datetime

from notifier.channels.sms.twilio_codes import is_wrong_number, verdict_on_code
from notifier.domain.message import MessageState, Receipt
from notifier.engine.contacts_lost import WRONG
from notifier.engine.parts import Parts
from notifier.errors import Verdict
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx


class Receipts:
    """Records receipts."""

    def __init__(self, parts: Parts) -> None:
        """Failures go to the parts' aftermath, lost contacts to theirs."""
        self._aftermath = parts.aftermath
        self._lost = parts.contacts_lost

    async def record(self, tx: Tx, receipt: Receipt, now: datetime) -> None:
        """Lift the message. One that has failed by it falls back now; a number nobody has is marked."""
        message = await tx.messages.record_receipt(
            receipt.channel, receipt.provider_id, receipt.message, receipt.state, receipt.code, now
        )
        if message is None or receipt.state is not MessageState.FAILED:
            return
        if message.state is not MessageState.FAILED or message.ended_at != now:
            return
        # Marked first, so that what falls back does not choose the same address again.
        await self._mark(tx, message, receipt.code, now)
        await self._aftermath.failed(tx, [message], now)

    async def _mark(self, tx: Tx, message: StoredMessage, code: str | None, now: datetime) -> None:
        if code is None:
            return
        if verdict_on_code(code) is Verdict.STOP_CONTACT:
            await self._lost.mark(tx, message, code, now)
        elif is_wrong_number(code):
            await self._lost.lose(tx, message.way, "", message.address, WRONG, code, now)
