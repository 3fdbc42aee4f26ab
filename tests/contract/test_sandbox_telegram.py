"""The Bot API stand-in, asked over the wire; python-telegram-bot is the independent client."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramLimits, TelegramOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox

TOKEN = "4200:Abc-def_1"
CHAT = 501


@dataclass
class Clock:
    """A monotonic clock that tests turn by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Station:
    """A running sandbox, a bot's method calls, and the clock its limits run on."""

    running: RunningSandbox
    client: httpx.AsyncClient
    clock: Clock

    async def call(self, method: str, token: str = TOKEN, **params: Any) -> dict[str, Any]:
        response = await self.client.post(f"/bot{token}/{method}", json=params)
        answer: dict[str, Any] = response.json()
        assert answer["ok"] is (response.status_code == 200)
        assert answer.get("error_code", 200) == response.status_code
        return answer

    async def send(self, chat: int = CHAT, text: str = "hello", **more: Any) -> dict[str, Any]:
        return await self.call("sendMessage", chat_id=chat, text=text, **more)

    async def result(self, method: str, **params: Any) -> Any:
        answer = await self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]


@pytest.fixture
async def station() -> AsyncIterator[Station]:
    clock = Clock()
    options = SandboxOptions(monotonic=clock, telegram=TelegramOptions(webhook_retry_seconds=0.01))
    async with (
        serve_sandbox(options) as running,
        httpx.AsyncClient(base_url=running.url, timeout=60) as client,
    ):
        running.state.register(name="Lin", chat=CHAT, number="+15550000501")
        yield Station(running=running, client=client, clock=clock)


@pytest.fixture
async def bot(station: Station, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with Bot(TOKEN, base_url=station.running.telegram_url) as client:
        yield client


class TestIndependentClient:
    async def test_it_sends_edits_and_deletes(self, station: Station, bot: Bot) -> None:
        station.running.state.limit_telegram(NO_TELEGRAM_LIMITS)
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("收到", callback_data="ack:827")]])
        sent = await bot.send_message(CHAT, "<b>827</b> 未到岗", reply_markup=keyboard, parse_mode="HTML")
        assert (sent.text, sent.chat.id) == ("827 未到岗", CHAT)
        assert [entity.type for entity in sent.entities] == ["bold"]
        edited = await bot.edit_message_text("827 已到岗", CHAT, sent.message_id)
        assert not isinstance(edited, bool)
        assert edited.reply_markup is None
        phone = station.running.state.phones.named("Lin")
        assert phone.texts() == ["827 已到岗"]
        assert await bot.delete_message(CHAT, sent.message_id)
        assert phone.texts() == []

    async def test_it_reads_what_people_do(self, station: Station, bot: Bot) -> None:
        state = station.running.state
        phone = state.phones.named("Lin")
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("On post", callback_data="on:1")]])
        sent = await bot.send_message(CHAT, "call", reply_markup=keyboard)
        state.chatters.tap(phone, sent.message_id, "on:1")
        state.chatters.write(phone, "收到", reply_to=sent.message_id)
        state.chatters.start(phone, "link-7")
        state.chatters.send_stub(phone, "voice")
        tapped, wrote, started, spoke = await bot.get_updates()
        assert tapped.callback_query is not None
        assert tapped.callback_query.data == "on:1"
        assert await bot.answer_callback_query(tapped.callback_query.id, "noted")
        assert phone.bubbles[0].note == "noted"
        assert wrote.message is not None
        assert wrote.message.reply_to_message is not None
        assert wrote.message.reply_to_message.message_id == sent.message_id
        assert started.message is not None
        assert started.message.text == "/start link-7"
        assert spoke.message is not None
        assert spoke.message.voice is not None

    async def test_errors_come_as_its_own(self, station: Station, bot: Bot) -> None:
        with pytest.raises(BadRequest, match="hat not found"):
            await bot.send_message(-1, "x")
        station.running.state.chatters.block(station.running.state.phones.named("Lin"))
        with pytest.raises(Forbidden, match="blocked"):
            await bot.send_message(CHAT, "x")
        await bot.send_message(777, "x")
        with pytest.raises(RetryAfter):
            await bot.send_message(777, "x")

    async def test_other_methods(self, station: Station, bot: Bot) -> None:
        assert (await bot.get_me()).id == 4200
        assert (await bot.get_chat(CHAT)).first_name == "Lin"
        assert await bot.send_chat_action(CHAT, "typing")
        assert await bot.set_my_commands([("help", "帮助")])
        assert [command.command for command in await bot.get_my_commands()] == ["help"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("params", "reason"),
        [
            ({"text": "x"}, "chat_id is empty"),
            ({"chat_id": CHAT, "text": "  "}, "message text is empty"),
            ({"chat_id": CHAT, "text": "😀" * 2049}, "message is too long"),
            ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
            ({"chat_id": CHAT, "text": "<b>x", "parse_mode": "HTML"}, "can't parse entities"),
            (
                {"chat_id": CHAT, "text": "x", "reply_parameters": {"message_id": 99}},
                "to be replied not found",
            ),
        ],
    )
    async def test_bad_messages(self, station: Station, params: dict[str, Any], reason: str) -> None:
        answer = await station.call("sendMessage", **params)
        assert answer["error_code"] == 400
        assert reason in answer["description"]
        assert station.running.state.telegram.ledger.accepted_count == 0

    @pytest.mark.parametrize(
        ("data", "ok"), [("x" * 64, True), ("x" * 65, False), ("收" * 22, False), ("", False)]
    )
    async def test_button_data_has_1_to_64_bytes(self, station: Station, data: str, ok: bool) -> None:
        markup = {"inline_keyboard": [[{"text": "key", "callback_data": data}]]}
        answer = await station.send(reply_markup=markup)
        assert answer["ok"] is ok
        assert ok or answer["description"] == "Bad Request: BUTTON_DATA_INVALID"

    async def test_the_longest_text_fits(self, station: Station) -> None:
        assert (await station.send(text="😀" * 2048))["ok"]

    async def test_unknown_methods_and_tokens(self, station: Station) -> None:
        assert (await station.call("sendFax"))["error_code"] == 404
        assert (await station.call("getMe", token="nonsense"))["error_code"] == 401
        allowed = SandboxOptions(telegram=TelegramOptions(tokens=(TOKEN,), open_chats=False))
        async with (
            serve_sandbox(allowed) as strict,
            httpx.AsyncClient(base_url=strict.url, timeout=60) as client,
        ):
            assert (await client.get("/bot4200:other/getMe")).status_code == 401
            assert (await client.get(f"/bot{TOKEN}/getMe")).status_code == 200
            closed = await client.get(f"/bot{TOKEN}/sendMessage", params={"chat_id": 9, "text": "x"})
            assert closed.json()["description"] == "Bad Request: chat not found"

    async def test_an_edit_must_change_something(self, station: Station) -> None:
        message = (await station.send(text="same"))["result"]["message_id"]
        answer = await station.call("editMessageText", chat_id=CHAT, message_id=message, text="same")
        assert answer["description"].startswith("Bad Request: message is not modified")
        lost = await station.call("editMessageText", chat_id=CHAT, message_id=999, text="other")
        assert lost["description"] == "Bad Request: message to edit not found"

    async def test_an_upgraded_group_names_its_successor(self, station: Station) -> None:
        chat = station.running.state.telegram.chats.ensure(-5)
        chat.migrated_to = -1005
        answer = await station.send(chat=-5)
        assert answer["parameters"] == {"migrate_to_chat_id": -1005}

    async def test_a_left_group_is_closed(self, station: Station) -> None:
        station.running.state.register(name="Gate", chat=-1009)
        assert (await station.send(chat=-1009))["ok"]
        assert await station.result("leaveChat", chat_id=-1009)
        assert (await station.send(chat=-1009))["error_code"] == 403

    @pytest.mark.parametrize("kind", ["form", "multipart", "json"])
    async def test_every_encoding_is_read(self, station: Station, kind: str) -> None:
        markup = {"inline_keyboard": [[{"text": "key", "callback_data": "1"}]]}
        fields = {"chat_id": str(CHAT), "text": "好", "reply_markup": json.dumps(markup)}
        url = f"/bot{TOKEN}/sendMessage"
        if kind == "form":
            response = await station.client.post(url, data=fields)
        elif kind == "multipart":
            response = await station.client.post(url, files={k: (None, v) for k, v in fields.items()})
        else:
            response = await station.client.post(url, json={**fields, "reply_markup": markup})
        assert response.json()["result"]["reply_markup"] == markup
        assert response.json()["result"]["text"] == "好"


class TestLimits:
    async def test_one_a_second_to_a_chat(self, station: Station) -> None:
        assert (await station.send())["ok"]
        station.clock.now += 0.9
        refused = await station.send()
        assert refused["description"] == "Too Many Requests: retry after 1"
        assert refused["parameters"] == {"retry_after": 1}
        station.clock.now += 0.1
        assert (await station.send())["ok"]
        assert station.running.state.telegram.ledger.refused[0].limit == "per_chat"

    async def test_thirty_a_second_for_a_bot_in_any_window(self, station: Station) -> None:
        for chat in range(1, 31):
            assert (await station.send(chat=chat))["ok"]
            station.clock.now += 0.01
        assert (await station.send(chat=31))["error_code"] == 429
        assert (await station.call("sendMessage", token="77:other", chat_id=31, text="x"))["ok"]
        station.clock.now += 0.71
        assert (await station.send(chat=31))["ok"]

    async def test_twenty_a_minute_to_a_group(self, station: Station) -> None:
        station.running.state.register(name="Gate", chat=-1009)
        for _ in range(20):
            assert (await station.send(chat=-1009))["ok"]
            station.clock.now += 1
        refused = await station.send(chat=-1009)
        assert refused["parameters"]["retry_after"] == 40

    async def test_answers_do_not_count_for_the_chat(self, station: Station) -> None:
        await station.send()
        station.running.state.chatters.write(station.running.state.phones.named("Lin"), "1")
        assert (await station.send())["ok"]
        station.clock.now += 30
        assert (await station.send())["ok"]
        assert (await station.send())["error_code"] == 429
        records = station.running.state.telegram.ledger.accepted
        assert [record.answer for record in records] == [False, True, False]

    async def test_limits_change_while_it_runs(self, station: Station) -> None:
        wanted = {"telegram": {"per_chat": 2}}
        changed = (await station.client.post("/control/limits", json=wanted)).json()
        assert changed["telegram"]["per_chat"] == 2
        assert [(await station.send())["ok"] for _ in range(3)] == [True, True, False]
        station.running.state.limit_telegram(TelegramLimits(per_chat=None))
        assert (await station.send())["ok"]


class TestUpdates:
    async def test_a_poll_waits_for_the_first_update(self, station: Station) -> None:
        await station.call("getMe")
        poll = asyncio.create_task(station.result("getUpdates", timeout=20))
        state = station.running.state
        await state.until(lambda: state.telegram.bots.all())
        act = state.chatters.write(state.phones.named("Lin"), "here")
        updates = await poll
        assert [update["message"]["text"] for update in updates] == ["here"]
        assert updates[0]["update_id"] == act.update_id
        assert await station.result("getUpdates", offset=act.update_id + 1) == []

    async def test_two_pollers_conflict(self, station: Station) -> None:
        await station.call("getMe")
        queue = station.running.state.telegram.bots.all()[0].updates
        first = asyncio.create_task(station.call("getUpdates", timeout=20))
        await station.running.state.until(lambda: queue.polled)
        second = asyncio.create_task(station.call("getUpdates", timeout=20))
        assert "terminated by other getUpdates" in (await first)["description"]
        station.running.state.chatters.write(station.running.state.phones.named("Lin"), "x")
        assert (await second)["ok"]

    async def test_only_wanted_kinds_come(self, station: Station) -> None:
        await station.result("getUpdates", allowed_updates=["message"])
        phone = station.running.state.phones.named("Lin")
        station.running.state.chatters.block(phone)
        station.running.state.chatters.unblock(phone)
        station.running.state.chatters.write(phone, "x")
        (update,) = await station.result("getUpdates")
        assert "message" in update

    async def test_blocking_is_told(self, station: Station) -> None:
        await station.send()
        station.running.state.chatters.block(station.running.state.phones.named("Lin"))
        (update,) = await station.result("getUpdates")
        assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"

    async def test_raw_updates_pass_untouched(self, station: Station) -> None:
        await station.call("getMe")
        poison = {"message": {"text": 5, "chat": None}}
        await station.client.post("/control/telegram/updates", json={"update": poison, "next_update_id": 7})
        assert await station.result("getUpdates") == [{"update_id": 7, **poison}]


@dataclass
class Program:
    """A program with a webhook that answers as told, then 200."""

    url: str
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, Any]] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    async def hook(request: web.Request) -> web.Response:
        status = known.answers.pop(0) if known.answers else 200
        known.got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token", ""), await request.json()))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    known = Program(url=f"http://{host}:{port}/hook")
    yield known
    await runner.cleanup()


class TestWebhook:
    async def test_updates_are_pushed_in_order_until_taken(self, station: Station, program: Program) -> None:
        program.answers = [500, 403]
        assert await station.result("setWebhook", url=program.url, secret_token="hush")
        state = station.running.state
        phone = state.phones.named("Lin")
        for word in ("one", "two"):
            state.chatters.write(phone, word)
        queue = state.telegram.bots.all()[0].updates
        await state.until(lambda: queue.delivered == 2)
        assert [update["message"]["text"] for _, update in program.got] == ["one", "one", "one", "two"]
        assert {secret for secret, _ in program.got} == {"hush"}
        info = await station.result("getWebhookInfo")
        assert (info["url"], info["pending_update_count"]) == (program.url, 0)
        assert "403" in info["last_error_message"]

    async def test_words_come_twice_under_one_number(self, station: Station, program: Program) -> None:
        await station.result("setWebhook", url=program.url)
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.INCOMING_DUPLICATE, address=str(CHAT)))
        told = state.chatters.write(state.phones.named("Lin"), "one")
        await state.until(lambda: len(program.got) == 2)
        assert [update["update_id"] for _, update in program.got] == [told.update_id] * 2

    async def test_later_words_overtake_late_ones(self, station: Station, program: Program) -> None:
        await station.result("setWebhook", url=program.url)
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.INCOMING_DELAY, seconds=0.2))
        phone = state.phones.named("Lin")
        late, soon = state.chatters.write(phone, "late"), state.chatters.write(phone, "soon")
        await state.until(lambda: len(program.got) == 2)
        assert [update["update_id"] for _, update in program.got] == [soon.update_id, late.update_id]
        assert late.update_id < soon.update_id

    async def test_a_poll_gets_updates_by_number(self, station: Station) -> None:
        await station.call("getMe")
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.INCOMING_DELAY, seconds=30))
        told = [state.chatters.write(state.phones.named("Lin"), word) for word in ("one", "two")]
        assert [update["update_id"] for update in await station.result("getUpdates")] == [
            act.update_id for act in told
        ]

    async def test_polling_and_webhook_exclude_each_other(self, station: Station, program: Program) -> None:
        await station.result("setWebhook", url=program.url)
        assert (await station.call("getUpdates"))["error_code"] == 409
        await station.result("deleteWebhook", drop_pending_updates=True)
        assert await station.result("getUpdates") == []


class TestFaults:
    async def test_cut_before_accepting(self, station: Station, bot: Bot) -> None:
        station.running.state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.CUT_BEFORE))
        with pytest.raises(NetworkError):
            await bot.send_message(CHAT, "lost")
        ledger = station.running.state.telegram.ledger
        assert (ledger.accepted_count, ledger.refused[0].cause) == (0, "fault")
        await bot.send_message(CHAT, "next")
        assert ledger.accepted_count == 1

    async def test_cut_after_accepting(self, station: Station) -> None:
        station.running.state.arm(
            Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.CUT_AFTER, address=str(CHAT))
        )
        assert (await station.send(chat=9))["ok"]
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            await station.send(text="unsure")
        assert station.running.state.telegram.ledger.accepted[-1].answer_lost
        assert station.running.state.phones.named("Lin").texts() == ["unsure"]

    async def test_a_hanging_request_is_never_taken(self, station: Station) -> None:
        station.running.state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.HANG))
        with pytest.raises(httpx.ReadTimeout):
            await station.client.post(
                f"/bot{TOKEN}/sendMessage", json={"chat_id": CHAT, "text": "x"}, timeout=0.05
            )
        assert station.running.state.telegram.ledger.accepted_count == 0

    async def test_a_slow_answer_comes_after_acceptance(self, station: Station) -> None:
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TELEGRAM, kind=FaultKind.SLOW, seconds=30))
        sending = asyncio.create_task(station.send())
        await state.until(lambda: state.telegram.ledger.accepted_count)
        assert not sending.done()
        sending.cancel()

    async def test_faults_over_the_control_api(self, station: Station) -> None:
        for fault in (
            {"kind": "throttle", "retry_after": 7},
            {"kind": "error", "status": 503},
            {"kind": "refuse", "code": 403},
            {"kind": "error", "status": 502, "body": "<h1>Bad gateway</h1>"},
        ):
            armed = await station.client.post("/control/faults", json={"carrier": "telegram", **fault})
            assert armed.status_code == 201
        assert (await station.send())["parameters"] == {"retry_after": 7}
        assert (await station.send())["error_code"] == 503
        assert (await station.send())["description"] == "Forbidden: bot was blocked by the user"
        page = await station.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": CHAT, "text": "x"})
        assert (page.status_code, page.text) == (502, "<h1>Bad gateway</h1>")
        assert (await station.send())["ok"]
        listed = (await station.client.get("/control/faults")).json()["faults"]
        assert [fault["struck"] for fault in listed] == [1, 1, 1, 1]

    async def test_chance_repeats_itself_with_its_seed(self, station: Station) -> None:
        station.running.state.limit_telegram(NO_TELEGRAM_LIMITS)

        async def run() -> list[bool]:
            fault = Fault(
                carrier=Carrier.TELEGRAM,
                kind=FaultKind.ERROR,
                times=None,
                probability=0.5,
                seed=4,
                status=500,
            )
            station.running.state.arm(fault)
            outcomes = [(await station.send())["ok"] for _ in range(20)]
            station.running.state.faults.clear()
            return outcomes

        first = await run()
        assert first == await run()
        assert set(first) == {True, False}
