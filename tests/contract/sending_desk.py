"""A sending account over the real wire: a database with the fixture city, a sandbox, a manual civil clock."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from notifier.channels.http import open_session
from notifier.channels.ports import Sender, Settler
from notifier.channels.sms.twilio_sender import TwilioSender
from notifier.channels.telegram.sender import TelegramSender
from notifier.config import shipped
from notifier.domain.ids import MessageId, PersonId
from notifier.domain.message import Accepted, Lane, MessageState, Outgoing
from notifier.domain.pacing import ChatPacer
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName
from notifier.engine.clock import ManualClock
from notifier.engine.importing import import_roster
from notifier.engine.letters import Letter
from notifier.engine.loops import Pulse, keep_turning
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts, assemble
from notifier.engine.sending.account import Account
from notifier.engine.sending.settling import Settling
from notifier.engine.station import Reach, Rules, Station, Wake
from notifier.engine.tenure import Tenures
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.ledger import Accepted as Taken
from notifier.sandbox.ledger import Ledger
from notifier.sandbox.options import SandboxOptions, TelegramLimits, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.store.database import Database
from notifier.store.rows import StoredMessage
from notifier.texts.catalogue import Catalogue

CITY = Path(__file__).parents[1] / "fixtures" / "city"
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TOKEN = "7001:sending-secret"
BOT = "7001"
SID = "AC" + "7" * 32
AUTH = "sending-auth"
NUMBER = "+15550100001"

BOTH_WAYS = PersonId("p11")
"""Has a chat and a phone."""
BY_SMS = PersonId("p12")
"""Has a phone only."""


@dataclass
class Counted:
    """A sender that delegates, and notes in which order calls begin and how many are under way to a chat."""

    sender: Sender
    order: list[Outgoing] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)

    async def send(self, message: Outgoing) -> Accepted:
        """Send through the real one."""
        self.order.append(message)
        self._now[message.address] += 1
        self.most[message.address] = max(self.most[message.address], self._now[message.address])
        try:
            return await self.sender.send(message)
        finally:
            self._now[message.address] -= 1


@dataclass
class Desk:
    """What the tests of sending work with. Open with ``open_desk``."""

    parts: Parts
    clock: ManualClock
    sandbox: RunningSandbox
    accounts: dict[ChannelName, Account]
    senders: dict[ChannelName, Counted]
    tenures: Tenures

    @property
    def db(self) -> Database:
        """The database."""
        return self.parts.station.db

    # ── putting in ───────────────────────────────────────────────────────────────────────────────

    async def post(self, *letters: Letter) -> list[MessageId]:
        """Queue letters as the engine does."""
        async with self.db.write() as tx:
            posted = await self.parts.letters.post(tx, letters, self.clock.now())
        return [one.message for one in posted if one.message is not None]

    def arm(self, channel: ChannelName, kind: FaultKind, **more: Any) -> None:
        """Have something go wrong."""
        self.sandbox.state.arm(Fault(carrier=_carrier(channel), kind=kind, **more))

    # ── turning ──────────────────────────────────────────────────────────────────────────────────

    async def sends(self, *channels: ChannelName) -> None:
        """Send all that may go now."""
        for channel in channels or tuple(self.accounts):
            account = self.accounts[channel]
            while await account.turn():
                await account.stop()
            await account.stop()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """The accounts turn by themselves, as in the service, while the block runs."""
        stopping = asyncio.Event()
        tasks = [
            asyncio.create_task(keep_turning(Pulse(str(channel)), account.turn, account.pause, stopping))
            for channel, account in self.accounts.items()
        ]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)
            for account in self.accounts.values():
                await account.stop()

    async def takes(self, channel: ChannelName, count: int, seconds: float = 8.0) -> list[Taken]:
        """Wait until the carrier has taken so many."""
        ledger = self.ledger(channel)
        await self.sandbox.state.until(lambda: ledger.accepted_count >= count, seconds)
        return list(ledger.accepted)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────

    def ledger(self, channel: ChannelName) -> Ledger:
        """The carrier's own record."""
        return self.sandbox.state.ledger(_carrier(channel))

    def taken(self, channel: ChannelName) -> list[str]:
        """The texts that the carrier took."""
        return [record.text for record in self.ledger(channel).accepted]

    async def message(self, message: MessageId) -> StoredMessage:
        """A message as it stands."""
        async with self.db.read() as tx:
            found = await tx.messages.get(message)
        assert found is not None
        return found

    async def state(self, message: MessageId) -> MessageState:
        """How a message stands."""
        return (await self.message(message)).state

    async def states(self, messages: Iterable[MessageId]) -> list[MessageState]:
        """How several stand."""
        return [await self.state(message) for message in messages]


def letter(
    key: str,
    person: PersonId = BOTH_WAYS,
    *,
    lane: Lane = Lane.DUTY,
    call: bool = False,
    body: str = "今晚请守卡口",
    kind: Kind = Kind.NOTICE,
) -> Letter:
    """Something to be said; a call where it is to be one."""
    return Letter(
        key=key,
        person=person,
        template="notice",
        values={"unit": "岐元村", "body": f"{body} {key}"},
        lane=Lane.ESCALATION if call else lane,
        kind=Kind.UNSTAFFED if call else kind,
        call=call,
    )


@asynccontextmanager
async def open_desk(
    database: Database,
    *,
    telegram_rate: float = 0,
    chat_rate: float = 0,
    sms_rate: float = 0,
    limits: TelegramLimits | None = None,
    segments_per_second: int | None = None,
    owner: str = "this process",
) -> AsyncIterator[Desk]:
    """Both accounts, held; the carriers' limits as given (None lifts Telegram's)."""
    clock = ManualClock(START)
    lifted = TelegramLimits(per_bot=None, per_chat=None, per_group=None)
    options = SandboxOptions(
        telegram=TelegramOptions(tokens=(TOKEN,), limits=limits or lifted),
        twilio=TwilioOptions(
            account_sid=SID, auth_token=AUTH, senders=(NUMBER,), segments_per_second=segments_per_second
        ),
    )
    parts = assemble(_station(database, clock))
    await import_roster(parts, CITY)
    async with serve_sandbox(options) as sandbox, open_session() as session:
        telegram = Counted(TelegramSender(session, TOKEN, api_url=sandbox.url))
        twilio = TwilioSender(session, sid=SID, tokens=(AUTH,), api_url=sandbox.url)
        sms = Counted(twilio)
        tenures = Tenures(database, owner)
        accounts = {
            ChannelName.TELEGRAM: _account(
                parts, tenures, ChannelName.TELEGRAM, telegram, telegram_rate, chat_rate
            ),
            ChannelName.SMS: _account(parts, tenures, ChannelName.SMS, sms, sms_rate, 0, twilio),
        }
        await tenures.turn()
        desk = Desk(
            parts=parts,
            clock=clock,
            sandbox=sandbox,
            accounts=accounts,
            senders={ChannelName.TELEGRAM: telegram, ChannelName.SMS: sms},
            tenures=tenures,
        )
        try:
            yield desk
        finally:
            for account in accounts.values():
                await account.stop()


def most_within_a_second(moments: Sequence[float]) -> int:
    """How many of these moments lie within the fullest second."""
    return max((sum(at <= other < at + 1.0 for other in moments) for at in moments), default=0)


@cache
def _texts() -> Catalogue:
    return Catalogue.load(shipped("templates"), zone=ZONE, default_locale="zh")


def _station(database: Database, clock: ManualClock) -> Station:
    return Station(
        db=database,
        clock=clock,
        texts=_texts(),
        reach=Reach(telegram=(BOT,), sms=(NUMBER,)),
        rules=Rules(ZONE),
        wake=Wake(),
        zone=ZONE,
        locale="zh",
        site="值守",
    )


def _account(
    parts: Parts,
    tenures: Tenures,
    channel: ChannelName,
    sender: Sender,
    rate: float,
    chat_rate: float,
    settler: Settler | None = None,
) -> Account:
    name = BOT if channel is ChannelName.TELEGRAM else NUMBER
    metrics = Metrics()
    return Account(
        parts.station,
        channel,
        name,
        sender,
        tenures.seek(f"account:{channel}:{name}"),
        Settling(parts.station, parts.aftermath, parts.contacts_lost, metrics),
        metrics,
        rate=rate,
        chats=ChatPacer(chat_rate, 0),
        settler=settler,
    )


def _carrier(channel: ChannelName) -> Carrier:
    return Carrier.TELEGRAM if channel is ChannelName.TELEGRAM else Carrier.TWILIO


def outgoing(message: StoredMessage) -> Outgoing:
    """The call that would be made for a message."""
    return Outgoing(
        id=message.id, account=message.account, address=message.address, text=message.text, status_ref=""
    )
