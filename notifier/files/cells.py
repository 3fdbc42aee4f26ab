"""Readers of one cell: text in, value out, BadValue when it cannot be taken."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from notifier.domain.ids import PersonId
from notifier.domain.times import parse_duration
from notifier.files.findings import BadValue, unknown

LONGEST_TEXT = 64
"""Characters that an id, a title or a name may have."""
LONGEST_DURATION = timedelta(days=366)

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_SEPARATORS = re.compile(r"[\s;；,，、]")
_BETWEEN_PEOPLE = re.compile(r"[;；,，、]")
_FAILED_FORMULA = re.compile(r"#(?:[A-Z0-9/]+[!?]|N/A)")
_IDENTITY_CARD = re.compile(
    r"[1-9]\d{5}(?:(?:18|19|20)?\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]?"
)
"""Region, date of birth, serial number, check digit: 18 characters, of old ones 15."""
_WHOLE = re.compile(r"(-?\d+)(?:\.0+)?")

E = TypeVar("E", bound=StrEnum)


def read_text(text: str) -> str:
    """A name or title as it stands: at most LONGEST_TEXT characters, none of them invisible."""
    if len(text) > LONGEST_TEXT:
        raise BadValue(f"{text[:12]!r}… has {len(text)} characters", f"use at most {LONGEST_TEXT}")
    # Letters and digits of any script are visible: for nearly all names this is the whole check.
    if not text.isalnum():
        hidden = [c for c in text if unicodedata.category(c) in _HIDDEN]
        if hidden:
            raise BadValue(f"{text!r} holds an invisible character", "type it anew, on one line")
        if _FAILED_FORMULA.fullmatch(text):
            raise BadValue(f"{text!r} is a formula that failed", "write the value itself")
    return text


def read_id(text: str) -> str:
    """An id: a text without blanks or list separators."""
    if _SEPARATORS.search(text):
        raise BadValue(f"{text!r} is no id", "leave out blanks, commas and semicolons")
    return read_text(text)


def read_person_id(text: str) -> str:
    """A person's id. An identity card's number is refused, and not repeated: it would stand in every list."""
    if _IDENTITY_CARD.fullmatch(unicodedata.normalize("NFKC", text)):
        problem = f"'{text[:3]}…' is the number of an identity card"
        raise BadValue(problem, "use a staff number, or leave the id empty")
    return read_id(text)


def whole_reader(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from ``least`` to ``most``; a spreadsheet's ``3.0`` is 3."""

    def read(text: str) -> int:
        match = _WHOLE.fullmatch(unicodedata.normalize("NFKC", text))
        number = int(match[1]) if match and len(text) < 12 else None
        if number is None or not least <= number <= most:
            raise BadValue(
                f"{text!r} is no whole number from {least} to {most}", "write such a number, digits only"
            )
        return number

    return read


def choice_reader(kinds: type[E], aliases: Mapping[str, E]) -> Callable[[str], E]:
    """A reader of one of ``kinds``, by value in any case or by alias."""
    values = {kind.value: kind for kind in kinds}

    def read(text: str) -> E:
        found = values.get(text.lower()) or aliases.get(text)
        if found is None:
            raise unknown(_noun(kinds), text, values)
        return found

    return read


def _noun(kinds: type[StrEnum]) -> str:
    """``OfficeStatus`` as ``office status``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kinds.__name__).lower()


def title_reader(aliases: Mapping[str, str]) -> Callable[[str], str]:
    """A reader of the program's own words, in any case or by alias, and of the organisation's as they are."""
    own = {word: word for word in aliases.values()} | dict(aliases)

    def read(text: str) -> str:
        return own.get(text.lower()) or read_text(text)

    return read


def read_people(text: str) -> tuple[PersonId, ...]:
    """Ids joined by ``;``; the same id twice counts once."""
    ids = [part.strip() for part in _BETWEEN_PEOPLE.split(text)]
    return tuple(dict.fromkeys(PersonId(read_person_id(one)) for one in ids if one))


def read_duration(text: str) -> timedelta:
    """A duration such as ``90s`` or ``1h30m``, of at most LONGEST_DURATION."""
    try:
        duration = parse_duration(text)
    except (ValueError, OverflowError):
        raise BadValue(f"{text!r} is no duration", "write it as 90s, 10m, 2h or 1d") from None
    if duration > LONGEST_DURATION:
        raise BadValue(f"{text!r} is too long", f"use at most {LONGEST_DURATION.days}d")
    return duration


def read_span_of_time(text: str) -> timedelta:
    """A duration longer than nothing."""
    duration = read_duration(text)
    if not duration:
        raise BadValue(f"{text!r} is no time at all", "write a duration longer than 0")
    return duration
