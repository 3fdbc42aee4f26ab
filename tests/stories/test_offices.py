"""Who is in charge: acting by order or by policy, handed over, handed back, and the book of it."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from notifier.domain.holdings import Seat, What
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.offices import ActingOrder
from notifier.engine.station import Actor
from tests.stories.harness import ONE_POST, Station, duty_station
from tests.stories.test_duty_escalation import at
from tests.stories.test_lists import by_day, on_post, sheet

EVENING = "BS01-G1 2026-11-23T12:00:00Z"
SECRETARY = Seat(unit=UnitCode("BS01"), title="secretary", rank=1)
WANG = Actor(person=PersonId("p01"), channel="shell")
STAND_IN = {"policies.yaml": {"unstaffed:\n": "offices:\n  stand_in: [secretary]\nunstaffed:\n"}}


async def acts(station: Station, person: str, *, since: str | None = None, until: str | None = None) -> None:
    """The town has that person act for the secretary, from now or from then."""
    now = station.clock.now()
    order = ActingOrder(
        seat=SECRETARY,
        person=PersonId(person),
        since=station.civil(since) if since else now,
        until=station.civil(until) if until else None,
        order="白街〔2026〕7号",
    )
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.offices.appoint_acting(tx, order, WANG, now)
        await tx.signals.ring()
    await station.settle()


async def is_away(station: Station, person: str, until: datetime | None = None) -> None:
    now = station.clock.now()
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.offices.note_absence(tx, PersonId(person), now, until, WANG, "住院", now)
        await tx.signals.ring()
    await station.settle()


async def is_back(station: Station, person: str) -> None:
    now = station.clock.now()
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.offices.note_return(tx, PersonId(person), WANG, None, now)
        await tx.signals.ring()
    await station.settle()


@pytest.fixture
async def standing_in(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Station]:
    """The next in rank acts as soon as the secretary is away."""
    async with duty_station(tmp_path, sqlite_url, edits={**ONE_POST, **STAND_IN}) as opened:
        yield opened


# ── by order ─────────────────────────────────────────────────────────────────────────────────────


async def test_who_acts_is_told_and_so_are_the_holder_and_the_village(station: Station) -> None:
    await acts(station, "p12", until="2026-12-05 08:00")
    station.phone("p12").expects("请您代理岐元村书记", "12月5日", "白街〔2026〕7号", "现在没有待办")
    station.phone("p11").expects("由周丽华代理岐元村书记", "不再找您")
    station.phone("p13").expects("岐元村", "书记的工作由周丽华同志主持")
    for person in ("p01", "p02", "p21"):
        station.phone(person).silent()


async def test_who_acts_is_called_in_the_secretarys_place(station: Station) -> None:
    await acts(station, "p12")
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    assert await station.called(case) == ["p14", "p12"]
    assert ("p11", "stood_in_for") in await station.reasons(case, "passed_over")
    assert ("p12", "step 2, acting") in await station.reasons(case, "called")
    await station.phone("p12").replies_with_number("收到")
    station.phone("p14").got("代理书记周丽华", "已在安排")


async def test_an_open_case_passes_to_who_acts_with_a_note_that_lists_it(either_station: Station) -> None:
    station = either_station
    await station.until_civil("20:16")
    case = await station.case(EVENING)
    await station.phone("p11").taps("收到")
    await acts(station, "p12")
    note = station.phone("p12").got("请您代理岐元村书记")
    assert "岐元村卡口20:00缺1人" in note.text
    assert at(await station.trace(case), "lapsed") == [("20:16", "p11")]
    assert await station.called(case) == ["p14", "p11", "p12"]
    await station.phone("p12").replies_with_number("收到")
    assert (await station.case(EVENING)).holder == "p12"


async def test_it_begins_when_it_is_ordered_to_and_ends_by_itself(station: Station) -> None:
    await acts(station, "p12", since="2026-11-23 12:00", until="2026-11-23 18:00")
    station.phone("p12").silent()
    await station.until_civil("12:00")
    station.phone("p12").expects("请您代理岐元村书记")
    station.reads_all()
    await station.until_civil("18:00")
    station.phone("p12").expects("到此为止", "交还赵志强", "谢谢您")
    station.phone("p11").expects("交还您", "此前由周丽华代理")
    station.phone("p13").expects("仍由赵志强同志主持")
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p11"]


async def test_a_restart_in_between_changes_nothing(station: Station) -> None:
    await acts(station, "p12", since="2026-11-23 12:00", until="2026-11-23 18:00")
    await station.restarts(tidily=False)
    await station.until_civil("12:30")
    await station.restarts()
    await station.until_civil("18:30")
    assert station.phone("p12").count("请您代理岐元村书记") == 1
    assert station.phone("p12").count("到此为止") == 1


async def test_an_import_leaves_who_acts_and_ends_it_with_the_absence(station: Station) -> None:
    await station.edits("offices.csv", {"secretary,1,p11,in_post,": "secretary,1,p11,absent,"})
    await acts(station, "p12")
    station.reads_all()
    await station.edits("offices.csv", {"committee,4,,,": "committee,4,p15,in_post,"})
    station.phone("p12").silent()
    await station.edits("offices.csv", {"secretary,1,p11,absent,": "secretary,1,p11,in_post,"})
    station.phone("p12").expects("到此为止")
    station.phone("p11").expects("交还您")


# ── away and back ────────────────────────────────────────────────────────────────────────────────


async def test_without_a_policy_nobody_acts_by_himself(station: Station) -> None:
    await is_away(station, "p11")
    for person in ("p11", "p12", "p13"):
        station.phone(person).silent()
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p12"]


async def test_with_it_the_next_in_rank_acts_until_he_is_back(standing_in: Station) -> None:
    station = standing_in
    await is_away(station, "p11")
    station.phone("p12").expects("请您代理岐元村书记")
    station.reads_all()
    await station.advance(hours=2)
    await is_back(station, "p11")
    station.phone("p12").expects("到此为止", "交还赵志强")
    station.phone("p11").expects("交还您")


async def test_where_who_acts_is_away_too_the_next_in_rank_follows(standing_in: Station) -> None:
    station = standing_in
    await station.edits("offices.csv", {"committee,4,,,": "committee,4,p15,in_post,"})
    await is_away(station, "p11")
    await is_away(station, "p12")
    await station.until_civil("20:31")
    assert (await station.called(await station.case(EVENING)))[:2] == ["p14", "p15"]


async def test_what_the_town_calls_off_no_rule_brings_back(standing_in: Station) -> None:
    station = standing_in
    await station.edits("offices.csv", {"committee,4,,,": "committee,4,p15,in_post,"})
    await is_away(station, "p11")
    station.phone("p12").expects("请您代理岐元村书记")
    now = station.clock.now()
    async with station.engine.parts.station.db.write() as tx:
        await station.engine.parts.offices.end_acting(tx, SECRETARY, WANG, "另有安排", now)
        await tx.signals.ring()
    await station.settle()
    station.phone("p12").got("到此为止")
    station.phone("p15").got("请您代理岐元村书记")


# ── what was asked ───────────────────────────────────────────────────────────────────────────────


async def test_a_list_that_waits_for_the_secretary_passes_on(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p14")) as station:
        await on_post(station, "p14")
        await station.until_civil("16:00")
        await station.phone("p14").replies_with_number("签")
        station.phone("p11").expects("核实")
        await acts(station, "p12")
        assert "清单" in station.phone("p12").got("请您代理").text
        station.phone("p12").got("属实回 核实")
        await station.phone("p12").replies(f"核实{station.phone('p12').number}")
        station.phone("p14").got("已核实")
        verified = [line for line in await station.journal((await sheet(station)).key)][-1]
        assert (verified.event, verified.person, verified.reason) == ("verified", "p12", "acting secretary")
        await station.phone("p11").replies("核实")
        station.phone("p11").never_got("已记下核实")


async def test_who_acts_does_not_verify_his_own_list(tmp_path: Path, sqlite_url: str) -> None:
    async with duty_station(tmp_path, sqlite_url, edits=by_day("p12")) as station:
        await acts(station, "p12")
        await on_post(station, "p12")
        await station.until_civil("16:00")
        await station.phone("p12").replies_with_number("签")
        station.phone("p12").never_got("属实回")
        station.phone("p02").expects("核实")


# ── ordered by Telegram ──────────────────────────────────────────────────────────────────────────


async def test_the_towns_liaison_appoints_with_one_sentence_and_ends_it_with_another(
    station: Station,
) -> None:
    await station.phone("p02").replies("请周丽华主持")
    station.phone("p02").expects("由周丽华代理岐元村书记", "结束周丽华代理")
    station.phone("p12").expects("请您代理岐元村书记")
    await station.until_civil("20:16")
    assert await station.called(await station.case(EVENING)) == ["p14", "p12"]
    await station.phone("p02").replies("结束周丽华代理")
    station.phone("p02").expects("到此为止")
    station.phone("p12").got("到此为止")


@pytest.mark.parametrize(
    "words", ["请周丽华主持到11月25日", "let 周丽华 act until 25 Nov", "请周丽华 p12 主持至11月25日"]
)
async def test_an_appointment_until_a_day_ends_with_that_day(station: Station, words: str) -> None:
    await station.phone("p02").replies(words)
    station.phone("p02").expects("由周丽华代理岐元村书记，至11月25日")
    station.phone("p12").expects("至11月25日")
    await station.until_civil("2026-11-25 23:58")
    station.reads_all()
    await station.advance(minutes=2)
    station.phone("p12").expects("到此为止")


async def test_a_day_that_there_is_not_appoints_nobody(station: Station) -> None:
    for words in ("请周丽华主持到2月30日", "请周丽华主持到2026年11月22日"):
        await station.phone("p02").replies(words)
        station.phone("p02").expects("没认出是哪一天")
    assert await station.journal("BS01|secretary|1") == []


@pytest.mark.parametrize(
    ("person", "words", "answer"),
    [
        ("p11", "请周丽华主持", "您能任命的村里没有"),
        ("p02", "请王建国主持", "您能任命的村里没有“王建国”"),
        ("p02", "请赵志强主持", "赵志强已是岐元村书记"),
        ("p02", "结束周丽华代理", "现在没有代理岐元村书记"),
    ],
)
async def test_who_may_not_or_names_nobody_hears_so_and_nothing_changes(
    station: Station, person: str, words: str, answer: str
) -> None:
    await station.phone(person).replies(words)
    station.phone(person).expects(answer)
    assert await station.journal("BS01|secretary|1") == []


async def test_who_is_away_from_his_office_appoints_nobody(station: Station) -> None:
    text = (station.city / "offices.csv").read_text(encoding="utf-8")
    await station.imports({"offices.csv": text.replace("p02,in_post,", "p02,suspended,")})
    await station.phone("p02").replies("请周丽华主持")
    station.phone("p02").expects("您能任命的村里没有")


async def test_by_sms_nobody_is_appointed(station: Station) -> None:
    await station.phone("p02").replies("请周丽华主持", by="sms")
    station.phone("p02").expects("任命请用Telegram")
    assert await station.journal("BS01|secretary|1") == []


# ── a silent office ──────────────────────────────────────────────────────────────────────────────

SILENT = """\
silent:
  after_calls: 2
  within: 24h
  steps:
    - {call: liaison, wait: 30m}
    - {call: duty_desk, wait: 30m}
  resolve_within: 2h
  channels: [telegram, sms]
  quiet_hours: ignore
  expires: 2h
unstaffed:
"""
OFFICE = "BS01|secretary|1"


@pytest.fixture
async def watched(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """A secretary who leaves two calls of a day unanswered is a silent office."""
    edits = {**ONE_POST, "policies.yaml": {"unstaffed:\n": SILENT}}
    async with duty_station(tmp_path, database_url, edits=edits) as opened:
        yield opened


async def leaves_two_calls_unanswered(station: Station) -> None:
    """The evening's shift is staffed by the deputy; in the night's the secretary is called again."""
    await station.until_civil("20:26")
    await station.phone("p12").replies_with_number("收到")
    await station.phone("p12").replies("代 郑秀英 到岗")
    assert await station.cases(OFFICE) == []
    await station.until_civil("2026-11-24 00:26")


async def test_the_liaison_is_asked_to_ring_and_has_the_next_act_with_one_button(watched: Station) -> None:
    station = watched
    await leaves_two_calls_unanswered(station)
    asked = station.phone("p02").got("岐元村书记赵志强", "近来没有回音", "请先打个电话", "周丽华代理")
    assert "请下一位代理" in asked.buttons
    station.phone("p11").never_got("没有回音")
    await station.phone("p02").taps("请下一位代理", on=asked)
    station.phone("p02").got("由周丽华代理岐元村书记")
    station.phone("p12").got("请您代理岐元村书记")
    case = await station.case(OFFICE)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "acting")


async def test_one_word_from_him_and_he_is_silent_no_more(watched: Station) -> None:
    station = watched
    await leaves_two_calls_unanswered(station)
    assert (await station.case(OFFICE)).state is CaseState.CALLING
    await station.phone("p11").replies("手机没电，刚看到")
    case = await station.case(OFFICE)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, "answered")
    station.phone("p02").got("没有回音", "此事已了")


async def test_who_rings_takes_it_and_by_sms_may_have_the_next_act(watched: Station) -> None:
    station = watched
    await leaves_two_calls_unanswered(station)
    asked = station.phone("p02").got("近来没有回音")
    await station.phone("p02").replies(f"收到{asked.number}")
    assert (await station.case(OFFICE)).holder == "p02"
    await station.phone("p02").replies(f"代理{asked.number}", by="sms")
    assert (await station.case(OFFICE)).outcome == "acting"


# ── the book ─────────────────────────────────────────────────────────────────────────────────────


async def test_everything_is_in_the_book_and_the_journal_and_a_mistake_is_taken_back(
    station: Station,
) -> None:
    await acts(station, "p12")
    await station.advance(hours=1)
    parts, now = station.engine.parts, station.clock.now()
    async with parts.station.db.write() as tx:
        book = await tx.office_records.of_seat(SECRETARY)
        acting = next(record for record in book if record.what is What.ACTING)
        assert (acting.by, acting.order) == ("p01", "白街〔2026〕7号")
        await parts.offices.take_back(tx, SECRETARY, acting.id, WANG, "填错了人", now)
        await tx.signals.ring()
    await station.settle()
    station.phone("p12").expects("到此为止")
    events = [line.event for line in await station.journal("BS01|secretary|1")]
    assert events == ["acting_ordered", "acting_began", "office_taken_back", "acting_ended"]
    async with parts.station.db.read() as tx:
        assert [record.what for record in await tx.office_records.of_seat(SECRETARY)] == [
            What.APPOINTED,
            What.ACTING,
            What.TAKEN_BACK,
        ]
