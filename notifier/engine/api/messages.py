"""Messages as programs see them: what became of each, and its text where that is their business."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notifier.domain.access import Right
from notifier.domain.ids import MessageId
from notifier.engine.access.guard import Guard
from notifier.engine.console.deliveries import told
from notifier.store.api_lists import SentFilter
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message. ``text`` is None for who may not oversee its unit; no secret and no number is in it."""

    message: StoredMessage
    text: str | None


async def read_messages(
    tx: Tx, guard: Guard, which: SentFilter, limit: int, before: MessageId | None
) -> list[MessageView]:
    """The messages that pass the filter, the newest first."""
    return await show_messages(tx, guard, await tx.api_lists.messages(which, limit, before))


async def show_messages(tx: Tx, guard: Guard, found: Sequence[StoredMessage]) -> list[MessageView]:
    """Those messages, which may be seen."""
    units = await tx.api_lists.units_of([message.id for message in found])
    return [
        MessageView(
            message=replace(message, text=""),
            text=told(message) if guard.may(units[message.id], Right.OVERSEE) else None,
        )
        for message in found
    ]
