"""The sandbox put together: both carriers and the page of phones behind one ASGI app."""

from collections import deque
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from notifier.sandbox.control.carriers import CarrierControl
from notifier.sandbox.control.page import page_routes
from notifier.sandbox.control.phones import PhoneControl
from notifier.sandbox.core import SandboxState
from notifier.sandbox.courier import Background, Courier
from notifier.sandbox.faults import FaultBook
from notifier.sandbox.feed import Feed
from notifier.sandbox.ledger import Ledger
from notifier.sandbox.limits import TelegramMeter
from notifier.sandbox.options import SandboxOptions
from notifier.sandbox.phones import PhoneBook
from notifier.sandbox.telegram.api import PREFIX as TELEGRAM_PREFIX
from notifier.sandbox.telegram.api import TelegramApi
from notifier.sandbox.telegram.bots import BotBook, ChatBook
from notifier.sandbox.telegram.desk import TelegramDesk
from notifier.sandbox.telegram.people import TelegramPeople
from notifier.sandbox.twilio.api import PREFIX as TWILIO_PREFIX
from notifier.sandbox.twilio.api import TwilioApi
from notifier.sandbox.twilio.desk import TwilioDesk
from notifier.sandbox.twilio.messages import MessageStore
from notifier.sandbox.twilio.people import SmsPeople

MAX_CALLS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What both carriers work with."""

    options: SandboxOptions
    phones: PhoneBook
    feed: Feed
    faults: FaultBook
    courier: Courier
    background: Background


class Sandbox:
    """Both carriers and the phones. `state` is everything they remember, for tests in the same process."""

    def __init__(self, state: SandboxState) -> None:
        """Build the HTTP face of a state."""
        self.state = state
        self.telegram_app: ASGIApp = TelegramApi(state.telegram)
        self.twilio_app: ASGIApp = TwilioApi(state.twilio)
        self.page_app: ASGIApp = Starlette(
            routes=[
                *page_routes(state.feed),
                *PhoneControl(state).routes(),
                *CarrierControl(state).routes(),
            ]
        )

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All three behind one port, told apart by path."""
        path = scope.get("path", "")
        if path.startswith(TELEGRAM_PREFIX):
            await self.telegram_app(scope, receive, send)
        elif path.startswith(TWILIO_PREFIX):
            await self.twilio_app(scope, receive, send)
        else:
            await self.page_app(scope, receive, send)


def create_sandbox(options: SandboxOptions | None = None) -> Sandbox:
    """A sandbox with nobody in it. Nothing starts until its app is served."""
    chosen = options or SandboxOptions()
    shared = Shared(
        options=chosen,
        phones=PhoneBook(max_phones=chosen.max_phones, max_bubbles=chosen.max_bubbles),
        feed=Feed(),
        faults=FaultBook(),
        courier=Courier(),
        background=Background(),
    )
    telegram, twilio = _telegram_desk(shared), _twilio_desk(shared)
    return Sandbox(
        SandboxState(
            options=chosen,
            phones=shared.phones,
            feed=shared.feed,
            faults=shared.faults,
            courier=shared.courier,
            background=shared.background,
            telegram=telegram,
            twilio=twilio,
            chatters=TelegramPeople(telegram),
            texters=SmsPeople(twilio),
        )
    )


def _telegram_desk(shared: Shared) -> TelegramDesk:
    options = shared.options.telegram
    return TelegramDesk(
        options=shared.options,
        phones=shared.phones,
        feed=shared.feed,
        faults=shared.faults,
        courier=shared.courier,
        background=shared.background,
        ledger=Ledger(shared.options.max_records),
        bots=BotBook(options.tokens, options.max_updates),
        chats=ChatBook(open_chats=options.open_chats),
        meter=TelegramMeter(options.limits),
    )


def _twilio_desk(shared: Shared) -> TwilioDesk:
    return TwilioDesk(
        options=shared.options,
        settings=shared.options.twilio,
        phones=shared.phones,
        feed=shared.feed,
        faults=shared.faults,
        courier=shared.courier,
        background=shared.background,
        ledger=Ledger(shared.options.max_records),
        store=MessageStore(shared.options.max_records),
        calls=deque(maxlen=MAX_CALLS),
    )
