"""A process that stood still for longer than it may trust its lease, and then goes on under the same one."""

import time

from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
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
