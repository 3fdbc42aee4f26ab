"""What the message tests share: drafts with little to say, and the way of a message in one word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notifier.domain.ids import MatterId, MessageId, PersonId
from notifier.domain.message import Button, Draft, Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from notifier.store.rows import Outcome, StoredMessage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LANES = tuple(Lane)
FENCE = 5

PLAIN = Draft(
    key="k",
    person=PersonId("p1"),
    channel=ChannelName.SMS,
    account="s",
    address="+8613812345678",
    lane=Lane.DUTY,
    template="reminder",
    values={"name": "程远舟", "hours": 12},
    text="827 岐元村卡口",
    keyboard=((Button("收到", "ack:1"), Button("到岗", "here:1")), (Button("转交", "pass:1"),)),
    matter=MatterId(1),
    not_before=NOW,
    fallback_at=NOW + 5 * MINUTE,
)
CALL = replace(PLAIN, lane=Lane.ESCALATION, call=True)


def apart(*drafts: Draft) -> list[Draft]:
    """The drafts, each to an address of its own where it names none: a claim takes one an address."""
    return [replace(d, address=f"to {d.key}") if d.address == PLAIN.address else d for d in drafts]


async def queued(database: Database, *drafts: Draft) -> list[MessageId]:
    async with database.write() as tx:
        return [number for number, _ in await tx.messages.queue(apart(*drafts), NOW)]


async def claimed(database: Database, *, limit: int = 100, fence: int = FENCE) -> list[StoredMessage]:
    async with database.write() as tx:
        return await tx.messages.claim("s", LANES, limit, NOW, fence)


def outcome(
    message: MessageId,
    state: MessageState = MessageState.SENT,
    *,
    fence: int = FENCE,
    provider_id: str | None = None,
    error: str | None = None,
    not_before: datetime | None = None,
    repeated: bool = False,
) -> Outcome:
    return Outcome(
        message=message,
        state=state,
        at=NOW,
        fence=fence,
        provider_id=provider_id,
        error=error,
        not_before=not_before,
        repeated=repeated,
    )


async def settled(database: Database, *outcomes: Outcome) -> list[MessageId]:
    async with database.write() as tx:
        return await tx.messages.settle(outcomes)


async def put(database: Database, draft: Draft, state: MessageState) -> MessageId:
    """A message in this state, by the way it gets there (provider id ``SM<id>`` once it was taken)."""
    [number] = await queued(database, draft)
    if state is MessageState.QUEUED:
        return number
    await claimed(database)
    if state is not MessageState.SENDING:
        await settled(database, outcome(number, state, provider_id=f"SM{number}"))
    return number


async def message(database: Database, number: MessageId) -> StoredMessage:
    async with database.read() as tx:
        found = await tx.messages.get(number)
    assert found is not None
    return found
