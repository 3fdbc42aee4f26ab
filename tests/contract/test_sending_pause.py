"""What waits is not to arrive when it is no longer worth it: held by us, or by the carrier."""

import asyncio
from datetime import timedelta

from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.sandbox.faults import FaultKind
from notifier.store.database import Database
from tests.contract.sending_desk import BY_SMS, START, letter, open_desk

TELEGRAM, SMS = ChannelName.TELEGRAM, ChannelName.SMS
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


async def test_the_carrier_is_told_for_how_long_a_text_is_worth_delivering(database: Database) -> None:
    async with open_desk(database) as desk:
        [number] = await desk.post(letter("a", BY_SMS, call=True))
        desk.clock.set(START + timedelta(minutes=1))
        await desk.sends(SMS)
        expires_at = (await desk.message(number)).expires_at
        assert expires_at is not None
        [told] = desk.senders[SMS].order
        assert told.validity_s == (expires_at - desk.clock.now()).total_seconds()
