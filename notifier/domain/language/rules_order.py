"""请 NAME 主持到2月10日: an order about an office that says until when, or names somebody with his id."""

import re

from notifier.domain.language.rule import GIVEN_EN, ID, LETTER

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?:{'|'.join(_MONTHS)})[a-z]*"
_UNTIL_ZH = (
    r"(?P<until_zh>[ ,]?(?:到|至)(?:(?P<year_zh>\d{4})年)?"
    r"(?P<month_zh>\d{1,2})月(?P<day_zh>\d{1,2})[日号]?(?:为?止)?)?"
)
_UNTIL_EN = (
    rf"(?P<until_en>,? ?(?:un)?til (?:(?P<day_en>\d{{1,2}}) (?P<month_en>{_MONTH})"
    rf"|(?P<month_us>{_MONTH}) (?P<day_us>\d{{1,2}}))(?:[ ,]{{1,2}}(?P<year_en>\d{{4}}))?)?"
)
_HIM = r"(?!(?:them|him|her)\b)"

APPOINTED = re.compile(
    rf"\A(?:请|由|让)[ ]?(?P<name_zh>{LETTER}{{1,8}}?(?P<id_zh>{ID})?)[ ]?(?:同志)?(?:来)?"
    rf"(?:主持|代理)(?:书记|工作){{0,2}}{_UNTIL_ZH}\Z"
    rf"|\A(?:(?:let|have) {_HIM}(?P<name_let>(?:{GIVEN_EN}|{LETTER}{{1,8}}?)(?P<id_let>{ID})?) act"
    rf"|appoint (?P<name_en>(?:{GIVEN_EN}|{LETTER}{{1,8}}?)(?P<id_en>{ID})?)"
    rf"(?: as acting secretary)?){_UNTIL_EN}\Z"
)


def month_number(name: str) -> int:
    """The month of that English name, or its first three letters."""
    return _MONTHS.index(name[:3]) + 1
