"""A process that stood still for longer than it may trust its lease, and then goes on under the same one."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from notifier.store.tx import Tx
from tests.contract.sending_desk import BOT, letter, open_desk

TELEGRAM = ChannelName.TELEGRAM
PEOPLE = [PersonId(name) for name in ("p01", "p02", "p11", "p13")]


async def test_what_was_claimed_before_a_stall_still_goes_out(sqlite_database: Database) -> None:
    async with open_desk(sqlite_database, telegram_rate=8) as desk:
        messages = await desk.post(*(letter(f"m{n}", person) for n, person in enumerate(PEOPLE)))
        account, tenure = desk.accounts[TELEGRAM], desk.tenures.seek(f"account:{TELEGRAM}:{BOT}")
        await account.turn()
        claimed = await desk.states(messages)
        assert claimed.count(MessageState.SENDING) > 1, "the budget lets one go, the others are only claimed"

        tenure.trusted_until = time.monotonic() - 1
        assert not await account.turn()
        assert await desk.tenures.turn() is False, "renewed, under the same fence"

        async with desk.sending():
            await desk.takes(TELEGRAM, len(PEOPLE))
        assert set(await desk.states(messages)) == {MessageState.SENT}


async def test_a_claim_that_was_committed_unheard_goes_out_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line was cut between the commit and its answer: under this owner's own fence, nobody else looks."""
    async with open_desk(database, telegram_rate=8) as desk:
        account, write = desk.accounts[TELEGRAM], desk.db.write
        await account.turn()
        messages = await desk.post(*(letter(f"m{n}", person) for n, person in enumerate(PEOPLE)))

        @asynccontextmanager
        async def unheard(*, brief: bool = False) -> AsyncIterator[Tx]:
            async with write(brief=brief) as tx:
                yield tx
            raise ConnectionResetError

        with monkeypatch.context() as patch:
            patch.setattr(desk.db, "write", unheard)
            with pytest.raises(ConnectionResetError):
                await account.turn()
        assert set(await desk.states(messages)) == {MessageState.SENDING}

        async with desk.sending():
            await desk.takes(TELEGRAM, len(PEOPLE))
        assert set(await desk.states(messages)) == {MessageState.SENT}
        assert [(await desk.message(message)).attempts for message in messages] == [1] * len(PEOPLE)
