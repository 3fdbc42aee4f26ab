"""Signatures after the Standard Webhooks convention, which ready libraries verify."""

import base64
import hmac
from collections.abc import Sequence
from hashlib import sha256


def event_id(body: bytes) -> str:
    """The id of what a body says: the same whenever it is sent, by which its receiver knows a repeat."""
    return f"msg_{sha256(body).hexdigest()[:32]}"


def signed_headers(body: bytes, keys: Sequence[bytes], at: int) -> dict[str, str]:
    """The headers of a body that is sent at ``at`` (Unix seconds), signed with each of the keys.

    While a secret is rotated there are two: a receiver that knows either of them is content.
    """
    identity = event_id(body)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(signature(identity, at, body, key) for key in keys),
    }


def signature(identity: str, at: int, body: bytes, key: bytes) -> str:
    """The one signature of that id, moment and body by that key."""
    signed = b".".join((identity.encode(), str(at).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}"
