"""Webhooks over the real wire: signed as ready libraries verify it, and what each answer means."""

import base64
import json
from collections.abc import AsyncIterator
from email.utils import formatdate

import aiohttp
import pytest

from notifier.channels.http import open_session
from notifier.channels.webhook.sender import LONGEST_PAUSE_S, PAUSE_S, WebhookSender
from notifier.channels.webhook.signature import signature, signed_headers
from notifier.domain.ids import MessageId
from notifier.domain.message import Outgoing
from notifier.errors import CarrierError, Verdict
from tests.receiver import KEY, Receiver, receiver

OLD_KEY = base64.b64encode(b"the key before, until all know it").decode()
NOW = 1_795_000_000
EVENT = Outgoing(
    id=MessageId(7),
    account="here-1",
    address="case:7",
    text=json.dumps({"type": "case.held", "unit": "岐元"}),
)


@pytest.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as taking:
        yield taking


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


def sender(session: aiohttp.ClientSession, url: str, *keys: str, timeout: float = 5.0) -> WebhookSender:
    secrets = [base64.b64decode(key) for key in keys or (KEY,)]
    return WebhookSender(session, url, secrets, timeout=timeout, wall=lambda: NOW)


async def refusal(sender: WebhookSender) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await sender.send(EVENT)
    return caught.value


BODY = b'{"test": 2432232314}'


def test_the_signature_is_that_of_the_convention_s_own_example() -> None:
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    mark = signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY, key)
    assert mark == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_event_keeps_its_id_however_often_it_is_sent() -> None:
    headers, again = (signed_headers(BODY, [b"k" * 32], at) for at in (1614265330, 1614265331))
    assert again["webhook-id"] == headers["webhook-id"], "a repeat is known by its id"
    assert again["webhook-signature"] != headers["webhook-signature"]


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_any_2xx_is_acceptance(session: aiohttp.ClientSession, there: Receiver, status: int) -> None:
    there.status = status
    accepted = await sender(session, there.url).send(EVENT)
    (event,) = there.events
    assert event.body == EVENT.text.encode()
    assert event.headers["Content-Type"] == "application/json"
    assert event.headers["webhook-timestamp"] == str(NOW)
    assert event.is_signed_with(KEY)
    assert not event.is_signed_with(OLD_KEY)
    assert accepted.provider_id == event.id


async def test_two_keys_sign_while_one_is_changed_for_the_other(
    session: aiohttp.ClientSession, there: Receiver
) -> None:
    await sender(session, there.url, KEY, OLD_KEY).send(EVENT)
    assert there.events[0].is_signed_with(KEY)
    assert there.events[0].is_signed_with(OLD_KEY)


@pytest.mark.parametrize(
    ("status", "verdict", "alarm"),
    [
        (400, Verdict.REFUSED, True),
        (410, Verdict.REFUSED, True),
        (301, Verdict.NOT_SENT, True),
        (401, Verdict.NOT_SENT, True),
        (404, Verdict.NOT_SENT, True),
        (408, Verdict.NOT_SENT, True),
        (500, Verdict.NOT_SENT, False),
        (502, Verdict.NOT_SENT, False),
        (503, Verdict.NOT_SENT, False),
        (429, Verdict.SLOW_DOWN, False),
    ],
)
async def test_what_an_answer_means(
    session: aiohttp.ClientSession, there: Receiver, status: int, verdict: Verdict, alarm: bool
) -> None:
    there.status = status
    there.headers = {"Location": f"{there.url}/elsewhere"}
    error = await refusal(sender(session, there.url))
    assert (error.verdict, error.code, error.alarm) == (verdict, f"http_{status}", alarm)
    assert len(there.events) == 1, "nothing is followed, nothing repeated"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("86400", LONGEST_PAUSE_S),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 1.0),
        ("soon", PAUSE_S),
    ],
)
async def test_it_waits_as_long_as_it_is_asked_to(
    session: aiohttp.ClientSession, there: Receiver, status: int, said: str, seconds: float
) -> None:
    there.status, there.headers = status, {"Retry-After": said}
    error = await refusal(sender(session, there.url))
    assert (error.verdict, error.retry_after) == (Verdict.SLOW_DOWN, seconds)


async def test_who_does_not_answer_may_have_taken_it(session: aiohttp.ClientSession, there: Receiver) -> None:
    there.hang = True
    error = await refusal(sender(session, there.url, timeout=0.2))
    assert (error.verdict, error.code) == (Verdict.UNKNOWN, "timeout")


async def test_who_is_down_has_not(session: aiohttp.ClientSession) -> None:
    async with receiver() as gone:
        url = f"{gone.url}?secret=s3cret"
    error = await refusal(sender(session, url))
    assert (error.verdict, error.code) == (Verdict.NOT_SENT, "connect")
    assert error.__context__ is None
    assert "s3cret" not in str(error)
