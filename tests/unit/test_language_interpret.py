"""Words held against what is open: every row of the table, in the contexts that the row names."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import MatterId
from notifier.domain.language.interpret import PERSONAL, interpret
from notifier.domain.language.model import (
    Answer,
    AskBack,
    Forward,
    MatterKind,
    NothingOpen,
    OpenMatter,
    Question,
    Reading,
    Silence,
    Stale,
    Verb,
)
from notifier.domain.language.parse import parse
from tests.unit.test_language_parse import NEGATIONS, PHRASES

ON_SHIFT = frozenset({Verb.ACK, Verb.HERE, Verb.OFF, Verb.LEAVE, Verb.ETA, Verb.UNDO})
CALLED = frozenset({Verb.ACK, Verb.DECLINE, Verb.ETA, Verb.HAND_ON, Verb.PROXY, Verb.HERE})
ASKED_TO_SIGN = frozenset({Verb.SIGN, Verb.WONT_SIGN, Verb.LATER})
K = MatterKind


def matter(number: int, kind: MatterKind, answers: frozenset[Verb], **more: bool | int) -> OpenMatter:
    plain = OpenMatter(id=MatterId(number * 10), number=number, kind=kind, answers=answers)
    return OpenMatter(
        id=plain.id,
        number=number,
        kind=kind,
        answers=answers,
        rostered=bool(more.get("rostered", False)),
        members=more.get("members"),
        asks=bool(more.get("asks", True)),
        early=bool(more.get("early", False)),
        items=more.get("items", 0),
    )


R = matter(827, K.REMINDER, ON_SHIFT, rostered=True)
EARLY = matter(826, K.REMINDER, ON_SHIFT - {Verb.HERE, Verb.OFF}, rostered=True, early=True)
C = matter(825, K.CALL, CALLED)
C_OWN = matter(824, K.CALL, CALLED | {Verb.LEAVE}, rostered=True)
COVER = matter(834, K.CALL, frozenset({Verb.COVER}))
S = matter(828, K.LIST, ASKED_TO_SIGN, items=8)
S2 = matter(838, K.LIST, ASKED_TO_SIGN, items=4)
V = matter(829, K.VERIFY, frozenset({Verb.VERIFY, Verb.RETURN}))
L = matter(831, K.RELAY, frozenset({Verb.RELAYED}), members=47)
L_BIG = matter(832, K.RELAY, frozenset({Verb.RELAYED}), members=500)
N = matter(833, K.NOTICE, frozenset({Verb.ACK}))
D = matter(839, K.DESK, frozenset({Verb.TAKE_OVER}))
PRAISE = matter(840, K.NOTICE, frozenset(), asks=False)


def read(text: str, *matters: OpenMatter, **how: bool) -> Reading:
    return interpret(parse(text), matters, confirmed=how.get("confirmed", False), known=(800, 801))


def took(verb: Verb, of: OpenMatter | None, **more: object) -> Reading:
    base = Answer(verb=verb, matter=of.id if of else None)
    return Answer(
        verb=base.verb,
        matter=base.matter,
        minutes=_int(more.get("minutes")),
        count=_int(more.get("count")),
        items=_ints(more.get("items", ())),
        name=_str(more.get("name")),
        reason=_str(more.get("reason")),
        language=_str(more.get("language")),
        number=_int(more.get("number")),
    )


def asked(question: Question, *matters: OpenMatter, **more: object) -> Reading:
    return AskBack(
        question=question,
        matters=tuple(m.id for m in matters),
        items=_ints(more.get("items", ())),
        count=_int(more.get("count")),
        name=_str(more.get("name")),
    )


def _int(value: object) -> int | None:
    assert value is None or isinstance(value, int)
    return value


def _str(value: object) -> str | None:
    assert value is None or isinstance(value, str)
    return value


def _ints(value: object) -> tuple[int, ...]:
    assert isinstance(value, tuple)
    return value


Q = Question
away = {"reason": PERSONAL}
TABLE: Sequence[tuple[str, tuple[OpenMatter, ...], Reading]] = [
    ("好的收到|收到！！谢谢🙏|知道了|ok got it|received thanks|1|👍|👌"
     "|827收到|８２７ 收到|收到827|827 ok|827|没问题|no problem",
     (R,), took(Verb.ACK, R)),
    ("好的收到|1|👍|825|825收到|我来|我去|I'll go|我来安排", (C,), took(Verb.ACK, C)),
    ("收到|1|知悉", (N,), took(Verb.ACK, N)),
    ("1|收到|828|👍|828收到|1 828", (S,), asked(Q.HOW_TO_ANSWER, S)),
    ("1|收到|829|👍", (V,), asked(Q.HOW_TO_ANSWER, V)),
    ("1|收到|831|👍|831 1", (L,), asked(Q.HOW_TO_ANSWER, L)),
    ("到了|已到岗|到岗|I'm here|on post|到崗|827到岗|到岗827", (R,), took(Verb.HERE, R)),
    ("到了|到岗826|on post", (EARLY,), asked(Q.TOO_EARLY, EARLY)),
    ("没到|还没到|not there yet", (R,), asked(Q.HOW_LONG, R)),
    ("还没到|not there yet", (C,), asked(Q.HOW_LONG, C)),
    ("到不了|来不了|生病了|没空|在外地|走不开|不便|can't come|ill|away|请假|请假827",
     (R,), took(Verb.LEAVE, R, **away)),
    ("到不了|来不了|生病了|没空|在外地|走不开|不便|can't come|ill|away|NO 825|不便825",
     (C,), took(Verb.DECLINE, C)),
    ("到不了|生病了|can't come|ill|不便824", (C_OWN,), took(Verb.LEAVE, C_OWN, **away)),
    ("请假827 孩子生病|请假 孩子生病827", (R,), took(Verb.LEAVE, R, reason="孩子生病")),
    ("接班|接班839|take over|taking over 839", (D,), took(Verb.TAKE_OVER, D)),
    ("接班|take over", (D, C, S), took(Verb.TAKE_OVER, D)),
    ("快到了|almost there", (C,), took(Verb.ETA, C, minutes=10)),
    ("堵车半小时|stuck, 30 min", (C,), took(Verb.ETA, C, minutes=30)),
    ("827 10分钟|827 10|10|827 10 min", (R,), took(Verb.ETA, R, minutes=10)),
    ("20分钟到|没到，还要20分钟|825 20", (C,), took(Verb.ETA, C, minutes=20)),
    ("在路上|晚点到", (C,), asked(Q.HOW_LONG, C)),
    ("到家了|got home|走了|下班了|gone, shift over", (R,), asked(Q.CONFIRM_OFF, R)),
    ("到家了|走了|gone", (EARLY,), Forward(matter=EARLY.id)),
    ("离岗|离岗827|off post", (R,), took(Verb.OFF, R)),
    ("签了|签字|signed|签828", (S,), took(Verb.SIGN, S)),
    ("签了|签字|signed", (S, S2), asked(Q.WHICH_MATTER, S, S2)),
    ("签了|签字|signed", (L,), asked(Q.HOW_TO_ANSWER, L)),
    ("都做了|all done|828都做了", (S,), asked(Q.SIGN_ALL, S)),
    ("3没做|3 not done|828 3没做|签828，3没做", (S,), asked(Q.SIGN_EXCEPT, S, items=(3,))),
    ("除3都签|sign except 3|签828除三", (S,), took(Verb.SIGN, S, items=(3,))),
    ("签828除3,5|簽828，除３、５", (S,), took(Verb.SIGN, S, items=(3, 5))),
    ("签3|sign 3|签828 3", (S,), asked(Q.HOW_TO_ANSWER, S, items=(3,))),
    ("签828除9", (S,), asked(Q.HOW_TO_ANSWER, S, items=(9,))),
    ("签除3-5", (S,), asked(Q.SIGN_EXCEPT, S, items=(3, 4, 5))),
    ("签872", (S,), asked(Q.WHICH_MATTER, S)),
    ("不签|签不了|won't sign", (S,), took(Verb.WONT_SIGN, S)),
    ("属实|核实|correct|核实829", (V,), took(Verb.VERIFY, V)),
    ("属实|correct", (S,), asked(Q.HOW_TO_ANSWER, S)),
    ("没问题|no problem|是的", (V,), asked(Q.VERIFY_OR_RETURN, V)),
    ("没问题|no problem|谢谢", (C,), asked(Q.HOW_TO_ANSWER, C)),
    ("不属实|not true|退回|退回829加原因", (V,), asked(Q.RETURN_REASON, V)),
    ("退回 第3项没照片|退回829 第3项没照片", (V,), took(Verb.RETURN, V, reason="第3项没照片")),
    ("return 3 no photo", (V,), took(Verb.RETURN, V, reason="3 no photo")),
    ("退|re", (V,), asked(Q.RETURN_OR_STOP, V)),
    ("退|re", (R,), asked(Q.RETURN_OR_STOP)),
    ("转达43|转达831 43人|43|relayed 43|831 43|四十三|43人|831 43人", (L,), took(Verb.RELAYED, L, count=43)),
    ("转达43|转达831 43人|relayed 43", (L, R, S), took(Verb.RELAYED, L, count=43)),
    ("43", (L, R), asked(Q.HOW_MANY, L, count=43)),
    ("转达48", (L,), asked(Q.MORE_THAN_MEMBERS, L, count=48)),
    ("转达 120|120", (L_BIG,), took(Verb.RELAYED, L_BIG, count=120)),
    ("转达 430|430|转达832 430", (L_BIG,), took(Verb.RELAYED, L_BIG, count=430)),
    ("转达 430", (L_BIG, matter(430, K.LIST, ASKED_TO_SIGN)), asked(Q.HOW_MANY, L_BIG)),
    ("都转达了|told everyone|转达了", (L,), asked(Q.HOW_MANY, L)),
    ("等会|晚点|later", (S,), took(Verb.LATER, S)),
    ("等会|晚点|later", (C,), asked(Q.HOW_LONG, C)),
    ("叫老王去", (C,), took(Verb.HAND_ON, C, name="老王")),
    ("send Wang", (C,), took(Verb.HAND_ON, C, name="wang")),
    ("转交|pass on", (C,), took(Verb.HAND_ON, C)),
    ("老王到了", (C,), asked(Q.WHICH_PERSON, C, name="老王")),
    ("Wang is there", (C,), asked(Q.WHICH_PERSON, C, name="wang")),
    ("老王到了", (R,), Forward(matter=R.id)),
    ("代王建国到岗|代 王建国 到岗825", (C,), took(Verb.PROXY, C, name="王建国")),
    ("for Wang here", (C,), took(Verb.PROXY, C, name="wang")),
    ("代 姓名 到岗825", (C,), asked(Q.WHICH_PERSON, C, name="姓名")),
    ("处理好了|sorted", (C,), asked(Q.WHO_IS_ON_POST, C)),
    ("我来|我来834|I'll go", (COVER,), took(Verb.COVER, COVER)),
    ("昨晚到了忘回了|was there, forgot to answer", (), took(Verb.CLAIM, None)),
    ("收到|谢谢|ok|👍", (), Silence()),
    ("收到|谢谢|840 收到", (PRAISE,), Silence()),
    ("收到", (PRAISE, R), took(Verb.ACK, R)),
    ("谁啊|骗子？|几点？在哪？|who is this|when? where?|到岗？", (R,), took(Verb.INFO, R)),
    ("谁啊", (), took(Verb.INFO, None)),
    ("打错了|不是我|wrong number", (R,), took(Verb.WRONG_NUMBER, None)),
    ("不是我827", (R,), took(Verb.WRONG_NUMBER, R)),
    ("不是我800", (R,), took(Verb.WRONG_NUMBER, None, number=800)),
    ("我是他老婆，他睡了|his wife, he's asleep", (C, S), took(Verb.SOMEONE_ELSE, C)),
    ("没收到|不知道|got nothing|don't know", (C,), took(Verb.NOT_RECEIVED, C)),
    ("点错了|撤销|undo|撤销827", (R,), took(Verb.UNDO, R)),
    ("撤销800", (), took(Verb.UNDO, None, number=800)),
    ("别发了|stop sending", (R,), AskBack(question=Q.STOP_FOR_GOOD)),
    ("退订|TD|STOP|T|stop!", (R,), took(Verb.STOP, None)),
    ("有人晕倒|着火|救命|someone collapsed|fire|827收到 着火了", (R,), took(Verb.DANGER, None)),
    ("120|119", (R,), took(Verb.DANGER, None)),
    ("要买药|need medicine", (), took(Verb.NEED, None)),
    ("清单|明细|list", (S, R), took(Verb.LIST, None)),
    ("清单828", (S, R), took(Verb.LIST, S)),
    ("帮助|?|help", (R,), took(Verb.HELP, None)),
    ("恢复|START", (), took(Verb.START, None)),
    ("语言 en|language english", (), took(Verb.LANGUAGE, None, language="en")),
    ("家里的牛跑了|收到，我在北京|同意827", (R,), Forward(matter=R.id)),
    ("家里的牛跑了", (R, S), Forward(matter=None)),
    ("家里的牛跑了|到岗|签了|827", (), NothingOpen()),
    ("收到800|到岗800|签800|800|800 10分钟", (R, S), Stale(number=800)),
    ("收到999", (R,), took(Verb.ACK, R)),
    ("827 828 收到", (R, S), asked(Q.WHICH_MATTER, R, S)),
    ("收到827 800", (R, S), asked(Q.WHICH_MATTER, R)),
    ("没转达完", (L,), Forward(matter=L.id)),
    ("签827", (R, S), asked(Q.HOW_TO_ANSWER, R)),
    ("收到", (R, S, V, L), took(Verb.ACK, R)),
    ("收到", (C, C_OWN), asked(Q.WHICH_MATTER, C, C_OWN)),
    ("收到|1", (R, C), took(Verb.ACK, C)),
    ("到岗", (R, C), asked(Q.WHICH_MATTER, R, C)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "matters", "reading"),
    [(text, matters, reading) for texts, matters, reading in TABLE for text in texts.split("|")],
)
def test_the_table(text: str, matters: tuple[OpenMatter, ...], reading: Reading) -> None:
    assert read(text, *matters) == reading


@pytest.mark.parametrize(
    ("text", "of", "reading"),
    [("走了", R, took(Verb.OFF, R)), ("转达48", L, took(Verb.RELAYED, L, count=48)),
     ("都做了", S, asked(Q.SIGN_ALL, S)), ("老王到了", C, asked(Q.WHICH_PERSON, C, name="老王"))],
)  # fmt: skip
def test_said_twice(text: str, of: OpenMatter, reading: Reading) -> None:
    """Loose words that bind nobody are taken the second time; those that bind are not."""
    assert read(text, of, confirmed=True) == reading


@pytest.mark.parametrize(
    ("words", "kind", "answers"),
    [
        ("收到", K.REMINDER, ON_SHIFT),
        ("到岗", K.REMINDER, ON_SHIFT),
        ("收到", K.CALL, CALLED),
        ("不便", K.CALL, CALLED),
        ("签", K.LIST, ASKED_TO_SIGN),
        ("核实", K.VERIFY, frozenset({Verb.VERIFY, Verb.RETURN})),
        ("退回 没照片", K.VERIFY, frozenset({Verb.VERIFY, Verb.RETURN})),
        ("核实", K.CLAIM, frozenset({Verb.VERIFY, Verb.RETURN, Verb.PROXY})),
        ("转达43", K.RELAY, frozenset({Verb.RELAYED})),
        ("同意", K.CALL, frozenset({Verb.AGREE, Verb.REFUSE})),
        ("我来", K.CALL, frozenset({Verb.COVER, Verb.DECLINE})),
        ("接班", K.DESK, frozenset({Verb.TAKE_OVER})),
        ("代理", K.CALL, CALLED | {Verb.APPOINT}),
    ],
)
def test_of_two_asks_of_one_kind_at_one_phone_the_number_tells_which(
    words: str, kind: MatterKind, answers: frozenset[Verb]
) -> None:
    """A desk, an office, a search for cover: whatever two people at one number are asked alike."""
    both = (matter(861, kind, answers, members=47), matter(862, kind, answers, members=47))
    bare = interpret(parse(words), both)
    assert isinstance(bare, AskBack)
    assert bare.matters == tuple(one.id for one in both)
    named = interpret(parse(f"862{words}"), both)
    assert isinstance(named, Answer)
    assert named.matter == both[1].id


def test_a_quote_names_its_matter() -> None:
    assert interpret(parse("签"), [S, S2], quoted=S2.id) == took(Verb.SIGN, S2)
    assert interpret(parse("签838"), [S, S2], quoted=S2.id) == took(Verb.SIGN, S2)
    assert interpret(parse("43"), [R, L], quoted=L.id) == took(Verb.RELAYED, L, count=43)


def test_number_and_quote_disagree() -> None:
    assert interpret(parse("签828"), [S, S2], quoted=S2.id) == asked(Q.NUMBER_OR_QUOTE, S, S2)
    assert interpret(parse("签800"), [S], quoted=S.id, known={800}) == asked(Q.NUMBER_OR_QUOTE, S)
    assert interpret(parse("签828"), [S], quoted=MatterId(1)) == asked(Q.NUMBER_OR_QUOTE, S)


def test_a_button_under_an_old_message_answers_nothing_else() -> None:
    assert interpret(parse("收到"), [R], quoted=MatterId(1)) == Stale(number=0, matter=MatterId(1))


def test_twice_says_how_it_stands() -> None:
    answered = matter(827, K.REMINDER, ON_SHIFT - {Verb.ACK})
    assert read("收到", answered) == Stale(number=827)
    assert read("827收到", answered) == Stale(number=827)


OPEN = [R, EARLY, C, C_OWN, COVER, S, S2, V, L, L_BIG, N, D, PRAISE]
WORDS = [text for texts in PHRASES.values() for text in texts.split("|")]
NEVER_DENIED = (Verb.HERE, Verb.SIGN, Verb.VERIFY, Verb.TAKE_OVER)
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join))


@given(
    TEXTS,
    st.lists(st.sampled_from(OPEN), unique=True),
    st.none() | st.sampled_from([R.id, S.id, PRAISE.id, MatterId(1)]),
    st.booleans(),
)
def test_interpret_is_total(
    text: str, matters: list[OpenMatter], quoted: MatterId | None, twice: bool
) -> None:
    reading = interpret(parse(text), matters, quoted=quoted, known={800, 43}, confirmed=twice)
    assert isinstance(reading, Answer | AskBack | Stale | Forward | NothingOpen | Silence)


@given(
    st.sampled_from([w for w in WORDS if "除" not in w and "except" not in w]),
    st.sampled_from(NEGATIONS),
    st.sampled_from(["", "827", "828", "829", " 3"]),
    st.lists(st.sampled_from(OPEN), unique=True, min_size=1),
)
def test_negations_put_nobody_on_post(word: str, no: str, number: str, matters: list[OpenMatter]) -> None:
    for text in (no + word + number, number + no + word, word + no + number):
        reading = interpret(parse(text), matters, confirmed=True)
        assert not isinstance(reading, Answer) or reading.verb not in NEVER_DENIED


@given(st.sampled_from([110, 119, 120, 122]), st.sampled_from(["收到{}", "{} 到岗", "签{}", "{}"]))
def test_emergency_numbers_never_name_a_matter(number: int, form: str) -> None:
    reading = interpret(parse(form.format(number)), [R], known={number})
    assert not isinstance(reading, Stale)


@given(st.lists(st.sampled_from(OPEN), unique=True), st.sampled_from(["1", "１", "1。", " 1 谢谢", "一"]))
def test_one_alone_only_acknowledges(matters: list[OpenMatter], one: str) -> None:
    reading = interpret(parse(one), matters)
    assert not isinstance(reading, Answer) or reading.verb is Verb.ACK
