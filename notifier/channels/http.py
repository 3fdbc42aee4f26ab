"""The HTTP session that all channels share, and what its failures mean."""

import logging
from collections.abc import Iterable

import aiohttp

from notifier.errors import CarrierError, Verdict

KEEPALIVE_S = 15.0
"""Shorter than any carrier's own: a connection that dies while idle costs an unknown outcome."""
CONNECT_S = 5.0
DNS_CACHE_S = 300
TALKATIVE = ("telegram", "twilio", "aiohttp", "httpx", "httpcore", "urllib3")
"""Loggers (with all below them) that write payloads, addresses or URLs with tokens at INFO or DEBUG."""


def hush(names: Iterable[str] = TALKATIVE) -> None:
    """Keep the libraries from logging what people write. For bootstrap, once."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


def open_session() -> aiohttp.ClientSession:
    """A session for all carriers; pacing, not the pool, bounds its connections. Its caller closes it."""
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=DNS_CACHE_S)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def within(seconds: float) -> aiohttp.ClientTimeout:
    """A bound on the whole call, with a tighter one on reaching the other side (name, line and TLS)."""
    # Had the total run out while connecting, aiohttp would not say that nothing had been sent yet.
    return aiohttp.ClientTimeout(total=seconds, connect=min(seconds / 2, CONNECT_S))


def verdict_on(error: aiohttp.ClientError | OSError) -> CarrierError:
    """What a failed exchange means: never connected is not sent, anything later is unknown.

    Reads the type only: the texts of these errors hold URLs, and those hold tokens.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return CarrierError(Verdict.NOT_SENT, "connect_timeout")
    if isinstance(error, aiohttp.ClientConnectorError):
        return CarrierError(Verdict.NOT_SENT, "connect")
    if isinstance(error, aiohttp.InvalidURL):
        return CarrierError(Verdict.NOT_SENT, "url", alarm=True)
    if isinstance(error, TimeoutError):
        return CarrierError(Verdict.UNKNOWN, "timeout")
    return CarrierError(Verdict.UNKNOWN, "disconnected")


def not_the_carrier(status: int) -> CarrierError:
    """For an answer below 500 that is not in the carrier's form: something in between refused the call."""
    return CarrierError(Verdict.NOT_SENT, f"http_{status}", alarm=True)
