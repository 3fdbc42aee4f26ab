"""Queuing, claiming, settling: the same on SQLite and PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from notifier.domain.ids import MessageId
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from tests.contract.store_a import (
    CALL,
    FENCE,
    LANES,
    MINUTE,
    NOW,
    PLAIN,
    claimed,
    message,
    outcome,
    put,
    queued,
    settled,
)

S = MessageState


async def test_a_message_reads_back_as_it_was_drafted(database: Database) -> None:
    [number] = await queued(database, PLAIN)
    kept = await message(database, number)
    for name in ("key", "person", "channel", "lane", "values", "text", "keyboard", "matter", "fallback_at"):
        assert getattr(kept, name) == getattr(PLAIN, name), name
    assert (kept.state, kept.attempts, kept.created_at, kept.repeated) == (S.QUEUED, 0, NOW, False)


async def test_queued_twice_it_is_there_once(database: Database) -> None:
    async with database.write() as tx:
        [(first, new)] = await tx.messages.queue([PLAIN], NOW)
        assert new
        again = replace(PLAIN, text="another")
        other = replace(PLAIN, key="other")
        got = await tx.messages.queue([other, again, other], NOW)
        assert [fresh for _, fresh in got] == [True, False, False]
        assert got[1][0] == first
        assert got[0][0] == got[2][0]
        assert await tx.messages.queue([], NOW) == []
    assert (await message(database, first)).text == PLAIN.text


async def test_five_hundred_are_queued_in_order(database: Database) -> None:
    numbers = await queued(database, *(replace(PLAIN, key=f"k{n}") for n in range(500)))
    assert numbers == sorted(set(numbers))


async def test_what_failed_or_is_withheld_from_the_start_is_kept_so(database: Database) -> None:
    failed, withheld = await queued(
        database,
        replace(PLAIN, key="f", state=S.FAILED, error="no_contact"),
        replace(PLAIN, key="w", state=S.WITHHELD),
    )
    assert await claimed(database) == []
    one, two = await message(database, failed), await message(database, withheld)
    assert (one.state, one.error, one.ended_at, one.fallback_at) == (
        S.FAILED,
        "no_contact",
        NOW,
        PLAIN.fallback_at,
    )
    assert (two.state, two.fallback_at) == (S.WITHHELD, None)


async def test_claims_come_by_lane_then_time_then_id(database: Database) -> None:
    await queued(
        database,
        replace(PLAIN, key="bulk", lane=Lane.BULK, not_before=NOW - 9 * MINUTE),
        replace(PLAIN, key="duty"),
        replace(PLAIN, key="duty2"),
        replace(PLAIN, key="early", not_before=NOW - MINUTE),
        replace(PLAIN, key="call", lane=Lane.ESCALATION),
        replace(PLAIN, key="elsewhere", account="t"),
        replace(PLAIN, key="later", not_before=NOW + MINUTE),
        replace(PLAIN, key="unreleased", not_before=None),
        replace(PLAIN, key="expired", expires_at=NOW),
        replace(PLAIN, key="lasting", lane=Lane.REPLY, expires_at=NOW + MINUTE),
    )
    first = await claimed(database, limit=3)
    assert [m.key for m in first] == ["call", "lasting", "early"]
    assert {(m.state, m.fence, m.attempts) for m in first} == {(S.SENDING, FENCE, 1)}
    async with database.write() as tx:
        assert [m.key for m in await tx.messages.claim("s", [Lane.BULK], 5, NOW, FENCE)] == ["bulk"]
    assert [m.key for m in await claimed(database)] == ["duty", "duty2"]
    assert await claimed(database) == []


async def test_claimers_at_once_never_share_a_message(database: Database) -> None:
    await queued(database, *(replace(PLAIN, key=f"k{n}") for n in range(100)))
    lots = await asyncio.gather(*(claimed(database, limit=30) for _ in range(5)))
    keys = [m.key for lot in lots for m in lot]
    assert len(keys) == len(set(keys))
    assert all(len(lot) <= 30 for lot in lots)
    assert len(keys) + len(await claimed(database)) == 100


async def test_outcomes_are_recorded_in_a_batch(database: Database) -> None:
    names = ("sent", "called", "failed", "uncertain", "again")
    sent, called, failed, uncertain, again = await queued(
        database, *(replace(CALL if name == "called" else PLAIN, key=name) for name in names)
    )
    await claimed(database)
    applied = await settled(
        database,
        outcome(sent, provider_id="SM1"),
        outcome(called, provider_id="SM2"),
        outcome(failed, S.FAILED, error="21610"),
        outcome(uncertain, S.UNCERTAIN, error="timeout"),
        outcome(again, S.QUEUED, not_before=NOW + MINUTE, repeated=True),
        outcome(MessageId(999)),
    )
    assert applied == [sent, called, failed, uncertain, again]
    one, two, three, four, five = [await message(database, number) for number in applied]
    assert (one.state, one.provider_id, one.sent_at, one.fallback_at) == (S.SENT, "SM1", NOW, None)
    assert (two.state, two.fallback_at) == (S.SENT, CALL.fallback_at)
    assert (three.state, three.error, three.ended_at) == (S.FAILED, "21610", NOW)
    assert three.fallback_at == PLAIN.fallback_at
    assert (four.state, four.error, four.ended_at) == (S.UNCERTAIN, "timeout", None)
    assert (five.state, five.not_before, five.repeated, five.attempts) == (
        S.QUEUED,
        NOW + MINUTE,
        True,
        1,
    )


async def test_an_outcome_under_another_fence_is_not_recorded(database: Database) -> None:
    number = await put(database, PLAIN, S.SENDING)
    assert await settled(database, outcome(number, fence=FENCE - 1)) == []
    assert (await message(database, number)).state is S.SENDING
    assert await settled(database, outcome(number, S.FAILED)) == [number]
    assert await settled(database, outcome(number, S.QUEUED, not_before=NOW)) == []
    assert (await message(database, number)).state is S.FAILED


async def test_of_two_outcomes_of_one_message_the_first_stands(database: Database) -> None:
    sent, failed, received, late = await queued(
        database, *[replace(PLAIN, key=key) for key in ("sent", "failed", "received", "late")]
    )
    await claimed(database)
    async with database.write() as tx:
        await tx.messages.record_receipt(ChannelName.SMS, "SM3", received, S.DELIVERED, None, NOW)
    applied = await settled(
        database,
        outcome(sent, provider_id="SM1"),
        outcome(sent, provider_id="SM9"),
        outcome(failed, S.FAILED, error="30005"),
        outcome(failed, provider_id="SM2"),
        outcome(received, provider_id="SM3"),
        outcome(late, fence=FENCE - 1, provider_id="SM4"),
    )
    assert applied == [sent, failed, received]
    one, two, three, four = [await message(database, number) for number in (sent, failed, received, late)]
    assert (one.state, one.provider_id) == (S.SENT, "SM1")
    assert two.error == "30005"
    assert (three.state, three.provider_id, three.sent_at) == (S.DELIVERED, "SM3", NOW)
    assert (four.state, four.provider_id) == (S.SENDING, None)


async def test_released_claims_are_as_if_never_claimed(database: Database) -> None:
    number = await put(database, PLAIN, S.SENDING)
    async with database.write() as tx:
        assert await tx.messages.release_claims([number], FENCE - 1) == 0
        assert await tx.messages.release_claims([number], FENCE) == 1
    back = await message(database, number)
    assert (back.state, back.attempts) == (S.QUEUED, 0)


async def test_orphans_are_what_a_lower_fence_left_in_sending(database: Database) -> None:
    number = await put(database, PLAIN, S.SENDING)
    async with database.write() as tx:
        assert await tx.messages.orphans("s", FENCE, 10) == []
        assert await tx.messages.orphans("t", FENCE + 1, 10) == []
        [orphan] = await tx.messages.orphans("s", FENCE + 1, 10)
        back = outcome(number, S.QUEUED, fence=orphan.fence or 0, not_before=NOW, repeated=True)
        assert await tx.messages.settle([back])
        assert not await tx.messages.settle([back])
    assert [m.repeated for m in await claimed(database, fence=FENCE + 1)] == [True]
    # Its old sender wakes up and tells what he knows: too late, it is under way again.
    assert await settled(database, outcome(number, S.FAILED)) == []


@pytest.mark.parametrize("everything", [True, False])
async def test_uncertain_messages_are_sent_again_only_when_told(database: Database, everything: bool) -> None:
    number = await put(database, PLAIN, S.UNCERTAIN)
    sent = await put(database, replace(PLAIN, key="sent"), S.SENT)
    async with database.write() as tx:
        later = NOW + MINUTE
        assert await tx.messages.requeue_uncertain([sent], later) == []
        assert await tx.messages.requeue_uncertain(None if everything else [number, sent], later) == [number]
    again = await message(database, number)
    assert (again.state, again.repeated, again.not_before) == (S.QUEUED, True, NOW + MINUTE)


async def test_counts_list_every_state(database: Database) -> None:
    await put(database, PLAIN, S.SENT)
    await queued(database, replace(PLAIN, key="a"), replace(PLAIN, key="b", account="t"))
    async with database.read() as tx:
        counts = await tx.messages.counts()
        assert set(counts) == set(S)
        assert (counts[S.SENT], counts[S.QUEUED], counts[S.FAILED]) == (1, 2, 0)
        assert await tx.messages.queued_by_channel() == {PLAIN.channel: 2}


async def test_lanes_that_nobody_asked_for_are_left(database: Database) -> None:
    await queued(database, PLAIN)
    async with database.write() as tx:
        assert await tx.messages.claim("s", [Lane.BULK], 5, NOW, FENCE) == []
        assert await tx.messages.claim("s", LANES, 0, NOW, FENCE) == []


async def test_a_claim_takes_one_message_an_address_and_none_to_a_busy_one(database: Database) -> None:
    flood = [replace(PLAIN, key=f"flood{n}", address="desk") for n in range(300)]
    await queued(database, *flood, replace(PLAIN, key="other", address="deputy"))
    first = await claimed(database, limit=10)
    assert [m.key for m in first] == ["flood0"], "the look past a flood is bounded"
    async with database.write() as tx:
        then = await tx.messages.claim("s", LANES, 10, NOW, FENCE, {"desk"})
    assert [m.key for m in then] == ["other"], "once the desk is busy, its flood is passed over"
