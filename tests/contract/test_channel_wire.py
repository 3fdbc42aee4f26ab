"""Faults on the wire more exact than a carrier's stand-in can play, for the shared session."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from notifier.channels.http import open_session
from notifier.channels.ports import Sender
from notifier.channels.sms.twilio_sender import TwilioSender
from notifier.channels.telegram.sender import TelegramSender
from notifier.domain.ids import MessageId
from notifier.domain.message import Outgoing
from notifier.errors import CarrierError, Verdict

MESSAGE = Outgoing(id=MessageId(1), account="+15550100001", address="42", text="827")
HEAD = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def line(play: Play) -> AsyncIterator[str]:
    calls: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            await play(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.add(asyncio.ensure_future(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture(params=["telegram", "sms"])
def make(request: pytest.FixtureRequest, session: aiohttp.ClientSession) -> Callable[[str], Sender]:
    if request.param == "telegram":
        return lambda url: TelegramSender(session, "1:x", api_url=url, timeout=0.3)
    return lambda url: TwilioSender(session, sid="AC1", tokens=("x",), api_url=url, timeout=0.3)


async def half_an_answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % (b"200 OK", 100) + b'{"ok": true')
    await writer.drain()


async def an_answer_that_stops(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % (b"200 OK", 100) + b'{"ok": true')
    await writer.drain()
    await asyncio.sleep(0.5)


async def a_reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def not_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ready\r\n\r\n")
    await writer.drain()


async def not_text(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD % (b"200 OK", 4) + b"\xff\xfe\xfd\xfc")
    await writer.drain()


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (half_an_answer, "disconnected"),
        (an_answer_that_stops, "timeout"),
        (a_reset, "disconnected"),
        (not_http, "disconnected"),
        (not_text, "bad_answer"),
    ],
)
async def test_once_the_line_stood_the_outcome_is_unknown(
    make: Callable[[str], Sender], play: Play, code: str
) -> None:
    async with line(play) as url:
        with pytest.raises(CarrierError) as caught:
            await make(url).send(MESSAGE)
    assert (caught.value.verdict, caught.value.code) == (Verdict.UNKNOWN, code)


async def test_a_name_that_resolves_to_nothing_is_not_sent(
    make: Callable[[str], Sender], session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError("no such name")

    assert isinstance(session.connector, aiohttp.TCPConnector)
    monkeypatch.setattr(session.connector, "_resolve_host", fail)
    with pytest.raises(CarrierError) as caught:
        await make("http://nowhere.invalid").send(MESSAGE)
    assert (caught.value.verdict, caught.value.code) == (Verdict.NOT_SENT, "connect")


async def test_a_connection_that_does_not_come_about_in_time_is_not_sent(
    make: Callable[[str], Sender], session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(5)

    assert isinstance(session.connector, aiohttp.TCPConnector)
    monkeypatch.setattr(session.connector, "_create_connection", hang)
    with pytest.raises(CarrierError) as caught:
        await make("http://127.0.0.1:9").send(MESSAGE)
    assert (caught.value.verdict, caught.value.code) == (Verdict.NOT_SENT, "connect_timeout")


async def test_a_cancelled_call_is_cancelled(make: Callable[[str], Sender]) -> None:
    async with line(an_answer_that_stops) as url:
        call = asyncio.create_task(make(url).send(MESSAGE))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_line_is_used_again(make: Callable[[str], Sender]) -> None:
    lines = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal lines
        lines += 1
        for _ in range(2):
            body = b'{"ok": true, "result": {"message_id": 5}, "sid": "5"}'
            writer.write(HEAD % (b"200 OK", len(body)) + body)
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")

    async with line(answer) as url:
        sender = make(url)
        assert [(await sender.send(MESSAGE)).provider_id for _ in range(2)] == ["5", "5"]
    assert lines == 1
