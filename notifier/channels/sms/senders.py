"""Which of several senders a recipient hears from."""

from collections.abc import Sequence
from hashlib import blake2b


def sender_for(address: str, senders: Sequence[str]) -> str:
    """One of ``senders`` (at least one), always the same for one address.

    A sender that is added or dropped moves only its own share of the recipients.
    """
    return max(senders, key=lambda sender: blake2b(f"{sender} {address}".encode(), digest_size=8).digest())
