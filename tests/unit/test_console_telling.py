"""What the journal keeps, in the words of the pages."""

from functools import partial
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.chain import (
    ABSENT,
    BLOCKED,
    CALLED_BEFORE,
    NO_CONTACT,
    ON_LEAVE,
    OWN_SHEET,
    STOOD_IN_FOR,
    SUSPENDED,
    VACANT,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Person
from notifier.web.console.telling import Teller
from notifier.web.console.words import Words

WORDS = Words.load()
ANN = Person(id=PersonId("p1"), name="王建国", phone=None, unit=UnitCode("V1"), locale="zh")


def teller(locale: str) -> Teller:
    titles = {"committee": "委员"}
    return Teller(
        partial(WORDS.say, locale), lambda t: titles.get(t, t), ZoneInfo("Asia/Shanghai"), {ANN.id: ANN}
    )


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("step 2", "第 2 步"),
        ("step 2, acting", "第 2 步，代理"),
        ("step 3, time 2", "第 3 步，第 2 次"),
        ("step 3, second round", "第 3 步，第二轮"),
        ("step 3, second round, acting, time 2", "第 3 步，第 2 次，第二轮"),
        ("who_has_it, left for the morning", "谁接手了，留到早上"),
        ("步行, left for the morning", "步行，留到早上"),
        ("exhausted", "值班室"),
        ("exhausted, time 4", "值班室"),
        ("vacant: committee", "空缺：委员"),
        ("vacant: committee 4", "空缺：委员 4"),
        ("absent until 2026-12-01", "不在位，到 2026-12-01"),
        ("0 of 2 on post", "在岗 0 人，应到 2 人"),
        ("1 of 2 were on post", "在岗 1 人，应到 2 人"),
        ("no_contact", "没有联系方式"),
        ("not done in time", "到时没办完"),
        ("the first attempt's outcome is unknown", "上一次是否发到不明"),
        ("by proxy of p1", "由王建国代记"),
        (
            "by proxy of p1; done 2026-11-23T12:50:00Z; without 3, 5; late",
            "由王建国代记；当时 11-23 20:50；除第 3, 5 项；已补签",
        ),
        ("acting committee; for p1", "代理委员；代王建国"),
        ("to p1", "交给王建国"),
        ("by p1; 交接没有到场; 已谈话", "由王建国决定；交接没有到场; 已谈话"),
        ("by p1", "由王建国决定"),
        ("by p1; claimed 2026-11-23T12:50:00Z", "由王建国决定；补报于 11-23 20:50"),
        ("vouched for by p1", "由王建国担保"),
        ("late since 2026-11-23T12:50:00Z", "从 11-23 20:50 起落后"),
        ("12, good until 2026-11-23T12:50:00Z", "12 人，有效到 11-23 20:50"),
        ("cover for p1", "顶王建国的班"),
        ("asked 3 for p1", "为王建国的班问了 3 人"),
        ("for p2, agreed by p1", "替p2，王建国同意"),
        ("p1 for p2 at V1-G1 2026-11-23T12:00:00Z; by p1", "王建国替p2，V1-G1 11-23 20:00；由王建国决定"),
        (
            "p1 for p2 at G 2026-11-23T12:00:00Z and p2 for p1 at G 2026-11-24T12:00:00Z",
            "王建国替p2，G 11-23 20:00；p2替王建国，G 11-24 20:00",
        ),
        ("by p1: 人手不够", "由王建国决定：人手不够"),
        ("leave_refused by p1", "收回“不同意请假”，王建国"),
        ("now V1-G1 2026-11-23T12:00:00Z", "改为 V1-G1 11-23 20:00"),
        ("cover: no_contact", "找人顶：没有联系方式"),
        ("personal", "本人有事"),
        ("在路上了; late", "在路上了; late"),
        ("在路上了", "在路上了"),
        ("{time}", "{time}"),
        (None, ""),
    ],
)
def test_reasons(kept: str | None, told: str) -> None:
    assert teller("zh").reason(kept) == told


@pytest.mark.parametrize("locale", ["zh", "en"])
@pytest.mark.parametrize(
    "reason",
    [VACANT, ABSENT, SUSPENDED, ON_LEAVE, NO_CONTACT, BLOCKED, CALLED_BEFORE, OWN_SHEET, STOOD_IN_FOR],
)
def test_why_somebody_was_passed_over_has_words(locale: str, reason: str) -> None:
    kept = f"{reason}: committee" if reason == VACANT else reason
    told = teller(locale).reason(kept)
    assert told
    assert "_" not in told
    assert locale == "en" or not told.isascii()


def test_events_and_channels_it_has_no_words_for_stay_as_they_are() -> None:
    tell = teller("zh")
    assert (tell.event("called"), tell.event("something_new")) == ("呼叫", "something_new")
    assert (tell.channel("sms"), tell.channel("pigeon"), tell.channel(None)) == ("短信", "pigeon", "")


def test_people_are_named_and_strangers_are_their_ids() -> None:
    tell = teller("zh")
    assert (tell.name(ANN.id), tell.name(PersonId("p9")), tell.name(None)) == ("王建国", "p9", "")


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("p1", "王建国"),
        ("V1-G1 2026-11-23T12:00:00Z", "V1-G1 11-23 20:00"),
        ("rigid-8 V1-G1 2026-11-23T12:00:00.500000Z", "rigid-8 V1-G1 11-23 20:00"),
        ("43", "43"),
        (None, ""),
    ],
)
def test_what_a_line_is_about(kept: str | None, told: str) -> None:
    assert teller("zh").about(kept) == told
