"""Training phones at the console: against a sandbox on a socket, for whoever may do everything."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from notifier.channels.http import open_session
from notifier.channels.training import TrainingPhones
from notifier.config import Config, load_config
from notifier.domain.roster import Office
from notifier.sandbox.options import NO_TELEGRAM_LIMITS, SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.phones import Channel, Phone
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.store.database import Database
from notifier.web.console.phones import PhoneDeed
from notifier.web.serve import serve
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import ANN, BOB, CAI, DAN, EVA, TOWN, take_in
from tests.contract.test_console_routes import OFFICES, TOLD, routes_of
from tests.contract.web_client import open_site

BOT = "100200300"
TOKEN = f"{BOT}:a-token"
SENDER = "+15550001111"
NUMBER = "+8613800000001"
PHONES = "/console/phones"
CHANGES = {
    PhoneDeed.TEXT: {"by": "sms", "words": "到岗"},
    PhoneDeed.PRESS: {"account": BOT, "ref": "1", "data": "d"},
    PhoneDeed.START: {},
    PhoneDeed.BLOCK: {},
    PhoneDeed.UNBLOCK: {},
}
"""What is done with a phone, and what the form for it brings."""


class Training:
    """A console whose carriers are a sandbox, with a phone each for Ann and Bob in it."""

    def __init__(self, console: Console, sandbox: RunningSandbox) -> None:
        self.console = console
        self.sandbox = sandbox

    def phone(self, person: str) -> Phone:
        """That phone, as the sandbox keeps it."""
        phone = self.sandbox.state.phones.get(person)
        assert phone is not None
        return phone

    async def rings(self, person: str, text: str, *labels: str) -> None:
        """A Telegram message from the bot arrives, with a button for each label."""
        keys = [[{"text": label, "callback_data": f"data of {label}"} for label in labels]]
        markup = {"inline_keyboard": keys if labels else []}
        body = {"chat_id": self.phone(person).chat, "text": text, "reply_markup": markup}
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{self.sandbox.telegram_url}{TOKEN}/sendMessage", json=body)
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def training(database: Database, *further: Office) -> AsyncIterator[Training]:
    """Ann's phone has both channels; Bob's is one that only the carrier knows, by its number."""
    await take_in(database, replace(TOLD, offices=(*OFFICES, *further)))
    options = SandboxOptions(
        telegram=TelegramOptions(tokens=(TOKEN,), limits=NO_TELEGRAM_LIMITS),
        twilio=TwilioOptions(senders=(SENDER,)),
    )
    session = open_session()
    try:
        async with serve_sandbox(options) as sandbox:
            sandbox.state.register(name="安心 · 岐元村", phone_id=ANN, number=NUMBER, chat=501)
            sandbox.state.register(name="+8613800000002", phone_id=BOB, number="+8613800000002")
            console = await Console.open(database, empty=True)
            console.site = open_site(
                database, parts=console.parts, phones=TrainingPhones(session, sandbox.url)
            )
            yield Training(console, sandbox)
    finally:
        await session.close()


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[tuple[Training, Browser]]:
    """Eva, of the city's duty desk."""
    async with training(sqlite_database) as opened:
        yield opened, await opened.console.signed_in(EVA)


async def sees(browser: Browser, path: str, **headers: str) -> str:
    answer = await browser.get(path, **headers)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


# ── where there are any ──


@pytest.mark.parametrize(
    ("told", "there"),
    [
        ({"telegram_token": TOKEN, "telegram_api_url": "http://127.0.0.1:9000/"}, True),
        ({"telegram_token": TOKEN}, False),
        ({}, False),
        (
            {
                "telegram_token": TOKEN,
                "telegram_api_url": "http://127.0.0.1:9000",
                "twilio_account_sid": "AC0",
                "twilio_auth_token": "t",
                "twilio_from": SENDER,
            },
            False,
        ),
    ],
    ids=["a stand-in", "the real one", "no carrier", "one of each"],
)
def test_there_are_phones_only_where_every_carrier_is_one_stand_in(
    told: dict[str, object], there: bool
) -> None:
    config: Config = load_config(None, only_to="*", **told)
    assert (config.sandbox_url == "http://127.0.0.1:9000") is there


async def test_without_a_sandbox_there_is_no_such_page(sqlite_database: Database) -> None:
    await take_in(sqlite_database, TOLD)
    console = await Console.open(sqlite_database, empty=True)
    city, town = await console.signed_in(EVA), await console.signed_in(DAN)
    assert [(await who.get(PHONES)).status_code for who in (city, town)] == [404, 403]
    assert PHONES not in (await city.get("/console")).text


# ── who may ──


async def test_every_route_is_tried_below(desk: tuple[Training, Browser]) -> None:
    opened, _ = desk
    plain = await Console.open(opened.console.database, empty=True)
    own = set(routes_of(opened.console.site.app.routes)) - set(routes_of(plain.site.app.routes))
    changes = {("POST", f"{PHONES}/{{phone}}/{deed}") for deed in CHANGES}
    assert own == changes | {("GET", PHONES), ("GET", f"{PHONES}/{{phone}}")}


async def test_a_guest_is_told_nothing(desk: tuple[Training, Browser]) -> None:
    opened, _ = desk
    guest = opened.console.guest()
    for path in (PHONES, f"{PHONES}/{ANN}", f"{PHONES}/nobody"):
        answer = await guest.get(path)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/console/sign-in")
    for deed in CHANGES:
        assert (await guest.post(f"{PHONES}/{ANN}/{deed}")).status_code == 401


@pytest.mark.parametrize("person", [DAN, ANN, CAI], ids=["town", "secretary", "member"])
async def test_who_may_not_do_everything_may_do_nothing_here(
    desk: tuple[Training, Browser], person: str
) -> None:
    opened, _ = desk
    browser = await opened.console.signed_in(person)
    assert PHONES not in (await browser.get("/console/me")).text
    answers = [await browser.get(path) for path in (PHONES, f"{PHONES}/{ANN}", f"{PHONES}/nobody")]
    for phone in (ANN, "nobody"):
        answers += [await browser.send(f"{PHONES}/{phone}/{deed}", form) for deed, form in CHANGES.items()]
    assert {answer.status_code for answer in answers} == {403}
    assert not opened.phone(ANN).bubbles


async def test_a_towns_desk_that_may_do_everything_there_is_not_enough(sqlite_database: Database) -> None:
    desk = Office(unit=TOWN, title="duty_desk", rank=95, person=CAI)
    async with training(sqlite_database, desk) as opened:
        browser = await opened.console.signed_in(CAI)
        assert (await browser.get("/console/deliveries")).status_code == 200
        assert (await browser.get(PHONES)).status_code == 403


@pytest.mark.parametrize("deed", PhoneDeed)
async def test_a_change_needs_the_token_of_its_session(
    desk: tuple[Training, Browser], deed: PhoneDeed
) -> None:
    opened, browser = desk
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for csrf in ("", (await opened.console.signed_in(EVA)).csrf):
        answer = await browser.client.post(
            f"{PHONES}/{ANN}/{deed}", content=f"csrf={csrf}&by=sms&words=x", headers=headers
        )
        assert answer.status_code == 403
    assert not opened.phone(ANN).bubbles


# ── what they show ──


async def test_the_list_shows_who_got_what_last(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "您好 <b>")
    page = await sees(browser, PHONES)
    assert "安心 · 岐元村" in page
    assert "1 条未读" in page
    assert 'class="last">您好 <b></span>' in page
    assert "+8613800000002" not in page, "a number stays masked, though the phone is named by it"
    assert "****" in page
    assert "安心" not in await sees(browser, f"{PHONES}?q=0002")
    assert "没有这样的电话" in await sees(browser, f"{PHONES}?q=谁也不是")


async def test_one_phone_shows_its_texts_and_they_are_read_then(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "今晚20:00守卡口", "收到", "请假")
    page = await sees(browser, f"{PHONES}/{ANN}")
    assert "今晚20:00守卡口" in page
    assert re.findall(r'<button id="k-b\d+-1-\d" type="submit">(\w+)</button>', page) == ["收到", "请假"]
    assert "只在训练时有" in page
    assert opened.phone(ANN).unread == 0
    assert (await browser.get(f"{PHONES}/nobody")).status_code == 404
    assert (await browser.get(f"{PHONES}/%2E%2E")).status_code == 404


async def test_it_is_in_english_too(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "hello")
    browser.client.cookies.set("notifier-language", "en")
    assert "For training only" in await sees(browser, f"{PHONES}/{ANN}")


async def test_an_open_page_is_told_only_what_is_new(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "第一条")
    again = re.findall(r'hx-get="([^"]+)"', await sees(browser, f"{PHONES}/{ANN}"))[0]
    assert (await browser.get(again, **{"HX-Request": "true"})).status_code == 204
    await opened.rings(ANN, "第二条")
    part = await sees(browser, again, **{"HX-Request": "true"})
    assert "第二条" in part
    assert '<div id="said" hx-swap-oob="innerHTML">第二条</div>' in part
    assert "<html" not in part
    assert 'id="words"' not in part, "what is being written stays"


# ── what is done there ──


async def test_a_button_is_pressed_in_its_owners_place(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "今晚守卡口", "收到")
    page = await sees(browser, f"{PHONES}/{ANN}")
    fields = dict(re.findall(r'name="(account|ref|data)" value="([^"]*)"', page))
    assert fields["account"] == BOT
    answer = await browser.send(f"{PHONES}/{ANN}/press", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PHONES}/{ANN}#screen")
    update = await heard(opened)
    assert update["callback_query"]["data"] == "data of 收到"
    assert update["callback_query"]["from"]["id"] == 501


@pytest.mark.parametrize("by", ["telegram", "sms"])
async def test_a_text_is_written_by_either_channel(desk: tuple[Training, Browser], by: str) -> None:
    opened, browser = desk
    await opened.rings(ANN, "在吗")
    answer = await browser.post(f"{PHONES}/{ANN}/text", by=by, words=" 到岗 ")
    assert answer.headers["location"] == f"{PHONES}/{ANN}?by={by}#screen"
    written = opened.phone(ANN).latest(Channel(by), incoming=False)
    assert written is not None
    assert written.text == "到岗"
    page = await sees(browser, answer.headers["location"].partition("#")[0])
    assert f'value="{by}" checked' in page


async def test_with_scripts_only_what_moves_comes_back(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "在吗")
    answer = await browser.post(f"{PHONES}/{ANN}/text", live=True, by="sms", words="到岗")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert re.search(r'<input id="words"[^>]* value=""', answer.text), "the box is empty again"


@pytest.mark.parametrize(
    "form", [{"by": "sms", "words": " "}, {"by": "", "words": "x"}, {"by": "sms", "words": "长" * 1001}]
)
async def test_what_makes_no_text_is_refused_and_kept(
    desk: tuple[Training, Browser], form: dict[str, str]
) -> None:
    opened, browser = desk
    answer = await browser.send(f"{PHONES}/{ANN}/text", form)
    assert answer.status_code == 409
    assert "没有做成" in answer.text
    assert form["words"] in answer.text
    assert not opened.phone(ANN).bubbles


async def test_a_blocked_bot_reaches_nobody_until_it_is_unblocked(desk: tuple[Training, Browser]) -> None:
    opened, browser = desk
    await opened.rings(ANN, "在吗")
    assert (await browser.post(f"{PHONES}/{ANN}/block")).status_code == 303
    assert "已屏蔽机器人" in await sees(browser, f"{PHONES}/{ANN}")
    refused = await browser.post(f"{PHONES}/{ANN}/text", by="telegram", words="到岗")
    assert refused.status_code == 409
    assert "this person blocked the bot" in refused.text
    assert 'value="到岗"' in refused.text
    assert (await browser.post(f"{PHONES}/{ANN}/unblock")).status_code == 303
    assert (await browser.post(f"{PHONES}/{ANN}/start")).status_code == 303
    written = opened.phone(ANN).latest(Channel.TELEGRAM, incoming=False)
    assert written is not None
    assert written.text == "/start"


# ── a sandbox that is away ──


async def test_a_sandbox_that_is_away_is_said_in_one_line(sqlite_database: Database) -> None:
    async with training(sqlite_database) as opened:
        browser = await opened.console.signed_in(EVA)
        page = await sees(browser, f"{PHONES}/{ANN}")
        url = opened.sandbox.url
    session = open_session()
    try:
        console = opened.console
        console.site = open_site(sqlite_database, parts=console.parts, phones=TrainingPhones(session, url))
        browser = await console.signed_in(EVA)
        answer = await browser.get(f"{PHONES}/{ANN}")
        assert answer.status_code == 503
        assert "沙箱没有回应" in answer.text
        assert (await browser.post(f"{PHONES}/{ANN}/start")).status_code == 503
        again = unescape(re.findall(r'hx-get="([^"]+)"', page)[0])
        part = await sees(browser, again, **{"HX-Request": "true"})
        assert "沙箱没有回应" in part
        assert f"{PHONES}/{ANN}?seen=away" in part, "it asks again, and is told everything then"
    finally:
        await session.close()


async def test_a_page_made_without_the_sandbox_is_loaded_anew_once_it_answers(
    desk: tuple[Training, Browser],
) -> None:
    _, browser = desk
    answer = await browser.get(f"{PHONES}/{ANN}", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (204, "true")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"phones": [{}], "found": 1}', b'{"found": 1}'])
async def test_something_else_at_its_address_is_no_sandbox(sqlite_database: Database, body: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": body})

    session = open_session()
    try:
        async with serve(app, "127.0.0.1", 0) as url:
            await take_in(sqlite_database, TOLD)
            console = await Console.open(sqlite_database, empty=True)
            phones = TrainingPhones(session, url)
            console.site = open_site(sqlite_database, parts=console.parts, phones=phones)
            answer = await (await console.signed_in(EVA)).get(PHONES)
        assert answer.status_code == 503
        assert "沙箱没有回应" in answer.text
    finally:
        await session.close()


async def heard(opened: Training) -> dict[str, Any]:
    """The newest update that waits for the bot."""
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{opened.sandbox.telegram_url}{TOKEN}/getUpdates")
    updates: list[dict[str, Any]] = answer.json()["result"]
    return updates[-1]
