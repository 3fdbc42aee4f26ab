"""Codes as people type them, and names as people spell them."""

import pytest

from notifier.domain.language.interpret import interpret
from notifier.domain.language.model import Answer, Verb
from notifier.domain.language.normalise import first_letters, name_key
from notifier.domain.language.parse import parse
from notifier.domain.vouchers import read_code, spaced


@pytest.mark.parametrize(
    "text",
    [
        "12345678",
        "1234 5678",
        "１２３４５６７８",
        " 1234-5678。",
        "登记码：1234 5678",
        "码是12345678",
        "code 12 34 56 78",
        "/start 12345678",
    ],
)
def test_a_code_is_read_however_it_is_typed(text: str) -> None:
    assert read_code(text) == "12345678"


@pytest.mark.parametrize(
    "text",
    ["", "1234567", "123456789", "13800100014", "到岗 12345678", "12345678 收到", "2026-11-23 20", "my code"],
)
def test_anything_else_is_no_code(text: str) -> None:
    assert read_code(text) is None


def test_it_is_told_in_two_halves() -> None:
    assert read_code(spaced("01234567")) == "01234567"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("补发 王建国", "王建国"),
        ("补发：王建国，谢谢", "王建国"),
        ("請補發王建國", "王建国"),
        ("补发登记码给 王建国 p114", "王建国p114"),
        ("补发 p114", "p114"),
        ("补发 买买提·吐尔逊", "买买提吐尔逊"),
        ("voucher for Wang Jianguo", "wangjianguo"),
        ("Voucher P114", "p114"),
    ],
)
def test_who_is_vouched_for(text: str, name: str) -> None:
    said = parse(text)
    assert (said.verb, said.numbers) == (Verb.VOUCHER, ())
    assert name_key(said.name or "") == name
    reading = interpret(said, [])
    assert isinstance(reading, Answer)
    assert reading.name == said.name


@pytest.mark.parametrize("text", ["补发", "补发登记码", "voucher"])
def test_without_a_name_it_is_asked_for(text: str) -> None:
    assert (parse(text).verb, parse(text).name) == (Verb.VOUCHER, None)


@pytest.mark.parametrize("text", ["没补发", "别补发王建国", "vouchers", "一会儿补发王建国"])
def test_other_words_vouch_for_nobody(text: str) -> None:
    assert parse(text).verb is not Verb.VOUCHER


def test_one_name_in_two_spellings_is_one() -> None:
    assert name_key("陳國華") == name_key("陈国华")
    assert name_key("扎西喇嘛") == name_key(parse("补发 扎西喇嘛").name or "")
    assert {"陈", "陳"} <= set(first_letters(name_key("陈国华")))


def test_common_surnames_are_the_same_in_either_script() -> None:
    pairs = (
        "陈陳刘劉黄黃赵趙吴吳孙孫马馬罗羅郑鄭谢謝韩韓冯馮邓鄧许許萧蕭叶葉苏蘇吕呂贾賈卢盧钟鍾谭譚陆陸韦韋范範邹鄒阎閻"
        "贺賀赖賴龚龔庞龐蓝藍颜顏严嚴温溫芦蘆鲁魯毕畢聂聶骆駱齐齊庄莊时時关關凌淩费費纪紀欧歐项項阳陽卫衛鲍鮑单單宁寧"
        "闵閔车車边邊饶饒邬鄔畅暢宫宮来來简簡娄婁盖蓋党黨谈談连連栾欒计計窦竇迟遲蒋蔣乔喬储儲乐樂农農仓倉闻聞门門"
    )
    simplified, traditional = pairs[::2], pairs[1::2]
    assert name_key(traditional) == simplified
    assert all(new in first_letters(old) for old, new in zip(simplified, traditional, strict=True))
