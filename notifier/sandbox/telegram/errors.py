"""How the Bot API says no."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True, kw_only=True)
class TelegramRefusal(Exception):
    """A refusal in the Bot API's own words; `code` is the HTTP status too."""

    code: int
    description: str
    cause: str = "invalid"
    limit: str | None = None
    retry_after: int | None = None
    migrate_to: int | None = None

    def payload(self) -> dict[str, Any]:
        """The body of the answer."""
        parameters = {
            key: value
            for key, value in (("retry_after", self.retry_after), ("migrate_to_chat_id", self.migrate_to))
            if value is not None
        }
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if parameters:
            answer["parameters"] = parameters
        return answer


def bad_request(reason: str) -> TelegramRefusal:
    """400: the request cannot be served, now or later."""
    return TelegramRefusal(code=400, description=f"Bad Request: {reason}")


def forbidden(reason: str) -> TelegramRefusal:
    """403: the chat does not want this bot."""
    return TelegramRefusal(code=403, description=f"Forbidden: {reason}")


def conflict(reason: str) -> TelegramRefusal:
    """409: two ways of fetching updates at once."""
    return TelegramRefusal(code=409, description=f"Conflict: {reason}")


def too_many(retry_after: int, *, limit: str | None = None, cause: str = "limit") -> TelegramRefusal:
    """429: stop for so many seconds."""
    description = f"Too Many Requests: retry after {retry_after}"
    return TelegramRefusal(
        code=429, description=description, cause=cause, limit=limit, retry_after=retry_after
    )
