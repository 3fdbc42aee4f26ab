"""Settings from the environment (prefix NOTIFIER_) or .env, checked once at start.

A missing, malformed or contradictory value ends start-up with one line that names it and the mend.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from notifier.domain.endpoints import endpoint_name, is_endpoint, is_loopback, signing_key
from notifier.errors import SettingError

TELEGRAM_PUBLIC = "https://api.telegram.org"
TWILIO_PUBLIC = "https://api.twilio.com"

Names = Annotated[tuple[str, ...], NoDecode]

_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{3,}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_MAKE_A_KEY = "make one with `openssl rand -base64 32`, two with a comma while it is changed"


def shipped(folder: str) -> Path:
    """The folder ``templates`` or ``schedules`` as shipped: in the wheel, or beside a checkout."""
    inside = Path(str(resources.files("notifier"))) / "data" / folder
    return inside if inside.is_dir() else Path(str(resources.files("notifier"))).parent / folder


class Config(BaseSettings):
    """Everything that a run may be told from outside. Secrets never show in its repr."""

    model_config = SettingsConfigDict(
        env_prefix="NOTIFIER_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    database_url: str = "sqlite+aiosqlite:///notifier.db"
    schedules_dir: Path = Field(default_factory=lambda: shipped("schedules"))
    templates_dir: Path = Field(default_factory=lambda: shipped("templates"))
    timezone: str = "Asia/Shanghai"
    locale: Literal["zh", "en"] = "zh"
    site: str = "值守"
    sms_signature: str = ""

    telegram_token: SecretStr | None = None
    telegram_api_url: str = TELEGRAM_PUBLIC
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_webhook_secret: SecretStr | None = None
    telegram_rate: float = Field(default=28.0, ge=0)
    telegram_chat_rate: float = Field(default=1.0, ge=0)
    telegram_group_rate: float = Field(default=20.0, ge=0)

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_from: Names = ()
    twilio_messaging_service_sid: str | None = None
    twilio_api_url: str = TWILIO_PUBLIC
    twilio_rate: float = Field(default=1.0, ge=0)
    sms_replies: Literal["auto", "yes", "no"] = "auto"

    only_to: Names | None = None
    public_url: str | None = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=8000, ge=0, le=65535)
    heartbeat_url: str | None = None
    alarm_url: str | None = None
    webhook_url: Names = ()
    webhook_secret: SecretStr | None = None
    clock_start: datetime | None = None
    clock_speed: float = Field(default=1.0, gt=0, le=100_000)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("twilio_from", "only_to", "webhook_url", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is no IANA time zone; write one such as Asia/Shanghai") from error
        return value

    @field_validator("telegram_api_url", "twilio_api_url", "public_url", "heartbeat_url", "alarm_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is no web address; write http://… or https://…")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise ValueError(
                "names no database we know; write sqlite+aiosqlite:///… or postgresql+asyncpg://…"
            )
        return value

    @field_validator("twilio_from")
    @classmethod
    def _sender_numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not _E164.fullmatch(number) for number in value):
            raise ValueError("holds a number that is not E.164; write +15550001111, several with commas")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _endpoints(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not is_endpoint(url) for url in value):
            raise ValueError("holds what is no https:// address (http:// goes to this machine only); mend it")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signing_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all(map(signing_key, _listed(value))):
            raise ValueError(f"is no base64 of 24 to 64 bytes; {_MAKE_A_KEY}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if complaints := _complaints(self):
            raise ValueError("; NOTIFIER_".join(complaints))
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The civil time of the units."""
        return ZoneInfo(self.timezone)

    @cached_property
    def telegram_tokens(self) -> dict[str, str]:
        """Bot id -> token."""
        return {token.split(":")[0]: token for token in _listed(self.telegram_token)}

    @cached_property
    def twilio_tokens(self) -> tuple[str, ...]:
        """The auth tokens; the first signs our calls, any verifies theirs."""
        return _listed(self.twilio_auth_token)

    @cached_property
    def webhooks(self) -> dict[str, str]:
        """Endpoints of other programs: a name that gives nothing of the address away but its host -> URL."""
        return {endpoint_name(url): url for url in self.webhook_url}

    @cached_property
    def webhook_keys(self) -> tuple[bytes, ...]:
        """What events are signed with: one key, or two while it is rotated."""
        return tuple(signing_key(text) for text in _listed(self.webhook_secret))

    @property
    def sms_on(self) -> bool:
        """Whether the SMS channel is set up."""
        return bool(self.twilio_account_sid and self.twilio_tokens and self.sms_accounts)

    @cached_property
    def sms_accounts(self) -> tuple[str, ...]:
        """What SMS are sent from: the numbers, or the messaging service."""
        if self.twilio_from:
            return self.twilio_from
        return (self.twilio_messaging_service_sid,) if self.twilio_messaging_service_sid else ()

    @property
    def sandboxed(self) -> bool:
        """Whether every carrier that is on is on this machine."""
        return all(is_loopback(url) for url in self._carrier_urls)

    @property
    def sandbox_url(self) -> str | None:
        """The one stand-in on this machine that every carrier goes to; None where there is no such thing."""
        urls = self._carrier_urls
        return next(iter(urls)) if len(urls) == 1 and self.sandboxed else None

    @property
    def _carrier_urls(self) -> frozenset[str]:
        on = (
            (bool(self.telegram_tokens), self.telegram_api_url),
            (bool(self.twilio_account_sid), self.twilio_api_url),
        )
        return frozenset(url for is_on, url in on if is_on)

    @property
    def rehearsing(self) -> bool:
        """Whether what happens is only played: carriers on this machine, or a clock of its own."""
        return self.fast_clock or (bool(self._carrier_urls) and self.sandboxed)

    @property
    def fast_clock(self) -> bool:
        """Whether civil time is not the machine's."""
        return self.clock_start is not None or self.clock_speed != 1.0

    @cached_property
    def clock_start_utc(self) -> datetime | None:
        """CLOCK_START; without an offset it is civil time of the units."""
        if self.clock_start is None:
            return None
        start = self.clock_start
        return (start if start.tzinfo else start.replace(tzinfo=self.zone)).astimezone(UTC)

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """ONLY_TO as it holds: ``*`` by default with carriers on this machine."""
        return ("*",) if self.only_to is None else self.only_to


def _listed(secret: SecretStr | None) -> tuple[str, ...]:
    """The parts of a secret that may be several, with commas."""
    text = secret.get_secret_value() if secret else ""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _complaints(config: Config) -> list[str]:
    """Contradictions between settings, each one line that names the setting and the mend."""
    webhooks = config.telegram_mode == "webhook" and bool(config.telegram_tokens)
    sid, real = config.twilio_account_sid, not config.sandboxed
    rules = (
        (
            any(not _TOKEN.fullmatch(token) for token in config.telegram_tokens.values()),
            "TELEGRAM_TOKEN is no bot token; copy it from BotFather: digits, a colon, letters",
        ),
        (
            bool(sid) and not config.twilio_tokens,
            "TWILIO_AUTH_TOKEN is missing beside TWILIO_ACCOUNT_SID; set both or neither",
        ),
        (
            bool(config.twilio_tokens) and not sid,
            "TWILIO_ACCOUNT_SID is missing beside TWILIO_AUTH_TOKEN; set both or neither",
        ),
        (
            bool(sid) and not config.sms_accounts,
            "TWILIO_FROM is missing: set a number, or TWILIO_MESSAGING_SERVICE_SID",
        ),
        (
            bool(config.twilio_from and config.twilio_messaging_service_sid),
            "TWILIO_FROM and TWILIO_MESSAGING_SERVICE_SID are both set; keep one",
        ),
        (
            webhooks and config.public_url is None,
            "PUBLIC_URL is missing, which TELEGRAM_MODE=webhook needs; set it, or use polling",
        ),
        (
            webhooks and config.telegram_webhook_secret is None,
            "TELEGRAM_WEBHOOK_SECRET is missing, which TELEGRAM_MODE=webhook needs; set it, or use polling",
        ),
        (
            config.fast_clock and real,
            "CLOCK_START and CLOCK_SPEED go with carriers on this machine only; take them out",
        ),
        (
            bool(config.webhook_url) and not config.webhook_keys,
            f"WEBHOOK_SECRET is missing beside WEBHOOK_URL; {_MAKE_A_KEY}",
        ),
        (
            bool(config.webhook_keys) and not config.webhook_url,
            "WEBHOOK_URL is missing beside WEBHOOK_SECRET; set both or neither",
        ),
        (
            config.rehearsing and not all(map(is_loopback, config.webhook_url)),
            "WEBHOOK_URL leads off this machine, but carriers or clock are for training; take it out",
        ),
        (
            config.only_to is None and real,
            "ONLY_TO must be set by hand with real carriers: person ids, units, or * for everybody",
        ),
    )
    return [sentence for wrong, sentence in rules if wrong]


def load_config(env_file: Path | None = None, **overrides: object) -> Config:
    """Read the settings. Raises SettingError: one line with every setting that is wrong, and the mend."""
    try:
        if env_file is not None:
            return Config(_env_file=env_file, **overrides)  # type: ignore[arg-type,call-arg]
        return Config(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        # Never the input: it may be a secret.
        raise SettingError("; ".join(_sentences(error))) from None


def _sentences(error: ValidationError) -> Sequence[str]:
    sentences = []
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(part) for part in item["loc"]).upper()
        problem = item["msg"].removeprefix("Value error, ")
        sentences.append(f"NOTIFIER_{name}: {problem}" if name else f"NOTIFIER_{problem}")
    return sentences
