"""The shipped texts: every one, in both languages and on both channels, with their worst-case values."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from notifier.domain.language.model import Verb
from notifier.domain.language.parse import parse
from notifier.domain.roster import ChannelName
from notifier.domain.sms import segments, utf16_units
from notifier.texts.catalogue import TELEGRAM_LIMIT, Catalogue
from notifier.texts.vocabulary import VOCABULARY, WORST_CASE, ValueKind

FOLDER = Path(__file__).parents[2] / "templates"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SIGNATURE = "【乐清值守】"
LOCALES = ("zh", "en")
FORMS = (
    pytest.param(ChannelName.SMS, True, id="sms"),
    pytest.param(ChannelName.SMS, False, id="no-reply"),
    pytest.param(ChannelName.TELEGRAM, True, id="telegram"),
)
ANSWERS = {
    "zh": {
        "收到": Verb.ACK, "到岗": Verb.HERE, "离岗": Verb.OFF, "请假": Verb.LEAVE, "不便": Verb.DECLINE,
        "撤销": Verb.UNDO, "签": Verb.SIGN, "清单": Verb.LIST, "核实": Verb.VERIFY, "退回": Verb.RETURN,
        "转达": Verb.RELAYED, "转交": Verb.HAND_ON, "不是我": Verb.WRONG_NUMBER, "代 ": Verb.PROXY,
        "退订": Verb.STOP, "827 ": Verb.ETA, "帮助": Verb.HELP, "START": Verb.START,
        "代理": Verb.APPOINT, "接班": Verb.TAKE_OVER, "交班": Verb.HAND_OVER, "我来": Verb.COVER,
        "全部收到": Verb.ACK, "同意": Verb.AGREE, "不同意": Verb.REFUSE,
    },
    "en": {
        "OK": Verb.ACK, "HERE": Verb.HERE, "OFF POST": Verb.OFF, "LEAVE": Verb.LEAVE, "CAN'T": Verb.DECLINE,
        "UNDO": Verb.UNDO, "SIGN": Verb.SIGN, "LIST": Verb.LIST, "VERIFY": Verb.VERIFY, "RETURN": Verb.RETURN,
        "RELAYED": Verb.RELAYED, "PASS ON": Verb.HAND_ON, "NOT ME": Verb.WRONG_NUMBER, "FOR ": Verb.PROXY,
        "STOP": Verb.STOP, "827 ": Verb.ETA, "APPOINT": Verb.APPOINT,
        "TAKE OVER": Verb.TAKE_OVER, "HANDED OVER": Verb.HAND_OVER, "I'LL GO": Verb.COVER,
        "AGREE": Verb.AGREE, "REFUSE": Verb.REFUSE,
    },
}  # fmt: skip
QUOTED = {
    "zh": re.compile(r"回 ([^，。；！]+)"),
    "en": re.compile(
        r"\b(SIGN 827 EXCEPT [\d ]*\d|RELAYED 827 \d+|FOR [\w ]+? HERE 827|RETURN 827 [\w ]+|STOP\b"
        r"|827 \d+ MIN"
        r"|OK ALL|(?:OK|HERE|OFF POST|LEAVE|CAN'T|UNDO|SIGN|LIST|VERIFY|PASS ON|NOT ME|APPOINT) 827"
        r"|(?:TAKE OVER|HANDED OVER|I'LL GO|AGREE|REFUSE) 827)"
    ),
}


@cache
def catalogue(signature: str = "") -> Catalogue:
    return Catalogue.load(FOLDER, zone=ZoneInfo("Asia/Shanghai"), default_locale="zh", signature=signature)


NAMES = tuple(catalogue().names())
ASKING = sorted(catalogue().rules.asks)


def text(
    template: str,
    locale: str,
    channel: ChannelName = ChannelName.SMS,
    *,
    reply: bool = True,
    values: Mapping[str, object] | None = None,
) -> str:
    given = {**WORST_CASE, **(values or {})}
    rendered = catalogue().render(
        template, channel=channel, locale=locale, values=given, now=NOW, can_reply=reply
    )
    return rendered.text


def answers(shown: str, locale: str) -> Iterator[tuple[str, Verb]]:
    for quoted in QUOTED[locale].findall(shown):
        meant = [verb for word, verb in ANSWERS[locale].items() if quoted.startswith(word)]
        assert meant, f"no known word in {quoted!r}"
        yield quoted, meant[0]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("channel", "reply"), FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_worst_case_fits(name: str, locale: str, channel: ChannelName, reply: bool) -> None:
    shown = text(name, locale, channel, reply=reply)
    assert shown
    assert "None" not in shown
    if channel is ChannelName.TELEGRAM:
        assert utf16_units(shown) <= TELEGRAM_LIMIT
    else:
        assert segments(shown + SIGNATURE) <= catalogue().rules.limit(name, locale)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("reply", [True, False])
@pytest.mark.parametrize("name", ASKING)
def test_what_asks_holds_the_worst_case_uncut(name: str, locale: str, reply: bool) -> None:
    shown = text(name, locale, reply=reply)
    assert "…" not in shown
    assert "..." not in shown
    assert segments(shown + SIGNATURE) <= {"zh": 1, "en": 2}[locale]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("channel", "reply"), FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_null_values_leave_no_holes(name: str, locale: str, channel: ChannelName, reply: bool) -> None:
    nothing = {name: None for name, value in VOCABULARY.items() if value.nullable}
    shown = text(name, locale, channel, reply=reply, values=nothing)
    assert "None" not in shown
    assert "  " not in shown.replace("\n", "")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ASKING)
def test_what_asks_begins_with_its_number_and_says_how_to_answer(name: str, locale: str) -> None:
    shown = text(name, locale)
    assert shown.startswith("827 ")
    assert list(answers(shown, locale))
    assert text(name, locale, ChannelName.TELEGRAM).startswith("827 ")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_quoted_answers_mean_what_they_say(name: str, locale: str) -> None:
    given = {"sender_name": {"zh": "王建国", "en": "Wang"}[locale]}
    for quoted, meant in answers(text(name, locale, values=given), locale):
        read = parse(quoted)
        assert (read.verb, read.strict) == (meant, True), quoted
        if "827" in quoted:
            assert read.numbers == (827,), quoted


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ASKING)
def test_the_answer_survives_any_value(name: str, locale: str) -> None:
    long = {n: "很长的名字𠮷" * 60 for n, v in VOCABULARY.items() if v.kind is ValueKind.TEXT}
    shown = text(name, locale, values=long)
    assert shown.startswith("827 ")
    assert list(answers(shown, locale))
    assert segments(shown + SIGNATURE) <= {"zh": 1, "en": 2}[locale]


@pytest.mark.parametrize("name", ASKING)
def test_no_reply_texts_ask_for_no_reply(name: str) -> None:
    assert not list(answers(text(name, "zh", reply=False), "zh"))
    assert not list(answers(text(name, "en", reply=False), "en"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", ASKING)
def test_what_asks_names_the_unit(name: str, locale: str) -> None:
    if name != "stop_for_good":
        assert "东横山头村" in text(name, locale)
        assert "东横山头村" in text(name, locale, ChannelName.TELEGRAM)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_shipped_texts_stay_within_sms_signatures(locale: str) -> None:
    shown = catalogue(SIGNATURE).render(
        "call_unstaffed", channel=ChannelName.SMS, locale=locale, values=WORST_CASE, now=NOW
    )
    assert shown.text.startswith("827 ")
    assert shown.text.endswith(SIGNATURE)
    assert segments(shown.text) <= {"zh": 1, "en": 2}[locale]


def test_both_languages_have_the_same_templates() -> None:
    def named(locale: str) -> set[str]:
        files = [p for p in (FOLDER / locale).glob("*.yaml") if p.name != "labels.yaml"]
        return {name for path in files for name in yaml.safe_load(path.read_text(encoding="utf-8"))}

    assert named("zh") == named("en")


def test_night_calls_apologise_first() -> None:
    for name in ("call_unstaffed", "call_unstaffed_above"):
        assert "打扰" in text(name, "zh", values={"night": True})
        assert "打扰" not in text(name, "zh", values={"night": False})
        assert "Sorry to wake you" in text(name, "en", values={"night": True})


def test_a_repeat_says_which_call_it_is() -> None:
    first = text("call_unstaffed_desk", "zh", values={"times": 1})
    third = text("repeat_unstaffed_desk", "zh", values={"times": 3})
    assert "第" not in first
    assert third.startswith("827 第3次：")


def test_nobody_is_blamed() -> None:
    for path in FOLDER.glob("*/*.yaml"):
        words = path.read_text(encoding="utf-8")
        assert not re.search(r"ignored|failed to answer|不理|拒不|无视|问责|处分", words), path.name


def test_fixed_texts_are_those_agreed() -> None:
    assert text("danger", "zh") == "有危险请马上打120或110！您的话已转值班室，但别等回复"
    assert text("stranger", "zh") == (
        "本号只发值班通知，没人看留言。买药等请打村里13812345678；急病打120，报警打110"
    )


def test_buttons_and_labels() -> None:
    rendered = catalogue().render(
        "reminder_early", channel=ChannelName.TELEGRAM, locale="zh", values=WORST_CASE, now=NOW
    )
    assert rendered.buttons == (("ack", "here"), ("leave",))
    agreed = {
        "ack": ("收到", "Received"), "here": ("到岗", "On post"), "off": ("离岗", "Off post"),
        "sign": ("签字", "Sign"), "verify": ("核实", "Verify"), "return": ("退回", "Return"),
        "relayed": ("已转达", "Relayed"), "hand_on": ("转交", "Pass on"), "decline": ("不便", "Can't"),
    }  # fmt: skip
    for verb, labels in agreed.items():
        assert (catalogue().label(verb, "zh"), catalogue().label(verb, "en")) == labels


def test_every_label_and_sms_has_its_place() -> None:
    shown = catalogue().render(
        "reminder_early", channel=ChannelName.SMS, locale="zh", values=WORST_CASE, now=NOW
    )
    assert shown.buttons == ()
    assert catalogue().label("nonsense", "zh") == "nonsense"


def test_the_guide_lists_every_value() -> None:
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in VOCABULARY if f"| `{name}`" not in guide] == []
