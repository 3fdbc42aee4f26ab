"""What comes twice, wrong or in the middle of a restart changes nothing and loses nothing."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from twilio.request_validator import RequestValidator

from notifier.domain.case import Case, CaseState
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.surroundings import AUTH, SENDER, SID
from tests.stories.test_duty_escalation import at

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
POISON: list[dict[str, Any]] = [
    {"message": {"message_id": 1, "chat": "no chat", "text": "到岗"}},
    {"message": {"message_id": "x", "chat": {"id": "100011", "type": "private"}, "date": "soon"}},
    {"message": None},
    {"callback_query": {"id": 7, "data": ["here"], "from": {"id": None}}},
    {"callback_query": {"id": "8", "from": {"id": 100011}, "data": "here:999999999999999999999"}},
    {"callback_query": {"id": "9", "from": {"id": 100011}, "data": "item:1:x"}},
    {"my_chat_member": {"chat": {"id": 100011}}},
    {"edited_message": [1, 2, 3]},
    {"message": {"message_id": 2, "chat": {"id": 100011, "type": "private"}, "text": "\u0000？？"}},
    {"message": {"message_id": 3, "chat": {"id": 2**80, "type": "private"}, "text": "1"}},
    {"something_new": {"a": {"b": {"c": []}}}},
]


@pytest.fixture
async def poisoned(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """A station that may stumble over what it is given, as long as it goes on."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST, tolerant=True) as opened:
        yield opened


async def text_in(station: Station, form: dict[str, str]) -> int:
    """An inbound SMS as Twilio delivers it; the status of the answer."""
    url = f"{station.config.public_url}/hooks/twilio/inbound"
    signature = RequestValidator(AUTH).compute_signature(url, form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=urlencode(form), headers=headers) as answer,
    ):
        return answer.status


def inbound(number: str, body: str, sid: str) -> dict[str, str]:
    """The form of an inbound SMS."""
    return {"AccountSid": SID, "MessageSid": sid, "From": number, "To": SENDER, "Body": body}


# ── wrong ────────────────────────────────────────────────────────────────────────────────────────


async def test_updates_that_cannot_be_read_block_nothing(poisoned: Station) -> None:
    station = poisoned
    await station.until_civil("20:16")
    for update in POISON:
        station.sandbox.state.chatters.inject(update)
    await station.phone("p11").taps("收到")
    case = await station.case(EVENING)
    assert (case.state, case.holder) == (CaseState.HELD, "p11")


async def test_a_form_that_cannot_be_read_blocks_nothing(poisoned: Station) -> None:
    station = poisoned
    await station.until_civil("20:12")
    assert await text_in(station, inbound("nobody", "到岗\x00", "SM" + "1" * 32)) == 200
    assert await text_in(station, {"MessageSid": "SM" + "2" * 32}) == 200
    await station.phone("p14").replies("到岗")
    assert (await station.case(EVENING)).state is CaseState.RESOLVED


# ── twice ────────────────────────────────────────────────────────────────────────────────────────


async def test_an_update_that_comes_again_changes_nothing(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    call = station.phone("p11").got("缺1人")
    tap = {
        "callback_query": {
            "id": "77",
            "from": {"id": 100011, "is_bot": False, "first_name": "赵志强"},
            "message": {
                "message_id": call.bubble.ref,
                "date": 1,
                "chat": {"id": 100011, "type": "private"},
                "text": call.text,
            },
            "chat_instance": "1",
            "data": call.bubble.buttons()[0][0]["callback_data"],
        }
    }
    first = station.sandbox.state.chatters.inject(tap)
    await station.settle()
    before = await picture(station)
    assert before[0].holder == "p11"
    # Which updates Telegram may forget is known in memory only: after a restart they may come again.
    await station.restarts()
    station.sandbox.state.chatters.inject({"update_id": first.update_id, **tap})
    await station.settle()
    assert await picture(station) == before


async def test_a_text_that_is_delivered_again_changes_nothing(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:12")
    form = inbound("+8613800100014", "到岗", "SM" + "3" * 32)
    assert await text_in(station, form) == 200
    await station.settle()
    before = await picture(station)
    assert before[0].state is CaseState.RESOLVED
    for _ in range(2):
        assert await text_in(station, form) == 200
        await station.settle()
    assert await picture(station) == before


async def test_receipts_in_any_order_and_number_only_climb(station: Station) -> None:
    for kind in (FaultKind.RECEIPT_DUPLICATE, FaultKind.RECEIPT_REORDER):
        station.arm(Carrier.TWILIO, kind, times=None)
    await station.until_civil("20:26")
    texts = [m for m in await station.messages() if m["channel"] == "sms"]
    assert {m["state"] for m in texts} == {"delivered"}
    assert station.phone("p12").count("缺1人") == 1


async def test_saying_it_twice_is_answered_and_changes_nothing(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").taps("收到")
    case = await station.case(EVENING)
    await station.phone("p11").taps("收到")
    station.phone("p11").expects("已记在您名下")
    assert await station.case(EVENING) == case


# ── a restart ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tidily", [True, False])
async def test_a_restart_in_the_middle_loses_nothing(tmp_path: Path, database_url: str, tidily: bool) -> None:
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as station:
        await station.until_civil("20:12")
        await station.restarts(tidily=tidily)
        await station.until_civil("20:16")
        await station.restarts(tidily=tidily)
        await station.phone("p11").taps("收到")
        await station.restarts(tidily=tidily)
        await station.until_civil("20:37")
        await station.restarts(tidily=tidily)
        await station.phone("p14").replies("到岗")
        case = await station.case(EVENING)
        events = await station.trace(case)
        assert (case.state, case.outcome) == (CaseState.RESOLVED, "staffed")
        assert at(events, "called") == [("20:10", "p14"), ("20:15", "p11"), ("20:36", "p12")]
        assert at(events, "lapsed") == [("20:36", "p11")]
        # Nothing was said twice.
        assert station.phone("p14").count("还没收到") == 1
        assert station.phone("p12").count("缺1人") == 1


async def test_what_was_due_while_nothing_ran_is_done_once_when_it_runs_again(station: Station) -> None:
    await station.until_civil("19:50")
    await station.goes_down()
    station.clock.set(station.civil("2026-11-23 20:40"))
    await station.goes_up()
    await station.settle()
    case = await station.case(EVENING)
    assert at(await station.trace(case), "called") == [("20:40", "p14")]
    await station.until_civil("20:46")
    assert at(await station.trace(case), "called")[-1] == ("20:45", "p11")


async def test_who_was_on_post_before_an_outage_does_not_keep_the_next_shift(station: Station) -> None:
    """Its grace is over by the time the shift ahead of it can end; the calls come before the ends."""
    await station.until_civil("20:00")
    await station.phone("p14").replies_with_number("到岗")
    await station.until_civil("23:50")
    await station.goes_down()
    station.clock.set(station.civil("2026-11-24 00:20"))
    await station.goes_up()
    await station.settle()
    case = await station.case("BS01-G1 2026-11-23T16:00:00Z")
    assert at(await station.trace(case), "called") == [("00:20", "p15")]


async def test_what_people_said_while_nothing_ran_is_heard_when_it_runs_again(station: Station) -> None:
    await station.until_civil("20:16")
    await station.goes_down()
    handset = station.phone("p11").phone
    [row] = [bubble for bubble in handset.bubbles if "缺1人" in bubble.text]
    station.sandbox.state.chatters.tap(handset, int(row.ref), row.buttons()[0][0]["callback_data"])
    await station.goes_up()
    await station.settle()
    assert (await station.case(EVENING)).holder == "p11"


@pytest.mark.parametrize(("person", "channel"), [("p11", "telegram"), ("p12", "sms")])
async def test_a_call_in_flight_when_the_process_died_rings_once_marked(
    tmp_path: Path, database_url: str, person: str, channel: str
) -> None:
    """It died between writing down that it would call and calling."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as station:
        await station.until_civil("20:14" if person == "p11" else "20:24")
        claims = station.engine.accounts[0 if channel == "telegram" else 1]
        station.clock.set(station.civil("2026-11-23 20:15" if person == "p11" else "2026-11-23 20:25"))
        await station.engine.watch_only()
        await claims._claim()
        claims._buffer.drain()
        await station.restarts(tidily=False)
        await station.settle()
        assert station.phone(person).count("缺1人") == 1
        station.phone(person).expects("（重发）", channel=channel)


async def picture(station: Station) -> tuple[Case, dict[str, int], list[str]]:
    """All that a repeat might change: the case, the messages, what people read."""
    texts = [text for phone in station.sandbox.state.phones for text in phone.texts()]
    return await station.case(EVENING), await station.dump(), texts
