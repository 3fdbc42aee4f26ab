"""What only Twilio has: receipts by address, look-ups, services, tokens that are rotated."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from notifier.channels.http import open_session
from notifier.channels.sms.twilio_sender import TwilioSender
from notifier.domain.ids import MessageId
from notifier.domain.message import MessageState, Outgoing
from notifier.errors import CarrierError, Verdict
from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.options import SandboxOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox

SID = "AC" + "0" * 32
SERVICE = "MG" + "1" * 32
NUMBER, MOBILE, LANDLINE = "+15550100001", "+8613812345678", "+861012345678"
CALL = Outgoing(
    id=MessageId(17), account=NUMBER, address=MOBILE, text="827 桥头卡口无人到岗", status_ref="17"
)
PUBLIC = "https://duty.example/base/"


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    twilio = TwilioOptions(
        account_sid=SID, auth_token="new", services={SERVICE: (NUMBER,)}, uncallable=frozenset({LANDLINE})
    )
    async with serve_sandbox(SandboxOptions(twilio=twilio)) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


@pytest.fixture
def sender(sandbox: RunningSandbox, session: aiohttp.ClientSession) -> TwilioSender:
    return TwilioSender(session, sid=SID, tokens=("new",), api_url=sandbox.url)


@pytest.mark.parametrize("account", [NUMBER, SERVICE])
async def test_from_a_number_or_a_service(
    sandbox: RunningSandbox, sender: TwilioSender, account: str
) -> None:
    accepted = await sender.send(replace(CALL, account=account))
    message = sandbox.state.twilio.store.get(SID, accepted.provider_id)
    assert message is not None
    assert (message.sender, message.service) == (NUMBER, SERVICE if account == SERVICE else None)
    assert message.callback is None


@pytest.mark.parametrize(
    ("address", "code"), [("13812345678", "21211"), (LANDLINE, "21614")], ids=["malformed", "landline"]
)
async def test_a_wrong_number_says_so(sender: TwilioSender, address: str, code: str) -> None:
    with pytest.raises(CarrierError) as caught:
        await sender.send(replace(CALL, address=address))
    assert (caught.value.verdict, caught.value.code) == (Verdict.REFUSED, code)


async def test_either_token_of_a_pair_will_do(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    sender = TwilioSender(session, sid=SID, tokens=("old", "new"), api_url=sandbox.url)
    for _ in range(3):
        await sender.send(CALL)
    ledger = sandbox.state.ledger(Carrier.TWILIO)
    # The refused one was tried once; from then on the other comes first.
    assert (ledger.accepted_count, ledger.refused_count) in {(3, 0), (3, 1)}


async def test_an_edit_is_never_a_second_message(sandbox: RunningSandbox, sender: TwilioSender) -> None:
    with pytest.raises(CarrierError, match="refused: cannot_edit"):
        await sender.send(replace(CALL, edits="SM1"))
    assert sandbox.state.ledger(Carrier.TWILIO).accepted_count == 0


async def test_an_unknown_outcome_is_looked_up(sandbox: RunningSandbox, sender: TwilioSender) -> None:
    began = datetime.now(UTC)
    assert await sender.look_up(MOBILE, CALL.text, began) == []
    sandbox.state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.CUT_AFTER))
    with pytest.raises(CarrierError, match="unknown"):
        await sender.send(CALL)
    await sender.send(replace(CALL, text="828 another"))
    (found,) = await sender.look_up(MOBILE, CALL.text, began)
    assert found.state in (MessageState.SENT, MessageState.DELIVERED)
    assert sandbox.state.twilio.store.get(SID, found.provider_id) is not None
    assert await sender.look_up(MOBILE, CALL.text, None) != []
    assert await sender.look_up(MOBILE, CALL.text, began + timedelta(minutes=5)) == []
    assert await sender.look_up(LANDLINE, CALL.text, began) == []


async def test_a_look_up_fails_with_a_verdict_too(sandbox: RunningSandbox, sender: TwilioSender) -> None:
    sandbox.state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.ERROR, method="list", status=503))
    with pytest.raises(CarrierError, match="unknown: http_503"):
        await sender.look_up(MOBILE, CALL.text, None)


async def test_a_look_up_finds_the_right_token_too(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    sender = TwilioSender(session, sid=SID, tokens=("old", "new"), api_url=sandbox.url)
    assert await sender.look_up(MOBILE, CALL.text, None) == []
    with pytest.raises(CarrierError) as caught:
        await TwilioSender(session, sid=SID, tokens=("old",), api_url=sandbox.url).look_up(MOBILE, "", None)
    assert (caught.value.verdict, caught.value.code, caught.value.alarm) == (Verdict.NOT_SENT, "20003", True)


@pytest.fixture
async def seen() -> AsyncIterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A server that keeps what it was asked, word for word."""
    kept: list[tuple[str, dict[str, str], str]] = []

    async def take(request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        kept.append((request.path, form, request.headers.get("Authorization", "")))
        return web.json_response({"sid": "SM1", "status": "queued"}, status=201)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("")), kept
    await server.close()


async def test_what_twilio_is_told(
    seen: tuple[str, list[tuple[str, dict[str, str], str]]], session: aiohttp.ClientSession
) -> None:
    url, kept = seen
    sender = TwilioSender(session, sid=SID, tokens=("t",), api_url=f"{url}/proxy/", public_url=PUBLIC)
    await sender.send(replace(CALL, validity_s=90, status_ref="17&x"))
    ((path, form, authorization),) = kept
    assert path == f"/proxy/2010-04-01/Accounts/{SID}/Messages.json"
    assert form == {
        "To": MOBILE,
        "From": NUMBER,
        "Body": CALL.text,
        "StatusCallback": "https://duty.example/base/hooks/twilio/status?ref=17%26x",
        "ValidityPeriod": "90",
    }
    assert authorization.startswith("Basic ")


@pytest.mark.parametrize(("validity_s", "told"), [(0, "1"), (1, "1"), (40_000, "36000")])
async def test_validity_is_kept_within_twilios_bounds(
    seen: tuple[str, list[tuple[str, dict[str, str], str]]],
    session: aiohttp.ClientSession,
    validity_s: int,
    told: str,
) -> None:
    url, kept = seen
    await TwilioSender(session, sid=SID, tokens=("t",), api_url=url).send(
        replace(CALL, validity_s=validity_s)
    )
    assert kept[0][1]["ValidityPeriod"] == told
