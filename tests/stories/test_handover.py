"""A duty desk in shifts: who comes gets one list of what is open, and takes all of it over by one answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notifier.domain.case import Acknowledged, CaseState
from notifier.domain.ids import PersonId
from notifier.engine import handover
from tests.stories.harness import Edits, Station, duty_station

GATE = "BS01-G1 2026-11-23T12:00:00Z"
"""岐元村, 20:00 to midnight: nobody comes."""
PAIR = "BS02-G1 2026-11-23T13:05:00Z"
"""密东村, 21:05 to midnight: nobody there either; a case from 21:15."""

DESK_IN_SHIFTS: Edits = {
    "people.csv": {
        "p22,冯美珍": "d1,江秀兰,13800100031,YQ,zh,100031\nd2,苗建军,13800100032,YQ,zh,100032\np22,冯美珍",
    },
    "posts.csv": {"BS01-G1,BS01": "YQ-D,YQ,值班室,duty_desk,1\nBS01-G1,BS01"},
    "shifts.csv": {
        "BS02-G1,2026-11-23T20:00:00+08:00,2026-11-24T00:00:00+08:00,p21;p22\n": (
            "BS02-G1,2026-11-23 21:05,2026-11-24 00:00,p21;p22\n"
            "YQ-D,2026-11-23 16:00,2026-11-23 21:30,d1\nYQ-D,2026-11-23 21:30,2026-11-24 06:00,d2\n"
        ),
    },
}
"""The city's desk: d1 until 21:30, d2 from then on. Calls get to the desk at 20:50."""


@pytest.fixture
async def evening(tmp_path: Path, database_url: str) -> AsyncIterator[Station]:
    """21:05: 江秀兰 is at the desk, and has taken what nobody in 岐元村 answered."""
    async with duty_station(tmp_path, database_url, edits=DESK_IN_SHIFTS) as opened:
        await opened.until_civil("15:50")
        await opened.phone("d1").replies("到岗")
        await opened.until_civil("21:05")
        case = await opened.case(GATE)
        assert "d1" in await opened.called(case), await opened.events(case)
        yield opened


async def relieved(station: Station) -> None:
    """江秀兰 holds the case, and 苗建军 comes for his shift."""
    await station.phone("d1").replies("收到")
    assert (await station.case(GATE)).holder == "d1"
    station.reads_all()
    await station.advance(minutes=5)
    await station.phone("d2").replies("到岗")


async def test_who_comes_is_told_what_is_open_and_takes_it_by_one_answer(evening: Station) -> None:
    await relieved(evening)
    note = evening.phone("d2").got("值班室", "岐元村卡口", "接班")
    assert note.buttons == ("接班",)
    evening.reads_all()
    await evening.phone("d2").taps("接班")
    case = await evening.case(GATE)
    assert (case.state, case.holder) == (CaseState.HELD, PersonId("d2"))
    evening.phone("d2").expects("都由您接手了", "岐元村卡口")
    evening.phone("d1").expects("苗建军已接班", "岐元村卡口")
    assert [(e, p) for e, p in await evening.events(case) if e in ("handed_on", "acknowledged")] == [
        ("acknowledged", "d1"), ("handed_on", "d1"), ("acknowledged", "d2"),
    ]  # fmt: skip


async def test_the_word_with_its_number_does_it_too_and_once(evening: Station) -> None:
    await relieved(evening)
    number = evening.phone("d2").got("未了的事").number
    await evening.phone("d2").replies(f"接班{number}")
    assert (await evening.case(GATE)).holder == "d2"
    await evening.phone("d2").replies(f"接班{number}")
    assert evening.phone("d2").count("都由您接手了") == 1
    assert evening.phone("d1").count("苗建军已接班") == 1


async def test_what_waits_for_the_desk_unheld_is_taken_with_it(evening: Station) -> None:
    await evening.advance(minutes=1)
    await evening.phone("d2").replies("到岗")
    await evening.phone("d2").replies("接班")
    assert (await evening.case(GATE)).holder == "d2"
    evening.phone("d1").never_got("已接班")


async def test_what_is_new_since_the_note_is_taken_and_said(evening: Station) -> None:
    await relieved(evening)
    number = evening.phone("d2").got("未了的事").number
    await evening.until_civil("21:16")
    taking = Acknowledged(person=PersonId("d1"), words="打过电话")
    async with evening.engine.parts.station.db.write() as tx:
        case = (await evening.case(PAIR)).id
        await evening.engine.parts.cases.happen(tx, case, taking, evening.clock.now())
    await evening.phone("d2").replies(f"接班{number}")
    assert [(await evening.case(subject)).holder for subject in (GATE, PAIR)] == ["d2", "d2"]
    evening.phone("d2").expects("岐元村卡口", "密东村卡口")
    assert evening.phone("d1").count("苗建军已接班") == 1


async def test_a_quiet_desk_is_handed_over_without_a_word(tmp_path: Path, database_url: str) -> None:
    async with duty_station(tmp_path, database_url, edits=DESK_IN_SHIFTS) as station:
        await station.until_civil("15:50")
        await station.phone("d1").replies("到岗")
        station.phone("d1").never_got("接班")


async def test_who_has_left_the_desk_again_cannot_take_it(evening: Station) -> None:
    await relieved(evening)
    number = evening.phone("d2").got("未了的事").number
    await evening.phone("d2").replies("撤销")
    await evening.phone("d2").replies(f"接班{number}")
    assert (await evening.case(GATE)).holder == "d1"


@pytest.mark.parametrize("word", ["收到", "处理好了", "到岗", "20"])
async def test_other_words_take_over_nothing(evening: Station, word: str) -> None:
    await relieved(evening)
    evening.reads_all()
    await evening.phone("d2").replies(word)
    assert (await evening.case(GATE)).holder == "d1"
    assert evening.phone("d2").unread, "he is told how to answer, or how it stands"


async def test_received_with_its_number_is_told_the_word(evening: Station) -> None:
    await relieved(evening)
    number = evening.phone("d2").got("未了的事").number
    await evening.phone("d2").replies(f"收到{number}")
    evening.phone("d2").expects(f"接班{number}")
    assert (await evening.case(GATE)).holder == "d1"


async def test_undoing_after_it_does_not_take_back_the_arrival(evening: Station) -> None:
    await relieved(evening)
    await evening.phone("d2").taps("接班")
    await evening.phone("d2").replies("撤销")
    assert (await evening.case(GATE)).holder == "d2"
    async with evening.engine.parts.station.db.read() as tx:
        assert await tx.presences.of_person(PersonId("d2")) is not None


async def test_the_note_survives_a_restart(evening: Station) -> None:
    await relieved(evening)
    await evening.restarts(tidily=False)
    await evening.phone("d2").taps("接班")
    assert (await evening.case(GATE)).holder == "d2"


async def test_many_matters_are_handed_over_by_parts(
    evening: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two are open; one at a time, the second answer takes the second."""
    monkeypatch.setattr(handover, "AT_ONCE", 1)
    await evening.phone("d1").replies("收到")
    await evening.until_civil("21:16")
    taking = Acknowledged(person=PersonId("d1"), words="打过电话")
    async with evening.engine.parts.station.db.write() as tx:
        case = (await evening.case(PAIR)).id
        await evening.engine.parts.cases.happen(tx, case, taking, evening.clock.now())
    await evening.phone("d2").replies("到岗")
    holders = []
    for _ in range(2):
        await evening.phone("d2").replies("接班")
        holders.append([(await evening.case(subject)).holder for subject in (GATE, PAIR)])
    assert holders == [["d2", "d1"], ["d2", "d2"]]
    assert evening.phone("d2").count("未了的事") == 2
    assert evening.phone("d1").count("苗建军已接班") == 2
