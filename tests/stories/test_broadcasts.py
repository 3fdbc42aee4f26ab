"""Commendations and notices: everybody once, relayed by each village, summed up at the end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from notifier.domain.case import CaseState
from notifier.domain.ids import BroadcastId, PersonId
from notifier.domain.policy import Kind
from notifier.engine import reports
from notifier.engine.broadcasts import Order
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.harness import AFTER_MIDNIGHT, ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import at

AUTHOR = PersonId("p01")
EVENING = "BS01-G1,2026-11-23 20:00,2026-11-24 00:00,p14\n"


async def sends(station: Station, *audience: str, kind: Kind = Kind.COMMENDATION, relay: bool = False) -> int:
    """The author sends it at nine, and what follows at once has followed."""
    await station.until_civil("09:00")
    station.reads_all()
    return await commends(station, *audience, kind=kind, relay=relay)


async def commends(
    station: Station, *audience: str, kind: Kind = Kind.COMMENDATION, relay: bool = False
) -> int:
    """The author sends it now."""
    order = Order(
        kind=kind,
        title="守卡表扬",
        body="你们守卡认真，市里通报表扬。",
        audience=audience,
        author=AUTHOR,
        relay=relay,
        reply_by=timedelta(hours=2) if relay else None,
        start_at=None,
    )
    broadcast = await station.engine.parts.broadcasts.prepare(order, station.clock.now(), lambda _: None)
    await station.settle()
    return broadcast


async def shown(station: Station, broadcast: int) -> dict[str, Any]:
    """As ``broadcast show --json`` prints it."""
    document: dict[str, Any] = await reports.broadcast(station.engine.parts, BroadcastId(broadcast))
    return document


def units(document: dict[str, Any]) -> dict[str, int | None]:
    """How many each unit told."""
    return {unit["unit"]: unit["relayed"] for unit in document["units"]}


async def test_everybody_meant_gets_it_once_and_is_in_exactly_one_state(either_station: Station) -> None:
    station = either_station
    document = await shown(station, await sends(station, "unit:BS", "office:secretary"))
    # p02, p11 to p15, p21 and p22: the secretaries are meant twice and counted once.
    assert document["expected"] == 8
    assert sum(document["states"].values()) == 8
    assert document["states"]["delivered"] == 3
    assert document["states"]["sent"] == 5
    for person in ("p02", "p11", "p12", "p13", "p21"):
        assert station.phone(person).count("通报表扬") == 1
    # One phone for two people: one text each.
    assert station.phone("p14").count("通报表扬") == 2
    station.phone("p01").silent()


async def test_delivered_is_not_confirmed(station: Station) -> None:
    broadcast = await sends(station, "unit:BS01")
    document = await shown(station, broadcast)
    assert document["states"]["delivered"] == 3
    assert document["confirmed"] == 0
    await station.phone("p11").taps("收到")
    document = await shown(station, broadcast)
    assert document["confirmed"] == 1
    assert sum(document["states"].values()) == document["expected"] == 5


async def test_who_cannot_be_reached_at_all_is_counted_as_failed(tmp_path: Path, sqlite_url: str) -> None:
    edits = {**ONE_POST, "people.csv": {"p12,周丽华,+8613800100012,BS01": "p12,周丽华,,BS01"}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        document = await shown(station, await sends(station, "unit:BS01"))
        assert document["states"]["failed"] == 1
        assert sum(document["states"].values()) == document["expected"] == 5


async def test_what_telegram_refuses_goes_by_sms_and_is_counted_once(station: Station) -> None:
    station.arm(Carrier.TELEGRAM, FaultKind.REFUSE, "p11", code=400, description="Bad Request: no")
    document = await shown(station, await sends(station, "person:p11"))
    station.phone("p11").expects("通报表扬", channel="sms")
    assert (document["expected"], document["states"]["delivered"]) == (1, 1)
    assert sum(document["states"].values()) == 1


async def test_a_commendation_that_is_relayed_is_summed_up_when_all_have_answered(station: Station) -> None:
    broadcast = await sends(station, "unit:BS", relay=True)
    asked = station.phone("p11").got("岐元村", "告诉5名同志", "11:00前")
    await station.phone("p11").replies(f"转达{asked.number} 4人")
    station.phone("p11").expects("已转达4人", "共5人")
    await station.phone("p21").replies("转达 2")
    assert units(await shown(station, broadcast)) == {"BS01": 4, "BS02": 2}
    await station.until_civil("11:00")
    station.phone("p01").got("2村中2村已转达", "共6人")
    assert await station.cases("unrelayed") == []


async def test_a_bare_figure_is_the_count_where_only_a_relay_is_open(station: Station) -> None:
    broadcast = await sends(station, "unit:BS01", relay=True)
    await station.phone("p11").replies("5")
    assert units(await shown(station, broadcast)) == {"BS01": 5}


async def test_more_than_there_are_is_asked_back_and_then_kept_and_flagged(station: Station) -> None:
    broadcast = await sends(station, "unit:BS01", relay=True)
    number = station.phone("p11").number
    await station.phone("p11").replies(f"转达{number} 47人")
    if units(await shown(station, broadcast)) == {"BS01": None}:
        station.phone("p11").expects("名册上共5人")
        await station.phone("p11").replies(f"转达{number} 47人")
    document = await shown(station, broadcast)
    assert document["units"][0]["relayed"] == 47
    assert document["units"][0]["flagged"] is True


async def test_a_silent_village_is_called_up_its_chain_and_the_end_is_told(station: Station) -> None:
    broadcast = await sends(station, "unit:BS", relay=True)
    await station.phone("p11").replies(f"转达{station.phone('p11').number} 5")
    await station.until_civil("11:00")
    station.phone("p01").expects("2村中1村已转达", "1村没有回音", "密东村")
    await station.until_civil("12:01")
    case = await station.case("unrelayed")
    assert case.unit == "BS02"
    # 密东村 has a secretary and nobody after him: the liaison of the street is next.
    assert at(await station.trace(case), "called") == [("11:00", "p21"), ("12:00", "p02")]
    station.phone("p02").expects("密东村", "守卡表扬", "2名同志")
    await station.phone("p02").replies(f"转达{station.phone('p02').number} 2")
    case = await station.case("unrelayed")
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "relayed")
    station.phone("p01").expects("办结", "2村中2村已转达", "共7人")
    station.phone("p21").got("请放心")
    assert station.phone("p01").count("守卡表扬") == 2
    assert units(await shown(station, broadcast)) == {"BS01": 5, "BS02": 2}


async def test_a_count_taken_back_is_owed_again(station: Station) -> None:
    broadcast = await sends(station, "unit:BS01", relay=True)
    await station.phone("p11").replies(f"转达{station.phone('p11').number} 5")
    await station.phone("p11").replies_with_number("撤销")
    assert units(await shown(station, broadcast)) == {"BS01": None}
    await station.until_civil("11:00")
    assert (await station.case("unrelayed")).state is CaseState.CALLING


async def test_a_broadcast_that_is_cancelled_sends_no_more_and_calls_off_its_cases(station: Station) -> None:
    broadcast = await sends(station, "unit:BS01", relay=True)
    await station.until_civil("11:05")
    station.reads_all()
    await station.engine.parts.broadcasts.stop(BroadcastId(broadcast))
    await station.settle()
    case = await station.case("unrelayed")
    assert (case.state, case.outcome) == (CaseState.CANCELLED, "cancelled")
    station.phone("p11").got("已取消")
    await station.until_civil("14:00")
    station.phone("p02").silent()


async def test_a_commendation_asks_for_nothing_and_never_stands_in_the_way(station: Station) -> None:
    await sends(station, "unit:BS01")
    await station.until_civil("19:31")
    await station.phone("p14").replies("到岗")
    station.phone("p14").expects("已记到岗")


async def test_a_commendation_waits_for_the_morning(tmp_path: Path, sqlite_url: str) -> None:
    quiet = {**ONE_POST["shifts.csv"], AFTER_MIDNIGHT: "", EVENING: ""}
    async with duty_station(
        tmp_path, sqlite_url, start="2026-11-23 22:45", edits={"shifts.csv": quiet}
    ) as station:
        order = Order(
            kind=Kind.COMMENDATION,
            title="表扬",
            body="辛苦了。",
            audience=("person:p11", "person:p12"),
            author=AUTHOR,
            relay=False,
            reply_by=None,
            start_at=None,
        )
        await station.engine.parts.broadcasts.prepare(order, station.clock.now(), lambda _: None)
        await station.until_civil("2026-11-24 06:29")
        station.phone("p11").never_got("辛苦了")
        await station.until_civil("2026-11-24 06:30")
        station.phone("p11").got("辛苦了")
        station.phone("p12").got("辛苦了")
