"""How fast, in which order, and how closely together: read from the carrier's own ledger."""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from notifier.domain.ids import PersonId
from notifier.domain.message import Draft, Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.engine.letters import Letter
from notifier.sandbox.faults import FaultKind
from notifier.sandbox.options import TelegramLimits
from notifier.store.database import Database
from tests.contract.sending_desk import (
    BOT,
    BOTH_WAYS,
    BY_SMS,
    NUMBER,
    START,
    Desk,
    letter,
    most_within_a_second,
    open_desk,
    outgoing,
)

TELEGRAM, SMS = ChannelName.TELEGRAM, ChannelName.SMS


def draft(key: str, chat: int, lane: Lane = Lane.BULK, text: str = "827 今晚请守卡口") -> Draft:
    return Draft(
        key=key,
        person=None,
        channel=TELEGRAM,
        account=BOT,
        address=str(chat),
        lane=lane,
        template="notice",
        values={},
        text=text,
        not_before=START,
    )


async def queue(desk: Desk, drafts: Sequence[Draft]) -> None:
    async with desk.db.write() as tx:
        await tx.messages.queue(drafts, START)


# ── the budget ───────────────────────────────────────────────────────────────────────────────────


async def test_no_second_sees_more_than_a_quarter_above_the_rate(sqlite_database: Database) -> None:
    """With Telegram's own limits in force, none of which may ever be met."""
    async with open_desk(sqlite_database, telegram_rate=28, chat_rate=1, limits=TelegramLimits()) as desk:
        await queue(desk, [draft(str(n), 500_000 + n) for n in range(45)])
        async with desk.sending():
            taken = await desk.takes(TELEGRAM, 45)
        moments = [record.at for record in taken]
        assert most_within_a_second(moments) <= 35
        # Nor is the budget left lying: a second and a half's worth goes in about that time.
        assert max(moments) - min(moments) <= 2.5
        assert desk.ledger(TELEGRAM).refused_count == 0


async def test_nothing_is_saved_up_while_idle(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=10) as desk, desk.sending():
        await queue(desk, [draft("first", 500_000)])
        desk.parts.station.wake.ring()
        [first] = await desk.takes(TELEGRAM, 1)
        # The idle time is the second that the first message alone would have filled.
        await desk.sandbox.state.until(lambda: desk.sandbox.state.options.monotonic() > first.at, 1.0)
        await queue(desk, [draft(str(n), 500_001 + n) for n in range(12)])
        desk.parts.station.wake.ring()
        taken = await desk.takes(TELEGRAM, 13)
    assert most_within_a_second([record.at for record in taken]) <= 12


async def test_sms_spend_the_budget_by_segments(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, sms_rate=10, segments_per_second=13) as desk:
        long = "请" * 100
        await desk.post(*[letter(str(n), BY_SMS, body=long) for n in range(7)])
        async with desk.sending():
            taken = await desk.takes(SMS, 7)
        spent = [record.at for record in taken for _ in range(record.segments)]
        assert {record.segments for record in taken} == {2}
        assert most_within_a_second(spent) <= 12
        assert desk.ledger(SMS).refused_count == 0


async def test_what_is_claimed_ahead_is_no_more_than_a_seconds_budget(sqlite_database: Database) -> None:
    """So that a crash leaves few unknown."""
    async with open_desk(sqlite_database, telegram_rate=5) as desk:
        await queue(desk, [draft(str(n), 500_000 + n) for n in range(40)])
        await desk.accounts[TELEGRAM].turn()
        async with desk.db.read() as tx:
            states = await tx.messages.counts()
        assert states[MessageState.SENDING] + states[MessageState.SENT] <= 6
        assert states[MessageState.QUEUED] >= 34


# ── one chat ─────────────────────────────────────────────────────────────────────────────────────


async def test_a_chat_gets_no_two_messages_within_0_8_s(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=28, chat_rate=1, limits=TelegramLimits()) as desk:
        await queue(desk, [draft(str(n), 500_000) for n in range(3)])
        await queue(desk, [draft(f"other {n}", 500_001 + n) for n in range(10)])
        async with desk.sending():
            taken = await desk.takes(TELEGRAM, 13)
        own = [record.at for record in taken if record.address == "500000"]
        assert min(later - earlier for earlier, later in pairwise(own)) >= 0.8
        # Others do not wait for that chat.
        others = [record.at for record in taken if record.address != "500000"]
        assert max(others) < own[1]


async def test_an_answer_to_somebodys_own_words_does_not_wait(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=28, chat_rate=1) as desk:
        await queue(desk, [draft("first", 500_000, Lane.ESCALATION)])
        await queue(desk, [draft("answer:2", 500_000, Lane.REPLY)])
        async with desk.sending():
            first, second = await desk.takes(TELEGRAM, 2)
        assert second.at - first.at < 0.8


async def test_at_most_one_message_to_a_chat_is_under_way(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database) as desk:
        desk.arm(TELEGRAM, FaultKind.SLOW_BEFORE, seconds=0.02, times=None)
        await queue(desk, [draft(f"{chat} {n}", 500_000 + chat) for chat in range(3) for n in range(4)])
        async with desk.sending():
            taken = await desk.takes(TELEGRAM, 12)
    assert set(desk.senders[TELEGRAM].most.values()) == {1}
    assert len(taken) == 12


async def test_messages_to_one_chat_go_in_the_order_in_which_they_were_queued(
    sqlite_database: Database,
) -> None:
    async with open_desk(sqlite_database) as desk:
        await queue(desk, [draft(str(n), 500_000, text=f"827 第{n}条") for n in range(6)])
        async with desk.sending():
            taken = await desk.takes(TELEGRAM, 6)
    assert [record.text for record in taken] == [f"827 第{n}条" for n in range(6)]


# ── lanes ────────────────────────────────────────────────────────────────────────────────────────


async def test_lanes_are_strict_but_for_a_twentieth_for_bulk(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=150) as desk:
        for lane in reversed(Lane):
            first = 500_000 + 1000 * lane
            await queue(desk, [draft(f"{lane}:{n}", first + n, lane) for n in range(30)])
        async with desk.sending():
            await desk.takes(TELEGRAM, 120)
        order = [Lane((int(one.address) - 500_000) // 1000) for one in desk.senders[TELEGRAM].order]
    others = [lane for lane in order if lane is not Lane.BULK]
    assert others == sorted(others)
    # While anything more urgent waited, one in twenty was bulk, no more and no fewer.
    before = order[: len(order) - order[::-1].index(Lane.DUTY)]
    assert before.count(Lane.BULK) == len(before) // 20


async def test_a_call_overtakes_a_flood(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=20) as desk:
        await queue(desk, [draft(str(n), 500_000 + n) for n in range(60)])
        async with desk.sending():
            await desk.takes(TELEGRAM, 5)
            await desk.post(letter("call", call=True))
            desk.parts.station.wake.ring("send")
            ledger = desk.ledger(TELEGRAM)
            await desk.sandbox.state.until(lambda: any("call" in record.text for record in ledger.accepted))
            overtaken_by = len(ledger.accepted) - 5
    assert overtaken_by <= 4


# ── who may send ─────────────────────────────────────────────────────────────────────────────────


async def test_an_account_that_is_not_ours_sends_nothing(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database) as desk:
        await desk.post(letter("a"))
        await desk.tenures.release()
        await desk.sends()
        assert desk.taken(TELEGRAM) == []


@pytest.mark.parametrize(
    ("channel", "person", "call", "state", "said"),
    [
        (TELEGRAM, BOTH_WAYS, True, MessageState.SENT, 1),
        (TELEGRAM, BOTH_WAYS, False, MessageState.UNCERTAIN, 0),
        (SMS, BY_SMS, True, MessageState.SENT, 1),
        (SMS, BY_SMS, False, MessageState.UNCERTAIN, 0),
    ],
)
async def test_what_a_dead_sender_left_in_flight_is_settled_by_the_next(
    database: Database, channel: ChannelName, person: PersonId, call: bool, state: MessageState, said: int
) -> None:
    """It died between the claim and the call: a call rings once, marked; the rest is held."""
    async with open_desk(database) as desk:
        [number] = await desk.post(letter("a", person, call=call))
        await claim_and_die(desk, channel)
        await desk.sends()
        message = await desk.message(number)
        assert message.state is state
        assert message.repeated is call
        assert len(desk.taken(channel)) == said


async def test_a_text_that_the_carrier_took_before_its_sender_died_is_not_sent_again(
    database: Database,
) -> None:
    async with open_desk(database) as desk:
        [number] = await desk.post(letter("a", BY_SMS, call=True))
        await take_and_die(desk, letter("a", BY_SMS, call=True))
        await desk.sends()
        message = await desk.message(number)
        [taken] = desk.ledger(SMS).accepted
        assert (message.state, message.provider_id) == (MessageState.SENT, str(taken.ref))
        assert not message.repeated


async def claim_and_die(desk: Desk, channel: ChannelName) -> None:
    """Put everything in flight under an owner who is then never heard of again."""
    await desk.tenures.release()
    name = BOT if channel is TELEGRAM else NUMBER
    async with desk.db.write() as tx:
        lease = await tx.leases.read(f"account:{channel}:{name}")
        assert lease is not None
        dead = await tx.leases.take(lease.name, "the dead", lease.beat)
        assert dead is not None
        await tx.messages.claim(name, tuple(Lane), 10, START, dead.fence)
        await tx.leases.release(lease.name, "the dead", dead.fence)
    await desk.tenures.turn()


async def take_and_die(desk: Desk, meant: Letter) -> None:
    """The same, after the carrier had taken it."""
    await claim_and_die(desk, SMS)
    async with desk.db.write() as tx:
        [in_flight] = await tx.messages.orphans(NUMBER, 1_000, 10)
    assert in_flight.key.startswith(meant.key)
    sender = desk.senders[SMS].sender
    await sender.send(outgoing(in_flight))
