"""Message resources, and the list of them."""

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

API_VERSION = "2010-04-01"


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """One SMS, outbound or inbound. `sender` is None until a messaging service has chosen one."""

    sid: str
    account: str
    to: str
    sender: str
    body: str
    status: str
    created: datetime
    updated: datetime
    segments: int
    direction: str = "outbound-api"
    service: str | None = None
    callback: str | None = None
    sent: datetime | None = None
    error: int | None = None
    error_message: str | None = None

    @property
    def uri(self) -> str:
        """Where the resource lives."""
        return f"/{API_VERSION}/Accounts/{self.account}/Messages/{self.sid}.json"

    def view(self) -> dict[str, Any]:
        """As Twilio's JSON. While a service still chooses, neither sender nor segments are known."""
        choosing = self.status == "accepted"
        return {
            "account_sid": self.account,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": _rfc2822(self.created),
            "date_sent": _rfc2822(self.sent),
            "date_updated": _rfc2822(self.updated),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": self.error_message,
            "from": None if choosing else self.sender,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "0" if choosing else str(self.segments),
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": self.uri.removesuffix(".json") + "/Media.json"},
            "to": self.to,
            "uri": self.uri,
        }


def new_sid() -> str:
    """A message sid nobody has."""
    return f"SM{secrets.token_hex(16)}"


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


class MessageStore:
    """The newest messages, by sid; the oldest are forgotten."""

    def __init__(self, max_messages: int) -> None:
        """Begin empty."""
        self._max_messages = max_messages
        self._by_sid: OrderedDict[str, Message] = OrderedDict()

    def add(self, message: Message) -> None:
        """Keep a message."""
        self._by_sid[message.sid] = message
        if len(self._by_sid) > self._max_messages:
            self._by_sid.popitem(last=False)

    def get(self, account: str, sid: str) -> Message | None:
        """A message of this account."""
        message = self._by_sid.get(sid)
        return message if message and message.account == account else None

    def remove(self, sid: str) -> None:
        """Forget a message."""
        self._by_sid.pop(sid, None)

    def newest_first(self, account: str) -> Iterator[Message]:
        """All messages of an account."""
        return (message for message in reversed(self._by_sid.values()) if message.account == account)

    def clear(self) -> None:
        """Forget all."""
        self._by_sid.clear()
