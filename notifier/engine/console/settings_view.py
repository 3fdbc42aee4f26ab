"""What is in force: policies, lists, calendar, with their version; and each text as it may look at worst."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.policy import DAILY_KINDS, Kind, Policy, Settings
from notifier.domain.roster import ChannelName
from notifier.domain.sms import utf16_units
from notifier.engine.station import Station
from notifier.store.tx import Tx
from notifier.texts.civil import WORDS
from notifier.texts.vocabulary import WORST_CASE

_ACKNOWLEDGED: Final = ("resolve_within", "repeat_exhausted")
_SENT: Final = ("fallback_after", "expires")
SPANS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.UNSTAFFED: ("checkin_from", "grace", *_ACKNOWLEDGED, *_SENT, "rest"),
    Kind.UNSIGNED: ("grace", *_ACKNOWLEDGED, *_SENT),
    Kind.UNVERIFIED: (*_ACKNOWLEDGED, *_SENT),
    Kind.UNRELAYED: (*_ACKNOWLEDGED, *_SENT),
    Kind.SILENT: ("within", *_ACKNOWLEDGED, *_SENT),
    Kind.COMMENDATION: _SENT,
    Kind.NOTICE: _SENT,
    Kind.COVERAGE: ("ahead", *_SENT),
    Kind.MORNING_DIGEST: _SENT,
    Kind.EVENING_DIGEST: _SENT,
}
"""The durations of its block that each kind goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One kind's rules. ``is_written``: its block is in the file; else the program's defaults hold."""

    policy: Policy
    spans: tuple[tuple[str, timedelta], ...]
    is_written: bool

    @property
    def is_off(self) -> bool:
        """Whether such matters never come up: a daily kind, or silence, without a block."""
        return not self.is_written and self.policy.kind in {*DAILY_KINDS, Kind.SILENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The settings in force, and since when; None before any were stored, when the defaults hold."""

    settings: Settings
    since: datetime | None
    blocks: tuple[Block, ...]


async def read_in_force(station: Station, tx: Tx) -> InForce:
    """What is in force now."""
    settings = await station.rules.current(tx)
    return InForce(
        settings=settings,
        since=await tx.settings.created_at(settings.version),
        blocks=tuple(_block(settings, kind) for kind in Kind),
    )


def _block(settings: Settings, kind: Kind) -> Block:
    policy = settings.policy(kind)
    return Block(
        policy=policy,
        spans=tuple((name, getattr(policy, name)) for name in SPANS[kind]),
        is_written=kind in settings.policies,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A template's text with worst-case values, in one language, as one channel carries it.

    ``units`` are UTF-16 code units, what carriers count; ``segments`` is 0 for Telegram. ``can_reply`` False:
    for who cannot answer by SMS.
    """

    locale: str
    channel: ChannelName
    can_reply: bool
    text: str
    buttons: tuple[tuple[str, ...], ...]
    units: int
    segments: int
    most_segments: int


def previews(station: Station, template: str, now: datetime) -> tuple[Preview, ...]:
    """Every form of that template. Raises NoSuchText, TextError."""
    forms = ((ChannelName.SMS, True), (ChannelName.SMS, False), (ChannelName.TELEGRAM, True))
    return tuple(
        _preview(station, template, locale, channel, can_reply, now)
        for locale in WORDS
        for channel, can_reply in forms
    )


def _preview(
    station: Station, template: str, locale: str, channel: ChannelName, can_reply: bool, now: datetime
) -> Preview:
    texts, is_sms = station.texts, channel is ChannelName.SMS
    made = texts.render(
        template, channel=channel, locale=locale, values=WORST_CASE, now=now, can_reply=can_reply
    )
    return Preview(
        locale=locale,
        channel=channel,
        can_reply=can_reply,
        text=made.text,
        buttons=tuple(tuple(texts.label(verb, locale) for verb in row) for row in made.buttons),
        units=utf16_units(made.text),
        segments=texts.sms_segments(made.text) if is_sms else 0,
        most_segments=texts.rules.limit(template, locale) if is_sms else 0,
    )
