"""Addresses of other programs, and the keys with which they know that it is us who call."""

import base64
import binascii
from hashlib import sha256
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_KEY_BYTES = range(24, 65)


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine."""
    return (urlsplit(url).hostname or "") in _LOOPBACK


def is_endpoint(url: str) -> bool:
    """Whether events may be posted there: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    scheme_fits = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    return scheme_fits and bool(parts.hostname) and port != 0


def endpoint_name(url: str) -> str:
    """A name for that address, always the same, which gives nothing of it away but its host."""
    host = (urlsplit(url).hostname or "").replace(":", ".")
    return f"{host}-{sha256(url.encode()).hexdigest()[:8]}"


def signing_key(text: str) -> bytes:
    """The bytes of a secret as the Standard Webhooks convention writes it; none where it is malformed."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return key if len(key) in _KEY_BYTES else b""
