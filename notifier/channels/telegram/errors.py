"""Telegram's refusals as verdicts. The one place that knows their wording."""

import json

from telegram.error import TelegramError

from notifier.channels.http import not_the_carrier
from notifier.errors import CarrierError, Verdict

NOT_MODIFIED = "not_modified"
"""Code of an edit that would change nothing."""
_DEFAULT_PAUSE_S = 1.0
_GONE = ("chat not found", "user not found", "peer_id_invalid", "user_is_deactivated")


class ChatMoved(CarrierError):
    """A group became a supergroup: the message was not taken, and goes to ``new_address`` instead."""

    def __init__(self, new_address: str) -> None:
        """Keep the chat's new id."""
        super().__init__(Verdict.NOT_SENT, "migrated")
        self.new_address = new_address


class CallFailed(TelegramError):
    """Our own verdict on its way through python-telegram-bot, which lets its own family pass unwrapped."""

    def __init__(self, error: CarrierError) -> None:
        """Carry the verdict; the message is as safe as the verdict's."""
        super().__init__(str(error))
        self.error = error


def verdict_on_answer(status: int, payload: bytes) -> CarrierError:
    """What an answer outside 2xx means. Total over any status and body.

    Read here and not by python-telegram-bot: its RetryAfter warns of a deprecation whenever one is built, and
    its other errors quote the payload.
    """
    if status >= 500:
        return CarrierError(Verdict.UNKNOWN, f"http_{status}")
    answer = _fields(payload)
    if answer is None or 300 <= status < 400:
        return _without_body(status)
    parameters = answer.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    if status == 429:
        return _slow_down(parameters.get("retry_after"))
    if moved := parameters.get("migrate_to_chat_id"):
        return ChatMoved(str(moved))
    return _by_status(status, str(answer.get("description", "")).lower())


def _by_status(status: int, description: str) -> CarrierError:
    if status == 403:
        return CarrierError(Verdict.STOP_CONTACT, _why_forbidden(description))
    if status in (401, 404):
        # 404 is what a malformed token gets; no method name of ours is in doubt.
        return CarrierError(Verdict.NOT_SENT, "invalid_token", alarm=True)
    if status == 409:
        return CarrierError(Verdict.NOT_SENT, "conflict", alarm=True)
    if status == 400:
        return _bad_request(description)
    return CarrierError(Verdict.REFUSED, f"http_{status}")


def _why_forbidden(description: str) -> str:
    for word in ("blocked", "deactivated", "kicked"):
        if word in description:
            return word
    return "forbidden"


def _bad_request(description: str) -> CarrierError:
    if any(words in description for words in _GONE):
        return CarrierError(Verdict.STOP_CONTACT, "chat_not_found")
    if "message is not modified" in description:
        return CarrierError(Verdict.REFUSED, NOT_MODIFIED)
    if "message is too long" in description:
        return CarrierError(Verdict.REFUSED, "too_long")
    return CarrierError(Verdict.REFUSED, "bad_request")


def _slow_down(retry_after: object) -> CarrierError:
    usable = isinstance(retry_after, int | float) and retry_after > 0
    pause = float(retry_after) if usable else _DEFAULT_PAUSE_S  # type: ignore[arg-type]
    return CarrierError(Verdict.SLOW_DOWN, "429", retry_after=pause)


def _without_body(status: int) -> CarrierError:
    if status == 429:
        return CarrierError(Verdict.SLOW_DOWN, "429", retry_after=_DEFAULT_PAUSE_S)
    return not_the_carrier(status)


def _fields(payload: bytes) -> dict[str, object] | None:
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    # Whatever stands between us and Telegram may answer in JSON too, but not in this form.
    return answer if isinstance(answer, dict) and answer.get("ok") is False else None
