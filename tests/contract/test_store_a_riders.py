"""Lists and what rides on them: one fate, in one write, whichever way it comes."""

from dataclasses import replace

import pytest

from notifier.domain.ids import CaseId, MessageId
from notifier.domain.joining import list_key
from notifier.domain.message import Draft, MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from notifier.store.message_values import S
from notifier.store.rows import Outcome, StoredMessage
from tests.contract.store_a import CALL, MINUTE, NOW, claimed, message, outcome, queued, settled

LIST = replace(
    CALL, key=list_key("a"), template="joined_call", text="", matter=None, fallback_at=None, keyboard=()
)


def rider(on: MessageId, key: str) -> Draft:
    return replace(CALL, key=key, rides_on=on, not_before=None, case=CaseId(1))


async def aboard(database: Database, *keys: str) -> tuple[MessageId, list[MessageId]]:
    """A list that waits, and what rides on it."""
    [on] = await queued(database, LIST)
    return on, await queued(database, *[rider(on, key) for key in keys])


async def fates(database: Database, numbers: list[MessageId]) -> list[MessageState]:
    return [(await message(database, number)).state for number in numbers]


def of_list(
    number: MessageId, state: MessageState, *, provider_id: str | None = None, error: str | None = None
) -> Outcome:
    return replace(outcome(number, state, provider_id=provider_id, error=error), carries=True)


async def test_a_rider_is_never_claimed_by_itself(database: Database) -> None:
    on, riders = await aboard(database, "a", "b")
    assert [row.id for row in await claimed(database)] == [on]
    assert await fates(database, riders) == [S.QUEUED] * 2
    async with database.read() as tx:
        assert not await tx.messages.has_queued("s", tuple(type(LIST.lane)), NOW)


@pytest.mark.parametrize(("state", "error"), [(S.SENT, None), (S.UNCERTAIN, "timeout"), (S.FAILED, "30004")])
async def test_what_becomes_of_a_list_becomes_of_its_riders(
    database: Database, state: MessageState, error: str | None
) -> None:
    on, riders = await aboard(database, "a", "b")
    await claimed(database)
    await settled(database, of_list(on, state, provider_id="SM1", error=error))
    assert await fates(database, [on, *riders]) == [state] * 3
    first: StoredMessage = await message(database, riders[0])
    assert first.error == error
    # Their own clocks run on: only a sign of life, or what follows a failure, ends them.
    assert first.fallback_at == CALL.fallback_at
    # The carrier's id is the list's: a reply to it means the list.
    assert first.provider_id is None


async def test_what_goes_back_to_the_queue_leaves_them_waiting(database: Database) -> None:
    on, riders = await aboard(database, "a")
    await claimed(database)
    again = replace(of_list(on, S.QUEUED), not_before=NOW + MINUTE)
    await settled(database, again)
    assert await fates(database, [on, *riders]) == [S.QUEUED] * 2


async def test_receipts_and_answers_lift_them_too(database: Database) -> None:
    on, riders = await aboard(database, "a", "b")
    await claimed(database)
    async with database.write() as tx:
        await tx.messages.record_receipt(ChannelName.SMS, "SM1", on, S.DELIVERED, None, NOW)
    assert await fates(database, riders) == [S.DELIVERED] * 2
    first = await message(database, riders[0])
    assert (first.delivered_at, first.fallback_at, first.answered_at) == (NOW, None, None)


async def test_a_tap_under_a_list_shows_that_all_its_changes_were_seen(database: Database) -> None:
    on, riders = await aboard(database, "a")
    await claimed(database)
    await settled(database, of_list(on, S.SENT, provider_id="SM1"))
    [change] = await queued(database, replace(LIST, key=list_key("b"), edits="SM1", address=f"to {LIST.key}"))
    [later] = await queued(database, replace(rider(change, "b"), address=f"to {LIST.key}"))
    await claimed(database)
    await settled(database, of_list(change, S.SENT, provider_id="SM1"))
    async with database.write() as tx:
        await tx.messages.mark_answered(change, NOW)
    assert await fates(database, [*riders, later]) == [S.DELIVERED] * 2


async def test_who_was_called_off_stays_so(database: Database) -> None:
    on, riders = await aboard(database, "a", "b")
    async with database.write() as tx:
        await tx.messages.cancel_queued(NOW, ids=riders[:1])
    await claimed(database)
    await settled(database, of_list(on, S.SENT, provider_id="SM1"))
    assert await fates(database, riders) == [S.CANCELLED, S.SENT]


async def test_a_list_that_expires_takes_them_with_it(database: Database) -> None:
    [on] = await queued(database, replace(LIST, expires_at=NOW + MINUTE))
    riders = await queued(database, rider(on, "a"))
    async with database.write() as tx:
        expired = await tx.messages.expire_due(NOW + MINUTE, 10)
    assert [row.id for row in expired] == [on]
    assert await fates(database, riders) == [S.EXPIRED]
    assert (await message(database, riders[0])).fallback_at is None


async def test_only_what_waits_and_was_never_tried_comes_aboard(database: Database) -> None:
    waiting, tried = await queued(database, replace(CALL, key="a"), replace(CALL, key="b"))
    async with database.write() as tx:
        taken = await tx.messages.claim("s", (CALL.lane,), 10, NOW, 5, {"to a"})
        assert [row.id for row in taken] == [tried]
    await settled(database, replace(outcome(tried, S.QUEUED), not_before=NOW))
    [on] = await queued(database, LIST)
    async with database.write() as tx:
        assert await tx.messages.board(on, [waiting, tried]) == 1
    assert [row.id for row in await claimed(database)] == [tried, on]


async def test_a_list_that_is_being_sent_takes_nobody_aboard(database: Database) -> None:
    [on] = await queued(database, LIST)
    async with database.write() as tx:
        assert await tx.messages.holds_back(on)
    await claimed(database)
    async with database.write() as tx:
        assert not await tx.messages.holds_back(on)


async def test_a_withdrawn_list_is_cancelled_with_what_rode_on_it(database: Database) -> None:
    on, riders = await aboard(database, "a")
    [row] = await claimed(database)
    async with database.write() as tx:
        await tx.messages.withdraw(row, NOW)
    assert await fates(database, [on, *riders]) == [S.CANCELLED] * 2


async def test_sending_a_rider_again_sends_its_list(database: Database) -> None:
    on, riders = await aboard(database, "a", "b")
    await claimed(database)
    await settled(database, of_list(on, S.UNCERTAIN, error="timeout"))
    async with database.write() as tx:
        assert await tx.messages.requeue_uncertain(riders[:1], NOW) == [on]
    assert [row.id for row in await claimed(database)] == [on]
    await settled(database, of_list(on, S.SENT, provider_id="SM1"))
    assert await fates(database, riders) == [S.SENT] * 2


async def test_a_list_may_be_hastened_and_not_put_off(database: Database) -> None:
    [on] = await queued(database, replace(LIST, not_before=NOW + 5 * MINUTE))
    for at in (NOW + 9 * MINUTE, NOW + MINUTE, NOW + 2 * MINUTE):
        async with database.write() as tx:
            await tx.messages.hasten(on, at)
    assert (await message(database, on)).not_before == NOW + MINUTE
