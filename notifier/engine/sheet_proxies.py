"""Lists signed in somebody else's name: who did, as the journal has it."""

from notifier.domain.ids import PersonId
from notifier.domain.sheet import Sheet
from notifier.store.tx import Tx

SIGNED, SIGNED_FOR = "signed", "signed_for"
"""A signature, and who gave it in the signer's name: that follows it, at the same moment."""


async def proxy_of(tx: Tx, sheet: Sheet) -> PersonId | None:
    """Who signed that list for its signer; None where he did so himself, or nobody has."""
    if sheet.signed_at is None:
        return None
    line = await tx.journal.last_at(sheet.signed_at, sheet.key, (SIGNED, SIGNED_FOR))
    return line.person if line and line.event == SIGNED_FOR else None
