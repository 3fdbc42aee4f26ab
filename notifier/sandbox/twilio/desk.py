"""Everything the Twilio stand-in remembers, and the one place where an SMS is taken."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from notifier.sandbox.courier import Background, Courier
from notifier.sandbox.faults import FaultBook
from notifier.sandbox.feed import Feed
from notifier.sandbox.ledger import Accepted, Ledger, Refused
from notifier.sandbox.limits import WeightedWindow
from notifier.sandbox.options import SandboxOptions, TwilioOptions
from notifier.sandbox.phones import Bubble, Channel, Phone, PhoneBook
from notifier.sandbox.twilio.errors import TwilioRefusal, too_many
from notifier.sandbox.twilio.messages import Message, MessageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """One try at calling a webhook of the program. `answer` None: there was none."""

    kind: str
    url: str
    params: Mapping[str, str]
    attempt: int
    answer: int | None
    at: float
    wall: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class TwilioDesk:
    """The state of the Messages API stand-in. `settings` can be replaced while it runs."""

    options: SandboxOptions
    settings: TwilioOptions
    phones: PhoneBook
    feed: Feed
    faults: FaultBook
    courier: Courier
    background: Background
    ledger: Ledger
    store: MessageStore
    calls: deque[HookCall]
    opted_out: set[tuple[str, str]] = field(default_factory=set)
    last_account: str | None = None
    last_token: str | None = None
    last_sender: dict[str, str] = field(default_factory=dict)
    windows: dict[str, WeightedWindow] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account webhooks speak for."""
        return self.settings.account_sid or self.last_account or "AC" + "0" * 32

    @property
    def signing_token(self) -> str:
        """The secret webhooks are signed with."""
        return self.settings.auth_token or self.last_token or ""

    def change(self, **settings: Any) -> None:
        """Put other settings in force."""
        self.settings = replace(self.settings, **settings)
        if "segments_per_second" in settings:
            self.windows.clear()

    def admit(self, sender: str, segments: int) -> None:
        """Count segments against the sender's limit. Raises TwilioRefusal."""
        capacity = self.settings.segments_per_second
        if capacity is None:
            return
        window = self.windows.setdefault(sender, WeightedWindow(capacity))
        if not window.admit(self.options.monotonic(), segments):
            raise too_many(limit="segments_per_second")

    def accept(self, message: Message, *, answer_lost: bool) -> list[Bubble]:
        """Keep an outbound SMS, record it and put it on every phone with its number."""
        self.store.add(message)
        self.ledger.keep(
            Accepted(
                seq=self.ledger.next_seq(),
                at=self.options.monotonic(),
                wall=message.created,
                account=message.sender,
                address=message.to,
                method="create",
                text=message.body,
                ref=message.sid,
                segments=message.segments,
                answer_lost=answer_lost,
            )
        )
        self.last_sender[message.to] = message.sender
        return self.show(message, incoming=True, status="sent")

    def show(self, message: Message, *, incoming: bool, status: str) -> list[Bubble]:
        """Put an SMS on the phones that have the number at its human end."""
        number = message.to if incoming else message.sender
        bubbles = []
        for phone in self.phones.with_number(number):
            bubble = Bubble(
                id=self.phones.next_bubble_id(),
                channel=Channel.SMS,
                incoming=incoming,
                text=message.body,
                at=message.created,
                account=message.sender if incoming else message.to,
                ref=message.sid,
                status=status,
            )
            phone.add(bubble, self.phones.max_bubbles)
            bubbles.append(bubble)
            self._tell(phone, bubble)
        return bubbles

    def tick(self, message: Message) -> None:
        """Bring the phones' ticks up to the message's status."""
        for phone in self.phones.with_number(message.to):
            bubble = phone.find(message.sender, message.sid)
            if bubble is not None:
                bubble.status, bubble.error = message.status, message.error
                self._tell(phone, bubble)
        self.feed.stir()

    def _tell(self, phone: Phone, bubble: Bubble) -> None:
        self.feed.publish(lambda: {"type": "message", "phone": phone.id, "message": bubble.view()})

    def refuse(self, method: str, params: Mapping[str, Any], refusal: TwilioRefusal) -> None:
        """Record a refusal."""
        self.ledger.keep_refusal(
            Refused(
                seq=self.ledger.next_seq(),
                at=self.options.monotonic(),
                wall=self.options.now(),
                account=str(params.get("From") or params.get("MessagingServiceSid") or ""),
                address=str(params.get("To", "")),
                method=method,
                text=str(params.get("Body", "")),
                cause=refusal.cause,
                code=refusal.code,
                reason=refusal.message,
                limit=refusal.limit,
                retry_after=refusal.retry_after,
            )
        )
        self.feed.stir()
