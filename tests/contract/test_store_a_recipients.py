"""A broadcast: released in sets, counted by recipient, each in exactly one state."""

from dataclasses import replace

from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.message import Draft, Lane, MessageState
from notifier.store.database import Database
from tests.contract.store_a import FENCE, MINUTE, NOW, PLAIN, outcome, queued, settled

S = MessageState
THIS = BroadcastId(43)
BULK = replace(PLAIN, lane=Lane.BULK, broadcast=THIS, not_before=None, fallback_at=None)


def to(person: str, n: int = 1, **changes: object) -> Draft:
    draft = replace(BULK, key=f"{person}:{n}", person=PersonId(person))
    return replace(draft, **changes)  # type: ignore[arg-type]


async def test_a_broadcast_is_released_in_sets(database: Database) -> None:
    other = to("x", broadcast=BroadcastId(44))
    await queued(database, *(to(f"p{n}") for n in range(5)), other)
    async with database.write() as tx:
        assert await tx.messages.claim("s", [Lane.BULK], 9, NOW, FENCE) == []
        assert await tx.messages.release_broadcast(THIS, NOW, 3) == 3
        assert await tx.messages.release_broadcast(THIS, NOW, 3) == 2
        assert await tx.messages.release_broadcast(THIS, NOW, 3) == 0
        assert len(await tx.messages.claim("s", [Lane.BULK], 9, NOW, FENCE)) == 5


async def test_a_broadcast_is_cancelled_in_sets(database: Database) -> None:
    await queued(database, *(to(f"p{n}") for n in range(5)), to("x", broadcast=BroadcastId(44)))
    async with database.write() as tx:
        assert await tx.messages.cancel_broadcast(THIS, NOW, 3) == 3
        assert await tx.messages.cancel_broadcast(THIS, NOW, 3) == 2
        assert await tx.messages.cancel_broadcast(THIS, NOW, 3) == 0
        assert (await tx.messages.recipient_states(THIS))[S.CANCELLED] == 5
        assert (await tx.messages.recipient_states(BroadcastId(44)))[S.QUEUED] == 1


async def test_every_recipient_is_in_exactly_one_state(database: Database) -> None:
    numbers = await queued(
        database,
        to("a", not_before=NOW),
        to("a", 2, not_before=NOW),
        to("b", not_before=NOW),
        to("b", 2),
        to("c", state=S.FAILED, error="no_contact"),
        to("d", state=S.WITHHELD),
        to("d", 2, state=S.FAILED),
    )
    async with database.write() as tx:
        await tx.messages.claim("s", [Lane.BULK], 9, NOW, FENCE)
    await settled(
        database,
        outcome(numbers[0], S.FAILED, error="blocked"),
        outcome(numbers[1], provider_id="SM2"),
        outcome(numbers[2], S.UNCERTAIN),
    )
    async with database.write() as tx:
        states = await tx.messages.recipient_states(THIS)
        assert set(states) == set(S)
        assert {state: n for state, n in states.items() if n} == {
            S.SENT: 1,
            S.QUEUED: 1,
            S.FAILED: 1,
            S.WITHHELD: 1,
        }
        assert await tx.messages.confirmed(THIS) == 0
        await tx.messages.mark_answered(numbers[0], NOW + MINUTE)
        await tx.messages.mark_answered(numbers[1], NOW + MINUTE)
        assert await tx.messages.confirmed(THIS) == 1
        rows = await tx.messages.recipient_rows(THIS)
        assert [(r.person, r.state) for r in rows] == [
            ("a", S.DELIVERED),
            ("b", S.QUEUED),
            ("c", S.FAILED),
            ("d", S.WITHHELD),
        ]
        assert rows[0].answered_at == NOW + MINUTE
        assert rows[2].error == "no_contact"
        assert [r.person for r in await tx.messages.recipient_rows(THIS, after=PersonId("b"), limit=1)] == [
            "c"
        ]
        assert [r.person for r in await tx.messages.recipient_rows(THIS, state=S.FAILED)] == ["c"]


async def test_a_broadcast_without_recipients_counts_zero(database: Database) -> None:
    async with database.read() as tx:
        assert sum((await tx.messages.recipient_states(THIS)).values()) == 0
        assert await tx.messages.recipient_rows(THIS) == []
        assert await tx.messages.confirmed(THIS) == 0
