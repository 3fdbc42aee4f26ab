"""What only Telegram has: edits, taps, groups, and two ways of fetching what comes in."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from notifier.channels.http import open_session
from notifier.channels.telegram.errors import ChatMoved
from notifier.channels.telegram.parse import parse_update
from notifier.channels.telegram.sender import BotSelf, TelegramSender
from notifier.domain.ids import MessageId
from notifier.domain.message import Button, Incoming, IncomingKind, Outgoing
from notifier.errors import CarrierError, Verdict
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramOptions
from notifier.sandbox.phones import Bubble, Phone
from notifier.sandbox.serve import RunningSandbox, serve_sandbox

TOKEN = "7001:contract-secret"
CHAT, GROUP = 424242, -100777
KEYS = ((Button("收到", "ack:17"), Button("到岗", "on:17")), (Button("转交", "pass:17"),))
CALL = Outgoing(
    id=MessageId(1),
    account="7001",
    address=str(CHAT),
    text="827 桥头卡口无人 <b>到岗</b> https://x.example",
    keyboard=KEYS,
)


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    options = SandboxOptions(telegram=TelegramOptions(tokens=(TOKEN,), limits=NO_TELEGRAM_LIMITS))
    async with serve_sandbox(options) as running:
        running.state.register(name="甲", phone_id="a", chat=CHAT)
        running.state.register(name="群", phone_id="g", chat=GROUP)
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def sender(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> TelegramSender:
    return TelegramSender(session, TOKEN, api_url=sandbox.telegram_url)


@pytest.fixture
def phone(sandbox: RunningSandbox) -> Phone:
    found = sandbox.state.phones.get("a")
    assert found is not None
    return found


def latest(phone: Phone) -> Bubble:
    return phone.bubbles[-1]


async def test_text_is_plain_and_buttons_are_in_rows(sender: TelegramSender, phone: Phone) -> None:
    await sender.send(CALL)
    bubble = latest(phone)
    assert (bubble.text, bubble.entities) == (CALL.text, ())
    rows = [[(button["text"], button["callback_data"]) for button in row] for row in bubble.buttons()]
    assert rows == [[("收到", "ack:17"), ("到岗", "on:17")], [("转交", "pass:17")]]


async def test_an_edit_changes_text_and_buttons_in_place(sender: TelegramSender, phone: Phone) -> None:
    sent = await sender.send(CALL)
    edit = replace(CALL, edits=sent.provider_id, text="827 已有人到岗", keyboard=())
    assert await sender.send(edit) == sent
    assert (len(phone.bubbles), latest(phone).text, latest(phone).buttons()) == (1, "827 已有人到岗", [])
    # Said twice it is as true as once.
    assert await sender.send(edit) == sent


async def test_an_edit_without_text_changes_the_buttons_alone(sender: TelegramSender, phone: Phone) -> None:
    sent = await sender.send(CALL)
    await sender.send(replace(CALL, edits=sent.provider_id, text="", keyboard=()))
    assert (latest(phone).text, latest(phone).buttons()) == (CALL.text, [])


async def test_an_edit_of_nothing_is_refused(sender: TelegramSender) -> None:
    with pytest.raises(CarrierError) as caught:
        await sender.send(replace(CALL, edits="999"))
    assert caught.value.verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    ("text", "fits"), [("岗" * 4096, True), ("😀" * 2048, True), ("😀" * 2048 + "a", False)]
)
async def test_length_counts_utf16_units(sender: TelegramSender, text: str, fits: bool) -> None:
    message = replace(CALL, text=text)
    if fits:
        assert (await sender.send(message)).provider_id
        return
    with pytest.raises(CarrierError, match="refused: too_long"):
        await sender.send(message)


async def test_callback_data_is_counted_in_bytes(sender: TelegramSender) -> None:
    await sender.send(replace(CALL, keyboard=((Button("a", "岗" * 21),),)))
    with pytest.raises(CarrierError, match="refused: too_long"):
        await sender.send(replace(CALL, keyboard=((Button("a", "岗" * 22),),)))


async def test_a_tap_comes_in_raw_and_is_answered(
    sandbox: RunningSandbox, sender: TelegramSender, phone: Phone
) -> None:
    sent = await sender.send(CALL)
    sandbox.state.chatters.tap(phone, int(sent.provider_id), "ack:17")
    (update,) = await sender.get_updates(None, 0)
    incoming = parse_update(update, sender.account)
    assert incoming is not None
    assert (incoming.kind, incoming.data, incoming.quoted) == (IncomingKind.TAP, "ack:17", sent.provider_id)
    assert (incoming.sender, incoming.account) == (str(CHAT), "7001")
    assert incoming.callback is not None
    await sender.answer_callback(incoming.callback, "已收到")
    await sender.answer_callback(incoming.callback)
    assert latest(phone).note == "已收到"
    assert await sender.get_updates(update["update_id"] + 1, 0) == []


async def test_what_people_do_is_understood(
    sandbox: RunningSandbox, sender: TelegramSender, phone: Phone
) -> None:
    people = sandbox.state.chatters
    sent = await sender.send(CALL)
    people.start(phone, "link-1")
    words = people.write(phone, "收到", reply_to=int(sent.provider_id))
    people.edit(phone, words.message_id or 0, "到岗")
    people.send_stub(phone, "voice")
    people.send_stub(phone, "location")
    people.block(phone)
    people.unblock(phone)
    kinds = [incoming and incoming.kind for incoming in await fetched(sender)]
    assert kinds == [
        IncomingKind.START,
        IncomingKind.TEXT,
        IncomingKind.EDITED,
        IncomingKind.MEDIA,
        IncomingKind.PLACE,
        IncomingKind.BLOCKED,
        IncomingKind.UNBLOCKED,
    ]


async def fetched(sender: TelegramSender) -> list[Incoming | None]:
    return [parse_update(update, sender.account) for update in await sender.get_updates(None, 0)]


async def test_one_bad_update_does_not_hide_the_others(
    sandbox: RunningSandbox, sender: TelegramSender, phone: Phone
) -> None:
    await sender.send(CALL)
    sandbox.state.chatters.inject({"message": {"chat": "nonsense", "date": "soon"}})
    sandbox.state.chatters.write(phone, "收到")
    bad, good = await sender.get_updates(None, 0)
    assert parse_update(bad, "7001") is None
    assert parse_update(good, "7001") is not None


async def test_a_group_is_left(sandbox: RunningSandbox, sender: TelegramSender, phone: Phone) -> None:
    await sender.send(replace(CALL, address=str(GROUP), keyboard=()))
    sandbox.state.chatters.write(phone, "收到", group=GROUP)
    (update,) = await sender.get_updates(None, 0)
    incoming = parse_update(update, "7001")
    assert incoming is not None
    assert (incoming.kind, incoming.sender) == (IncomingKind.GROUP, str(GROUP))
    await sender.leave_chat(incoming.sender)
    with pytest.raises(CarrierError) as caught:
        await sender.send(replace(CALL, address=str(GROUP)))
    assert caught.value.verdict is Verdict.STOP_CONTACT


async def test_a_group_that_moved_says_where(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    body = '{"ok":false,"error_code":400,"description":"x","parameters":{"migrate_to_chat_id":-1009}}'
    sandbox.state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.ERROR, status=400, body=body))
    with pytest.raises(ChatMoved) as caught:
        await TelegramSender(session, TOKEN, api_url=sandbox.url).send(CALL)
    assert (caught.value.new_address, caught.value.verdict) == ("-1009", Verdict.NOT_SENT)


async def test_webhook_and_polling_exclude_each_other(sender: TelegramSender) -> None:
    await sender.set_webhook("http://127.0.0.1:9/hooks/telegram/7001", "s3cret")
    with pytest.raises(CarrierError) as caught:
        await sender.get_updates(None, 0)
    assert (caught.value.code, caught.value.alarm) == ("conflict", True)
    await sender.delete_webhook()
    assert await sender.get_updates(None, 0) == []


async def test_who_am_i(sender: TelegramSender) -> None:
    me = await sender.me()
    assert isinstance(me, BotSelf)
    assert me.id == sender.account == "7001"
    assert me.username


def test_no_representation_shows_the_token(sender: TelegramSender) -> None:
    assert TOKEN not in repr(sender)
    assert TOKEN not in repr(vars(sender))
