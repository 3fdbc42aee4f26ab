"""How Twilio's API says no."""

from dataclasses import dataclass
from typing import Any

MORE_INFO = "https://www.twilio.com/docs/errors/"


@dataclass(slots=True, kw_only=True)
class TwilioRefusal(Exception):
    """A refusal with Twilio's error code and the HTTP status."""

    code: int
    message: str
    status: int = 400
    cause: str = "invalid"
    limit: str | None = None
    retry_after: int | None = None

    def payload(self) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"{MORE_INFO}{self.code}",
            "status": self.status,
        }


def unauthorized() -> TwilioRefusal:
    """The account's sid or token is wrong."""
    return TwilioRefusal(code=20003, message="Authenticate", status=401)


def not_found(path: str) -> TwilioRefusal:
    """There is no such resource."""
    return TwilioRefusal(code=20404, message=f"The requested resource {path} was not found", status=404)


def too_many(
    *, limit: str | None = None, cause: str = "limit", retry_after: int | None = None
) -> TwilioRefusal:
    """Slow down."""
    return TwilioRefusal(
        code=20429, message="Too Many Requests", status=429, cause=cause, limit=limit, retry_after=retry_after
    )
