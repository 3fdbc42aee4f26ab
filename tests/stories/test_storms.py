"""Many asks to one person at once are one list; he answers all of it, or each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifier.domain.case import CalledOff, Case, CaseState
from notifier.sandbox.faults import Carrier, FaultKind
from tests.stories.handset import Got
from tests.stories.harness import ONE_POST, Edits, Station, duty_station
from tests.stories.test_broadcasts import commends

VILLAGES = 30
LIAISON = "p02"
_TENS, _ONES = ("", "廿", "卅"), "〇一二三四五六七八九"


def name(n: int) -> str:
    """The n-th village's name, from 0: short, as villages are called."""
    return f"{_TENS[n // 10]}{_ONES[n % 10]}村"


def many_villages(*, apart: timedelta | None = None) -> Edits:
    """Thirty villages more in which nobody is reached, so that the liaison is called for each.

    Each has a list to be signed by 16:00; or, given ``apart``, instead a post from 10:00 on, each begun so
    much later than the one before.
    """
    units = "".join(f"V{n:02},{name(n)},village,BS\n" for n in range(VILLAGES))
    people = "".join(f"s{n:02},李{name(n)[:-1]},,V{n:02},zh,\n" for n in range(VILLAGES))
    seats = "".join(f"V{n:02},secretary,1,s{n:02},in_post,\n" for n in range(VILLAGES))
    edits = {
        "units.csv": {"BS02,密东村,village,BS\n": f"BS02,密东村,village,BS\n{units}"},
        "people.csv": {"p22,冯美珍": f"{people}p22,冯美珍"},
        "offices.csv": {"BS02,secretary,1,p21,in_post,\n": f"BS02,secretary,1,p21,in_post,\n{seats}"},
        "shifts.csv": dict(ONE_POST["shifts.csv"]),
    }
    liaison = "BS02,liaison,90,p02,in_post,\n"
    edits["offices.csv"][liaison] = f"{liaison}BS,liaison,90,p02,in_post,\n"
    if apart is None:
        signed = "- {id: evening, title: {zh: 晚间清单, en: Evening list}, items: [{zh: 巡查, en: Round}],"
        signed += " signed_by: 'office:secretary', due: daily 16:00, grace: 15m, verified_by: secretary,"
        edits["checklists.yaml"] = {"- id: rigid-8": f"{signed} verify_within: 2h}}\n- id: rigid-8"}
        return edits
    posts = "".join(f"V{n:02}-G1,V{n:02},{name(n)}卡口,checkpoint,1\n" for n in range(VILLAGES))
    edits["posts.csv"] = {"BS02-G1,BS02": f"{posts}BS02-G1,BS02"}
    begin = "BS01-G1,2026-11-24 00:00"
    first = datetime.fromisoformat("2026-11-23 10:00")
    turns = "".join(
        f"V{n:02}-G1,{(first + n * apart).isoformat()},2026-11-23T18:00,s{n:02}\n" for n in range(VILLAGES)
    )
    edits["shifts.csv"][begin] = f"{turns}{begin}"
    return edits


@asynccontextmanager
async def storm(
    tmp_path: Path, url: str, *, apart: timedelta | None = None, **settings: Any
) -> AsyncIterator[Station]:
    """The station with those villages, everything before the storm read."""
    async with duty_station(tmp_path, url, edits=many_villages(apart=apart), **settings) as station:
        await station.until_civil("10:09" if apart is not None else "16:14")
        station.reads_all()
        yield station


def lines(got: Got) -> set[str]:
    """The villages that a message names."""
    return {name(n) for n in range(VILLAGES) if any(f" {name(n)}" in line for line in got.text.splitlines())}


async def holders(station: Station, kind: str = "unsigned") -> list[str | None]:
    """Who has each village's case of that kind."""
    return [case.holder for case in await station.cases(kind) if case.unit.startswith("V")]


async def of_village(station: Station, unit: str) -> Case:
    """The one case of that village."""
    [case] = [case for case in await station.cases() if case.unit == unit]
    return case


async def call_off(station: Station, *units: str) -> None:
    """The case of each of these villages is called off, as by the desk."""
    parts = station.engine.parts
    for unit in units:
        case = await of_village(station, unit)
        async with parts.station.db.write() as tx:
            await parts.cases.happen(
                tx, case.id, CalledOff(outcome="cancelled", reason="not needed"), station.clock.now()
            )


async def test_thirty_unsigned_villages_are_one_message(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url) as station:
        await station.until_civil("16:16")
        [got] = station.phone(LIAISON).unread
        assert got.channel == "telegram"
        assert "清单未签30件请您跟进" in got.text
        assert len(lines(got)) == VILLAGES
        assert got.buttons[0] == "全部收到"
        assert len(got.buttons) == 1 + VILLAGES
        # Each case has its own call on record, and that it was sent.
        for case in await station.cases("unsigned"):
            if case.unit.startswith("V"):
                events = await station.events(case)
                assert events.count(("called", LIAISON)) == 1
                assert events.count(("sent", LIAISON)) == 1


async def test_what_comes_while_the_first_are_being_sent_changes_the_list(
    tmp_path: Path, database_url: str
) -> None:
    """As it is where the watch takes one set of timers after the other, and senders are quick."""
    async with storm(tmp_path, database_url) as station:
        station.clock.set(station.civil("16:15"))
        await station.engine.settle_set_by_set()
        phone = station.phone(LIAISON)
        assert len(phone.unread) <= 3
        shown = set().union(*(lines(got) for got in phone.unread))
        assert len(shown) == VILLAGES
        await phone.taps("全部收到")
        assert (await holders(station)).count(LIAISON) >= VILLAGES - 2


async def test_one_tap_takes_all_of_them_and_is_answered_once(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url) as station:
        await station.until_civil("16:16")
        phone = station.phone(LIAISON)
        phone.reads()
        await phone.taps("全部收到")
        assert await holders(station) == [LIAISON] * VILLAGES
        [answer] = phone.unread
        assert "30件交给您了" in answer.text
        # It was seen, so that nothing goes by SMS as well.
        await station.until_civil("16:30")
        phone.never_got("清单", channel="sms")


async def test_one_button_is_for_each(tmp_path: Path, sqlite_url: str) -> None:
    async with storm(tmp_path, sqlite_url) as station:
        await station.until_civil("16:16")
        await station.phone(LIAISON).taps(f" {name(7)}")
        taken = [case.unit for case in await station.cases("unsigned") if case.holder == LIAISON]
        assert taken == ["V07"]
        # The others stay asked, and all of them is then what is left.
        await station.phone(LIAISON).taps("全部收到")
        assert await holders(station) == [LIAISON] * VILLAGES


async def test_what_nothing_is_left_of_is_answered_by_how_it_stands(tmp_path: Path, sqlite_url: str) -> None:
    async with storm(tmp_path, sqlite_url) as station:
        await station.until_civil("16:16")
        shown = station.phone(LIAISON).got("30件")
        await call_off(station, *(f"V{n:02}" for n in range(VILLAGES)))
        await station.settle()
        station.reads_all()
        await station.phone(LIAISON).taps("全部收到", on=shown)
        assert await holders(station) == [None] * VILLAGES
        [answer] = station.phone(LIAISON).unread
        assert answer.number is not None


async def test_a_reply_to_the_list_is_for_all_of_it(tmp_path: Path, sqlite_url: str) -> None:
    async with storm(tmp_path, sqlite_url) as station:
        await station.until_civil("16:16")
        got = station.phone(LIAISON).got("30件")
        await station.phone(LIAISON).quotes(got, "收到")
        assert await holders(station) == [LIAISON] * VILLAGES


async def test_without_a_sign_of_life_one_text_follows_and_is_answered_by_words(
    tmp_path: Path, database_url: str
) -> None:
    async with storm(tmp_path, database_url) as station:
        await station.until_civil("16:26")
        texts = [got for got in station.phone(LIAISON).inbox if got.channel == "sms"]
        assert len(texts) == 1
        assert "清单未签30件" in texts[0].text
        assert "以及另外" in texts[0].text
        assert "全部收到" in texts[0].text
        await station.phone(LIAISON).replies("收到 全部", by="sms")
        assert await holders(station) == [LIAISON] * VILLAGES
        assert station.phone(LIAISON).count("交给您了") == 1


async def test_words_for_all_without_a_list_are_a_plain_answer(station: Station) -> None:
    await station.until_civil("20:16")
    await station.phone("p11").replies("全部收到")
    assert (await station.case("unstaffed")).holder == "p11"


@pytest.mark.parametrize("seconds", [50.0, 25.0])
async def test_spread_over_a_minute_they_change_the_message_that_is_there(
    tmp_path: Path, database_url: str, seconds: float
) -> None:
    apart = timedelta(seconds=seconds / VILLAGES)
    async with storm(tmp_path, database_url, apart=apart) as station:
        await station.until_civil("10:11")
        got = station.phone(LIAISON).unread
        # Two by themselves, and the list.
        assert [message.channel for message in got] == ["telegram"] * 3
        assert len(lines(got[-1])) == VILLAGES
        assert "缺岗30件" in got[-1].text
        await station.phone(LIAISON).taps("全部收到", on=got[-1])
        assert await holders(station, "unstaffed") == [LIAISON] * VILLAGES


async def test_texts_spread_over_a_minute_are_one_more_a_minute(tmp_path: Path, database_url: str) -> None:
    apart = timedelta(seconds=50 / VILLAGES)
    async with storm(tmp_path, database_url, apart=apart, telegram_token=None) as station:
        await station.until_civil("10:12")
        texts = station.phone(LIAISON).unread
        # Two by themselves, the list of three, and a minute later what was new.
        assert len(texts) == 4
        assert "缺岗3件" in texts[2].text
        assert "缺岗27件" in texts[3].text
        await station.phone(LIAISON).replies("全部收到", by="sms")
        assert await holders(station, "unstaffed") == [LIAISON] * VILLAGES


async def test_what_is_settled_meanwhile_leaves_the_list(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url, apart=timedelta(seconds=5)) as station:
        await station.until_civil("10:10")
        await station.advance(seconds=21)
        shown = station.phone(LIAISON).unread[-1]
        assert name(3) in shown.text
        await call_off(station, "V03")
        await station.advance(seconds=5)
        shown = station.phone(LIAISON).got("缺岗")
        assert name(3) not in "".join(lines(shown))
        assert {name(0), name(1), name(2), name(4), name(5)} <= lines(shown)


async def test_what_is_called_off_before_it_goes_is_not_in_the_list(
    tmp_path: Path, database_url: str
) -> None:
    async with storm(tmp_path, database_url) as station:
        station.clock.set(station.civil("16:15"))
        await station.engine.watch_only()
        await call_off(station, "V03")
        await station.settle()
        got = station.phone(LIAISON).got("清单未签29件")
        assert name(3) not in lines(got)


async def test_a_list_of_nothing_is_not_sent(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url) as station:
        station.clock.set(station.civil("16:15"))
        await station.engine.watch_only()
        await call_off(station, *(f"V{n:02}" for n in range(VILLAGES)))
        await station.settle()
        station.phone(LIAISON).never_got("请您跟进")
        [told] = station.phone(LIAISON).unread
        assert "30件已了" in told.text


async def test_a_blocked_bot_amid_the_storm_makes_it_one_text(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url) as station:
        station.phone(LIAISON).blocks_unheard()
        await station.until_civil("16:16")
        [text] = station.phone(LIAISON).unread
        assert text.channel == "sms"
        assert "清单未签30件" in text.text
        for case in await station.cases("unsigned"):
            if case.unit.startswith("V"):
                events = await station.events(case)
                assert ("failed", LIAISON) in events
                assert ("sent", LIAISON) in events
                assert ("called", "p01") not in events


async def test_when_no_channel_is_left_each_case_goes_on(tmp_path: Path, sqlite_url: str) -> None:
    async with storm(tmp_path, sqlite_url) as station:
        station.phone(LIAISON).blocks_unheard()
        station.arm(Carrier.TWILIO, FaultKind.REFUSE, LIAISON, code=30004, status=400, times=None)
        await station.until_civil("16:16")
        cases = [case for case in await station.cases("unsigned") if case.unit.startswith("V")]
        assert {case.state for case in cases} == {CaseState.EXHAUSTED}


async def test_a_list_whose_fate_is_unknown_rings_twice(tmp_path: Path, database_url: str) -> None:
    async with storm(tmp_path, database_url) as station:
        station.arm(Carrier.TELEGRAM, FaultKind.CUT_AFTER, LIAISON)
        await station.until_civil("16:16")
        first, second = station.phone(LIAISON).unread
        assert second.text == f"（重发）{first.text}"
        case = await of_village(station, "V07")
        assert ("repeated", LIAISON) in await station.events(case)


async def test_a_crash_between_joining_and_sending_loses_and_doubles_nothing(
    tmp_path: Path, database_url: str
) -> None:
    async with storm(tmp_path, database_url) as station:
        station.clock.set(station.civil("16:15"))
        await station.engine.watch_only()
        await station.restarts(tidily=False)
        await station.until_civil("16:16")
        [got] = station.phone(LIAISON).unread
        assert "清单未签30件" in got.text


async def test_beyond_only_to_each_is_on_record_and_none_is_listed(tmp_path: Path, sqlite_url: str) -> None:
    async with storm(tmp_path, sqlite_url, only_to=("p11",)) as station:
        await station.until_civil("16:16")
        station.phone(LIAISON).silent()
        withheld = [m for m in await station.messages(person=LIAISON) if m["state"] == "withheld"]
        assert len([m for m in withheld if m["kind"] == "call_unsigned"]) == VILLAGES
        assert {m["kind"] for m in withheld} & {"joined_call"} == set()


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────


async def test_a_commendation_waits_for_the_morning_and_an_empty_post_does_not(station: Station) -> None:
    await station.until_civil("23:00")
    station.reads_all()
    await commends(station, "unit:BS01")
    await station.until_civil("2026-11-24 06:29")
    station.phone("p11").never_got("通报表扬")
    # 孙小军's shift began at midnight without him.
    station.phone("p11").got("岐元村卡口00:00", "缺1人")
    await station.until_civil("2026-11-24 06:31")
    station.phone("p11").got("通报表扬")
