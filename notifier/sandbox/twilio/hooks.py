"""Signed calls to the program's webhooks, each try on record."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from notifier.sandbox.twilio.desk import HookCall, TwilioDesk

Verdict = Callable[[int | None], bool]


def signature(token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 of the URL and the sorted parameters, in base64."""
    signed = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def taken(answer: int | None) -> bool:
    """Whether the program took it: any 2xx."""
    return answer is not None and 200 <= answer < 300


def answered(answer: int | None) -> bool:
    """Whether the program answered at all; Twilio repeats inbound calls only when it cannot connect."""
    return answer is not None


async def call_hook(
    desk: TwilioDesk, kind: str, url: str, params: Mapping[str, str], *, tries: int, enough: Verdict
) -> None:
    """Call until it is enough, at most so many times, with growing pauses."""
    for attempt in range(1, tries + 1):
        headers = {"X-Twilio-Signature": signature(desk.signing_token, url, params)}
        answer = await desk.courier.post_form(url, params, headers)
        desk.calls.append(
            HookCall(
                kind=kind,
                url=url,
                params=params,
                attempt=attempt,
                answer=answer,
                at=desk.options.monotonic(),
                wall=desk.options.now(),
            )
        )
        desk.feed.stir()
        if enough(answer):
            return
        if attempt < tries:
            await asyncio.sleep(desk.settings.callback_retry_seconds * 2 ** (attempt - 1))
