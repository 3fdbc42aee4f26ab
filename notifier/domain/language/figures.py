"""Figures in a normalised text: spoken numerals and durations, and which numbers may name a matter."""

import re
from dataclasses import dataclass
from functools import partial

from notifier.domain.language import vocabulary as words

EMERGENCY = frozenset({110, 119, 120, 122})
"""Numbers that never name a matter."""

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_N = "[零〇一二两三四五六七八九十百]"
_NUMERAL = re.compile(f"{_N}+")
_SPOKEN = re.compile(r"(?:(?P<hundreds>.)百零?)?(?:(?P<tens>.)?(?P<ten>十))?(?P<ones>.)?")
_RUN = rf"(?:{_N}|\d)+(?:[,和跟及与]第?(?:{_N}|\d)+)*"
_COUNTING = re.compile(
    rf"(?<=[除第签])了?第?{_RUN}(?!\w*(?:分钟|小时))|{_RUN}(?=(?:项|条|号)?[都还]?[没未])"
    rf"|{_N}+(?=个?(?:半?小时|钟头|分(?:钟|后|内|到|左右|,|\Z)|刻钟|人|名|位|项|条)|个\Z)"
    rf"|(?<=转达){_N}+|(?<=转达了){_N}+|\A{_N}+\Z|(?<=收到)(?:{_N}){{3}}\Z"
)
_HALF_HOUR = re.compile(r"(?<![\d个])半个?(?:小时|钟头|钟)|\bhalf an? hour\b")
_DURATIONS = (
    (re.compile(r"(\d{1,3})个?半(?:小时|钟头)"), 60, 30),
    (re.compile(r"(\d{1,3}(?:\.\d)?) ?(?:个?(?:小时|钟头)|(?:hours?|hrs?|h)\b)"), 60, 0),
    (re.compile(r"(\d{1,2})刻钟"), 15, 0),
    (re.compile(r"(\d{1,3}) ?(?:分钟?(?![之数])|(?:minutes?|mins?)\b)"), 1, 0),
)
_CLOCK = re.compile(
    r"(?<!\d)(?:1\d\d[ -]?\d{4}[ -]?\d{4}|\d{5,})(?!\d)"
    r"|\d{4}年|\d{1,2}月(?:\d{1,2}[日号]?)?|\d{1,2}日|(?<!\d)\d{1,2}[:点时](?:\d{1,2}分?|半|整)?"
    r"|(?<!\d)\d{1,2}(?:\.\d\d)? ?[ap]m\b"
)
_NAMING = re.compile(
    r"(?:no|number|编号|号码|第)?(?<![\d:.-])(?P<number>\d{3,4})"
    rf"(?!\d|[.-]\d| ?(?:{words.COUNTED})(?![a-z]))"
)
_WHOLE = re.compile(r"(?<![\d.])\d+(?![\d.]\d)")
AT_SOME_TIME = "某时"
"""What stands for a time of day or a date, once it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figured:
    """``core`` is the text without the numbers that may name a matter, which are in ``numbers``."""

    core: str
    numbers: tuple[int, ...]
    counts: tuple[int, ...]


def spell_out(plain: str) -> str:
    """Numerals that count something as digits, and every duration as ``N分钟``."""
    text = _COUNTING.sub(_run, plain)
    text = _HALF_HOUR.sub("30分钟", text)
    for pattern, factor, extra in _DURATIONS:
        text = pattern.sub(partial(_in_minutes, factor, extra), text)
    return text


def _in_minutes(factor: int, extra: int, found: re.Match[str]) -> str:
    return f"{int(float(found.group(1)) * factor) + extra}分钟"


def _run(found: re.Match[str]) -> str:
    apart = found.string[: found.start()].endswith("除")
    return _NUMERAL.sub(lambda m: _digits(m.group(), apart=apart), found.group())


def _digits(numeral: str, *, apart: bool) -> str:
    """``四十三`` 43, ``八二七`` 827; unchanged where it is no numeral up to 999."""
    if not set(numeral) & set("十百"):
        return ("," if apart else "").join(str(_DIGITS[c]) for c in numeral)
    found = _SPOKEN.fullmatch(numeral)
    if found is None:
        return numeral
    hundreds, tens, ten, ones = found.group("hundreds", "tens", "ten", "ones")
    parts = (hundreds or "零", tens or ("一" if ten else "零"), ones or "零")
    if not set(parts) <= _DIGITS.keys():
        return numeral
    return str(_DIGITS[parts[0]] * 100 + _DIGITS[parts[1]] * 10 + _DIGITS[parts[2]])


def may_name(number: int) -> bool:
    """Whether a matter can bear this number at all."""
    return 101 <= number <= 9999 and number not in EMERGENCY


def read_figures(spelled: str) -> Figured:
    """Takes times, dates and telephone numbers out, then the numbers that may name a matter."""
    timed = _CLOCK.sub(f" {AT_SOME_TIME} ", spelled)
    numbers: list[int] = []

    def take(found: re.Match[str]) -> str:
        number = int(found.group("number"))
        if not may_name(number):
            return found.group()
        numbers.append(number)
        return " "

    core = _NAMING.sub(take, timed)
    counts = tuple(int(n) for n in _WHOLE.findall(core) if len(n) <= 6)
    return Figured(core=squeeze(core), numbers=tuple(numbers), counts=counts)


def squeeze(core: str) -> str:
    """Without the gaps that taking something out has left."""
    core = re.sub(r" +", _gap, re.sub(r"(?<!\d):|:(?!\d)", ",", core))
    return re.sub(r",[ ,]*", ",", core).strip(" ,")


def _gap(found: re.Match[str]) -> str:
    text, start, end = found.string, found.start(), found.end()
    around = text[start - 1 : start] + text[end : end + 1]
    return " " if len(around) == 2 and around.isascii() else ""
