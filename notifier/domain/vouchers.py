"""Codes that a secretary hands over by word of mouth, so that somebody connects a new Telegram chat. Pure."""

import re
import unicodedata
from datetime import timedelta

VALID_FOR = timedelta(hours=24)

DIGITS = 8
"""Few enough to be read out on the phone."""

SELECTOR = 3
"""The first digits only tell which voucher is meant; the others are the secret of it."""

TRIES_PER_VOUCHER = 5
"""Wrong secrets, from whomever, after which it works no more: of 100,000 secrets so many can be guessed."""

TRIES_PER_CHAT = 5
"""Codes that one chat may try in a civil day, right or wrong."""

_CODE = re.compile(rf"(?:/start|登记码|验证码|编码|码|code)?[\s:是,]*(\d(?:[\s.-]?\d){{{DIGITS - 1}}})\W*")


def read_code(text: str) -> str | None:
    """The digits of a text that is such a code and nothing else, however it is spaced; else None."""
    found = _CODE.fullmatch(unicodedata.normalize("NFKC", text).casefold().strip())
    return re.sub(r"\D", "", found[1]) if found else None


def spaced(code: str) -> str:
    """The code as it is read out: in two halves."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"
