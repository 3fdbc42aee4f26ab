"""What every sender promises, over the real wire against the sandbox."""

import logging
import socket
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from notifier.channels.http import TALKATIVE, hush, open_session
from notifier.channels.ports import Sender
from notifier.channels.sms.twilio_sender import TwilioSender
from notifier.channels.telegram.sender import TelegramSender
from notifier.domain.ids import MessageId
from notifier.domain.message import Outgoing
from notifier.errors import CarrierError, Verdict
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.options import SandboxOptions, TelegramOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox

TOKEN = "7001:contract-secret"
SID = "AC" + "0" * 32
AUTH = "auth-secret"
NUMBER = "+15550100001"
MOBILE = "+8613812345678"
CHAT = 424242
WORDS = "827 桥头卡口20:00起无人到岗，请回复收到。"
PATIENCE_S, HASTE_S = 5.0, 0.25

Make = Callable[[aiohttp.ClientSession, str, float], Sender]


@dataclass(frozen=True, kw_only=True)
class Way:
    """One implementation of the port, and how its carrier sees it."""

    carrier: Carrier
    make: Make
    message: Outgoing
    refusal: int
    description: str | None
    code: str


TELEGRAM = Way(
    carrier=Carrier.TELEGRAM,
    make=lambda session, url, s: TelegramSender(session, TOKEN, api_url=url, timeout=s),
    message=Outgoing(id=MessageId(1), account="7001", address=str(CHAT), text=WORDS),
    refusal=400,
    description="Bad Request: message text is empty",
    code="bad_request",
)
SMS = Way(
    carrier=Carrier.TWILIO,
    make=lambda session, url, s: TwilioSender(session, sid=SID, tokens=(AUTH,), api_url=url, timeout=s),
    message=Outgoing(id=MessageId(1), account=NUMBER, address=MOBILE, text=WORDS),
    refusal=21614,
    description=None,
    code="21614",
)


@pytest.fixture(params=[TELEGRAM, SMS], ids=["telegram", "sms"])
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    options = SandboxOptions(
        telegram=TelegramOptions(tokens=(TOKEN,)), twilio=TwilioOptions(account_sid=SID, auth_token=AUTH)
    )
    async with serve_sandbox(options) as running:
        running.state.register(name="甲", phone_id="a", number=MOBILE, chat=CHAT)
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def sender(way: Way, sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Sender:
    return way.make(session, sandbox.url, PATIENCE_S)


@pytest.fixture
def hasty(way: Way, sandbox: RunningSandbox, session: aiohttp.ClientSession) -> Sender:
    return way.make(session, sandbox.url, HASTE_S)


@pytest.fixture
def arm(way: Way, sandbox: RunningSandbox) -> Callable[..., None]:
    def armed(kind: FaultKind, **more: Any) -> None:
        sandbox.state.arm(Fault(carrier=way.carrier, kind=kind, **more))

    return armed


def taken(way: Way, sandbox: RunningSandbox) -> int:
    return sandbox.state.ledger(way.carrier).accepted_count


async def refusal_of(sender: Sender, message: Outgoing) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await sender.send(message)
    return caught.value


async def test_accepted(way: Way, sandbox: RunningSandbox, sender: Sender) -> None:
    accepted = await sender.send(way.message)
    phone = sandbox.state.phones.get("a")
    assert phone is not None
    (bubble,) = phone.bubbles
    assert (bubble.text, str(bubble.ref), bubble.account) == (
        WORDS,
        accepted.provider_id,
        way.message.account,
    )


async def test_each_call_is_a_message_of_its_own(way: Way, sandbox: RunningSandbox, sender: Sender) -> None:
    first = await sender.send(way.message)
    sandbox.state.reset(keep_phones=True)
    second = await sender.send(way.message)
    assert first.provider_id != second.provider_id


async def test_refused_for_good(way: Way, arm: Callable[..., None], sender: Sender) -> None:
    arm(FaultKind.REFUSE, code=way.refusal, description=way.description, status=400)
    error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code, error.alarm) == (Verdict.REFUSED, way.code, False)


async def test_somebody_who_wants_no_more(way: Way, sandbox: RunningSandbox, sender: Sender) -> None:
    await sender.send(way.message)
    phone = sandbox.state.phones.get("a")
    assert phone is not None
    sandbox.state.chatters.block(phone)
    sandbox.state.texters.write(phone, "STOP")
    error = await refusal_of(sender, way.message)
    assert error.verdict is Verdict.STOP_CONTACT
    assert error.code in ("blocked", "21610")


async def test_slow_down_says_for_how_long(way: Way, arm: Callable[..., None], sender: Sender) -> None:
    arm(FaultKind.THROTTLE, retry_after=3)
    error = await refusal_of(sender, way.message)
    assert error.verdict is Verdict.SLOW_DOWN
    assert error.retry_after in (3.0, 1.0)


@pytest.mark.parametrize("kind", [FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER])
async def test_a_cut_line_leaves_the_outcome_unknown(
    way: Way, sandbox: RunningSandbox, arm: Callable[..., None], sender: Sender, kind: FaultKind
) -> None:
    arm(kind)
    error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code) == (Verdict.UNKNOWN, "disconnected")
    # Asked once only: whoever repeats it is the outbox, which has it on record.
    assert taken(way, sandbox) == (kind is FaultKind.CUT_AFTER)
    assert all(fault.struck == 1 for fault in sandbox.state.faults.armed())


@pytest.mark.parametrize("kind", [FaultKind.ERROR, FaultKind.ERROR_AFTER])
@pytest.mark.parametrize("body", [None, "<html>Bad Gateway</html>"])
async def test_the_carriers_own_failure_leaves_the_outcome_unknown(
    way: Way, arm: Callable[..., None], sender: Sender, kind: FaultKind, body: str | None
) -> None:
    arm(kind, status=502, code=502, body=body)
    error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code) == (Verdict.UNKNOWN, "http_502")


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.HANG_AFTER])
async def test_no_answer_in_time_leaves_the_outcome_unknown(
    way: Way, arm: Callable[..., None], hasty: Sender, kind: FaultKind
) -> None:
    arm(kind)
    error = await refusal_of(hasty, way.message)
    assert (error.verdict, error.code) == (Verdict.UNKNOWN, "timeout")


async def test_a_closed_port_is_not_sent(way: Way, session: aiohttp.ClientSession) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        sender = way.make(session, f"http://127.0.0.1:{held.getsockname()[1]}", PATIENCE_S)
        error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code, error.alarm) == (Verdict.NOT_SENT, "connect", False)


@pytest.mark.parametrize("status", [302, 403, 407])
async def test_a_proxys_refusal_is_not_the_carriers(
    way: Way, arm: Callable[..., None], sender: Sender, status: int
) -> None:
    arm(FaultKind.ERROR, status=status, body="<html>no</html>")
    error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code, error.alarm) == (Verdict.NOT_SENT, f"http_{status}", True)


@pytest.mark.parametrize("body", ["<html>welcome</html>", "[]", "{}", "null", '{"ok": true}'])
async def test_a_success_that_makes_no_sense_is_unknown(
    way: Way, arm: Callable[..., None], sender: Sender, body: str
) -> None:
    arm(FaultKind.ERROR, status=200, code=200, body=body)
    error = await refusal_of(sender, way.message)
    assert (error.verdict, error.code) == (Verdict.UNKNOWN, "bad_answer")


async def test_a_wrong_token_is_an_alarm(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> None:
    strangers: list[tuple[Sender, Outgoing]] = [
        (TelegramSender(session, "1:wrong", api_url=sandbox.url), TELEGRAM.message),
        (TwilioSender(session, sid=SID, tokens=("wrong",), api_url=sandbox.url), SMS.message),
    ]
    for sender, message in strangers:
        error = await refusal_of(sender, message)
        assert (error.verdict, error.alarm) == (Verdict.NOT_SENT, True)


async def test_too_long_is_refused_before_the_call(way: Way, sandbox: RunningSandbox, sender: Sender) -> None:
    error = await refusal_of(sender, replace(way.message, text="岗" * 4097))
    assert (error.verdict, error.code) == (Verdict.REFUSED, "too_long")
    assert sandbox.state.ledger(way.carrier).refused_count == 0


@pytest.fixture
def _loud() -> Iterator[None]:
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    before = root.level
    root.setLevel(logging.DEBUG)
    hush()
    yield
    root.setLevel(before)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("_loud")
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": FaultKind.SLOW, "seconds": 0.0},
        {"kind": FaultKind.REFUSE, "description": f"Bad Request: {WORDS}", "status": 400},
        {"kind": FaultKind.ERROR, "status": 200, "body": f"<html>{WORDS} {MOBILE}</html>"},
        {"kind": FaultKind.ERROR, "status": 403, "body": f"<html>{WORDS} {MOBILE}</html>"},
        {"kind": FaultKind.CUT_BEFORE},
        {"kind": FaultKind.HANG},
    ],
    ids=str,
)
async def test_nothing_said_or_secret_is_logged_or_raised(
    way: Way,
    sandbox: RunningSandbox,
    hasty: Sender,
    fault: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = way.refusal if fault["kind"] is FaultKind.REFUSE else None
    sandbox.state.arm(Fault(carrier=way.carrier, code=code, **fault))
    shown = ""
    try:
        await hasty.send(way.message)
    except CarrierError as error:
        # Not even for a reader that follows the context which a traceback leaves out.
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)
    for told in (shown, caplog.text):
        for secret in (WORDS, MOBILE, MOBILE[1:], str(CHAT), TOKEN, TOKEN[5:], AUTH):
            assert secret not in told
