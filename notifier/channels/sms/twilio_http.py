"""Twilio's HTTP over the shared aiohttp session, with verdicts of our own where it has none."""

import logging
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from notifier.channels.http import verdict_on, within
from notifier.channels.sms.twilio_codes import CROWDED_PAUSE_S
from notifier.errors import CarrierError, Verdict

_LOGGER = logging.getLogger("twilio.async_http_client")


class SharedSessionClient(AsyncHttpClient):  # type: ignore[misc]  # twilio is not typed
    """One call each, bounded as a whole and never repeated; raises CarrierError, which twilio lets pass."""

    def __init__(self, session: aiohttp.ClientSession, *, api_url: str | None, timeout: float) -> None:
        """Use ``session``, which stays its owner's. ``api_url`` takes the place of scheme and host."""
        super().__init__(_LOGGER, True, timeout)
        self._session = session
        self._base = api_url.rstrip("/") if api_url else None
        self._bound = within(timeout)

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # twilio's signature
        allow_redirects: bool = False,
    ) -> Response:
        """Make one call. Answers below 500, 429 apart, are twilio's to read."""
        # Headers and payload are not logged, unlike in twilio's own clients.
        try:
            async with self._session.request(
                method,
                self._address(uri, params),
                data=urlencode(data, doseq=True).encode() if data else None,
                headers=_with_auth(headers, auth),
                timeout=self._bound if timeout is None else within(timeout),
                allow_redirects=allow_redirects,
            ) as answer:
                text = await answer.text(errors="replace")
        except (aiohttp.ClientError, OSError) as error:
            failure = verdict_on(error)
        else:
            if answer.status < 500 and answer.status != 429:
                return Response(answer.status, text, answer.headers)
            failure = _verdict_on_status(answer.status, answer.headers.get("Retry-After", ""))
        # Raised outside the handler: the library's error names the URL.
        raise failure

    def _address(self, uri: str, params: Mapping[str, object] | None) -> URL:
        url = URL(uri, encoded=True)
        start = self._base or str(url.origin())
        # twilio gives a page's query either as params or within the address it read in the page before.
        query = urlencode(params, doseq=True) if params else url.raw_query_string
        return URL(f"{start}{url.raw_path}?{query}" if query else f"{start}{url.raw_path}", encoded=True)


def _with_auth(headers: Mapping[str, str] | None, auth: tuple[str, str] | None) -> dict[str, str]:
    full = dict(headers or {})
    if auth is not None:
        full["Authorization"] = "Basic " + b64encode(f"{auth[0]}:{auth[1]}".encode()).decode()
    return full


def _verdict_on_status(status: int, retry_after: str) -> CarrierError:
    if status >= 500:
        return CarrierError(Verdict.UNKNOWN, f"http_{status}")
    given = retry_after.isascii() and retry_after.isdigit()
    pause = float(retry_after) if given else CROWDED_PAUSE_S
    return CarrierError(Verdict.SLOW_DOWN, "20429", retry_after=max(pause, CROWDED_PAUSE_S))
