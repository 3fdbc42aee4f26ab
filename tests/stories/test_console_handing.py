"""Who has a case, decided at the console: handed to somebody chosen, or taken over by who may."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.case import CaseState
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


async def test_the_holder_hands_it_to_whom_he_chose_who_is_asked_and_has_it_when_he_says_so(
    evening: Station,
) -> None:
    async with console_of(evening, "p11") as secretary:
        await secretary.post(f"{CASE}/take", seen="calling/")
        evening.reads_all()
        form = (await secretary.sees(CASE)).partition("交给指定的人")[2].partition("</form>")[0]
        assert '<option value="p12">周丽华' in form
        assert "叫过" in form
        assert 'value="p11"' not in form, "not to himself"
        answer = await secretary.post(f"{CASE}/hand_to", to="p12", words="他离得近", seen="held/p11")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{CASE}?did=hand_to")
        page = await secretary.sees(answer.headers["location"])
    assert "等对方回话" in page
    assert "交给周丽华；他离得近" in page
    case = await evening.case(GAP)
    assert (case.state, case.holder) == (CaseState.CALLING, None)
    evening.phone("p12").got("赵志强请您接手", "岐元村", "他离得近")
    await evening.phone("p12").replies("收到")
    assert (await evening.case(GAP)).holder == "p12"
    evening.phone("p11").got("周丽华")


async def test_the_desk_hands_what_nobody_has_to_anybody_in_reach_and_the_calls_go_on_without_him(
    evening: Station,
) -> None:
    async with console_of(evening, "p01") as desk:
        await desk.post(f"{CASE}/hand_to", other="p21", words="邻村支援", seen="calling/")
        assert evening.phone("p21").got("王建国请您接手", "岐元村").buttons == ("收到", "不便")
        await evening.phone("p21").replies("不便")
        assert "declined" in [event for event, _ in await evening.events(await evening.case(GAP))]
        called = await evening.called(await evening.case(GAP))
    assert called[-1] != "p21", "the next was called"


async def test_whom_it_is_handed_to_holds_it_wherever_he_stands(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        await desk.post(f"{CASE}/hand_to", other="p21", words="邻村支援", seen="calling/")
    await evening.phone("p21").replies("收到")
    case = await evening.case(GAP)
    assert (case.state, case.holder) == (CaseState.HELD, "p21")
    evening.phone("p12").got("已接手")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"other": "没有这个人"}, "没有找到这个人"),
        ({"other": "p"}, "不止一个人"),
        ({"other": "p13"}, "不在位"),
        ({"to": "p21"}, "没有找到这个人"),
        ({}, "没有找到这个人"),
        ({"other": "p12", "words": " "}, "请写明原因"),
    ],
)
async def test_a_form_that_was_refused_is_shown_again_with_what_was_typed(
    evening: Station, fields: dict[str, str], told: str
) -> None:
    async with console_of(evening, "p01") as desk:
        answer = await desk.post(f"{CASE}/hand_to", **{"words": "他离得近", "seen": "calling/", **fields})
    assert answer.status_code == 400
    assert told in answer.text.partition("<h1>")[2].partition('class="board"')[0], "on top"
    for typed in (fields.get("other"), fields.get("words", "他离得近").strip()):
        assert not typed or f'value="{typed}"' in answer.text
    assert (await evening.case(GAP)).state is CaseState.CALLING


async def test_who_looks_after_one_village_finds_nobody_of_another(evening: Station) -> None:
    async with console_of(evening, "p11") as secretary:
        for told in ("p21", "nobody"):
            answer = await secretary.post(f"{CASE}/hand_to", other=told, words="x", seen="calling/")
            assert (answer.status_code, "没有找到这个人" in answer.text) == (400, True)


async def test_the_desk_takes_it_over_with_a_reason_and_who_had_it_is_told(evening: Station) -> None:
    async with console_of(evening, "p12") as deputy:
        await deputy.post(f"{CASE}/take", seen="calling/")
    evening.reads_all()
    async with console_of(evening, "p01") as desk:
        assert "接过来后会告诉对方" in await desk.sees(CASE)
        without = await desk.post(f"{CASE}/take_over", words="", seen="held/p12")
        assert without.status_code == 400
        answer = await desk.post(f"{CASE}/take_over", words="现场有险情", seen="held/p12")
        assert answer.headers["location"] == f"{CASE}?did=take_over"
        page = await desk.sees(CASE)
    assert "原由周丽华在办；现场有险情" in page
    assert (await evening.case(GAP)).holder == "p01"
    evening.phone("p12").got("王建国", "已接过去办", "现场有险情")
    evening.phone("p01").got("岐元村")


async def test_who_stands_lower_takes_nothing_over_and_a_change_since_he_looked_is_said(
    evening: Station,
) -> None:
    async with console_of(evening, "p11") as secretary, console_of(evening, "p12") as deputy:
        await secretary.post(f"{CASE}/take", seen="calling/")
        assert f"{CASE}/take_over" not in await deputy.sees(CASE)
        lower = await deputy.post(f"{CASE}/take_over", words="我来", seen="held/p11")
        assert (lower.status_code, "赵志强 已接手" in lower.text) == (409, True)
    async with console_of(evening, "p01") as desk:
        late = await desk.post(f"{CASE}/take_over", words="我来看看", seen="held/p12")
        assert (late.status_code, "情况变了" in late.text) == (409, True)
        assert 'value="我来看看"' in late.text, "what was typed is kept"
    assert (await evening.case(GAP)).holder == "p11"


async def test_a_pause_that_was_refused_is_shown_again_where_it_came_from(evening: Station) -> None:
    async with console_of(evening, "p01") as desk:
        for back in (CASE, "/console/units/BS01", "/console/units/BS"):
            wanted = {"where": "unit:BS", "hours": "0", "reason": "台风停岗", "back": back}
            answer = await desk.post("/console/pauses", **wanted)
            assert answer.status_code == 400
            assert "1 到 168" in answer.text
            assert 'value="台风停岗"' in answer.text or back == "/console/units/BS01"
