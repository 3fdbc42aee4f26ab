"""What goes out daily by itself: coverage in the afternoon, digests in the morning and in the evening."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from notifier.domain.digest import Bulletin
from notifier.engine import digests
from notifier.engine.bulletins import Wording
from notifier.engine.reloading import reload_settings
from notifier.texts.errors import TextError
from tests.stories.harness import ONE_POST, Edits, Station, duty_station

DAILY = """\
coverage: {at: "16:00"}
morning_digest: {at: "07:00", expires: 4h}
evening_digest: {at: "19:00", expires: 3h}
unstaffed:
  remind_before"""
BOTH_POSTS: Edits = {"policies.yaml": {"unstaffed:\n  remind_before": DAILY}}
DAILY_CITY: Edits = {**ONE_POST, **BOTH_POSTS}
EVERYBODY = ("p01", "p02", "p11", "p12", "p13", "p14", "p21", "p22")


@pytest.fixture
async def city(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """At noon, on both databases: tonight only 岐元村 keeps a post, and nobody has it tomorrow night."""
    async with duty_station(tmp_path, database_url, start="2026-11-23 12:00", edits=DAILY_CITY) as opened:
        yield opened


@pytest.fixture
async def village(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """The same, on SQLite."""
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 12:00", edits=DAILY_CITY) as opened:
        yield opened


async def policies(station: Station, old: str, new: str) -> None:
    """Change the policies and have them read, as an operator does."""
    path = station.city / "policies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    await reload_settings(station.engine.parts, station.city)
    await station.settle()


# ── coverage ─────────────────────────────────────────────────────────────────────────────────────


async def test_at_four_the_liaison_hears_of_a_night_nobody_is_rostered_for(city: Station) -> None:
    city.reads_all()
    await city.until_civil("15:59")
    for person in EVERYBODY:
        city.phone(person).silent()
    await city.until_civil("16:00")
    got = city.phone("p02").expects(
        "1处要补", "岐元村卡口", "明晚20:00", "缺1人", "有空的有赵志强、周丽华、郑秀英", channel="telegram"
    )
    assert got.number is None
    assert got.buttons == ()
    city.phone("p01").expects("白石街道1处")
    for person in ("p11", "p12", "p13", "p14", "p21", "p22"):
        city.phone(person).silent()
    await city.until_civil("18:59")
    assert city.phone("p02").count("还来得及") == 1


async def test_all_villages_of_a_liaison_are_in_one_message(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 15:00", edits=BOTH_POSTS) as station:
        await station.until_civil("16:00")
        station.phone("p02").expects("2处要补", "岐元村卡口", "密东村卡口", "缺2人")
        assert len(station.phone("p02").inbox) == 1


async def test_with_nothing_to_mend_nobody_is_written_to(village: Station) -> None:
    night = "BS01-G1,2026-11-24 20:00,2026-11-25 08:00,p13\n"
    first = "BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15\n"
    await village.edits("shifts.csv", {first: first + night})
    await village.until_civil("16:01")
    for person in EVERYBODY:
        village.phone(person).never_got("还来得及")


async def test_without_a_liaison_the_desk_is_asked(village: Station) -> None:
    await village.edits(
        "offices.csv",
        {
            "BS01,liaison,90,p02,in_post,": "BS01,liaison,90,,,",
            "BS02,liaison,90,p02,in_post,": "BS02,liaison,90,,,",
        },
    )
    await village.until_civil("16:00")
    village.phone("p01").expects("白石街道1处", "没有联络员、请您安排的1处", "岐元村卡口")
    village.phone("p02").never_got("还来得及")


async def test_a_secretary_who_blocked_the_bot_is_named_with_who_is_next(village: Station) -> None:
    await village.phone("p11").blocks()
    await village.until_civil("16:00")
    village.phone("p02").expects("书记赵志强停收了Telegram", "还有别的渠道", "有事先找周丽华")


async def test_somebody_rostered_without_a_contact_is_named(village: Station) -> None:
    await village.edits("people.csv", {"p14,郑秀英,13800100014,BS01,zh,": "p14,郑秀英,,BS01,zh,"})
    await village.until_civil("16:00")
    village.phone("p02").expects("2处要补", "今晚20:00起当班的郑秀英联系不上")


async def test_whoever_cannot_answer_by_sms_is_named(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(
        tmp_path, sqlite_url, start="2026-11-23 15:00", edits=DAILY_CITY, sms_replies="no"
    ) as station:
        await station.until_civil("16:00")
        station.phone("p02").expects("郑秀英、孙小军收得到短信、回不了", "绑定Telegram")


async def test_the_list_is_short_as_sms(village: Station) -> None:
    village.phone("p02").blocks_unheard()
    await village.until_civil("16:20")
    village.phone("p02").expects("1处要补", "岐元村卡口明晚20:00起缺1人", channel="sms")


async def test_quiet_hours_are_kept(village: Station) -> None:
    await policies(village, 'coverage: {at: "16:00"}', 'coverage: {at: "23:00"}')
    await village.until_civil("2026-11-24 06:29")
    village.phone("p02").never_got("还来得及")
    await village.until_civil("2026-11-24 06:30")
    village.phone("p02").got("还来得及")


async def test_another_hour_holds_at_once_and_nobody_is_told_twice_a_day(city: Station) -> None:
    await policies(city, 'coverage: {at: "16:00"}', 'coverage: {at: "15:00"}')
    await city.until_civil("15:00")
    assert city.phone("p02").count("还来得及") == 1
    await policies(city, 'coverage: {at: "15:00"}', 'coverage: {at: "17:00"}')
    await city.until_civil("18:00")
    assert city.phone("p02").count("还来得及") == 1
    await city.until_civil("2026-11-24 17:00")
    assert city.phone("p02").count("还来得及") == 2


async def test_without_the_blocks_nothing_goes_out(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 06:00", edits=ONE_POST) as station:
        await station.until_civil("19:20")
        for person in ("p01", "p02", "p11", "p21"):
            assert station.phone(person).inbox == []


# ── restarts ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tidily", [True, False])
async def test_a_restart_between_two_sets_tells_nobody_twice_and_leaves_nobody_out(
    city: Station, monkeypatch: pytest.MonkeyPatch, tidily: bool
) -> None:
    monkeypatch.setattr(digests, "READERS_AT_ONCE", 1)
    await city.until_civil("18:59")
    city.reads_all()
    city.clock.set(city.civil("19:00"))
    await city.engine.watch_only()
    turn = city.engine._turns["digests"]
    assert await turn()
    written = {m["person"] for m in await city.messages() if str(m["kind"]).startswith("digest")}
    assert written == {"p01"}
    await city.restarts(tidily=tidily)
    await city.settle()
    for person in ("p01", "p02", "p11"):
        assert city.phone(person).count("不用回复", "今晚") == 1, person


async def test_a_run_that_is_hours_late_is_dropped(city: Station) -> None:
    await city.until_civil("18:59")
    city.reads_all()
    await city.goes_down()
    city.clock.set(city.civil("22:01"))
    await city.goes_up()
    await city.settle()
    for person in ("p01", "p02", "p21"):
        city.phone(person).never_got("今晚", "不用回复")
    await city.until_civil("2026-11-24 07:00")
    city.phone("p11").got("岐元村今天")


async def test_a_text_that_cannot_be_made_costs_its_own_reader_only(
    village: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    worded = digests._worded

    def stumbles(wording: Wording, bulletin: Bulletin, *more: Any) -> Any:
        if bulletin.person == "p02":
            raise TextError("text digest_units: no such thing")
        return worded(wording, bulletin, *more)

    monkeypatch.setattr(digests, "_worded", stumbles)
    await village.until_civil("19:00")
    village.phone("p02").never_got("今晚共")
    village.phone("p11").expects("岐元村今晚")
    village.phone("p01").expects("2个单位今晚共2班")


# ── digests ──────────────────────────────────────────────────────────────────────────────────────


async def test_in_the_evening_each_hears_of_his_own_in_one_message(city: Station) -> None:
    await city.until_civil("19:00")
    own = city.phone("p11").expects("岐元村今晚", "今晚20:00至明晨0:00 郑秀英", "孙小军", "1处要补")
    assert own.buttons == ()
    city.phone("p02").expects("2个单位今晚共2班", "人都排好了")
    city.phone("p01").expects("2个单位今晚共2班")
    for person in ("p12", "p13", "p14"):
        city.phone(person).never_got("今晚共")
    assert city.phone("p11").count("辛苦了") == 1


async def test_a_village_about_which_there_is_nothing_to_say_gets_nothing(village: Station) -> None:
    await village.until_civil("19:00")
    village.phone("p21").silent()


async def test_who_stands_in_reads_it_where_there_is_no_secretary(village: Station) -> None:
    await village.edits("offices.csv", {"BS01,secretary,1,p11,in_post,": "BS01,secretary,1,p11,suspended,"})
    await village.until_civil("19:00")
    village.phone("p12").expects("岐元村今晚", "郑秀英", channel="sms")
    village.phone("p11").never_got("今晚")


async def test_somebody_with_several_offices_gets_one_that_joins_them(village: Station) -> None:
    await village.edits("offices.csv", {"YQ,duty_desk,95,p01,in_post,": "YQ,duty_desk,95,p02,in_post,"})
    await village.until_civil("19:00")
    village.phone("p02").expects("2个单位")
    assert village.phone("p02").count("今晚") == 1


async def test_all_is_well_is_said_in_the_evening(village: Station) -> None:
    night = "BS01-G1,2026-11-24 20:00,2026-11-25 08:00,p13\n"
    first = "BS01-G1,2026-11-24 00:00,2026-11-24 08:00,p15\n"
    await village.edits("shifts.csv", {first: first + night})
    await village.until_civil("19:00")
    village.phone("p11").expects("往后没有缺口")


async def test_the_morning_tells_what_was_missed_what_is_open_and_which_lists_wait(
    tmp_path: Path, sqlite_url: str
) -> None:
    """郑秀英 is on post and signs nothing; 孙小军 does not come, and the desk takes it."""
    async with duty_station(tmp_path, sqlite_url, start="2026-11-23 19:30", edits=DAILY_CITY) as station:
        await station.until_civil("19:50")
        await station.phone("p14").replies_with_number("到岗")
        await station.until_civil("2026-11-24 06:59")
        station.reads_all()
        await station.until_civil("2026-11-24 07:00")
        own = station.phone("p11").got("岐元村今天")
        assert "没办结1件" in own.text
        assert "岐元村卡口今晨0:00缺人" in own.text
        assert "清单没签1份" in own.text
        assert "郑秀英" in own.text
        assert "昨天" not in own.text
        await station.until_civil("19:00")
        evening = station.phone("p11").got("岐元村今晚")
        assert "昨天没收到到岗1班" in evening.text
        assert "岐元村卡口今晨0:00" in evening.text


async def test_a_digest_is_bulk_and_ends_before_the_next(village: Station) -> None:
    await village.until_civil("19:00")
    [message] = [m for m in await village.messages(person="p11") if str(m["kind"]).startswith("digest")]
    assert message["lane"] == "bulk"
    assert message["expires_at"] == "2026-11-23T14:00:00Z"
    [coverage] = [m for m in await village.messages(person="p02") if m["kind"] == "coverage"]
    assert coverage["lane"] == "duty"
