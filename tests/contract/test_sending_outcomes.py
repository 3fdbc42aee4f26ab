"""What becomes of a message when its carrier does not simply take it: Account, Settling and Aftermath."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from notifier.domain.ids import PersonId
from notifier.domain.message import Lane, MessageState
from notifier.domain.policy import Kind
from notifier.domain.roster import ChannelName
from notifier.engine.broadcasts import SHELL
from notifier.engine.letters import Letter
from notifier.engine.resending import resend_all
from notifier.sandbox.faults import FaultKind
from notifier.store.database import Database
from notifier.store.rows import MessageFilter
from notifier.store.tables import messages
from tests.contract.sending_desk import BOTH_WAYS, BY_SMS, START, Desk, letter, open_desk

TELEGRAM, SMS = ChannelName.TELEGRAM, ChannelName.SMS
WAYS = [(TELEGRAM, BOTH_WAYS), (SMS, BY_SMS)]
REPEATED = "（重发）"

either_way = pytest.mark.parametrize(("channel", "person"), WAYS, ids=["telegram", "sms"])


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    async with open_desk(database) as opened:
        yield opened


# ── taken ────────────────────────────────────────────────────────────────────────────────────────


@either_way
async def test_what_the_carrier_takes_is_sent_under_its_id(
    desk: Desk, channel: ChannelName, person: str
) -> None:
    [number] = await desk.post(letter("a", PersonId(person)))
    await desk.sends()
    message = await desk.message(number)
    [taken] = desk.ledger(channel).accepted
    assert (message.state, message.provider_id) == (MessageState.SENT, str(taken.ref))
    assert (message.sent_at, message.attempts, message.repeated) == (START, 1, False)


async def test_acceptance_stops_the_fallback_of_what_is_no_call(desk: Desk) -> None:
    [plain, call] = await desk.post(letter("plain"), letter("call", call=True))
    await desk.sends()
    assert (await desk.message(plain)).fallback_at is None
    assert (await desk.message(call)).fallback_at is not None
    desk.clock.set(START + timedelta(minutes=2))
    await desk.parts.aftermath.sweep(desk.clock.now())
    await desk.sends()
    [text] = desk.taken(SMS)
    assert "call" in text


# ── not sent ─────────────────────────────────────────────────────────────────────────────────────


@either_way
async def test_what_was_not_sent_is_tried_again_a_little_later(
    desk: Desk, channel: ChannelName, person: str
) -> None:
    desk.arm(channel, FaultKind.ERROR, status=403, body="<html>a proxy</html>", times=2)
    [number] = await desk.post(letter("a", PersonId(person)))
    await desk.sends()
    waiting = await desk.message(number)
    assert (waiting.state, waiting.error, waiting.repeated) == (MessageState.QUEUED, "http_403", False)
    assert waiting.not_before is not None
    assert START < waiting.not_before <= START + timedelta(seconds=1)
    first_pause = waiting.not_before - START
    desk.clock.set(waiting.not_before)
    await desk.sends()
    waiting = await desk.message(number)
    assert waiting.not_before is not None
    assert waiting.not_before - desk.clock.now() >= min(first_pause, timedelta(seconds=1))
    desk.clock.set(waiting.not_before)
    await desk.sends()
    message = await desk.message(number)
    assert (message.state, message.attempts, message.error) == (MessageState.SENT, 3, None)
    assert len(desk.taken(channel)) == 1
    assert REPEATED not in desk.taken(channel)[0]


@either_way
async def test_one_message_in_trouble_holds_up_no_other(
    desk: Desk, channel: ChannelName, person: str
) -> None:
    desk.arm(channel, FaultKind.REFUSE, code=_refusal(channel), status=400)
    numbers = await desk.post(*[letter(key, PersonId(person)) for key in "abc"])
    await desk.sends()
    assert (await desk.states(numbers)).count(MessageState.SENT) == 2


async def test_a_call_not_gone_in_time_is_dropped_and_goes_no_other_way(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.ERROR, status=403, body="", times=None)
    [number] = await desk.post(letter("a", call=True))
    await desk.sends(TELEGRAM)
    desk.clock.set(START + timedelta(minutes=30))
    async with desk.db.write() as tx:
        await tx.messages.clear_fallback([number])
    await desk.parts.aftermath.sweep(desk.clock.now())
    await desk.sends()
    assert await desk.state(number) is MessageState.EXPIRED
    assert desk.taken(TELEGRAM) == desk.taken(SMS) == []


# ── refused ──────────────────────────────────────────────────────────────────────────────────────


async def test_refused_by_telegram_goes_by_sms_at_once(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.REFUSE, code=400, description="Bad Request: message text is empty")
    [number] = await desk.post(letter("a"))
    await desk.sends()
    message = await desk.message(number)
    assert (message.state, message.error) == (MessageState.FAILED, "bad_request")
    [text] = desk.taken(SMS)
    assert "今晚请守卡口" in text


async def test_refused_on_the_last_channel_is_failed_and_said_so(desk: Desk) -> None:
    desk.arm(SMS, FaultKind.REFUSE, code=21614, status=400)
    [number] = await desk.post(letter("a", BY_SMS))
    await desk.sends()
    message = await desk.message(number)
    assert (message.state, message.error, message.attempts) == (MessageState.FAILED, "21614", 1)


async def test_a_blocked_bot_is_a_channel_lost_and_the_secretary_is_told(desk: Desk) -> None:
    person = PersonId("p13")
    phone = desk.sandbox.state.register(name="吴永明", number="+8613800100013", chat=100013)
    desk.sandbox.state.telegram.chats.ensure(100013).blocked = True
    first, second = await desk.post(letter("a", person), letter("b", person))
    await desk.sends()
    assert await desk.states([first, second]) == [MessageState.FAILED] * 2
    assert len(phone.texts()) == 2
    async with desk.db.read() as tx:
        left = await tx.contacts.usable([person], channels=(TELEGRAM, SMS), accounts=("7001",))
        told = await tx.messages.listing(MessageFilter(person=BOTH_WAYS))
    assert [contact.channel for contact in left[person]] == [SMS]
    assert [message.template for message in told] == ["contact_lost_told"]


async def test_who_opted_out_is_written_to_no_more(desk: Desk) -> None:
    phone = desk.sandbox.state.register(name="周丽华", number="+8613800100012")
    [number] = await desk.post(letter("a", BY_SMS))
    await desk.sends()
    desk.sandbox.state.texters.write(phone, "STOP")
    [refused] = await desk.post(letter("b", BY_SMS))
    await desk.sends()
    message = await desk.message(refused)
    assert (message.state, message.error) == (MessageState.FAILED, "21610")
    assert await desk.post(letter("c", BY_SMS)) == []
    assert await desk.state(number) is MessageState.SENT


async def test_a_number_that_is_wrong_is_flagged_and_the_secretary_is_told(desk: Desk) -> None:
    desk.arm(SMS, FaultKind.REFUSE, code=21614, status=400)
    await desk.post(letter("a", BY_SMS))
    await desk.sends()
    assert await desk.post(letter("b", BY_SMS)) == []
    async with desk.db.read() as tx:
        told = await tx.messages.listing(MessageFilter(person=BOTH_WAYS))
    assert [message.template for message in told] == ["wrong_number_told"]


# ── outcome unknown ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [FaultKind.CUT_AFTER, FaultKind.CUT_BEFORE, FaultKind.ERROR_AFTER])
async def test_a_call_by_telegram_whose_outcome_is_unknown_rings_once_more_and_says_so(
    desk: Desk, kind: FaultKind
) -> None:
    desk.arm(TELEGRAM, kind, status=502)
    [number] = await desk.post(letter("a", call=True))
    await desk.sends(TELEGRAM)
    message = await desk.message(number)
    assert (message.state, message.repeated, message.attempts) == (MessageState.SENT, True, 2)
    assert desk.taken(TELEGRAM)[-1].startswith(REPEATED)
    assert len(desk.taken(TELEGRAM)) == (1 if kind is FaultKind.CUT_BEFORE else 2)


async def test_a_call_is_repeated_only_once(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.CUT_AFTER, times=None)
    [number] = await desk.post(letter("a", call=True))
    await desk.sends(TELEGRAM)
    assert await desk.state(number) is MessageState.UNCERTAIN
    assert len(desk.taken(TELEGRAM)) == 2


@pytest.mark.parametrize("lane", [Lane.REPLY, Lane.DUTY, Lane.BULK])
async def test_what_is_no_call_is_never_blindly_repeated(desk: Desk, lane: Lane) -> None:
    desk.arm(TELEGRAM, FaultKind.CUT_AFTER)
    [number] = await desk.post(letter("a", lane=lane, kind=Kind.COMMENDATION))
    await desk.sends(TELEGRAM)
    assert await desk.state(number) is MessageState.UNCERTAIN
    assert len(desk.taken(TELEGRAM)) == 1


async def test_an_uncertain_message_is_sent_again_only_by_hand_and_marked(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.CUT_AFTER)
    [number] = await desk.post(letter("a", lane=Lane.BULK))
    await desk.sends(TELEGRAM)
    assert await resend_all(desk.parts, SHELL) == 1
    await desk.sends(TELEGRAM)
    assert await desk.state(number) is MessageState.SENT
    assert desk.taken(TELEGRAM)[-1].startswith(REPEATED)


@pytest.mark.parametrize("call", [True, False])
async def test_a_text_is_looked_up_before_anything_is_repeated(desk: Desk, call: bool) -> None:
    desk.arm(SMS, FaultKind.CUT_AFTER)
    [number] = await desk.post(letter("a", BY_SMS, call=call))
    await desk.sends()
    message = await desk.message(number)
    [taken] = desk.ledger(SMS).accepted
    assert (message.state, message.provider_id) == (MessageState.SENT, str(taken.ref))
    assert not message.repeated


async def test_a_call_by_sms_that_the_carrier_does_not_have_is_repeated(desk: Desk) -> None:
    desk.arm(SMS, FaultKind.CUT_BEFORE)
    [call] = await desk.post(letter("a", BY_SMS, call=True))
    await desk.sends()
    assert (await desk.message(call)).repeated
    [text] = desk.taken(SMS)
    assert text.startswith(REPEATED)


async def test_a_look_up_that_fails_leaves_bulk_uncertain(desk: Desk) -> None:
    desk.arm(SMS, FaultKind.CUT_AFTER)
    desk.arm(SMS, FaultKind.ERROR, method="list", status=500, times=None)
    [number] = await desk.post(letter("a", BY_SMS, lane=Lane.BULK))
    await desk.sends()
    assert await desk.state(number) is MessageState.UNCERTAIN
    assert len(desk.taken(SMS)) == 1


async def test_the_same_words_sent_before_are_not_taken_for_the_lost_ones(desk: Desk) -> None:
    """Two texts of one wording: the first one's record must not stand in for the second."""
    same = letter("a", BY_SMS).values
    first = letter("one", BY_SMS, call=True)
    second = letter("two", BY_SMS, call=True)
    [one] = await desk.post(_saying(first, same))
    await desk.sends()
    desk.arm(SMS, FaultKind.CUT_BEFORE)
    [two] = await desk.post(_saying(second, same))
    await desk.sends()
    assert (await desk.message(one)).provider_id != (await desk.message(two)).provider_id
    assert len(desk.taken(SMS)) == 2


async def test_two_orphans_of_one_wording_do_not_share_what_the_carrier_has(desk: Desk) -> None:
    """The process died with the one's outcome unwritten, and the other claimed and never sent."""
    same = letter("a", BY_SMS).values
    [one] = await desk.post(_saying(letter("one", BY_SMS, call=True), same))
    await desk.sends()
    [two] = await desk.post(_saying(letter("two", BY_SMS, call=True), same))
    left = {"state": "sending", "fence": 0, "attempts": 1, "provider_id": None, "sent_at": None}
    async with desk.db.write() as tx:
        await tx.conn.execute(update(messages).where(messages.c.id.in_([one, two])).values(left))
    account = desk.accounts[SMS]
    await account._settling.adopt_orphans(account.name, 1, account._caller.look_up)
    assert {(await desk.message(n)).repeated for n in (one, two)} == {False, True}
    await desk.sends()
    assert await desk.states([one, two]) == [MessageState.SENT] * 2
    assert [text.startswith(REPEATED) for text in desk.taken(SMS)] == [False, True]


# ── slow down ────────────────────────────────────────────────────────────────────────────────────


async def test_a_429_stops_the_whole_bot_for_as_long_as_it_says(desk: Desk) -> None:
    desk.arm(TELEGRAM, FaultKind.THROTTLE, retry_after=1)
    numbers = await desk.post(letter("a"), letter("b", PersonId("p13")), letter("c", PersonId("p21")))
    async with desk.sending():
        taken = await desk.takes(TELEGRAM, 3)
    [refused] = desk.ledger(TELEGRAM).refused
    after = [record.at - refused.at for record in taken if record.at > refused.at]
    # What was in flight with it cannot be called back; everything else waits.
    assert min((pause for pause in after if pause > 0.2), default=1.0) >= 1.0
    assert not [record for record in taken if record.in_pause and record.at - refused.at > 0.2]
    assert await desk.states(numbers) == [MessageState.SENT] * 3
    assert not (await desk.message(numbers[0])).repeated


def _refusal(channel: ChannelName) -> int:
    return 400 if channel is TELEGRAM else 21614


def _saying(one: Letter, values: Mapping[str, object]) -> Letter:
    return replace(one, values=values)
