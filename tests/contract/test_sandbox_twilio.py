"""The Messages API stand-in, asked over the wire; twilio's own client and validator judge it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator

from notifier.sandbox.faults import Carrier, Fault, FaultKind
from notifier.sandbox.options import SandboxOptions, TwilioOptions
from notifier.sandbox.serve import RunningSandbox, serve_sandbox
from notifier.sandbox.twilio.segments import count_segments

ACCOUNT = "AC" + "1f" * 16
TOKEN = "a-token"
SERVICE = "MG" + "2e" * 16
# As Twilio's own description of the resource lists them.
MESSAGE_FIELDS = [
    "account_sid",
    "api_version",
    "body",
    "date_created",
    "date_sent",
    "date_updated",
    "direction",
    "error_code",
    "error_message",
    "from",
    "messaging_service_sid",
    "num_media",
    "num_segments",
    "price",
    "price_unit",
    "sid",
    "status",
    "subresource_uris",
    "to",
    "uri",
]
SENDER, PHONE = "+15550100200", "+15550000501"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


@dataclass
class Program:
    """A program with webhooks. Answers as told, then 204; keeps kind, form and signature verdict."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    forms: list[tuple[str, dict[str, str], bool]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, str]]:
        return [form for path, form, _ in self.forms if path == kind]

    async def hear(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        signature = request.headers.get("X-Twilio-Signature", "")
        genuine = bool(RequestValidator(TOKEN).validate(str(request.url), form, signature))
        self.forms.append((request.path.strip("/"), form, genuine))
        return web.Response(status=self.answers.pop(0) if self.answers else 204)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    known = Program()
    app = web.Application()
    app.router.add_post("/{kind}", known.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    known.url = f"http://{host}:{port}"
    yield known
    await runner.cleanup()


@dataclass
class Station:
    """A running sandbox and an account's calls."""

    running: RunningSandbox
    client: httpx.AsyncClient
    program: Program

    async def send(self, body: str = "hello", to: str = PHONE, **more: str) -> httpx.Response:
        fields = {"To": to, "Body": body, **more}
        if "MessagingServiceSid" not in more:
            fields.setdefault("From", SENDER)
        return await self.client.post(f"{MESSAGES}.json", data={k: v for k, v in fields.items() if v})

    async def send_watched(self, body: str = "hello") -> str:
        sent = await self.send(body, StatusCallback=f"{self.program.url}/status")
        assert sent.status_code == 201
        return str(sent.json()["sid"])

    async def statuses(self, count: int) -> list[str]:
        await self.running.state.until(lambda: len(self.program.of("status")) >= count)
        return [form["MessageStatus"] for form in self.program.of("status")]


@pytest.fixture
async def station(program: Program) -> AsyncIterator[Station]:
    options = SandboxOptions(
        twilio=TwilioOptions(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            inbound_url=f"{program.url}/inbound",
            services={SERVICE: (SENDER, "+15550100201")},
            sent_after=0,
            delivered_after=0,
            callback_retry_seconds=0.01,
        )
    )
    async with (
        serve_sandbox(options) as running,
        httpx.AsyncClient(base_url=running.url, auth=(ACCOUNT, TOKEN), timeout=60) as client,
    ):
        running.state.register(name="Lin", number=PHONE)
        yield Station(running=running, client=client, program=program)


class TestCreate:
    async def test_the_answer_has_twilios_shape(self, station: Station) -> None:
        sent = await station.send("您好")
        assert sent.status_code == 201
        message = sent.json()
        assert sorted(message) == MESSAGE_FIELDS
        assert (message["status"], message["num_segments"], message["num_media"]) == ("queued", "1", "0")
        assert message["date_sent"] is None
        assert parsedate_to_datetime(message["date_created"]).tzinfo is not None
        assert message["uri"] == f"{MESSAGES}/{message['sid']}.json"
        assert station.running.state.phones.named("Lin").texts() == ["您好"]

    async def test_a_service_chooses_the_sender_and_keeps_it(self, station: Station) -> None:
        first = (await station.send(MessagingServiceSid=SERVICE)).json()
        assert (first["status"], first["from"], first["num_segments"]) == ("accepted", None, "0")
        await station.send(From="+15550100201")
        await station.send(MessagingServiceSid=SERVICE)
        used = [record.account for record in station.running.state.twilio.ledger.accepted]
        assert used == [SENDER, "+15550100201", "+15550100201"]

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"to": "13800000000"}, 21211),
            ({"to": ""}, 21604),
            ({"From": ""}, 21603),
            ({"From": "+1-555"}, 21212),
            ({"body": ""}, 21602),
            ({"body": "x" * 1601}, 21617),
            ({"ValidityPeriod": "36001"}, 20001),
            ({"to": "+15550000666"}, 21614),
        ],
    )
    async def test_refusals(self, station: Station, fields: dict[str, str], code: int) -> None:
        station.running.state.twilio.change(uncallable=frozenset({"+15550000666"}))
        refused = await station.send(**fields)
        answer = refused.json()
        assert (answer["code"], answer["status"], refused.status_code) == (code, 400, 400)
        assert set(answer) == {"code", "message", "more_info", "status"}
        assert station.running.state.twilio.ledger.refused[-1].code == code

    async def test_strange_senders_are_refused_where_senders_are_known(self, station: Station) -> None:
        station.running.state.twilio.change(senders=("+15550100999",))
        assert (await station.send()).json()["code"] == 21606

    async def test_bad_credentials(self, station: Station) -> None:
        for auth in [(ACCOUNT, "wrong"), ("AC" + "0" * 32, TOKEN)]:
            answer = await station.client.post(f"{MESSAGES}.json", data={"To": PHONE}, auth=auth)
            assert (answer.status_code, answer.json()["code"]) == (401, 20003)

    async def test_segments_a_second_of_each_sender(self, station: Station) -> None:
        await station.client.post("/control/limits", json={"twilio": {"segments_per_second": 2}})
        assert (await station.send("x" * 161)).status_code == 201
        refused = await station.send()
        assert (refused.status_code, refused.json()["code"]) == (429, 20429)
        assert (await station.send(From="+15550100201")).status_code == 201


class TestReading:
    async def test_fetch_redact_and_delete(self, station: Station) -> None:
        sid = (await station.send("secret")).json()["sid"]
        assert (await station.client.get(f"{MESSAGES}/{sid}.json")).json()["body"] == "secret"
        assert (await station.client.post(f"{MESSAGES}/{sid}.json", data={"Body": ""})).json()["body"] == ""
        assert (await station.client.delete(f"{MESSAGES}/{sid}.json")).status_code == 204
        lost = await station.client.get(f"{MESSAGES}/{sid}.json")
        assert (lost.status_code, lost.json()["code"]) == (404, 20404)

    async def test_pages_newest_first(self, station: Station) -> None:
        for number in range(5):
            await station.send(f"text {number}")
        await station.send("other", to="+15550000777")
        url: str | None = f"{MESSAGES}.json?To=%2B15550000501&PageSize=2"
        bodies = []
        while url:
            page = (await station.client.get(url)).json()
            bodies.append([message["body"] for message in page["messages"]])
            url = page["next_page_uri"]
        assert bodies == [["text 4", "text 3"], ["text 2", "text 1"], ["text 0"]]
        assert (page["page"], page["page_size"], page["start"]) == (2, 2, 4)

    async def test_dates_filter(self, station: Station) -> None:
        await station.send()
        for query, count in (
            ("DateSent>=2000-01-01", 1),
            ("DateSent<=2000-01-01", 0),
            ("DateSent=2000-01-01", 0),
        ):
            page = (await station.client.get(f"{MESSAGES}.json?{query}")).json()
            assert len(page["messages"]) == count, query

    # Its stock client passes credentials in a way that aiohttp will drop.
    @pytest.mark.filterwarnings("ignore:(BasicAuth is|The 'auth' parameter is) deprecated:DeprecationWarning")
    async def test_twilios_own_client_reads_it(self, station: Station) -> None:
        from twilio.http.async_http_client import AsyncTwilioHttpClient
        from twilio.rest import Client

        class Rerouted(AsyncTwilioHttpClient):  # type: ignore[misc]
            async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
                here = url.replace("https://api.twilio.com", station.running.url)
                return await super().request(method, here, *args, **kwargs)

        async with Rerouted() as http:
            client = Client(ACCOUNT, TOKEN, http_client=http)
            sent = await client.messages.create_async(to=PHONE, from_=SENDER, body="hi", validity_period=600)
            listed = await client.messages.list_async(to=PHONE)
        assert [message.sid for message in listed] == [sent.sid]
        assert sent.date_created is not None


class TestReceipts:
    async def test_sent_then_delivered_signed(self, station: Station) -> None:
        sid = await station.send_watched()
        assert await station.statuses(2) == ["sent", "delivered"]
        assert all(genuine for _, _, genuine in station.program.forms)
        form = station.program.of("status")[-1]
        assert (form["MessageSid"], form["To"], form["AccountSid"]) == (sid, PHONE, ACCOUNT)
        assert (await station.client.get(f"{MESSAGES}/{sid}.json")).json()["status"] == "delivered"

    async def test_a_refused_receipt_is_sent_again(self, station: Station) -> None:
        station.program.answers = [500, 503]
        await station.send_watched()
        assert await station.statuses(4) == ["sent", "sent", "sent", "delivered"]
        record = (await station.client.get("/control/twilio/callbacks")).json()["callbacks"]
        assert [call["answer"] for call in record][:3] == [500, 503, 204]

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (FaultKind.RECEIPT_REORDER, ["delivered", "sent"]),
            (FaultKind.RECEIPT_DUPLICATE, ["sent", "sent", "delivered", "delivered"]),
        ],
    )
    async def test_disorder(self, station: Station, kind: FaultKind, expected: list[str]) -> None:
        station.running.state.arm(Fault(carrier=Carrier.TWILIO, kind=kind))
        await station.send_watched()
        assert await station.statuses(len(expected)) == expected

    async def test_undelivered_with_a_code(self, station: Station) -> None:
        fault = Fault(carrier=Carrier.TWILIO, kind=FaultKind.RECEIPT_FAIL, code=30003, address=PHONE)
        station.running.state.arm(fault)
        await station.send_watched()
        assert await station.statuses(2) == ["sent", "undelivered"]
        assert station.program.of("status")[-1]["ErrorCode"] == "30003"
        assert station.running.state.phones.named("Lin").texts() == []

    async def test_dropped_receipts_never_come(self, station: Station) -> None:
        station.running.state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.RECEIPT_DROP))
        silent = await station.send_watched("first")
        await station.running.state.until(
            lambda: station.running.state.phones.named("Lin").bubbles[0].status == "delivered"
        )
        await station.send_watched("second")
        await station.statuses(2)
        assert silent not in {form["MessageSid"] for form in station.program.of("status")}


class TestPeople:
    async def test_a_text_reaches_the_program(self, station: Station) -> None:
        await station.send()
        state = station.running.state
        state.texters.write(state.phones.named("Lin"), "827 收到")
        await state.until(lambda: station.program.of("inbound"))
        (form,) = station.program.of("inbound")
        assert (form["Body"], form["From"], form["To"], form["NumMedia"]) == ("827 收到", PHONE, SENDER, "0")
        assert station.program.forms[-1][2]

    async def test_a_text_comes_twice_under_one_sid(self, station: Station) -> None:
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.INCOMING_DUPLICATE, address=PHONE))
        await station.send()
        texted = state.texters.write(state.phones.named("Lin"), "827 收到")
        await state.until(lambda: len(station.program.of("inbound")) == 2)
        assert {form["MessageSid"] for form in station.program.of("inbound")} == {texted.sid}

    async def test_later_texts_overtake_a_late_one(self, station: Station) -> None:
        state = station.running.state
        state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.INCOMING_DELAY, seconds=0.2))
        await station.send()
        for text in ("late", "soon"):
            state.texters.write(state.phones.named("Lin"), text)
        await state.until(lambda: len(station.program.of("inbound")) == 2)
        assert [form["Body"] for form in station.program.of("inbound")] == ["soon", "late"]

    async def test_stop_and_start(self, station: Station) -> None:
        await station.send()
        state = station.running.state
        phone = state.phones.named("Lin")
        assert state.texters.write(phone, " stop ").keyword == "STOP"
        refused = await station.send()
        assert refused.json()["code"] == 21610
        assert (await station.send(From="+15550100201")).status_code == 201
        state.texters.write(phone, "START", to=SENDER)
        assert (await station.send()).status_code == 201
        await state.until(lambda: len(station.program.of("inbound")) == 2)
        assert {form["OptOutType"] for form in station.program.of("inbound")} == {"STOP", "START"}
        assert "unsubscribed" in phone.texts()[1]

    async def test_answers_from_one_way_countries_are_lost(self, station: Station) -> None:
        state = station.running.state
        state.twilio.change(one_way_prefixes=("+86",))
        far = state.register(name="Zhou", number="+8613800000102")
        assert not state.texters.write(far, "收到").carried
        assert far.bubbles[-1].status == "undelivered"


class TestFaults:
    async def test_cut_before_and_after(self, station: Station) -> None:
        ledger = station.running.state.twilio.ledger
        for kind, taken in ((FaultKind.CUT_BEFORE, 0), (FaultKind.CUT_AFTER, 1)):
            station.running.state.arm(Fault(carrier=Carrier.TWILIO, kind=kind))
            with pytest.raises(httpx.RemoteProtocolError):
                await station.send()
            assert ledger.accepted_count == taken
        listed = (await station.client.get(f"{MESSAGES}.json?To=%2B15550000501")).json()
        assert [message["sid"] for message in listed["messages"]] == [ledger.accepted[0].ref]

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            ({"kind": "refuse", "code": 21610}, 400, 21610),
            ({"kind": "throttle"}, 429, 20429),
            ({"kind": "error", "status": 503}, 503, 20500),
        ],
    )
    async def test_verdicts(self, station: Station, fault: dict[str, Any], status: int, code: int) -> None:
        await station.client.post("/control/faults", json={"carrier": "twilio", **fault})
        refused = await station.send()
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert (await station.send()).status_code == 201

    async def test_an_error_after_acceptance(self, station: Station) -> None:
        station.running.state.arm(Fault(carrier=Carrier.TWILIO, kind=FaultKind.ERROR_AFTER, status=500))
        assert (await station.send()).status_code == 500
        assert station.running.state.twilio.ledger.accepted[0].answer_lost


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("好" * 70, 1),
        ("好" * 71, 2),
        ("好" * 134, 2),
        ("好" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 67, 3),
    ],
)
def test_segments(text: str, segments: int) -> None:
    assert count_segments(text) == segments
