"""What the address of a page asks for: what means nothing asks for nothing."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from notifier.domain.ids import number_in

_Choice = TypeVar("_Choice", bound=StrEnum)


def chosen(kind: type[_Choice], name: str | None) -> _Choice | None:
    """The one of that name."""
    return next((one for one in kind if one == name), None)


def number(text: str | None) -> int | None:
    """A whole number from 0 on, as large as those of rows are."""
    return None if text is None else number_in(text)


def day_of(text: str | None) -> date | None:
    """A day that a calendar of ours could hold; None for anything else."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2999 else None


def words(query: Mapping[str, str], name: str) -> str:
    """A word to look for, without what no id has in it; empty for none."""
    text = query.get(name, "").strip()
    return text if text.isprintable() else ""


def address(path: str, **asked: object) -> str:
    """The address that asks for these; what is None or empty is left out."""
    given = {name: str(value) for name, value in asked.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
