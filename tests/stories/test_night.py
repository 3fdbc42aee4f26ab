"""Quiet hours, from half past ten to half past six: kept for lists, ignored for an empty post."""

from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from tests.stories.harness import AFTER_MIDNIGHT, ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import at

NIGHT = "BS01-G1 2026-11-23T16:00:00Z"
ONE_SHIFT = {**ONE_POST["shifts.csv"], AFTER_MIDNIGHT: ""}
TILL_TEN = {"shifts.csv": {**ONE_SHIFT, "2026-11-24 00:00,p14": "2026-11-23 22:00,p13"}}
"""吴永明's shift ends half an hour before the quiet hours begin."""


async def test_an_empty_post_is_called_for_in_the_middle_of_the_night(station: Station) -> None:
    await station.until_civil("2026-11-24 00:26")
    case = await station.case(NIGHT)
    assert at(await station.trace(case), "called") == [("00:10", "p15"), ("00:15", "p11"), ("00:25", "p12")]
    # A call at night apologises first.
    station.phone("p12").expects("深夜打扰", "岐元村卡口", "缺1人")


async def test_a_list_that_falls_due_at_night_is_asked_for_in_the_morning(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with duty_station(tmp_path, sqlite_url, edits={"shifts.csv": ONE_SHIFT}) as station:
        await station.until_civil("19:45")
        await station.phone("p14").replies("到岗")
        station.reads_all()
        await station.until_civil("2026-11-24 06:29")
        station.phone("p14").never_got("清单")
        await station.until_civil("2026-11-24 06:30")
        station.phone("p14").got("清单")
        # The grace is counted in waking hours: due at 00:30, so it has a quarter of an hour from 06:30.
        await station.until_civil("2026-11-24 06:44")
        assert await station.cases("unsigned") == []
        await station.until_civil("2026-11-24 06:45")
        assert (await station.case("unsigned")).state is CaseState.CALLING


async def test_the_clocks_of_a_list_stand_still_at_night(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=TILL_TEN) as station:
        await station.until_civil("19:45")
        await station.phone("p13").replies("到岗")
        await station.until_civil("22:05")
        station.phone("p13").got("清单", "22:30前签")
        station.reads_all()
        await station.until_civil("2026-11-24 06:44")
        assert await station.cases("unsigned") == []
        await station.until_civil("2026-11-24 07:16")
        case = await station.case("unsigned")
        assert at(await station.trace(case), "called") == [("06:45", "p13"), ("07:15", "p11")]


async def test_a_case_that_runs_into_the_night_goes_on_in_the_morning(
    tmp_path: Path, sqlite_url: str
) -> None:
    edits = {
        "shifts.csv": {**ONE_SHIFT, "2026-11-24 00:00,p14": "2026-11-23 21:30,p13"},
    }
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("19:45")
        await station.phone("p13").replies("到岗")
        await station.until_civil("2026-11-24 06:46")
        case = await station.case("unsigned")
        # Called at 22:15, waited for half an hour: a quarter before the night, a quarter after it.
        assert at(await station.trace(case), "called") == [("22:15", "p13"), ("06:45", "p11")]


async def test_answers_go_out_at_any_hour(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=TILL_TEN) as station:
        await station.until_civil("19:45")
        await station.phone("p13").replies("到岗")
        await station.until_civil("23:00")
        await station.phone("p13").replies_with_number("签")
        station.phone("p13").expects("已签")
        # But nobody else is woken for it.
        station.phone("p11").never_got("请核实")
        await station.until_civil("2026-11-24 06:30")
        station.phone("p11").got("请核实岐元村吴永明")


@pytest.mark.parametrize("hours", ['["22:30-06:30"]', "[]"])
async def test_without_quiet_hours_nothing_waits(tmp_path: Path, sqlite_url: str, hours: str) -> None:
    edits = {**TILL_TEN, "calendar.yaml": {'["22:30-06:30"]': hours}}
    async with duty_station(tmp_path, sqlite_url, edits=edits) as station:
        await station.until_civil("19:45")
        await station.phone("p13").replies("到岗")
        await station.until_civil("22:46")
        assert len(await station.cases("unsigned")) == (1 if hours == "[]" else 0)
