"""What the engine needs of any channel."""

from datetime import datetime
from typing import Protocol

from notifier.domain.message import Accepted, Outgoing, Receipt


class Sender(Protocol):
    """One account's way out, or that of several accounts with one provider."""

    async def send(self, message: Outgoing) -> Accepted:
        """Make one call to the carrier, within a bounded time. Raises CarrierError with the verdict."""
        ...


class Settler(Protocol):
    """A carrier that can be asked what became of a message whose outcome is unknown."""

    async def look_up(self, address: str, text: str, since: datetime | None) -> list[Receipt]:
        """What the carrier took for this address with this text since then, latest first.

        Raises CarrierError.
        """
        ...
