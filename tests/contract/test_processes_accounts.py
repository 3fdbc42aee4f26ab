"""Several bots and several numbers in one process: each sends by itself, whatever befalls another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from notifier.bootstrap import open_parts
from notifier.config import shipped
from notifier.domain.ids import PersonId
from notifier.domain.message import Draft, Lane
from notifier.domain.roster import ChannelName
from notifier.engine.importing import import_roster
from notifier.engine.letters import Letter
from notifier.engine.parts import Parts
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.ledger import Accepted
from notifier.sandbox.options import SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.service import Service
from tests.stories.surroundings import AUTH, SID, config_for

CITY = Path(__file__).parents[1] / "fixtures" / "city"
ONE, TWO = "7001", "7002"
NUMBERS = ("+15550100001", "+15550100002")
RATE = 20
EACH = 30


class Senders:
    """The sender role of a process, as the service wires it, and the carriers."""

    def __init__(self, parts: Parts, sandbox: RunningSandbox) -> None:
        self.parts = parts
        self.sandbox = sandbox

    async def queues(self, account: str, many: int = EACH) -> None:
        """So many messages for a bot, each to a chat of its own."""
        now = datetime.now(UTC)
        drafts = [
            Draft(
                key=f"{account} {n}",
                person=None,
                channel=ChannelName.TELEGRAM,
                account=account,
                address=str(int(account) * 1000 + n),
                lane=Lane.DUTY,
                template="notice",
                values={},
                text="827 今晚请守卡口",
                not_before=now,
            )
            for n in range(many)
        ]
        async with self.parts.station.db.write() as tx:
            await tx.messages.queue(drafts, now)
        self.parts.station.wake.ring("send")

    def taken(self, account: str) -> list[Accepted]:
        """What the carriers took from an account."""
        state = self.sandbox.state
        both = [*state.telegram.ledger.accepted, *state.twilio.ledger.accepted]
        return [record for record in both if record.account == account]

    async def take_all_of(self, account: str) -> None:
        """Wait until everything of an account has been taken."""
        await self.sandbox.state.until(lambda: len(self.taken(account)) == EACH, 20)


@asynccontextmanager
async def open_senders(database_url: str) -> AsyncIterator[Senders]:
    tokens = tuple(f"{bot}:accounts-secret" for bot in (ONE, TWO))
    options = SandboxOptions(
        telegram=TelegramOptions(tokens=tokens),
        twilio=TwilioOptions(account_sid=SID, auth_token=AUTH, senders=NUMBERS),
    )
    async with serve_sandbox(options) as sandbox:
        settings = {
            "telegram_token": SecretStr(",".join(tokens)),
            "telegram_rate": RATE,
            "twilio_from": NUMBERS,
            "public_url": None,
            "alarm_url": None,
            "templates_dir": shipped("templates"),
        }
        config = config_for(database_url, CITY, sandbox.url, "", settings)
        async with open_parts(config) as parts, Service.open(config, parts) as service:
            stopping = asyncio.Event()
            turning = asyncio.create_task(service.turn_until(stopping, {"sender"}))
            try:
                yield Senders(parts, sandbox)
            finally:
                stopping.set()
                await turning


@pytest.fixture
async def senders(database_url: str) -> AsyncIterator[Senders]:
    """Two bots, two numbers, no fault yet."""
    async with open_senders(database_url) as opened:
        yield opened


async def test_two_bots_send_side_by_side_each_at_its_own_rate(senders: Senders) -> None:
    for bot in (ONE, TWO):
        await senders.queues(bot)
    for bot in (ONE, TWO):
        await senders.take_all_of(bot)
    one, two = (sorted(record.at for record in senders.taken(bot)) for bot in (ONE, TWO))
    assert one[0] < two[-1]
    assert two[0] < one[-1]
    for moments in (one, two):
        assert _fullest_second(moments) <= 1.25 * RATE


async def test_a_bot_that_is_told_to_wait_keeps_no_other_waiting(senders: Senders) -> None:
    senders.sandbox.state.arm(_fault(FaultKind.THROTTLE, retry_after=600))
    await senders.queues(ONE)
    await senders.sandbox.state.until(lambda: senders.sandbox.state.telegram.ledger.refused_count)
    await senders.queues(TWO)
    await senders.take_all_of(TWO)
    assert len(senders.taken(ONE)) < EACH
    assert not any(record.in_pause for record in senders.taken(ONE))


async def test_a_bot_that_is_not_answered_keeps_no_other_waiting(sqlite_url: str) -> None:
    async with open_senders(sqlite_url) as senders:
        senders.sandbox.state.arm(_fault(FaultKind.SLOW_BEFORE, seconds=10.0, times=None))
        await senders.queues(ONE)
        await senders.queues(TWO)
        await senders.take_all_of(TWO)
        assert senders.taken(ONE) == []


async def test_each_phone_hears_from_one_number_and_both_numbers_are_used(senders: Senders) -> None:
    parts = senders.parts
    await import_roster(parts, CITY)
    async with parts.station.db.read() as tx:
        people = sorted(
            await tx.roster.people([PersonId(f"p{n:02}") for n in (1, 2, 11, 12, 13, 14, 21, 22)])
        )
    for turn in range(2):
        letters = [
            Letter(
                key=f"{turn} {person}",
                person=person,
                template="notice",
                values={"unit": "岐元村", "body": f"第{turn}次"},
                prefer=ChannelName.SMS,
            )
            for person in people
        ]
        async with parts.station.db.write() as tx:
            await parts.letters.post(tx, letters, datetime.now(UTC))
    parts.station.wake.ring("send")
    state = senders.sandbox.state
    await state.until(lambda: state.twilio.ledger.accepted_count == 2 * len(people), 20)
    by_phone: dict[str, set[str]] = {}
    for record in state.twilio.ledger.accepted:
        by_phone.setdefault(record.address, set()).add(record.account)
    assert all(len(numbers) == 1 for numbers in by_phone.values())
    assert set.union(*by_phone.values()) == set(NUMBERS)


def _fault(kind: FaultKind, **more: object) -> Fault:
    return Fault(carrier=Carrier.TELEGRAM, kind=kind, account=ONE, **more)  # type: ignore[arg-type]


def _fullest_second(moments: Sequence[float]) -> int:
    return max(sum(at <= other < at + 1.0 for other in moments) for at in moments)
