"""The outbox under anything that may happen to it, in any order, on both databases.

Whatever is queued, claimed, settled late or by the wrong process, receipted, cancelled, expired, or left by
a crash: nothing is lost, states only climb, and what may have arrived goes out again only as a repeat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select

from notifier.domain.ids import MessageId
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.store import engines
from notifier.store.database import Database
from notifier.store.rows import Outcome
from notifier.store.tables import messages
from notifier.store.tx import Tx
from tests.contract.store_a import LANES, NOW, PLAIN

S = MessageState
T = TypeVar("T")

CLIMBS = {
    S.QUEUED: {S.SENDING, S.CANCELLED, S.EXPIRED, S.SENT, S.DELIVERED},
    # Back to the queue: it is known not to have gone, or it goes again as a repeat.
    S.SENDING: {S.QUEUED, S.SENT, S.DELIVERED, S.UNCERTAIN, S.FAILED, S.EXPIRED},
    S.UNCERTAIN: {S.QUEUED, S.SENT, S.DELIVERED, S.FAILED},
    S.SENT: {S.DELIVERED, S.FAILED},
    S.FAILED: {S.DELIVERED},
    S.EXPIRED: {S.DELIVERED},
    S.CANCELLED: {S.DELIVERED},
    S.DELIVERED: set(),
}
"""Every way a message may go in one step."""


@dataclass(frozen=True)
class Told:
    """What a sender says of an attempt. ``reached``: the carrier has it, or may have."""

    state: MessageState
    reached: bool

    @property
    def repeated(self) -> bool:
        """What may have gone goes again as a repeat only."""
        return self.state is S.QUEUED and self.reached


TOLD = [
    Told(S.SENT, reached=True),
    Told(S.UNCERTAIN, reached=True),
    Told(S.QUEUED, reached=True),
    Told(S.QUEUED, reached=False),
    Told(S.FAILED, reached=False),
    Told(S.EXPIRED, reached=False),
]

which = st.integers(min_value=0, max_value=20)
"""Picks one of the messages there are."""


class Outbox(RuleBasedStateMachine):
    """One account; a process that has its lease, and the ghosts of those that had it before."""

    database: ClassVar[Database]
    runner: ClassVar[asyncio.Runner]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.fence = 1
        self.keys: dict[str, MessageId] = {}
        self.before: dict[MessageId, Any] = {}
        self.claimed_under: dict[MessageId, int] = {}
        self.settled: set[tuple[MessageId, int]] = set()
        self.reached: set[MessageId] = set()
        self._write(lambda tx: tx.conn.execute(delete(messages)))
        for number in range(1, 5):
            self.enqueue(number=number, lane=Lane(number % 4), address="abcdef"[number], lasts=None)

    # ── what happens ─────────────────────────────────────────────────────────────────────────────

    @rule(
        number=st.integers(min_value=1, max_value=8),
        lane=st.sampled_from(LANES),
        address=st.sampled_from("abcdef"),
        lasts=st.sampled_from([None, None, 20]),
    )
    def enqueue(self, number: int, lane: Lane, address: str, lasts: int | None) -> None:
        key = f"k{number}"
        expires_at = None if lasts is None else self.now + timedelta(minutes=lasts)
        draft = replace(PLAIN, key=key, lane=lane, call=lane is Lane.ESCALATION, address=address)
        draft = replace(draft, not_before=self.now, expires_at=expires_at)
        [(found, new)] = self._write(lambda tx: tx.messages.queue([draft], self.now))
        assert new == (key not in self.keys)
        assert self.keys.setdefault(key, found) == found

    @rule(limit=st.integers(min_value=1, max_value=6))
    def claim(self, limit: int) -> None:
        rows = self.before
        busy = {row.address for row in rows.values() if row.state == S.SENDING and row.fence == self.fence}
        taken = self._write(lambda tx: tx.messages.claim("s", LANES, limit, self.now, self.fence, busy))
        assert len(taken) <= limit
        addresses = [message.address for message in taken]
        assert len(addresses) == len(set(addresses))
        assert not busy & set(addresses)
        for message in taken:
            assert rows[message.id].state == S.QUEUED
            assert message.expires_at is None or message.expires_at > self.now
            assert message.attempts == rows[message.id].attempts + 1
            assert message.repeated or message.id not in self.reached, "a second one, not marked"
            self.claimed_under[message.id] = self.fence

    @rule()
    def crash(self) -> None:
        """The process dies, or is paused for too long: another has the lease now."""
        self.fence += 1

    @rule()
    def give_up_what_was_not_tried(self) -> None:
        mine = self._in_state(S.SENDING)
        released = self._write(lambda tx: tx.messages.release_claims(mine, self.fence))
        assert released == sum(self.before[number].fence == self.fence for number in mine)

    @precondition(lambda self: self.claimed_under)
    @rule(pick=which, age=st.sampled_from([0, 0, 1, 2]), told=st.sampled_from(TOLD))
    def settle(self, pick: int, age: int, told: Told) -> None:
        """By the process that has the lease, or by one that had it some lives ago, of what it once had."""
        tried = self._in_state(S.SENDING) or list(self.claimed_under)
        self._settle(tried[pick % len(tried)], self.fence - age, told)

    @precondition(lambda self: self.claimed_under)
    @rule(pick=which, told=st.sampled_from(TOLD))
    def settle_late(self, pick: int, told: Told) -> None:
        """A sender wakes up and tells what it knows of whatever it once had."""
        tried = list(self.claimed_under)
        number = tried[pick % len(tried)]
        self._settle(number, self.claimed_under[number], told)

    @rule(told=st.sampled_from([Told(S.QUEUED, reached=True), Told(S.UNCERTAIN, reached=True)]))
    def clear_up_after_a_crash(self, told: Told) -> None:
        orphans = self._write(lambda tx: tx.messages.orphans("s", self.fence, 100))
        left = {number for number in self._in_state(S.SENDING) if self.before[number].fence < self.fence}
        assert {orphan.id for orphan in orphans} == left
        for orphan in orphans:
            assert orphan.fence is not None
            assert self._settle(orphan.id, orphan.fence, told)

    @precondition(lambda self: self.keys)
    @rule(
        pick=which,
        state=st.sampled_from([S.SENT, S.DELIVERED, S.FAILED]),
        attempt=st.sampled_from(["now", "earlier"]),
    )
    def receipt(self, pick: int, state: MessageState, attempt: str) -> None:
        number = self._pick(pick)
        if self.before[number].attempts == 0:
            return
        provider_id = f"SM{number}-{attempt}"
        self._write(
            lambda tx: tx.messages.record_receipt(ChannelName.SMS, provider_id, number, state, None, self.now)
        )

    @precondition(lambda self: self.keys)
    @rule(pick=which)
    def answer(self, pick: int) -> None:
        number = self._pick(pick)
        if self.before[number].attempts:
            self._write(lambda tx: tx.messages.mark_answered(number, self.now))
            assert self._rows()[number].state == S.DELIVERED

    @precondition(lambda self: self.keys)
    @rule(pick=which)
    def cancel(self, pick: int) -> None:
        number = self._pick(pick)
        cancelled = self._write(lambda tx: tx.messages.cancel_queued(self.now, ids=[number]))
        assert cancelled == (self.before[number].state == S.QUEUED)

    @rule(minutes=st.sampled_from([0, 2, 30]))
    def expire(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        expired = self._write(lambda tx: tx.messages.expire_due(self.now, 100))
        queued = [self.before[number] for number in self._in_state(S.QUEUED)]
        late = {row.id for row in queued if row.expires_at is not None and row.expires_at <= self.now}
        assert {message.id for message in expired} == late

    @rule()
    def resend_what_is_uncertain(self) -> None:
        uncertain = self._in_state(S.UNCERTAIN)
        assert self._write(lambda tx: tx.messages.requeue_uncertain(None, self.now)) == sorted(uncertain)

    # ── what always holds ────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_lost_and_states_climb(self) -> None:
        rows = self._rows()
        assert {row.key: number for number, row in rows.items()} == self.keys
        for number, row in rows.items():
            before = self.before.get(number)
            if before is None:
                assert row.state == S.QUEUED
                continue
            assert row.state == before.state or S(row.state) in CLIMBS[S(before.state)]
            assert row.repeated >= before.repeated
            if before.state == S.UNCERTAIN and row.state == S.QUEUED:
                assert row.repeated
            if row.state == S.SENDING:
                assert row.fence == self.claimed_under[number]
        self.before = rows

    # ── tools ────────────────────────────────────────────────────────────────────────────────────

    def _settle(self, number: MessageId, fence: int, told: Told) -> bool:
        before = self.before[number]
        outcome = Outcome(
            message=number,
            state=told.state,
            at=self.now,
            fence=fence,
            provider_id=f"SM{number}-now" if told.state is S.SENT else None,
            not_before=self.now,
            repeated=told.repeated,
        )
        applied = bool(self._write(lambda tx: tx.messages.settle([outcome])))
        after = self._rows()[number]
        if applied:
            assert self.claimed_under[number] == fence, "settled by somebody who does not have it"
            if told.reached:
                self.reached.add(number)
        if after.state != before.state:
            attempt = (number, before.attempts)
            assert applied
            assert attempt not in self.settled, "settled twice"
            self.settled.add(attempt)
        return applied

    def _pick(self, pick: int) -> MessageId:
        numbers = sorted(self.keys.values())
        return numbers[pick % len(numbers)]

    def _in_state(self, state: MessageState) -> list[MessageId]:
        return [number for number, row in self.before.items() if row.state == state]

    def _rows(self) -> dict[MessageId, Any]:
        async def load() -> dict[MessageId, Any]:
            columns = (messages.c[name] for name in _LOOKED_AT)
            async with self.database.read() as tx:
                return {MessageId(row.id): row for row in await tx.conn.execute(select(*columns))}

        return self.runner.run(load())

    def _write(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        async def written() -> T:
            async with self.database.write() as tx:
                return await work(tx)

        return self.runner.run(written())


_LOOKED_AT = ("id", "key", "state", "fence", "attempts", "repeated", "address", "expires_at")


@pytest.fixture
def outbox(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Outbox]]:
    """The machine on a database of its own, and on a loop of its own: hypothesis does not await."""
    # No power is cut here, and thousands of transactions need not reach the disk.
    hasty = (*engines._SQLITE_PRAGMAS, "PRAGMA synchronous = OFF")
    monkeypatch.setattr(engines, "_SQLITE_PRAGMAS", hasty)
    with asyncio.Runner() as runner:

        class OnThis(Outbox):
            pass

        OnThis.runner = runner
        OnThis.database = Database.open(database_url)
        yield OnThis
        runner.run(OnThis.database.close())


def test_whatever_happens_to_the_outbox(outbox: type[Outbox]) -> None:
    run_state_machine_as_test(
        outbox,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
