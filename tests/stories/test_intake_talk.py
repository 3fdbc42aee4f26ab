"""What concerns no one matter: strangers, links, stops, danger, caps, and what cannot be read at all."""

import json
from typing import Any

import pytest

from notifier.domain.roster import ChannelName
from notifier.engine.linking.tokens import token_hash
from notifier.store.database import Database
from tests.stories.intake_desk import BOT, IntakeDesk, civil, open_intake


@pytest.fixture
async def desk(sqlite_database: Database) -> IntakeDesk:
    """A quiet morning, before any reminder: nothing is open for anybody."""
    return await open_intake(sqlite_database, "11-23 07:00")


@pytest.fixture
async def called(sqlite_database: Database) -> IntakeDesk:
    """A quarter past eight in the evening: p14 and then p11, the secretary, have been called."""
    desk = await open_intake(sqlite_database, "11-23 19:35")
    await desk.at("11-23 20:16")
    return desk


async def state(desk: IntakeDesk, channel: ChannelName, account: str, address: str) -> str | None:
    async with desk.db.read() as tx:
        return await tx.contacts.state_of(channel, account, address)


# ── nothing open ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("帮助", "help"),
        ("清单", "nothing_open"),
        ("你好啊朋友", "nothing_open"),
        ("谁啊", "info"),
        ("没收到", "nothing_open"),
        ("撤销", "nothing_to_undo"),
        ("别发了", "stop_for_good"),
        ("语言 en", "language_set"),
    ],
)
async def test_words_with_nothing_open(desk: IntakeDesk, words: str, told: str) -> None:
    assert await desk.sms("p12", words) == [told]


async def test_thanks_for_nothing_are_silent(desk: IntakeDesk) -> None:
    assert await desk.sms("p12", "收到") == []


async def test_the_language_stays(desk: IntakeDesk) -> None:
    await desk.sms("p12", "语言 en")
    await desk.sms("p12", "help")
    assert "number and word: OK 827" in (await desk.last("p12")).text


async def test_courtesies_are_capped_and_begin_anew_the_next_day(desk: IntakeDesk) -> None:
    heard = [await desk.sms("p02", "你好啊朋友") for _ in range(5)]
    assert heard == [["nothing_open"]] * 3 + [[]] * 2
    desk.clock.set(civil("11-24 00:01"))
    assert await desk.sms("p02", "你好啊朋友") == ["nothing_open"]


async def test_a_stranger_is_answered_once(desk: IntakeDesk) -> None:
    assert await desk.sms("+8613911111111", "要买药") == ["stranger"]
    assert await desk.sms("+8613911111111", "收到") == []
    assert await desk.chat(555, "hello") == ["not_linked"]
    assert await desk.chat(555, "hello") == []


async def test_danger_is_always_answered_and_passed_on(desk: IntakeDesk) -> None:
    for _ in range(4):
        assert await desk.sms("p12", "有人晕倒了") == ["danger_told", "danger"]
    assert (await desk.last("p01")).template == "danger_told"
    assert await desk.sms("+8613911111111", "着火了") == ["danger_told", "danger"]
    assert "着火了" in (await desk.last("p01")).text


async def test_a_need_goes_to_the_secretary(desk: IntakeDesk) -> None:
    assert await desk.sms("p14", "要买药") == ["need_told", "need_noted"]
    told = await desk.last("p11")
    assert (told.template, "要买药" in told.text) == ("need_told", True)


# ── something open ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("帮助", ["help_open"]),
        ("清单", ["list_open"]),
        ("没收到", ["not_received"]),
        ("谁啊", ["info"]),
        ("不知道", ["not_received"]),
        ("不知道这是啥东西", ["info"]),
        ("处理好了", ["sorted_ask"]),
        ("要买药", ["need_told", "need_noted"]),
    ],
)
async def test_words_with_a_call_open(called: IntakeDesk, words: str, told: list[str]) -> None:
    assert await called.chat("p11", words) == told
    assert (await called.case()).holder is None


async def test_what_is_not_understood_goes_to_the_desk_word_for_word(called: IntakeDesk) -> None:
    assert await called.chat("p11", "路口那边好像有人闹事呢") == ["forwarded", "forwarded_noted"]
    told = await called.last("p01", "forwarded")
    assert "路口那边好像有人闹事呢" in told.text
    assert "forwarded" in await called.events("p11")


async def test_and_to_the_holder_where_there_is_one(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    number = await called.number("p14")
    assert await called.sms("p14", f"{number} 路口那边好像有人闹事呢") == ["forwarded", "forwarded_noted"]
    assert (await called.last("p11", "forwarded")).text


async def test_another_reads_the_phone(called: IntakeDesk) -> None:
    told = await called.chat("p11", "我是他老婆，他睡了")
    assert {"forwarded", "someone_else_noted", "call_unstaffed"} <= set(told)
    assert "declined" in await called.events("p11")
    assert (await called.case()).holder is None


async def test_a_voice_is_asked_for_in_words(called: IntakeDesk) -> None:
    assert await called.chat("p11", "", voice={"file_id": "x"}) == []
    chat = {"id": 100011, "type": "private"}
    message: dict[str, Any] = {"message_id": 7, "date": 1, "chat": chat, "voice": {"file_id": "x"}}
    assert await called.update({"message": message}) == ["media"]
    place = {"message_id": 8, "date": 1, "chat": chat, "location": {"latitude": 1, "longitude": 2}}
    assert await called.update({"message": place}) == ["media"]


async def test_an_edit_counts_as_new_words(called: IntakeDesk) -> None:
    await called.chat("p11", "收到")
    chat = {"id": 100011, "type": "private"}
    edited = {"message_id": 7, "date": 1, "edit_date": 2, "chat": chat, "text": "不便"}
    assert "handed_on" in await called.update({"edited_message": edited})
    assert (await called.case()).holder is None


async def test_a_number_and_another_message_quoted_are_asked_about(called: IntakeDesk) -> None:
    said = await called.last("p11", "call_unstaffed")
    await called.sms("p22", "help")
    assert await called.chat("p11", "收到", quoted=said.provider_id)
    assert (await called.case()).holder == "p11"


async def test_a_button_of_somebody_else_does_nothing(called: IntakeDesk) -> None:
    matter = await called.matter("p11")
    assert await called.tap_data("p21", f"ack:{matter.id}", "1") == ["nothing_open"]
    assert (await called.case()).holder is None


async def test_a_word_from_an_address_that_was_not_asked_grants_nothing(called: IntakeDesk) -> None:
    number = await called.number("p11")
    await called.sms("p02", f"收到{number}")
    await called.sms("+8613911111111", f"收到{number}")
    assert (await called.case()).holder is None


# ── stopping, starting, blocking ─────────────────────────────────────────────────────────────────


async def test_stop_silences_all_who_share_the_phone_and_tells_the_secretary(desk: IntakeDesk) -> None:
    told = await desk.sms("p14", "退订")
    assert told == ["contact_lost_told", "contact_lost_told", "stopped"]
    assert await state(desk, ChannelName.SMS, "", "+8613800100014") == "stopped"
    assert await desk.sms("p14", "帮助") == []
    assert await desk.sms("p14", "恢复") == ["started"]
    assert await desk.sms("p14", "帮助") == ["help"]


async def test_where_the_carrier_confirms_we_do_not(desk: IntakeDesk) -> None:
    assert await desk.sms("p12", "STOP", OptOutType="STOP") == ["contact_lost_told"]
    assert await desk.sms("p12", "START", OptOutType="START") == []
    assert await state(desk, ChannelName.SMS, "", "+8613800100012") is None


async def test_stop_on_telegram_leaves_sms(desk: IntakeDesk) -> None:
    assert "stopped" in await desk.chat("p11", "退订")
    assert await desk.sms("p11", "帮助") == ["help"]


async def test_a_wrong_number_is_silent_at_once(desk: IntakeDesk) -> None:
    assert await desk.sms("p12", "打错了") == ["wrong_number_told", "wrong_number"]
    assert await state(desk, ChannelName.SMS, "", "+8613800100012") == "wrong"
    assert await desk.sms("p12", "喂") == []


async def test_blocked_and_back(desk: IntakeDesk) -> None:
    def member(status: str) -> dict[str, Any]:
        chat = {"id": 100013, "type": "private"}
        return {"my_chat_member": {"chat": chat, "date": 1, "new_chat_member": {"status": status}}}

    assert await desk.update(member("kicked")) == ["contact_lost_told"]
    assert await state(desk, ChannelName.TELEGRAM, BOT, "100013") == "blocked"
    await desk.update(member("member"))
    assert await state(desk, ChannelName.TELEGRAM, BOT, "100013") is None
    await desk.update(member("kicked"))
    assert await desk.chat("p13", "帮助") == ["help"]
    assert await state(desk, ChannelName.TELEGRAM, BOT, "100013") is None


# ── links, groups ────────────────────────────────────────────────────────────────────────────────


async def test_a_link_connects_a_chat_once(desk: IntakeDesk) -> None:
    async with desk.db.write() as tx:
        now = desk.clock.now()
        await tx.contacts.issue_tokens([(token_hash("abc"), "p12")], now, civil("11-30 00:00"))  # type: ignore[list-item]
    assert await desk.chat(777, "/start abc") == ["linked"]
    assert (await desk.last("p12")).address == "777"
    assert await desk.chat(778, "/start abc") == ["link_refused"]
    assert await desk.chat(777, "/start abc") == ["welcome"]
    assert await desk.chat(777, "/start") == ["welcome"]
    assert await desk.chat(777, "帮助") == ["help"]
    assert "linked" in await desk.events("p12")


async def test_a_start_without_a_link(desk: IntakeDesk) -> None:
    assert await desk.chat(779, "/start") == ["not_linked"]


async def test_a_group_is_told_once_and_left(desk: IntakeDesk) -> None:
    message = {"message_id": 1, "date": 1, "chat": {"id": -55, "type": "group"}, "text": "hi"}
    assert await desk.update({"message": message}) == ["group_leave"]
    assert await desk.update({"message": message}) == []


# ── what cannot be read, and what comes twice ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "payload",
    ["", "null", "[]", "[" * 100_000, '{"unreadable": "eA=="}', '{"update_id": 1, "message": {"chat": 3}}'],
)
async def test_what_cannot_be_read_never_blocks_the_next(desk: IntakeDesk, payload: str) -> None:
    await desk.stores("telegram", payload)
    await desk.stores("sms", '{"form": [["From", "+8613800100012"], ["Body", "帮助"]]}')
    assert await desk.reads() == ["help"]
    async with desk.db.read() as tx:
        assert await tx.inbox.depth() == 0


async def test_what_comes_twice_is_read_once(desk: IntakeDesk) -> None:
    payload = json.dumps({"form": [["From", "+8613800100012"], ["Body", "帮助"]]})
    await desk.stores("sms", payload, "SM1")
    await desk.stores("sms", payload, "SM1")
    assert await desk.reads() == ["help"]
    await desk.stores("sms", payload, "SM1")
    assert await desk.reads() == []


async def test_a_failed_receipt_falls_back_and_marks_a_wrong_number(called: IntakeDesk) -> None:
    message = await called.last("p14", "call_unstaffed_rostered")
    assert await called.receipt(message, "delivered") == []
    assert (await called.last("p14", "call_unstaffed_rostered")).delivered_at == called.clock.now()
    await called.at("11-23 20:27")
    to_deputy = await called.last("p12")
    assert to_deputy.template == "call_unstaffed"
    assert "contact_lost_told" in await called.receipt(to_deputy, "undelivered", "21610")
    assert await state(called, ChannelName.SMS, "", "+8613800100012") == "stopped"
    assert "p02" in (await called.case()).called
