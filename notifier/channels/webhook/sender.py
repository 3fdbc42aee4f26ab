"""One endpoint of another program, as a channel's sender: one signed POST for each event."""

import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime

import aiohttp

from notifier.channels.http import verdict_on, within
from notifier.channels.webhook.signature import event_id, signed_headers
from notifier.domain.message import Accepted, Outgoing
from notifier.errors import CarrierError, Verdict

TIMEOUT_S = 10.0
PAUSE_S = 30.0
"""How long to send nothing to who says "too many" and not for how long."""
LONGEST_PAUSE_S = 600.0

_HEADERS = {"Content-Type": "application/json", "User-Agent": "notifier"}
_OVERLOADED = frozenset({429, 503})
_FOR_GOOD = frozenset({400, 410, 413, 422})
"""Answers about the event itself. The others are about the receiver, and somebody may mend it meanwhile."""


class WebhookSender:
    """Posts events to one address. Redirects are not followed: what is signed goes where it was set to go."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        keys: Sequence[bytes],
        *,
        timeout: float = TIMEOUT_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """``wall`` is real time in Unix seconds: a receiver holds it against its own clock."""
        self._session = session
        self._url = url
        self._keys = tuple(keys)
        self._bound = within(timeout)
        self._wall = wall

    async def send(self, message: Outgoing) -> Accepted:
        """Post the text as it is; 2xx is acceptance, whatever the answer says. Raises CarrierError."""
        body = message.text.encode()
        headers = _HEADERS | signed_headers(body, self._keys, int(self._wall()))
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._bound, allow_redirects=False
            ) as answer:
                failure = self._verdict(answer.status, answer.headers.get("Retry-After"))
        except (aiohttp.ClientError, OSError) as error:
            failure = verdict_on(error)
        if failure is None:
            return Accepted(provider_id=event_id(body))
        # Raised outside the handler: the library's error holds the address, which may hold a secret.
        raise failure

    def _verdict(self, status: int, retry_after: str | None) -> CarrierError | None:
        """What a status means; None: the event was taken."""
        code = f"http_{status}"
        if 200 <= status < 300:
            return None
        if status == 429 or (status in _OVERLOADED and retry_after is not None):
            return CarrierError(Verdict.SLOW_DOWN, code, retry_after=self._seconds(retry_after))
        if status in _FOR_GOOD:
            return CarrierError(Verdict.REFUSED, code, alarm=True)
        return CarrierError(Verdict.NOT_SENT, code, alarm=status < 500)

    def _seconds(self, retry_after: str | None) -> float:
        """How long to wait: Retry-After counts seconds or names a moment."""
        text = (retry_after or "").strip()
        seconds = float(text) if text.isascii() and text.isdigit() else self._until(text)
        return min(max(seconds, 1.0), LONGEST_PAUSE_S)

    def _until(self, moment: str) -> float:
        try:
            return parsedate_to_datetime(moment).timestamp() - self._wall()
        except (ValueError, OverflowError):
            return PAUSE_S
