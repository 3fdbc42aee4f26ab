"""How a run goes, and how carriers and program are set up for it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from notifier.sandbox.options import SandboxOptions, TelegramLimits, TelegramOptions, TwilioOptions
from tests.chaos.sending_laws import CHAT_SPACING_S, HEADROOM
from tests.chaos.town import BOTS, SENDERS

SPEED = 10
"""How many civil seconds pass in a real one."""

OPENS = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
RATE, SMS_RATE = 40, 40
SID, AUTH = "AC" + "7" * 32, "chaos-auth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one run goes. A life lasts between ``shortest`` and ``longest`` seconds, and some ``recovers`` pass
    before the next; a ``shift`` is of civil time.

    ``freezes`` of the deaths are no deaths: the process is stopped in its tracks for longer than its leases.
    """

    name: str
    seed: int
    deaths: int
    processes: int = 1
    webhook: bool = False
    shortest: float = 0.3
    longest: float = 4.0
    recovers: float = 2.5
    freezes: int = 0
    commend_every: float = 20.0
    shift: timedelta = timedelta(seconds=100)


def carriers(public: str) -> SandboxOptions:
    """Both carriers, with limits as strict as what is promised of the program."""
    limits = TelegramLimits(
        per_bot=int(HEADROOM * RATE),
        jitter_seconds=1 - CHAT_SPACING_S,
        # Which answers may follow closely is the program's to know: `no_limit_is_broken` looks at that.
        answers=1_000,
        answer_seconds=60.0,
    )
    return SandboxOptions(
        telegram=TelegramOptions(tokens=tuple(f"{bot}:chaos" for bot in BOTS), limits=limits),
        twilio=TwilioOptions(
            account_sid=SID,
            auth_token=AUTH,
            senders=SENDERS,
            inbound_url=f"{public}/hooks/twilio/inbound",
            segments_per_second=int(HEADROOM * SMS_RATE),
        ),
    )


def settings(plan: Plan, url: str, at: str, public: str) -> dict[str, str]:
    """What the program is told, but for the folder of its schedules."""
    return {
        "DATABASE_URL": url,
        "TELEGRAM_TOKEN": ",".join(f"{bot}:chaos" for bot in BOTS),
        "TELEGRAM_API_URL": at,
        "TELEGRAM_MODE": "webhook" if plan.webhook else "polling",
        "TELEGRAM_WEBHOOK_SECRET": "chaos-secret",
        "TELEGRAM_RATE": str(RATE),
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": AUTH,
        "TWILIO_FROM": ",".join(SENDERS),
        "TWILIO_API_URL": at,
        "TWILIO_RATE": str(SMS_RATE),
        "SMS_REPLIES": "yes",
        "PUBLIC_URL": public,
        "CLOCK_START": OPENS.isoformat(),
        "CLOCK_SPEED": str(SPEED),
    }
