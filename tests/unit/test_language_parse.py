"""Words alone: every phrase of the table, in its variants, and what must hold for any text."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.language.figures import EMERGENCY
from notifier.domain.language.model import Verb
from notifier.domain.language.normalise import normalise
from notifier.domain.language.parse import parse

PHRASES: dict[Verb, str] = {
    Verb.ACK: (
        "好的收到|收到！！谢谢🙏|知道了|ok got it|received thanks|1|１|一|827收到|８２７ 收到"
        "|收到827|827 ok|👍|👌|👍🏽"
        "|没问题|no problem|谢谢|好|ack|收到了哦|收到，謝謝您|好的，辛苦了|Received.|1️⃣|ok ok"
    ),
    Verb.NUMBER_ONLY: "827|43|827 10|831 430|八二七",
    Verb.HERE: (
        "到了|已到岗|到岗|I'm here|on post|到|here|我到了|到崗|到岗！！|書記好，我到崗了"
        "|到岗827，在北卡口|已經到崗了，谢谢"
    ),
    Verb.NOT_HERE: "没到|还没到|not there yet|還沒到崗|20分钟到不了|i haven't arrived yet",
    Verb.DECLINE: (
        "到不了|来不了|生病了|没空|在外地|走不开|不便|can't come|I can’t come|ill|away|來不了"
        "|收到，来不了|不方便|NO 827|👎"
        "|孩子病了，今晚来不了"
    ),
    Verb.LEAVE: "请假|请假827|請假 孩子生病|我要请假|leave 827",
    Verb.ETA: (
        "快到了|堵车半小时|827 10分钟|20分钟到|almost there|stuck, 30 min|十分钟到"
        "|没到，还要20分钟|在路上|8点到|晚点到"
        "|i'll be there in 20 minutes|马上到"
    ),
    Verb.OFF: "走了|下班了|gone, shift over|到家了|got home|离岗|離崗827|off post",
    Verb.SIGN: (
        "签了|签字|signed|签|sign|签828|都做了|all done|除3都签|签828除3,5|sign except 3|签3"
        "|sign 3|簽828，除三、五"
    ),
    Verb.NOT_DONE: "3没做|3 not done|三、五没做|没做3|没签|828:3没做|签了，3没做",
    Verb.WONT_SIGN: "不签|签不了|won't sign|拒签|簽不了|I won't sign",
    Verb.VERIFY: "属实|核实|correct|核实829|屬實|情况属实|verified",
    Verb.RETURN: "不属实|退回 第3项没照片|not true|return 3 no photo|退|re|退回829加原因|不屬實",
    Verb.RELAYED: (
        "转达43|转达831 43人|relayed 43|都转达了|told everyone|已转达四十三人|轉達 43|43人"
        "|告诉了43人|转达831 120"
    ),
    Verb.LATER: "等会|晚点|later|等一下|稍后",
    Verb.TAKE_OVER: "接班|我来接班|接班了|接班827|827接班|take over|I'll take over|taking over",
    Verb.HAND_ON: "叫老王去|send Wang|转交|转交老王|轉交|pass on|pass it on to Wang",
    Verb.PROXY: (
        "老王到了|代王建国到岗|代 王建国 到岗827|Wang is there|for Wang here|欧阳建国已到岗|人都到了"
        "|都到了|王书记已到岗"
    ),
    Verb.SIGN_FOR: (
        "代郑秀英签827|代 郑秀英 签827 除3,5|代郑秀英 p14 签|代郑秀英签827 20:50|827代郑秀英签字了|代签827"
        "|代郑秀英簽八二七|代替郑秀英签|for Wang sign 827 except 3 5|for zheng xiuying p14 sign"
    ),
    Verb.SORTED: "处理好了|sorted|搞定了|已安排",
    Verb.AGREE: "同意|同意833|833同意|准了|批准|agree 833|approved",
    Verb.REFUSE: "不同意|不同意833 人手不够|不批准|refuse 833 too few|I don't agree",
    Verb.HAND_OVER: "交班|已交班|交班了|交班827|handed over|I've handed over",
    Verb.COVER: "我来|我去|I'll go|我来834",
    Verb.CLAIM: "昨晚到了忘回了|was there, forgot to answer",
    Verb.INFO: "谁啊|骗子？|几点？在哪？|who is this|when? where?|到岗？|都做了吗|骗子|是不是真的|签？",
    Verb.WRONG_NUMBER: "打错了|不是我|不是我827|wrong number|你打错了",
    Verb.SOMEONE_ELSE: "我是他老婆，他睡了|his wife, he's asleep|我是王建国家属",
    Verb.NOT_RECEIVED: "没收到|不知道|got nothing|don't know|沒收到",
    Verb.UNDO: "点错了|撤销|undo|撤销827|撤銷",
    Verb.STOP: "别发了|退订|TD|STOP|T|stop!|退訂|stop sending this",
    Verb.START: "恢复|START|恢復",
    Verb.DANGER: "有人晕倒|着火|救命|someone collapsed|fire|827收到 着火了|快打120",
    Verb.NEED: "要买药|need medicine|想买药",
    Verb.LIST: "清单|明细|list|清单828|清單",
    Verb.HELP: "帮助|?|？？|help|看不懂|帮助827",
    Verb.LANGUAGE: "语言 en|language zh|語言 中文",
    Verb.VOUCHER: "补发 王建国|補發 王建國|补发登记码给王建国|voucher for Wang|补发",
    Verb.UNKNOWN: (
        "|某某|不好意思，到岗了|收到，我在北京|不退回|老王生病了，我来|没转达"
        "|能换个班吗|不签到|收到，但是去不去再说"
        "|签吧|来不了怎么办|10分钟前到的|我是老王，到了"
    ),
}


@pytest.mark.parametrize(
    ("text", "verb"), [(text, verb) for verb, texts in PHRASES.items() for text in texts.split("|")]
)
def test_each_phrase_has_its_verb(text: str, verb: Verb) -> None:
    assert parse(text).verb is verb


@pytest.mark.parametrize("tail", ["", "！", "。", " 谢谢", "，谢谢您", "🙏", " thanks", "!!!", "~"])
@pytest.mark.parametrize(
    "word", ["收到", "到岗", "签828除3,5", "核实829", "转达831 43", "来不了", "827 10分钟", "离岗"]
)
def test_ornament_changes_nothing(word: str, tail: str) -> None:
    plain, ornate = parse(word), parse(word + tail)
    assert (plain.verb, plain.strict, plain.numbers, plain.items, plain.minutes, plain.counts) == (
        ornate.verb,
        ornate.strict,
        ornate.numbers,
        ornate.items,
        ornate.minutes,
        ornate.counts,
    )


LOOSE = (
    "都做了|all done|签3|sign 3|老王到了|没问题|退|别发了|走了|told everyone|除3都不签|签除3-5|到家了"
    "|大概转达了43"
)


@pytest.mark.parametrize("text", LOOSE.split("|"))
def test_loose_words_are_not_strict(text: str) -> None:
    assert not parse(text).strict


@pytest.mark.parametrize(
    ("text", "numbers", "counts"),
    [
        ("８２７ 收到", (827,), ()),
        ("收到827", (827,), ()),
        ("转达831 四十三人", (831,), (43,)),
        ("转达 120", (), (120,)),
        ("转达831 430", (831, 430), ()),
        ("请打13812345678", (), ()),
        ("到104国道北卡口", (), (104,)),
        ("12月20日20:00", (), ()),
        ("1234收到", (1234,), ()),
        ("收到 100", (), (100,)),
        ("一百二十人", (), (120,)),
        ("转达九百九十九人", (), (999,)),
    ],
)
def test_numbers_and_counts(text: str, numbers: tuple[int, ...], counts: tuple[int, ...]) -> None:
    said = parse(text)
    assert (said.numbers, said.counts) == (numbers, counts)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("堵车半小时", 30),
        ("一个半小时", 90),
        ("两小时后到", 120),
        ("十分钟", 10),
        ("一刻钟到", 15),
        ("1.5小时", 90),
        ("stuck, 30 min", 30),
        ("half an hour", 30),
        ("快到了", 10),
        ("在路上", None),
    ],
)
def test_minutes(text: str, minutes: int | None) -> None:
    assert parse(text).minutes == minutes


@pytest.mark.parametrize(
    ("text", "verb", "minutes", "takes"),
    [
        ("收到827 打过电话 20分钟到", Verb.ETA, 20, True),
        ("收到，打过电话了，20分钟到", Verb.ETA, 20, True),
        ("收到827，20分钟", Verb.ETA, 20, True),
        ("收到 20分钟到", Verb.ETA, 20, True),
        ("ok 20 min", Verb.ETA, 20, True),
        ("received, rang him, there in 20 minutes", Verb.ETA, 20, True),
        ("827 20分钟 已电话联系", Verb.ETA, 20, False),
        ("827 打过电话，20分钟", Verb.ETA, 20, False),
        ("827收到，打过电话", Verb.ACK, None, False),
        ("打过电话", Verb.UNKNOWN, None, False),
        ("收到打过电话没人接", Verb.UNKNOWN, None, False),
        ("没打过电话，20分钟到", Verb.UNKNOWN, None, False),
        ("没收到，20分钟到", Verb.UNKNOWN, None, False),
        ("收到没打过电话", Verb.UNKNOWN, None, False),
        ("收到，打过电话，他不来", Verb.UNKNOWN, None, False),
    ],
)
def test_what_was_done_by_telephone_is_a_note_beside_what_else_is_said(
    text: str, verb: Verb, minutes: int | None, takes: bool
) -> None:
    said = parse(text)
    assert (said.verb, said.minutes, said.takes) == (verb, minutes, takes)


@pytest.mark.parametrize(
    ("text", "items"),
    [("除3都签", (3,)), ("签828除3,5", (3, 5)), ("签除三五", (3, 5)),
     ("签除3.5", (3, 5)), ("sign except 3 and 5", (3, 5)),
     ("签除3-5", (3, 4, 5)), ("第3项、第5项没做", (3, 5)), ("签828 除 3 5", (3, 5)), ("签除十二", (12,))],
)  # fmt: skip
def test_items(text: str, items: tuple[int, ...]) -> None:
    assert parse(text).items == items


@pytest.mark.parametrize(
    ("text", "name"),
    [("代王建国到岗", "王建国"), ("代 欧阳建国 到岗827", "欧阳建国"), ("老王到了", "老王"),
     ("叫老王去", "老王"),
     ("转交章若兰", "章若兰"), ("send Wang", "wang"), ("转交", None),
     ("王书记已到岗", "王书记"), ("人都到了", None)],
)  # fmt: skip
def test_names(text: str, name: str | None) -> None:
    assert parse(text).name == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [("退回 第3项没照片", "第3项没照片"), ("退回829 没去104国道", "没去104国道"),
     ("829退回，没照片", "没照片"), ("不属实", None),
     ("退回829加原因", None), ("请假 孩子生病827", "孩子生病"), ("请假827", None)],
)  # fmt: skip
def test_reasons(text: str, reason: str | None) -> None:
    assert parse(text).reason == reason


@pytest.mark.parametrize(
    ("text", "name", "numbers", "items", "clock"),
    [
        ("代 郑秀英 签827 除3,5", "郑秀英", (827,), (3, 5), None),
        ("代郑秀英 p14 签827除3、5没做", "郑秀英 p14", (827,), (3, 5), None),
        ("827代郑秀英签", "郑秀英", (827,), (), None),
        ("代郑秀英签827，20：50，除3", "郑秀英", (827,), (3,), time(20, 50)),
        ("代郑秀英签 8:05", "郑秀英", (), (), time(8, 5)),
        ("for Zheng Xiuying sign 827 at 20:50 except 3 5", "zheng xiuying", (827,), (3, 5), time(20, 50)),
        ("for wang p15 signed 827", "wang p15", (827,), (), None),
    ],
)
def test_signing_for_somebody(
    text: str, name: str, numbers: tuple[int, ...], items: tuple[int, ...], clock: time | None
) -> None:
    said = parse(text)
    assert (said.verb, said.strict) == (Verb.SIGN_FOR, True)
    assert (said.name, said.numbers, said.items, said.clock) == (name, numbers, items, clock)


@pytest.mark.parametrize(
    "text", ["代签827", "代 姓名 签828", "代郑秀英签827除3-5", "代郑秀英签110", "代郑秀英签25:61"]
)
def test_signing_for_somebody_is_never_guessed(text: str) -> None:
    said = parse(text)
    assert (said.verb, said.strict) in ((Verb.SIGN_FOR, False), (Verb.UNKNOWN, True))


@pytest.mark.parametrize("text", ["代郑秀英没签", "代郑秀英签吗？", "代她不签827", "别代郑秀英签"])
def test_a_denial_or_a_question_signs_for_nobody(text: str) -> None:
    assert parse(text).verb is not Verb.SIGN_FOR


@pytest.mark.parametrize(
    ("text", "name", "day"),
    [
        ("请周丽华主持到2月10日", "周丽华", (2, 10, None)),
        ("请周丽华同志主持工作至2027年2月10日止", "周丽华", (2, 10, 2027)),
        ("请周丽华 p12 主持", "周丽华 p12", None),
        ("let Zhou Lihua act until 10 Feb", "zhou lihua", (2, 10, None)),
        ("appoint zhou lihua as acting secretary until February 10, 2027", "zhou lihua", (2, 10, 2027)),
        ("appoint p12", "p12", None),
        ("请周丽华主持", "周丽华", None),
    ],
)
def test_who_is_to_act_and_until_when(text: str, name: str, day: tuple[int, int, int | None] | None) -> None:
    said = parse(text)
    assert (said.verb, said.strict, said.name, said.numbers) == (Verb.APPOINT, True, name, ())
    assert (said.day and (said.day.month, said.day.day, said.day.year)) == day


def test_let_them_act_names_nobody() -> None:
    assert (parse("let them act").verb, parse("let them act").name) == (Verb.APPOINT, None)


def test_namesakes_are_told_apart_by_their_ids() -> None:
    assert (parse("代郑秀英 p14 到岗827").verb, parse("代郑秀英 p14 到岗827").name) == (
        Verb.PROXY,
        "郑秀英 p14",
    )
    assert parse("for wang is here").name == "wang"


GUARDED = {Verb.HERE, Verb.SIGN, Verb.VERIFY, Verb.SIGN_FOR}
NEGATIONS = [
    "不",
    "没",
    "未",
    "无",
    "别",
    "沒",
    "無",
    "not ",
    "no ",
    "don't ",
    "isn’t ",
    "没有",
    "还没",
    "❌",
]
WORDS = [
    text
    for texts in PHRASES.values()
    for text in texts.split("|")
    if "除" not in text and "except" not in text
]


@given(st.text())
def test_any_text_parses(text: str) -> None:
    parse(text)


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map("".join)))
def test_normalisation_is_idempotent(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.sampled_from(NEGATIONS),
    st.integers(0, 3),
    st.sampled_from(["", "827", " 828 ", "3", "３，５"]),
    st.sampled_from(["", " ", "，"]),
)
def test_a_negation_never_puts_on_post_signs_or_verifies(
    said: list[str], negation: str, at: int, number: str, joint: str
) -> None:
    parts = [*said[:at], negation + (said[at] if at < len(said) else ""), *said[at + 1 :], number]
    assert parse(joint.join(parts)).verb not in GUARDED


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.sampled_from(["?", "？", "吗", "吗？"]))
def test_a_question_never_acts(said: list[str], mark: str) -> None:
    assert parse("".join(said) + mark).verb not in {*GUARDED, Verb.RELAYED, Verb.RETURN, Verb.PROXY, Verb.ACK}


@given(st.text(), st.sampled_from(sorted(EMERGENCY)), st.text())
def test_emergency_numbers_name_no_matter(before: str, number: int, after: str) -> None:
    assert not EMERGENCY & set(parse(f"{before} {number} {after}").numbers)


@pytest.mark.parametrize(
    "unit",
    ["好的", "啊", "谢谢您", "刚刚", "都", "11 ", "3,", "签", "我到", "昨晚到", "除3", "要", "ok "],
)
def test_long_repetitions_take_no_time(unit: str) -> None:
    parse(unit * 1500 + "x")
    parse(unit * (390 // len(unit)) + "x")
