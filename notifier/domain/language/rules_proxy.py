"""代 NAME 签827 除3,5: what is said in somebody else's name, read with the numbers still in the text.

A person's id, by which namesakes are told apart, may hold what looks like a matter's number.
"""

import re

from notifier.domain.language.model import Verb
from notifier.domain.language.rule import BUT, GIVEN_EN, ID, ITEMS, LETTER, NUMBER, SIGN, UNDONE

_GAP = r"[ ,]*+"
_NUMBERED = rf"{_GAP}(?P<after>{NUMBER})?{_GAP}"
_AT = r"(?:(?:在|于|at )?(?P<clock>(?:[01]?\d|2[0-3]):[0-5]\d)(?!\d))?"
_EXCEPT = rf"(?:{BUT} ?{ITEMS}{UNDONE})?"
_HERE_ZH = r"(?:已经|已)?(?:到岗|到了|到位|到|在岗|上岗)了?"
_HERE_EN = r"(?:is )?(?:here|on post)"


def _said(for_zh: str, does_zh: str, for_en: str, does_en: str, rest: str) -> re.Pattern[str]:
    before = rf"\A(?P<before>{NUMBER})?{_GAP}"
    chinese = rf"代(?:替|表)?{_GAP}(?P<name>{for_zh}){_GAP}(?:{does_zh})"
    english = rf"for ?(?P<other>{for_en}) ?,? ?(?:{does_en})"
    return re.compile(rf"{before}(?:{chinese}|{english}){_NUMBERED}{rest}\Z")


BY_PROXY: tuple[tuple[Verb, re.Pattern[str]], ...] = (
    (
        Verb.SIGN_FOR,
        _said(
            rf"{LETTER}{{1,8}}?(?:{ID})?",
            rf"{SIGN}了?",
            rf"(?:{GIVEN_EN}|{LETTER}{{1,8}}?)(?:{ID})?",
            r"sign(?:ed|s)?",
            rf"{_AT}{_GAP}{_EXCEPT}{_GAP}",
        ),
    ),
    (
        Verb.PROXY,
        _said(
            rf"{LETTER}{{1,8}}?{ID}",
            _HERE_ZH,
            rf"(?:{GIVEN_EN}|{LETTER}{{1,8}}?){ID}",
            _HERE_EN,
            "",
        ),
    ),
)
"""Groups: ``name`` or ``other``, ``before`` and ``after`` (numbers), ``items``, ``clock`` (when he signed).

Being on post is here for who is named with his id; plain names are read clause by clause.
"""

SEEMS_SIGNED_FOR = re.compile(
    r"\A代(?:替|表)?.{0,12}?(?:签字|签名|签)了?[\d ,]*\Z|\Afor .{1,40} sign[\d ,]*\Z"
)
"""It seems to mean that a list be signed for somebody; who, is not clear."""

PLACEHOLDERS = frozenset({"姓名", "name"})
"""What stands where a name should, when somebody copies our own example."""
