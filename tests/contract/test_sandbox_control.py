"""The sandbox's own face: phones, records, events, the page, and the process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from notifier.sandbox.serve import RunningSandbox, serve_sandbox

TOKEN = "4200:abc"
PEOPLE = [
    {"id": "lin", "name": "林秋", "phone": "+15550000501", "chat": 501},
    {"name": "Mara Quill", "chat": "502", "started": False},
]


@pytest.fixture
async def running() -> AsyncIterator[RunningSandbox]:
    async with serve_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def client(running: RunningSandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=running.url, timeout=60) as http:
        assert (await http.post("/control/phones", json=PEOPLE)).status_code == 201
        yield http


async def send(client: httpx.AsyncClient, chat: int, text: str, **more: object) -> httpx.Response:
    return await client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": chat, "text": text, **more})


class TestPhones:
    async def test_whoever_is_written_to_appears(self, client: httpx.AsyncClient) -> None:
        await send(client, 777, "hello")
        found = (await client.get("/control/phones", params={"q": "777"})).json()
        assert [phone["name"] for phone in found["phones"]] == ["777"]
        assert (found["found"], found["total"]) == (1, 3)

    async def test_who_never_started_is_not_found(self, client: httpx.AsyncClient) -> None:
        assert (await send(client, 502, "x")).json()["description"] == "Bad Request: chat not found"
        mara = (await client.get("/control/phones", params={"q": "mara"})).json()["phones"][0]
        started = await client.post(f"/control/phones/{mara['id']}/start", json={"payload": "p"})
        assert started.status_code == 200
        assert (await send(client, 502, "x")).status_code == 200

    async def test_a_conversation(self, client: httpx.AsyncClient) -> None:
        markup = {"inline_keyboard": [[{"text": "收到", "callback_data": "ack"}]]}
        message = (await send(client, 501, "call", reply_markup=markup)).json()["result"]["message_id"]
        tap = await client.post("/control/phones/lin/tap", json={"message_id": message, "data": "ack"})
        assert tap.json()["bot"] == 4200
        wrong = await client.post("/control/phones/lin/tap", json={"message_id": message, "data": "no"})
        assert (wrong.status_code, "no such button" in wrong.json()["error"]) == (409, True)
        wrote = {"channel": "telegram", "text": "here", "reply_to": message}
        assert (await client.post("/control/phones/lin/text", json=wrote)).status_code == 200
        texted = await client.post("/control/phones/lin/text", json={"channel": "sms", "text": "827"})
        assert texted.json()["sid"].startswith("SM")
        lin = (await client.get("/control/phones/lin")).json()
        assert [bubble["direction"] for bubble in lin["messages"]] == ["in", "out", "out"]
        assert lin["unread"] == 1
        await client.post("/control/phones/lin/read", json={})
        assert (await client.get("/control/phones/lin")).json()["unread"] == 0

    async def test_blocking(self, client: httpx.AsyncClient) -> None:
        await send(client, 501, "x")
        assert (await client.post("/control/phones/lin/block")).json()["update_id"]
        assert (await send(client, 501, "x")).status_code == 403
        await client.post("/control/phones/lin/unblock")
        assert (await client.get("/control/phones/lin")).json()["blocked"] is False

    async def test_registering_again_brings_up_to_date(self, client: httpx.AsyncClient) -> None:
        again = [{"id": "lin", "name": "林秋", "phone": "+15550000999", "chat": 501}]
        await client.post("/control/phones", json={"phones": again})
        assert (await client.get("/control/phones")).json()["total"] == 2
        assert (await client.get("/control/phones/lin")).json()["phone"] == "+15550000999"


class TestRecord:
    async def test_records_can_be_awaited(self, client: httpx.AsyncClient) -> None:
        watch = {"since": 0, "wait": 10}
        waiting = asyncio.create_task(client.get("/control/telegram/accepted", params=watch))
        await send(client, 501, "now")
        record = (await waiting).json()
        assert [(row["account"], row["address"], row["text"]) for row in record["accepted"]] == [
            ("4200", "501", "now")
        ]
        await send(client, 501, "too soon")
        later = (await client.get("/control/telegram/accepted", params={"since": record["next"]})).json()
        assert [(row["cause"], row["limit"]) for row in later["refused"]] == [("limit", "per_chat")]
        assert later["accepted"] == []

    async def test_pages_of_records_miss_nothing(self, client: httpx.AsyncClient) -> None:
        for chat in range(1, 8):
            await send(client, chat, "x")
            await send(client, chat, "refused")
        seen, since = [], 0
        while page := (
            await client.get("/control/telegram/accepted", params={"since": since, "limit": 3})
        ).json():
            if page["next"] == since:
                break
            since = page["next"]
            seen += [row["seq"] for row in page["accepted"] + page["refused"]]
        assert sorted(seen) == list(range(1, 15))

    async def test_reset(self, client: httpx.AsyncClient) -> None:
        await send(client, 501, "x")
        await client.post("/control/reset", json={"keep_phones": True})
        status = (await client.get("/control/status")).json()
        assert (status["telegram"]["accepted"], status["phones"]) == (0, 2)
        assert (await client.get("/control/phones/lin")).json()["messages"] == []


class TestGuard:
    async def test_another_origin_is_turned_away(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/control/reset", json={}, headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403
        plain = await client.post(
            "/control/faults", content='{"kind": 1}', headers={"content-type": "text/plain"}
        )
        assert plain.status_code == 415

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/control/faults", {"carrier": "telegram", "kind": "nonsense"}),
            ("/control/faults", {"carrier": "telegram", "kind": "refuse", "typo": 1}),
            ("/control/limits", {"telegram": {"per_bot": "many"}}),
            ("/control/phones", [{"phone": "+1555"}]),
            ("/control/twilio/settings", {"sent_after": "soon"}),
        ],
    )
    async def test_mistakes_are_named(self, client: httpx.AsyncClient, path: str, body: object) -> None:
        answer = await client.post(path, json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]


class TestPage:
    async def test_its_files_are_its_own(self, client: httpx.AsyncClient) -> None:
        page = await client.get("/")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        for text in (page.text, (await client.get("/static/phones.js")).text):
            assert "http://" not in text
            assert "https://" not in text
            assert "innerHTML" not in text
        assert "style=" not in page.text
        for path in ("/static/phones.css", "/static/icon.svg"):
            assert (await client.get(path)).status_code == 200

    async def test_events_tell_of_messages(self, client: httpx.AsyncClient) -> None:
        async with client.stream("GET", "/control/events") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == ": open"
            await send(client, 501, "live")
            async for line in lines:
                if line.startswith("data: "):
                    event = json.loads(line.removeprefix("data: "))
                    break
        assert (event["type"], event["phone"], event["message"]["text"]) == ("message", "lin", "live")


class TestServing:
    async def test_it_ends_though_clients_still_wait(self) -> None:
        async with asyncio.timeout(5):
            async with (
                serve_sandbox() as running,
                httpx.AsyncClient(base_url=running.url, timeout=60) as client,
            ):
                poll = asyncio.create_task(client.get(f"/bot{TOKEN}/getUpdates", params={"timeout": 50}))
                state = running.state
                await state.until(
                    lambda: state.telegram.bots.all() and state.telegram.bots.all()[0].updates.polled
                )
                await state.close()
                assert (await poll).json() == {"ok": True, "result": []}

    async def test_as_a_process(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "notifier.sandbox",
            "--port",
            "0",
            "--twilio-auth-token",
            "t",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        async with asyncio.timeout(20):
            url = (await process.stdout.readline()).decode().strip()
            async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                assert (await client.get("/control/status")).json()["phones"] == 0
            process.terminate()
            _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
