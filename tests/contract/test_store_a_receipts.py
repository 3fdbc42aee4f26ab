"""Receipts, answers, ends and fallbacks: states only climb, whatever order things come in."""

from dataclasses import replace

import pytest

from notifier.domain.ids import CaseId, MatterId, MessageId, PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from notifier.store.rows import MessageFilter, StoredMessage
from tests.contract.store_a import (
    CALL,
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
LATER = NOW + MINUTE


async def receipt(
    database: Database,
    provider_id: str,
    state: MessageState,
    *,
    number: int | None = None,
    channel: ChannelName = ChannelName.SMS,
) -> StoredMessage | None:
    async with database.write() as tx:
        found = None if number is None else MessageId(number)
        return await tx.messages.record_receipt(channel, provider_id, found, state, "30003", LATER)


async def test_a_receipt_finds_its_message_by_either_id(database: Database) -> None:
    number = await put(database, PLAIN, S.SENT)
    assert await receipt(database, "SM?", S.DELIVERED) is None
    assert await receipt(database, f"SM{number}", S.DELIVERED, channel=ChannelName.TELEGRAM) is None
    by_provider = await receipt(database, f"SM{number}", S.SENT)
    assert by_provider is not None
    assert by_provider.sent_at == NOW
    by_id = await receipt(database, "SM?", S.DELIVERED, number=number)
    assert by_id is not None
    assert (by_id.state, by_id.delivered_at, by_id.provider_id) == (S.DELIVERED, LATER, f"SM{number}")


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (S.SENT, S.DELIVERED, S.DELIVERED),
        (S.SENT, S.FAILED, S.FAILED),
        (S.UNCERTAIN, S.SENT, S.SENT),
        (S.UNCERTAIN, S.FAILED, S.FAILED),
        (S.SENDING, S.SENT, S.SENT),
        (S.QUEUED, S.SENT, S.SENT),
        (S.QUEUED, S.FAILED, S.QUEUED),
        (S.FAILED, S.DELIVERED, S.DELIVERED),
        (S.FAILED, S.SENT, S.FAILED),
        (S.EXPIRED, S.DELIVERED, S.DELIVERED),
        (S.DELIVERED, S.FAILED, S.DELIVERED),
        (S.DELIVERED, S.SENT, S.DELIVERED),
        (S.SENT, S.QUEUED, S.SENT),
    ],
)
async def test_receipts_only_climb(
    database: Database, before: MessageState, told: MessageState, after: MessageState
) -> None:
    number = await put(database, PLAIN, before)
    told_twice = [await receipt(database, f"SM{number}", told, number=number) for _ in range(2)]
    assert told_twice[0] is not None
    assert told_twice[0] == told_twice[1] == await message(database, number)
    assert told_twice[0].state is after


@pytest.mark.parametrize("told", [S.SENT, S.DELIVERED, S.FAILED])
async def test_a_receipt_before_our_own_record_wins_and_keeps_the_provider_id(
    database: Database, told: MessageState
) -> None:
    number = await put(database, PLAIN, S.SENDING)
    await receipt(database, "SM7", told, number=number)
    assert await settled(database, outcome(number, provider_id="SM7")) == [number]
    kept = await message(database, number)
    assert (kept.state, kept.provider_id) == (told, "SM7")
    assert kept.sent_at is not None


async def test_a_delivered_message_does_not_fail_by_our_own_record(database: Database) -> None:
    number = await put(database, PLAIN, S.SENDING)
    await receipt(database, "SM7", S.DELIVERED, number=number)
    assert await settled(database, outcome(number, S.FAILED, error="timeout")) == []
    kept = await message(database, number)
    assert (kept.state, kept.error) == (S.DELIVERED, None)


async def test_the_failure_of_an_earlier_attempt_changes_nothing(database: Database) -> None:
    number = await put(database, PLAIN, S.SENT)
    kept = await receipt(database, "SMold", S.FAILED, number=number)
    assert kept is not None
    assert kept.state is S.SENT


async def test_only_a_sign_of_life_stops_a_calls_fallback(database: Database) -> None:
    number = await put(database, CALL, S.SENT)
    sent = await receipt(database, f"SM{number}", S.SENT)
    assert sent is not None
    assert sent.fallback_at == CALL.fallback_at
    delivered = await receipt(database, f"SM{number}", S.DELIVERED)
    assert delivered is not None
    assert delivered.fallback_at is None


async def test_a_tap_delivers_and_answers(database: Database) -> None:
    number = await put(database, CALL, S.SENT)
    async with database.write() as tx:
        first = await tx.messages.mark_answered(number, LATER)
        assert first is not None
        assert (first.state, first.delivered_at, first.answered_at, first.fallback_at) == (
            S.DELIVERED,
            LATER,
            LATER,
            None,
        )
        assert await tx.messages.mark_answered(number, LATER + MINUTE) == first
        assert await tx.messages.mark_answered(MessageId(999), LATER) is None


async def test_an_answer_in_words_answers_all_that_was_sent_of_the_matter(database: Database) -> None:
    sent = await put(database, CALL, S.SENT)
    other = await put(database, replace(CALL, key="other", matter=MatterId(2)), S.SENT)
    [waiting] = await queued(database, replace(CALL, key="waiting"))
    async with database.write() as tx:
        assert await tx.messages.answered_by_person(PersonId("p1"), MatterId(1), LATER) == [sent]
        assert await tx.messages.answered_by_person(PersonId("p1"), MatterId(1), LATER) == []
    assert (await message(database, sent)).state is S.DELIVERED
    assert (await message(database, other)).answered_at is None
    left = await message(database, waiting)
    assert (left.state, left.answered_at, left.fallback_at) == (S.QUEUED, None, None)


async def test_queued_calls_of_a_case_are_cancelled(database: Database) -> None:
    call = replace(CALL, case=CaseId(7))
    under_way = await put(database, replace(call, key="under way"), S.SENDING)
    mine, his, told, elsewhere = await queued(
        database,
        replace(call, key="mine"),
        replace(call, key="his", person=PersonId("p2")),
        replace(call, key="told", call=False),
        replace(call, key="elsewhere", case=CaseId(8)),
    )
    async with database.write() as tx:
        assert await tx.messages.cancel_calls(CaseId(7), PersonId("p2"), NOW) == 1
        assert await tx.messages.cancel_calls(CaseId(7), None, NOW) == 1
    states = [(await message(database, number)).state for number in (mine, his, told, elsewhere, under_way)]
    assert states == [S.CANCELLED, S.CANCELLED, S.QUEUED, S.QUEUED, S.SENDING]
    # The carrier had no room: it came back to the queue, and stays there until it is swept up.
    await settled(database, outcome(under_way, S.QUEUED, not_before=NOW))
    assert under_way not in [m.id for m in await claimed(database)]
    async with database.write() as tx:
        assert [m.id for m in await tx.messages.expire_due(NOW, 10)] == [under_way]


async def test_queued_messages_are_cancelled_by_what_they_are_about(database: Database) -> None:
    one, two = await queued(database, PLAIN, replace(PLAIN, key="two", case=CaseId(7)))
    async with database.write() as tx:
        with pytest.raises(ValueError, match="say which"):
            await tx.messages.cancel_queued(NOW)
        assert await tx.messages.cancel_queued(NOW, matter=MatterId(404)) == 0
        assert await tx.messages.cancel_queued(NOW, case=CaseId(7), ids=[one]) == 0
        assert await tx.messages.cancel_queued(NOW, case=CaseId(7)) == 1
        assert await tx.messages.cancel_queued(NOW, ids=[one, two]) == 1
    assert (await message(database, two)).ended_at == NOW


async def test_fallbacks_are_due_while_nothing_was_heard(database: Database) -> None:
    due = {
        name: await put(database, replace(draft, key=name, fallback_at=NOW), state)
        for name, draft, state in [
            ("call", CALL, S.SENT),
            ("failed", PLAIN, S.FAILED),
            ("uncertain", PLAIN, S.UNCERTAIN),
            ("sending", PLAIN, S.SENDING),
            ("queued", PLAIN, S.QUEUED),
        ]
    }
    await put(database, replace(CALL, key="delivered", account="t", fallback_at=LATER), S.QUEUED)
    async with database.write() as tx:
        found = await tx.messages.due_fallbacks(NOW, 10)
        assert {m.key for m in found} == set(due)
        assert len(await tx.messages.due_fallbacks(NOW, 2)) == 2
        await tx.messages.clear_fallback(due.values())
        assert await tx.messages.due_fallbacks(NOW, 10) == []


async def test_what_was_not_sent_in_time_expires(database: Database) -> None:
    numbers = await queued(
        database,
        replace(PLAIN, key="past", expires_at=NOW - MINUTE),
        replace(PLAIN, key="now", expires_at=NOW),
        replace(PLAIN, key="later", expires_at=NOW + MINUTE),
    )
    async with database.write() as tx:
        assert [m.key for m in await tx.messages.expire_due(NOW, 1)] == ["past"]
        [second] = await tx.messages.expire_due(NOW, 10)
        assert (second.id, second.state, second.ended_at) == (numbers[1], S.EXPIRED, NOW)
        assert await tx.messages.expire_due(NOW, 10) == []


async def test_a_message_is_found_by_what_its_carrier_calls_it(database: Database) -> None:
    number = await put(database, replace(PLAIN, address="here"), S.SENT)
    async with database.read() as tx:
        found = await tx.messages.by_provider("s", "here", f"SM{number}")
        assert found is not None
        assert found.id == number
        assert await tx.messages.by_provider("s", "elsewhere", f"SM{number}") is None
        assert await tx.messages.get(MessageId(999)) is None


async def test_listings_filter_and_come_newest_first(database: Database) -> None:
    case = CaseId(7)
    one, two, three = await queued(
        database,
        replace(PLAIN, key="1", case=case),
        replace(PLAIN, key="2", case=case, person=PersonId("p2")),
        replace(PLAIN, key="3"),
    )

    async def listed(which: MessageFilter) -> list[int]:
        async with database.read() as tx:
            return [m.id for m in await tx.messages.listing(which)]

    assert await listed(MessageFilter()) == [three, two, one]
    assert await listed(MessageFilter(limit=1)) == [three]
    assert await listed(MessageFilter(case=case)) == [two, one]
    assert await listed(MessageFilter(case=case, person=PersonId("p2"))) == [two]
    assert await listed(MessageFilter(state=S.SENT)) == []
    async with database.read() as tx:
        assert [m.id for m in await tx.messages.of_case(case)] == [one, two]
