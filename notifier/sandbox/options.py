"""What a sandbox can be told when it is built. Nothing here is read from the environment."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLimits:
    """How much a bot may send. None lifts a limit.

    `per_bot` and `per_chat` are messages in any second, `per_group` messages in any minute to one negative
    chat id. `jitter_seconds` shortens the chat's second, so that a sender keeping exactly one second is not
    refused for the network's unevenness. `answers` messages within `answer_seconds` of a chat's own words do
    not count for that chat.
    """

    per_bot: int | None = 30
    per_chat: int | None = 1
    per_group: int | None = 20
    jitter_seconds: float = 0.05
    answers: int = 3
    answer_seconds: float = 10.0


NO_TELEGRAM_LIMITS = TelegramLimits(per_bot=None, per_chat=None, per_group=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramOptions:
    """The Bot API stand-in.

    Without `tokens` every well-formed token is a bot; with them all others get 401. `open_chats`: every
    positive chat id counts as having started the bot. Webhooks that fail are tried again after
    `webhook_retry_seconds`, doubling up to `webhook_retry_cap`, until they answer 2xx.
    """

    tokens: tuple[str, ...] = ()
    open_chats: bool = True
    limits: TelegramLimits = field(default_factory=TelegramLimits)
    webhook_retry_seconds: float = 0.1
    webhook_retry_cap: float = 5.0
    max_updates: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioOptions:
    """The Messages API stand-in.

    Without `account_sid` every AC… account is taken, without `auth_token` any password; webhooks are then
    signed with the password the account last used. Without `senders` every number may send. `services` gives
    the sender pools of messaging services; a service without one sends from `default_sender`.
    `segments_per_second` (None: no limit) is held for each sender. `uncallable` numbers are refused as not
    mobile. Numbers that begin with one of `one_way_prefixes` can be written to, but their answers are lost,
    as Twilio's are from +86.
    """

    account_sid: str | None = None
    auth_token: str | None = None
    senders: tuple[str, ...] = ()
    services: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_sender: str = "+15550100001"
    inbound_url: str | None = None
    segments_per_second: int | None = None
    uncallable: frozenset[str] = frozenset()
    one_way_prefixes: tuple[str, ...] = ()
    sent_after: float = 0.05
    delivered_after: float = 0.15
    callback_statuses: tuple[str, ...] = ("sent", "delivered", "undelivered", "failed")
    callback_tries: int = 4
    callback_retry_seconds: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """Both carriers, the bounds of what is remembered, and the clocks.

    `now` dates what people see (give a civil clock to play a night quickly); limits and delays always run on
    `monotonic`.
    """

    telegram: TelegramOptions = field(default_factory=TelegramOptions)
    twilio: TwilioOptions = field(default_factory=TwilioOptions)
    max_records: int = 200_000
    max_bubbles: int = 500
    max_phones: int = 5_000
    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
