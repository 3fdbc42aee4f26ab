"""Messages: the repository as a whole."""

from notifier.store.message_due import MessageDue
from notifier.store.message_ends import MessageEnds
from notifier.store.message_moves import MessageMoves
from notifier.store.message_queue import MessageQueue
from notifier.store.message_reads import MessageReads
from notifier.store.message_receipts import MessageReceipts
from notifier.store.message_recipients import MessageRecipients, Recipient
from notifier.store.message_riders import MessageRiders

__all__ = ["MessageRepo", "Recipient"]


class MessageRepo(
    MessageQueue,
    MessageReceipts,
    MessageEnds,
    MessageMoves,
    MessageRiders,
    MessageRecipients,
    MessageDue,
    MessageReads,
):
    """Everything about messages; each part stands in a module of its own."""
