"""Signing in to a station's console with nothing but one's own phone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import httpx

from notifier.engine.access.sign_in import PER_PERSON
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.browsing import PATIENT_S
from tests.stories.handset import Got
from tests.stories.harness import Station

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


class Guest:
    """A browser that has never been at this station's console."""

    def __init__(self, client: httpx.AsyncClient, station: Station) -> None:
        self.client = client
        self._station = station

    async def post(self, path: str, **fields: str) -> httpx.Response:
        answer = await self.client.post(path, content=urlencode(fields), headers=_FORM)
        await self._station.settle()
        return answer

    async def asks(self, who: str) -> None:
        """Ask for a code; the answer never says more than that it was asked for."""
        answer = await self.post("/console/sign-in", who=who)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/console/sign-in/code?next=/console",
        )

    async def enters(self, code: str) -> bool:
        return (await self.post("/console/sign-in/code", code=code)).status_code == 303

    async def is_in(self) -> bool:
        return (await self.client.get("/console/me")).status_code == 200


@asynccontextmanager
async def guest(station: Station) -> AsyncIterator[Guest]:
    assert station.config.public_url is not None
    async with httpx.AsyncClient(base_url=station.config.public_url, timeout=PATIENT_S) as client:
        yield Guest(client, station)


def code_in(got: Got) -> str:
    found = re.match(r"\d{6}\b", got.text)
    assert found, got.text
    return found[0]


async def test_a_secretary_signs_in_by_telegram(either_station: Station) -> None:
    station = either_station
    async with guest(station) as browser:
        assert not await browser.is_in()
        await browser.asks("p11")
        told = station.phone("p11").expects("5分钟内有效", "没有人会向您要它", channel="telegram")
        assert await browser.enters(code_in(told))
        assert "赵志强" in (await browser.client.get("/console/me")).text
        assert (await browser.client.get("/console/units/BS01")).status_code == 200
        assert (await browser.client.get("/console/units/BS02")).status_code == 403


async def test_who_has_no_telegram_signs_in_by_sms(station: Station) -> None:
    async with guest(station) as browser:
        await browser.asks("138 0010 0012")
        told = station.phone("p12").expects("5分钟内有效", channel="sms")
        assert await browser.enters(code_in(told))
        assert await browser.is_in()


async def test_a_code_comes_in_the_reader_s_language(both_villages: Station) -> None:
    async with guest(both_villages) as browser:
        await browser.asks("p22")
        both_villages.phone("p22").expects("good once, for 5 minutes", "Nobody will ever ask")


async def test_a_code_comes_by_sms_when_nobody_knows_whether_it_came_by_telegram(station: Station) -> None:
    station.arm(Carrier.TELEGRAM, FaultKind.ERROR, "p11")
    async with guest(station) as browser:
        await browser.asks("p11")
        await station.advance(seconds=40)
        told = station.phone("p11").expects("5分钟内有效", channel="sms")
        assert await browser.enters(code_in(told))


async def test_a_code_comes_at_any_hour(station: Station) -> None:
    await station.until_civil("23:30")
    async with guest(station) as browser:
        await browser.asks("p11")
        assert await browser.enters(code_in(station.phone("p11").expects("5分钟内有效")))


async def test_strangers_cause_no_message_and_learn_nothing(station: Station) -> None:
    people = [f"p{n}" for n in (11, 12, 13)]
    async with guest(station) as browser:
        for nobody in ("p99", "13800009999", "赵志强"):
            await browser.asks(nobody)
            assert not await browser.enters("123456")
    for person in people:
        station.phone(person).never_got("5分钟内有效")


async def test_somebody_else_cannot_flood_a_phone(station: Station) -> None:
    async with guest(station) as browser:
        for _ in range(PER_PERSON + 3):
            await browser.asks("p11")
    assert station.phone("p11").count("5分钟内有效") == PER_PERSON


async def test_the_link_from_the_phone_opens_with_one_press(station: Station) -> None:
    async with guest(station) as desk, guest(station) as phone:
        await desk.asks("p11")
        link = re.search(r"https?://\S+/console/in/\S+", station.phone("p11").expects("也可以打开").text)
        assert link
        assert (await phone.client.get(link[0])).status_code == 200
        assert not await phone.is_in()
        assert (await phone.post(link[0])).status_code == 303
        assert await phone.is_in()
        assert not await desk.is_in()
