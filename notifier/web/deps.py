"""What the web app is handed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifier.channels.training import TrainingPhones
from notifier.engine.console.health import AccountHealth
from notifier.engine.forecast import Pacing
from notifier.engine.linking.tokens import BotName
from notifier.engine.loops import Pulses
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts
from notifier.store.database import Database

ChannelNotes = Mapping[str, Mapping[str, object]]
"""What is known of each channel, by its name; ready for JSON, and free of addresses and names."""


def no_channels() -> ChannelNotes:
    """Nothing is known of any channel."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDeps:
    """Built by bootstrap. A carrier whose secrets are missing is off: its webhooks answer 403.

    ``now`` gives the civil moment in UTC. ``wake`` is called after something new was stored.
    ``telegram_bots`` are bot ids, the first of which ``/hooks/telegram`` stands for. ``public_url`` is
    what Twilio's signatures are checked against. ``channels`` is asked at every health check, ``accounts``
    for the console, and neither must wait. ``pacing`` is what senders keep to. ``phones`` are those of the
    stand-in that all carriers go to. ``bot_name`` asks Telegram for the name of the bot that links lead to;
    None where Telegram is off.
    """

    parts: Parts
    database: Database
    now: Callable[[], datetime]
    wake: Callable[[], None]
    pulses: Pulses
    metrics: Metrics
    telegram_bots: tuple[str, ...] = ()
    telegram_secret: str | None = field(default=None, repr=False)
    twilio_tokens: tuple[str, ...] = field(default=(), repr=False)
    public_url: str | None = None
    pacing: Pacing = field(default=Pacing(telegram=0, sms=0))
    channels: Callable[[], ChannelNotes] = no_channels
    accounts: Callable[[], Iterable[AccountHealth]] = tuple
    phones: TrainingPhones | None = None
    bot_name: BotName | None = None
