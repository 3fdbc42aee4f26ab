"""A case at the console: the story it tells, and what may be done about it there, once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.engine.broadcasts import Order
from tests.stories.browsing import console_of
from tests.stories.harness import ONE_POST, Station, duty_station

CASE = "/console/cases/1"
GAP = "unstaffed"


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """岐元村 at 20:26: 郑秀英 (p14) is not there; 赵志强 (p11) and 周丽华 (p12) have been called."""
    async with duty_station(tmp_path, database_url, edits=ONE_POST) as opened:
        await opened.until_civil("20:26")
        yield opened


async def test_it_tells_who_was_called_when_and_by_what_and_who_was_passed_over_and_why(
    evening: Station,
) -> None:
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(CASE)
    for told in ("岐元村：缺岗", "11-23 20:10 开案", "郑秀英", "赵志强", "第 2 步", "不在位，到 2026-12-01"):
        assert told in page
    assert "空缺：委员 4" in page
    assert "还剩 9 分" in page, "the acknowledgement clock runs until 20:35"


async def test_it_is_told_in_english_too(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        desk.client.cookies.set("notifier-language", "en")
        page = await desk.sees(CASE)
    for told in ("Post not staffed", "absent until 2026-12-01", "vacant: committee", "9 min left", "step 2"):
        assert told in page


async def test_the_desk_takes_it_and_those_called_hear_who_has_it(evening: Station) -> None:
    evening.reads_all()
    async with console_of(evening, "p01") as desk:
        answer = await desk.post(f"{CASE}/take", seen="calling/")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{CASE}?did=take")
        assert "已由您接手" in await desk.sees(answer.headers["location"])
    case = await evening.case(GAP)
    assert (case.state, case.holder) == (CaseState.HELD, "p01")
    evening.phone("p11").got("王建国")
    taken = [event for event in await evening.trace(case) if event["event"] == "acknowledged"]
    assert [(event["person"], event["channel"], event["reason"]) for event in taken] == [
        ("p01", "web", "我来接手")
    ]


async def test_a_double_click_takes_it_once_and_two_officers_have_one_holder(evening: Station) -> None:
    async with console_of(evening, "p01") as desk, console_of(evening, "p02") as liaison:
        answers = await asyncio.gather(
            *(browser.post(f"{CASE}/take", seen="calling/") for browser in (desk, desk, liaison, liaison))
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409, 409, 409]
        case = await evening.case(GAP)
        late = liaison if case.holder == "p01" else desk
        page = (await late.post(f"{CASE}/take", seen="calling/")).text
    name = {"p01": "王建国", "p02": "陈晓燕"}[str(case.holder)]
    assert f"{name} 已接手，由其处理" in page
    events = [event for event, _ in await evening.events(case)]
    assert events.count("acknowledged") == 1


async def test_it_is_held_with_a_note_until_then_and_calls_nobody_meanwhile(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        answer = await desk.post(f"{CASE}/hold", words="打过电话，十五分钟到", minutes="15", seen="calling/")
        assert answer.status_code == 303
        page = await desk.sees(answer.headers["location"])
    assert "由您处理到 11-23 20:41" in page
    assert "打过电话，十五分钟到" in page
    evening.reads_all()
    await evening.until_civil("20:40")
    evening.phone("p02").silent()


@pytest.mark.parametrize("minutes", ["", "0", "-5", "1441", "abc", "１５"])
async def test_a_time_that_is_none_changes_nothing(evening: Station, minutes: str) -> None:
    async with console_of(evening, "p01") as desk:
        answer = await desk.post(f"{CASE}/hold", words="在路上", minutes=minutes, seen="calling/")
    assert answer.status_code == 400
    assert "1 到 1440" in answer.text
    assert (await evening.case(GAP)).state is CaseState.CALLING


async def test_it_is_handed_on_to_the_next(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        await secretary.post(f"{CASE}/take", seen="calling/")
        evening.reads_all()
        assert (await secretary.post(f"{CASE}/hand_on", seen="held/p11")).status_code == 303
    case = await evening.case(GAP)
    assert case.state is CaseState.CALLING
    assert ("handed_on", "p11") in await evening.events(case)
    evening.phone("p02").got("岐元村")


async def test_handing_on_what_he_does_not_have_any_more_says_so(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        await secretary.post(f"{CASE}/take", seen="calling/")
        await secretary.post(f"{CASE}/hand_on", seen="held/p11")
        answer = await secretary.post(f"{CASE}/hand_on", seen="held/p11")
    assert answer.status_code == 409
    assert "现在是“呼叫中”" in answer.text


@pytest.mark.parametrize(
    ("deed", "state", "outcome"),
    [("done", CaseState.RESOLVED, "resolved by hand"), ("cancel", CaseState.CANCELLED, "cancelled")],
)
async def test_it_is_closed_with_a_reason_once(
    evening: Station, deed: str, state: CaseState, outcome: str
) -> None:
    async with console_of(evening, "p01") as desk:
        without = await desk.post(f"{CASE}/{deed}", words=" ", seen="calling/")
        assert (without.status_code, "请写明原因" in without.text) == (400, True)
        await desk.post(f"{CASE}/{deed}", words="巡逻队已到", seen="calling/")
        again = await desk.post(f"{CASE}/{deed}", words="巡逻队已到", seen="calling/")
        page = await desk.sees(CASE)
    case = await evening.case(GAP)
    assert (case.state, case.outcome) == (state, outcome)
    assert again.status_code == 409
    assert "没有改动" in again.text
    assert "巡逻队已到" in page
    assert f"{CASE}/take" not in page, "nothing is offered about a case that is closed"
    closed = [e for e in await evening.trace(case) if e["event"] in ("resolved", "cancelled")]
    assert [(e["person"], e["channel"], e["reason"]) for e in closed] == [("p01", "web", "巡逻队已到")]


async def test_nobody_closes_a_case_that_somebody_took_since_he_looked(evening: Station) -> None:
    async with console_of(evening, "p01") as desk, console_of(evening, "p11") as secretary:
        await secretary.post(f"{CASE}/take", seen="calling/")
        answer = await desk.post(f"{CASE}/cancel", words="误报", seen="calling/")
        assert answer.status_code == 409
        assert "现在是“有人接手”，接手人：赵志强" in answer.text
        assert (await evening.case(GAP)).state is CaseState.HELD
        assert (await desk.post(f"{CASE}/cancel", words="误报", seen="held/p11")).status_code == 303
    assert (await evening.case(GAP)).state is CaseState.CANCELLED


async def test_who_was_called_may_look_and_may_not_act(evening: Station) -> None:
    async with console_of(evening, "p14") as member:
        page = await member.sees(CASE)
        assert "您只能看" in page
        assert (await member.post(f"{CASE}/take", seen="calling/")).status_code == 403
        assert (
            await member.post("/console/pauses", where="post:BS01-G1", hours="2", reason="x")
        ).status_code == 403
        assert (await member.get("/console/units/BS01")).status_code == 403
    assert (await evening.case(GAP)).state is CaseState.CALLING


async def test_a_case_of_another_village_and_one_that_there_is_not_are_refused_alike(
    evening: Station,
) -> None:
    async with console_of(evening, "p21") as stranger:
        answers = [await stranger.get(f"/console/cases/{number}") for number in ("1", "77", "x")]
        acts = [await stranger.post(f"/console/cases/{number}/take") for number in ("1", "77", "x")]
    assert {answer.status_code for answer in (*answers, *acts)} == {403}
    said = {answer.text.partition("<main")[2].partition("<footer")[0] for answer in answers}
    assert len(said) == 1


async def test_the_post_is_paused_with_a_reason_and_an_end_once_and_goes_on_again(evening: Station) -> None:
    wanted = {"where": "post:BS01-G1", "hours": "2", "reason": "道路封闭", "back": CASE}
    async with console_of(evening, "p01") as desk:
        answer = await desk.post("/console/pauses", **wanted)
        assert answer.headers["location"] == f"{CASE}?did=pause"
        page = await desk.sees(CASE)
        assert "道路封闭" in page
        assert "到 11-23 22:26" in page
        again = await desk.post("/console/pauses", **wanted)
        assert again.headers["location"] == f"{CASE}?did=paused_already"
        assert "没有改动" in await desk.sees(again.headers["location"])
        async with evening.engine.parts.station.db.read() as tx:
            [pause] = await tx.pauses.standing(evening.clock.now())
        assert pause.by == PersonId("p01")
        assert (await evening.case(GAP)).outcome == "paused"
        ended = [await desk.post(f"/console/pauses/{pause.id}/end", back=CASE) for _ in range(2)]
    assert [answer.headers["location"] for answer in ended] == [
        f"{CASE}?did=resume",
        f"{CASE}?did=not_paused",
    ]
    lines = await evening.journal("BS01-G1")
    told = [(line.event, line.person, line.channel) for line in lines if line.event in ("paused", "resumed")]
    assert told == [("paused", "p01", "web"), ("resumed", "p01", "web")]
    assert (await evening.case(GAP)).state is CaseState.CALLING, "what is empty by then is called for again"


async def test_who_looks_after_a_village_pauses_that_and_nothing_above_it(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        for where in ("unit:BS", "unit:YQ", "unit:BS02", "post:BS02-G1", "unit:nowhere"):
            answer = await secretary.post("/console/pauses", where=where, hours="2", reason="x", back=CASE)
            assert answer.status_code == 403, where
        assert (await secretary.post("/console/pauses/99/end", back=CASE)).status_code == 403
        mine = await secretary.post("/console/pauses", where="unit:BS01", hours="2", reason="演练", back=CASE)
    assert mine.status_code == 303


async def test_an_open_page_tells_what_goes_on(evening: Station) -> None:
    async with console_of(evening, "p01") as desk, console_of(evening, "p11") as secretary:
        stream_of = (await desk.sees(CASE)).partition('sse-connect="')[2].partition('"')[0]
        async with desk.watching(stream_of) as stream:
            await secretary.post(f"{CASE}/take", seen="calling/")
            told = await stream.next("有人接手")
        assert [f'id="{name}"' in told for name in ("facts", "actions", "story")] == [True] * 3
        assert f"{CASE}/take_over" in told, "the forms are those of the case as it is now"
        assert 'value="held/p11"' in told


async def test_a_list_that_was_not_signed_says_which_and_whose(evening: Station) -> None:
    await evening.phone("p14").replies("到岗")
    await evening.until_civil("2026-11-24 08:00")
    case = await evening.case("unsigned")
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(f"/console/cases/{case.id}")
        wall = await desk.sees("/console")
    assert "岐元村：清单未签" in page
    assert "郑秀英" in page.partition("签字人")[2][:60]
    assert "清单未签" in wall.partition("先看这些")[2].partition("筛选")[0]


async def test_what_was_not_relayed_is_told_in_a_few_words(evening: Station) -> None:
    parts, now = evening.engine.parts, evening.clock.now()
    order = Order(
        kind=Kind.COMMENDATION,
        title="风雨守夜",
        body="感谢值守的同志。",
        audience=("unit:BS01",),
        author=PersonId("p01"),
        relay=True,
        reply_by=timedelta(minutes=30),
        start_at=None,
    )
    await parts.broadcasts.prepare(order, now, lambda _: None)
    await evening.advance(minutes=45)
    case = await evening.case("unrelayed")
    async with console_of(evening, "p01") as desk:
        page = await desk.sees(f"/console/cases/{case.id}")
    assert "岐元村：未转达" in page
    assert "风雨守夜" in page.partition("事由")[2][:80]
