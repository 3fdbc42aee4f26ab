"""While the carrier has an account wait, what it has not been given may still be answered, or expire."""

import asyncio
from datetime import timedelta

from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.sandbox.faults import FaultKind
from notifier.store.database import Database
from tests.contract.sending_desk import START, letter, open_desk

TELEGRAM = ChannelName.TELEGRAM
A_LONG_PAUSE_S = 300


async def test_what_was_claimed_before_a_pause_waits_it_out_in_the_queue(database: Database) -> None:
    async with open_desk(database, telegram_rate=8) as desk:
        desk.arm(TELEGRAM, FaultKind.THROTTLE, retry_after=A_LONG_PAUSE_S)
        numbers = await desk.post(*(letter(who, PersonId(who)) for who in ("p11", "p13", "p21")))
        account = desk.accounts[TELEGRAM]
        async with asyncio.timeout(30):
            while desk.ledger(TELEGRAM).refused_count == 0 or account._flights:
                await account.turn()
                await account.pause()
        await account.turn()
        assert await desk.states(numbers) == [MessageState.QUEUED] * 3
        assert not await account.turn()
        async with desk.db.write() as tx:
            assert await tx.messages.cancel_queued(START, ids=numbers[1:2]) == 1
            await tx.messages.clear_fallback(numbers)
        desk.clock.set(START + timedelta(days=2))
        await desk.parts.aftermath.sweep(desk.clock.now())
        expected = [MessageState.EXPIRED, MessageState.CANCELLED, MessageState.EXPIRED]
        assert await desk.states(numbers) == expected
        assert desk.taken(TELEGRAM) == []
