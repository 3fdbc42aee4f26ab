"""A sandbox as Python sees it: both carriers' state, and the hands of the people behind the phones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.courier import Background, Courier
from notifier.sandbox.faults import Carrier, Fault, FaultBook
from notifier.sandbox.feed import Feed, Found
from notifier.sandbox.ledger import Ledger
from notifier.sandbox.options import SandboxOptions, TelegramLimits
from notifier.sandbox.phones import Phone, PhoneBook
from notifier.sandbox.telegram.desk import TelegramDesk
from notifier.sandbox.telegram.people import TelegramPeople
from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.people import SmsPeople


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxState:
    """Everything a sandbox remembers and does, without its HTTP face."""

    options: SandboxOptions
    phones: PhoneBook
    feed: Feed
    faults: FaultBook
    courier: Courier
    background: Background
    telegram: TelegramDesk
    twilio: TwilioDesk
    chatters: TelegramPeople
    texters: SmsPeople

    def register(
        self,
        *,
        name: str,
        phone_id: str | None = None,
        number: str | None = None,
        chat: int | None = None,
        started: bool = True,
        language: str = "zh-hans",
    ) -> Phone:
        """Add a person, or bring one up to date. `started`: whether the bot may write to the chat."""
        phone = self.phones.register(
            name=name, phone_id=phone_id, number=number, chat=chat, language=language
        )
        if chat is not None:
            known = self.telegram.chats.ensure(chat)
            known.started = started
            known.title = name if chat < 0 else None
        self.feed.publish(lambda: {"type": "phone", "phone": phone.id})
        return phone

    def arm(self, fault: Fault) -> str:
        """Put a fault in force; returns its id."""
        return self.faults.arm(fault).id

    def limit_telegram(self, limits: TelegramLimits) -> None:
        """Put other Telegram limits in force."""
        self.telegram.meter.change(limits)

    def limit_twilio(self, segments_per_second: int | None) -> None:
        """Put another limit for each SMS sender in force."""
        self.twilio.change(segments_per_second=segments_per_second)

    def ledger(self, carrier: Carrier) -> Ledger:
        """A carrier's own record."""
        return self.telegram.ledger if carrier is Carrier.TELEGRAM else self.twilio.ledger

    async def until(self, look: Callable[[], Found], seconds: float = 5.0) -> Found:
        """What `look` finds, as soon as that is true. Raises TimeoutError."""
        return await self.feed.until(look, seconds)

    def reset(self, *, keep_phones: bool = False) -> None:
        """Forget records, faults, messages and opt-outs; bots and settings stay, limits begin afresh."""
        self.faults.clear()
        self.telegram.ledger.clear()
        self.twilio.ledger.clear()
        self.twilio.store.clear()
        self.twilio.calls.clear()
        self.twilio.opted_out.clear()
        self.twilio.last_sender.clear()
        self.telegram.meter.change(self.telegram.meter.limits)
        for bot in self.telegram.bots.all():
            bot.updates.clear()
        if keep_phones:
            self.phones.wipe()
        else:
            self.phones.clear()
            self.telegram.chats.clear()
        self.feed.publish(lambda: {"type": "reload"})

    async def close(self) -> None:
        """End all waiting and all calls. The state stays readable."""
        self.feed.close()
        await self.background.close()
        await self.courier.close()


def summary(state: SandboxState) -> dict[str, Any]:
    """How the carriers stand, in a few figures."""
    bots = [
        {
            "id": bot.id,
            "pending_updates": len(bot.updates.pending),
            "delivered_updates": bot.updates.delivered,
            "webhook": bot.webhook.url if bot.webhook else None,
        }
        for bot in state.telegram.bots.all()
    ]
    telegram, twilio = state.telegram.ledger, state.twilio.ledger
    return {
        "phones": len(state.phones),
        "faults": len(state.faults.armed()),
        "telegram": {"accepted": telegram.accepted_count, "refused": telegram.refused_count, "bots": bots},
        "twilio": {
            "accepted": twilio.accepted_count,
            "refused": twilio.refused_count,
            "opted_out": sorted(list(pair) for pair in state.twilio.opted_out),
        },
    }
