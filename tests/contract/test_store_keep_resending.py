"""Uncertain messages are sent again by short sets, and each of them once."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from notifier.domain.ids import MessageId
from notifier.domain.message import MessageState
from notifier.engine import resending
from notifier.engine.broadcasts import SHELL
from notifier.engine.parts import Parts
from notifier.store.database import Database
from notifier.store.message_queue import MessageQueue
from tests.contract.store_a import NOW, PLAIN, message, put


async def test_all_that_were_uncertain_are_sent_again_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resending, "RESENT_TOGETHER", 2)
    sets: list[int] = []
    real = MessageQueue.requeue_uncertain

    async def recording(repo: MessageQueue, ids: list[MessageId], now: object) -> list[MessageId]:
        sets.append(len(ids))
        return await real(repo, ids, now)  # type: ignore[arg-type]

    monkeypatch.setattr(MessageQueue, "requeue_uncertain", recording)
    uncertain = [await put(database, replace(PLAIN, key=f"u{n}"), MessageState.UNCERTAIN) for n in range(5)]
    failed = await put(database, replace(PLAIN, key="failed"), MessageState.FAILED)
    parts = cast(Parts, SimpleNamespace(station=SimpleNamespace(db=database, now=lambda: NOW)))
    assert await resending.resend_all(parts, SHELL) == 5
    assert sets == [2, 2, 1]
    for number in uncertain:
        again = await message(database, number)
        assert (again.state, again.repeated) == (MessageState.QUEUED, True)
    assert (await message(database, failed)).state is MessageState.FAILED
    assert await resending.resend_all(parts, SHELL) == 0
    async with database.read() as tx:
        lines = await tx.journal.recent(10)
    assert [(line.event, line.channel, line.message) for line in reversed(lines)] == [
        ("resent", "shell", number) for number in uncertain
    ]
