"""A program that deals with cases and sends broadcasts, in the name of whoever its token is of."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from notifier.domain.access import ALL_RIGHTS, Limit
from notifier.domain.ids import PersonId
from notifier.engine.station import Actor
from tests.contract.api_client import told
from tests.stories.browsing import PATIENT_S
from tests.stories.harness import Station

GIVER = Actor(person=None, channel="shell")
NOTICE = {"kind": "notice", "title": "巡查", "body": "今晚加一次巡查", "to": ["unit:BS01"]}


@asynccontextmanager
async def program_of(station: Station, person: str) -> AsyncIterator[httpx.AsyncClient]:
    """A program with a token of that person."""
    parts = station.engine.parts
    async with parts.station.db.write() as tx:
        made = await parts.tokens.give(
            tx,
            PersonId(person),
            "dispatch",
            Limit(rights=ALL_RIGHTS, unit=None),
            timedelta(days=1),
            GIVER,
            parts.station.now(),
        )
    async with httpx.AsyncClient(
        base_url=f"{station.config.public_url}/api/v1/",
        headers={"Authorization": f"Bearer {made.text}"},
        timeout=PATIENT_S,
    ) as client:
        yield client


async def test_a_case_is_taken_and_closed_as_by_hand(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    case = await station.case()
    async with program_of(station, "p11") as program:
        [listed] = (await program.get("cases?open=true&kind=unstaffed&unit=BS01")).json()["items"]
        assert (listed["id"], listed["state"], listed["called"]) == (str(case.id), "calling", ["p14", "p11"])
        late = await program.post(f"cases/{case.id}/resolve", json={"reason": "到了", "version": 1})
        assert "version" in told(late, 409)
        taken = await program.post(f"cases/{case.id}/acknowledge", json={"reason": "我去看看"})
        assert (taken.json()["state"], taken.json()["holder"]) == ("held", "p11")
        again = await program.post(f"cases/{case.id}/acknowledge", json={"reason": "我去看看"})
        assert "p11 has it already" in told(again, 409)
        done = await program.post(
            f"cases/{case.id}/resolve",
            json={"reason": "人到了 13812345678", "version": taken.json()["version"]},
        )
        assert done.json()["state"] == "resolved"
        await station.settle()
        station.phone("p14").got("已有人")
        whole = (await program.get(f"cases/{case.id}")).json()
        said = {event["event"]: event for event in whole["events"]}
        assert (said["acknowledged"]["channel"], said["acknowledged"]["reason"]) == ("api", "我去看看")
        assert (said["resolved"]["person"], said["resolved"]["reason"]) == ("p11", "人到了 138****5678")
        assert [call["person"] for call in whole["calls"]] == ["p14", "p11"]
        assert (await program.get("cases?open=true")).json()["items"] == []
        [closed] = (await program.get("cases?open=false&state=resolved")).json()["items"]
        assert closed == whole["case"]
        told(await program.post(f"cases/{case.id}/cancel", json={"reason": "算了"}), 409)


async def test_a_case_of_another_unit_is_none_of_his(station: Station) -> None:
    await station.until_civil("20:16")
    case = await station.case()
    async with program_of(station, "p21") as elsewhere:
        assert (await elsewhere.get("cases")).json()["items"] == []
        told(await elsewhere.post(f"cases/{case.id}/cancel", json={"reason": "算了"}), 403)
    assert (await station.case()).is_open


async def test_a_broadcast_goes_out_once_however_often_it_is_asked_for(either_station: Station) -> None:
    station = either_station
    async with program_of(station, "p11") as program:
        key = {"Idempotency-Key": "one-notice"}
        first, again = [await program.post("broadcasts", json=NOTICE, headers=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        made = first.json()
        assert (made["state"], made["author"], made["to"]) == ("preparing", "p11", ["unit:BS01"])
        await station.settle()
        station.phone("p14").got("今晚加一次巡查")
        stands = (await program.get(f"broadcasts/{made['id']}")).json()
        assert stands["expected"] == made["expected"] == sum(stands["states"].values()) > 1
        assert stands["state"] == "done"
        assert [one["id"] for one in (await program.get("broadcasts")).json()["items"]] == [made["id"]]
        told(await program.post("broadcasts", json={**NOTICE, "title": "别的"}, headers=key), 422)


async def test_a_broadcast_is_stopped_before_it_begins(station: Station) -> None:
    at = (station.clock.now() + timedelta(hours=2)).isoformat()
    async with program_of(station, "p11") as program:
        made = (await program.post("broadcasts", json={**NOTICE, "at": at})).json()
        stopped = await program.post(f"broadcasts/{made['id']}/cancel")
        assert stopped.json()["state"] == "cancelled"
        assert stopped.json()["states"]["cancelled"] == made["expected"]
        told(await program.post(f"broadcasts/{made['id']}/cancel"), 409)
    await station.advance(hours=3)
    station.phone("p14").never_got("今晚加一次巡查")
    lines = await station.journal(f"broadcast:{made['id']}")
    assert [(line.event, line.person, line.channel) for line in lines] == [
        ("broadcast_written", "p11", "api"),
        ("broadcast_cancelled", "p11", "api"),
    ]


WRONG: list[tuple[dict[str, object], int, str]] = [
    ({"to": ["unit:BS02"]}, 403, "out of reach"),
    ({"to": ["unit:BS01", "office:secretary"]}, 403, "out of reach"),
    ({"to": ["everybody"]}, 422, "to.0"),
    ({"to": ["unit:BS01,post:nothing"]}, 422, "means nobody"),
    ({"to": []}, 422, "to"),
    ({"title": " \u0000 "}, 422, "title"),
    ({"body": "x" * 3001}, 422, "body"),
    ({"body": "\ud800"}, 422, "body"),
    ({"at": "2026-11-22T00:00:00Z"}, 422, "at: that is past"),
    ({"at": "2027-11-22T00:00:00Z"}, 422, "at: that is more than"),
    ({"at": "2026-11-24T00:00:00"}, 422, "at"),
    ({"reply_by": "2026-11-24T00:00:00Z"}, 422, "reply_by: it is the deadline of relay"),
    ({"relay": True, "reply_by": "2026-12-24T00:00:00Z"}, 422, "reply_by: give a time"),
    ({"more": 1}, 422, "more"),
]


async def test_what_cannot_be_sent_is_named_and_nothing_is_written(station: Station) -> None:
    async with program_of(station, "p11") as program:
        for wrong, status, said in WRONG:
            body = json.dumps({**NOTICE, **wrong})
            headers = {"Content-Type": "application/json"}
            assert said in told(await program.post("broadcasts", content=body, headers=headers), status)
        assert (await program.get("broadcasts")).json()["items"] == []
