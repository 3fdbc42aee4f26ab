"""A message whose failure cannot be followed up holds up neither its own record nor any other's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.ids import MessageId
from notifier.domain.message import MessageState
from notifier.domain.roster import ChannelName
from notifier.sandbox.faults import FaultKind
from notifier.store.database import Database
from notifier.store.tables import messages
from tests.contract.sending_desk import BOTH_WAYS, BY_SMS, START, Desk, letter, open_desk

TELEGRAM, SMS = ChannelName.TELEGRAM, ChannelName.SMS


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with open_desk(database) as opened:
        yield opened


async def post_unknown(desk: Desk, *, call: bool = False) -> MessageId:
    """A message queued before an upgrade, of a text that there is no longer."""
    [number] = await desk.post(replace(letter("old", BOTH_WAYS, call=call)))
    async with desk.db.write() as tx:
        await tx.conn.execute(
            messages.update().where(messages.c.id == number).values(template="text_of_last_year")
        )
    return number


async def test_an_outcome_is_on_record_even_where_nothing_can_follow_from_it(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.REFUSE, code=400, description="Bad Request: no")
    number = await post_unknown(desk)
    [other] = await desk.post(letter("other", BY_SMS))
    await desk.sends()
    assert await desk.states([number, other]) == [MessageState.FAILED, MessageState.SENT]
    [after] = await desk.post(letter("after", BOTH_WAYS))
    await desk.sends()
    assert await desk.state(after) is MessageState.SENT


async def test_a_fallback_that_cannot_be_made_holds_up_no_other(desk: Desk) -> None:
    number = await post_unknown(desk, call=True)
    [other] = await desk.post(letter("other", BOTH_WAYS, call=True))
    await desk.sends()
    desk.clock.set(START + timedelta(minutes=2))
    for _ in range(3):
        await desk.parts.aftermath.sweep(desk.clock.now())
    await desk.sends()
    [text] = desk.taken(SMS)
    assert "other" in text
    assert await desk.states([number, other]) == [MessageState.SENT] * 2
    # Nor is it tried for ever.
    assert not await desk.parts.aftermath.sweep(desk.clock.now())


async def test_what_expires_and_cannot_be_followed_up_expires_all_the_same(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.ERROR, status=403, body="", times=None)
    number = await post_unknown(desk, call=True)
    [other] = await desk.post(letter("other", BOTH_WAYS, call=True))
    await desk.sends(TELEGRAM)
    desk.clock.set(START + timedelta(minutes=30))
    for _ in range(3):
        await desk.parts.aftermath.sweep(desk.clock.now())
    assert await desk.state(number) in (MessageState.EXPIRED, MessageState.CANCELLED)
    assert await desk.state(other) in (MessageState.EXPIRED, MessageState.CANCELLED)
