"""python-telegram-bot's HTTP over the shared aiohttp session, raising verdicts of our own."""

import json
from typing import Any

import aiohttp
from telegram.request import BaseRequest, RequestData
from yarl import URL

from notifier.channels.http import verdict_on, within
from notifier.channels.telegram.errors import CallFailed, verdict_on_answer
from notifier.errors import CarrierError, Verdict

_JSON = {"Content-Type": "application/json"}


class SharedSessionRequest(BaseRequest):
    """One call each, bounded as a whole and never repeated. Its failures are CallFailed."""

    __slots__ = ("_default", "_seconds", "_session", "_urls")

    def __init__(self, session: aiohttp.ClientSession, seconds: float) -> None:
        """Use ``session``, which stays its owner's, and give each call ``seconds`` unless told otherwise."""
        self._session = session
        self._seconds = seconds
        self._default = within(seconds)
        # A handful of methods of one bot: parsing the same URLs anew costs a tenth of the call.
        self._urls: dict[str, URL] = {}

    @property
    def read_timeout(self) -> float | None:
        """Seconds for a whole call."""
        return self._seconds

    async def initialize(self) -> None:
        """Nothing to do: the session is open."""

    async def shutdown(self) -> None:
        """Nothing to do: the session's owner closes it."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one call, bounded by ``read_timeout`` as a whole. Raises CallFailed but for 2xx."""
        bound = within(read_timeout) if isinstance(read_timeout, int | float) else self._default
        body = None if request_data is None else json.dumps(request_data.parameters).encode()
        try:
            async with self._session.request(
                method, self._url(url), data=body, headers=_JSON, timeout=bound, allow_redirects=False
            ) as response:
                payload = await response.read()
        except (aiohttp.ClientError, OSError) as error:
            failure = verdict_on(error)
        else:
            if 200 <= response.status < 300:
                return response.status, payload
            failure = verdict_on_answer(response.status, payload)
        # Raised outside the handler: the library's error holds the URL, and so the token.
        raise CallFailed(failure)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's fields. An answer that is none leaves the outcome unknown, and is not logged."""
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict) and "result" in answer:
            return answer
        raise CallFailed(CarrierError(Verdict.UNKNOWN, "bad_answer"))

    def _url(self, text: str) -> URL:
        url = self._urls.get(text)
        if url is None:
            url = self._urls[text] = URL(text)
        return url
