"""Broadcasts, settings, personal answers."""

import asyncio
from dataclasses import replace

import pytest

from notifier.domain.ids import BroadcastId, MatterId
from notifier.errors import Conflict, NotFound
from notifier.store.database import Database
from notifier.store.rows import Broadcast, PersonalAnswer, Relay
from tests.contract.store_city import ANN, BOB, HOUR, NOW, V1, V2

DRAFT = Broadcast(
    id=BroadcastId(0),
    kind="commendation",
    title="通报表扬",
    body="值守认真",
    author=ANN,
    audience=("unit:T1,office:secretary", "person:ann"),
    relay=True,
    state="preparing",
    created_at=NOW,
    start_at=NOW + HOUR,
    reply_by=NOW + 2 * HOUR,
)


# ── broadcasts ───────────────────────────────────────────────────────────────────────────────────


async def test_a_broadcast_comes_back_as_it_was_written(database: Database) -> None:
    async with database.write() as tx:
        written = await tx.broadcasts.create(DRAFT)
        later = await tx.broadcasts.create(replace(DRAFT, reply_by=None, author=None))
    assert written == replace(DRAFT, id=written.id)
    async with database.write() as tx:
        broadcasts = tx.broadcasts
        assert await broadcasts.get(written.id) == written
        assert await broadcasts.get(BroadcastId(99)) is None
        assert await broadcasts.listing() == [later, written]
        assert await broadcasts.listing(limit=1) == [later]
        assert await broadcasts.abandoned(NOW) == []
        assert await broadcasts.abandoned(NOW + HOUR) == [written, later]
        assert await broadcasts.set_state(written.id, "sending", only_from=("preparing", "scheduled"))
        assert not await broadcasts.set_state(written.id, "done", only_from=("scheduled",))
        assert await broadcasts.listing(state="sending") == [replace(written, state="sending")]
        assert await broadcasts.abandoned(NOW + HOUR) == [later]


async def test_each_summary_goes_out_once(database: Database) -> None:
    async with database.write() as tx:
        written = await tx.broadcasts.create(DRAFT)
        assert await tx.broadcasts.stamp_summary(written.id, NOW, final=False)
        assert not await tx.broadcasts.stamp_summary(written.id, NOW, final=False)
        assert await tx.broadcasts.stamp_summary(written.id, NOW + HOUR, final=True)
        stamped = await tx.broadcasts.get(written.id)
    assert stamped == replace(written, first_summary_at=NOW, final_summary_at=NOW + HOUR)


async def test_relays_are_answered_and_taken_back(database: Database) -> None:
    async with database.write() as tx:
        broadcast = (await tx.broadcasts.create(DRAFT)).id
        one = Relay(broadcast=broadcast, unit=V1, members=5, asked=ANN)
        two = Relay(broadcast=broadcast, unit=V2, members=2)
        relays = tx.broadcasts
        await relays.put_relays([two, one])
        answered = await relays.answer_relay(broadcast, V1, relayed=5, by=ANN, at=NOW)
        assert answered == replace(one, relayed=5, answered_at=NOW, answered_by=ANN)
        await relays.put_relays([one])
        await relays.put_relays([])
        await relays.set_asked(broadcast, V2, BOB)
        assert await relays.relays(broadcast) == [answered, replace(two, asked=BOB)]
        too_many = await relays.answer_relay(broadcast, V1, relayed=6, by=BOB, at=NOW)
        assert (too_many.relayed, too_many.flagged) == (6, True)
        assert await relays.relay(broadcast, V1) == too_many
        assert await relays.undo_relay(broadcast, V1)
        assert not await relays.undo_relay(broadcast, V1)
        assert await relays.relay(broadcast, V1) == one
        with pytest.raises(NotFound):
            await relays.answer_relay(BroadcastId(99), V1, relayed=1, by=ANN, at=NOW)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


async def test_equal_settings_make_no_version(database: Database) -> None:
    texts, changed = {"policies.yaml": "a: 1\n"}, {"policies.yaml": "a: 2\n"}
    async with database.write() as tx:
        assert await tx.settings.current() is None
        assert await tx.settings.add(texts, NOW) == 1
        assert await tx.settings.add(texts, NOW) == 1
        assert await tx.settings.add(changed, NOW) == 2
        assert await tx.settings.add(texts, NOW) == 3
        assert await tx.settings.current() == (3, texts)
        assert await tx.settings.texts(2) == changed
        with pytest.raises(NotFound):
            await tx.settings.texts(9)


async def test_versions_added_at_once_are_told_apart(database: Database) -> None:
    async def add(text: str) -> int:
        for _ in range(10):
            try:
                async with database.write() as tx:
                    return await tx.settings.add({"policies.yaml": text}, NOW)
            except Conflict:
                continue
        raise AssertionError("never added")

    versions = await asyncio.gather(*(add(f"n: {n}") for n in range(5)))
    assert sorted(versions) == [1, 2, 3, 4, 5]


async def test_documents_are_told_from_their_likes(database: Database) -> None:
    async with database.write() as tx:
        assert await tx.settings.document("rotas.yaml") is None
        assert await tx.settings.set_document("rotas.yaml", "", NOW)
        assert not await tx.settings.set_document("rotas.yaml", "", NOW)
        assert await tx.settings.set_document("rotas.yaml", "- post: x", NOW)
        assert await tx.settings.document("rotas.yaml") == "- post: x"


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_last_answer_can_be_taken_back_once(database: Database) -> None:
    answer = PersonalAnswer(
        person=ANN, matter=MatterId(3), verb="sign", at=NOW, channel="sms", detail={"items": [3, 5]}
    )
    async with database.write() as tx:
        first = await tx.answers.add(answer)
        second = await tx.answers.add(replace(answer, verb="ack", matter=None))
        assert await tx.answers.last(ANN, NOW) == replace(answer, verb="ack", matter=None, id=second)
        assert await tx.answers.last(ANN, NOW, MatterId(3)) == replace(answer, id=first)
        assert await tx.answers.last(ANN, NOW, MatterId(4)) is None
        assert await tx.answers.last(ANN, NOW + HOUR) is None
        assert await tx.answers.last(BOB, NOW) is None
        assert await tx.answers.mark_undone(second, NOW)
        assert not await tx.answers.mark_undone(second, NOW)
        assert await tx.answers.last(ANN, NOW) == replace(answer, id=first)


async def test_courtesies_are_counted_by_address_and_day(database: Database) -> None:
    async with database.write() as tx:
        assert await tx.answers.courtesies("sms", "+86138", "2026-11-23") == 0
        assert [await tx.answers.count_courtesy("sms", "+86138", "2026-11-23") for _ in range(3)] == [1, 2, 3]
        assert await tx.answers.count_courtesy("sms", "+86138", "2026-11-24") == 1
        assert await tx.answers.count_courtesy("telegram", "+86138", "2026-11-23") == 1
        assert await tx.answers.courtesies("sms", "+86138", "2026-11-23") == 3
