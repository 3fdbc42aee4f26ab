"""Training: what the desk sends at the console is answered there too, on the phone of whoever got it."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_console_broadcasts import ALL
from tests.stories.test_console_composer import checked, kept_in

PHONES = "/console/phones"


@pytest.fixture
async def morning(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """Nine o'clock."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("09:00")
        yield opened


async def test_a_relay_that_is_called_for_is_answered_on_a_training_phone(morning: Station) -> None:
    """The commendation stays unanswered until its time; then the secretary answers, and the case closes."""
    async with console_of(morning, "p01") as desk:
        sent = await desk.post(ALL, **kept_in(await checked(desk, relay="1")))
        assert sent.status_code == 303
        await morning.advance(hours=2)
        assert (await morning.case("unrelayed")).state is CaseState.CALLING
        assert "赵志强" in await desk.sees(PHONES)
        page = unescape(await desk.sees(f"{PHONES}/p11"))
        called = re.findall(r"(\d+) [^<]*前转达", page)
        assert called, "the call is on his phone"
        answer = await desk.post(f"{PHONES}/p11/text", by="telegram", words=f"转达{called[-1]} 4人")
        assert answer.status_code == 303
        assert "已转达4人" in await desk.sees(f"{PHONES}/p11")
        assert "办结" in await desk.sees("/console/cases/1")
    case = await morning.case("unrelayed")
    assert case.state is CaseState.RESOLVED
    answered = [event for event in await morning.trace(case) if event["event"] == "relayed"]
    assert [event["person"] for event in answered] == ["p11"], "the journal names whose phone it is"


async def test_a_button_on_a_training_phone_takes_the_call(morning: Station) -> None:
    await morning.until_civil("20:16")
    async with console_of(morning, "p01") as desk:
        page = await desk.sees(f"{PHONES}/p11")
        form = page.rpartition(">收到</button>")[0].rpartition("<form")[2]
        fields = dict(re.findall(r'name="(account|ref|data)" value="([^"]*)"', form))
        assert (await desk.post(f"{PHONES}/p11/press", **fields)).status_code == 303
    case = await morning.case("unstaffed")
    assert (case.state, case.holder) == (CaseState.HELD, "p11")
