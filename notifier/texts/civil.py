"""Moments and lists in the words people use: 今晚20:00, 明早8:00, 3、5. One set of functions a language."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

_BLANKS = re.compile(" {2,}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Moment:
    """A time as a template sees it: civil, and knowing from when it is looked at. Prints as its clock."""

    __slots__ = ("civil", "now")

    def __init__(self, moment: datetime, now: datetime, zone: ZoneInfo) -> None:
        """Both instants are aware; ``zone`` is the units' civil zone."""
        self.civil = moment.astimezone(zone)
        self.now = now.astimezone(zone)

    def __str__(self) -> str:
        """``20:00``."""
        return clock(self)

    @property
    def days_ahead(self) -> int:
        """Civil days from now; negative when past."""
        return (self.civil.date() - self.now.date()).days


class Listing(tuple[object, ...]):
    """A list of which some entries at the end may have been left out; ``more`` counts them."""

    more: int = 0


def clock(moment: Moment | str) -> str:
    """``08:00``, in any language. A time that is null prints as nothing."""
    if isinstance(moment, str):
        return ""
    return f"{moment.civil.hour:02}:{moment.civil.minute:02}"


def more(listing: Listing) -> int:
    """How many entries did not fit."""
    return listing.more


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends in a mark of its own."""
    if not text or text[-1] in "。！？…；.!?":
        return text
    return text + ("." if text.isascii() else "。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A language's filters and functions, by the names that templates call them."""

    when: Callable[[Moment | str], str]
    day: Callable[[Moment | str], str]
    span: Callable[[Moment, Moment], str]
    items: Callable[..., str]
    nth: Callable[[int], str]
    place: Callable[[str, str], str]


def _hours(moment: Moment) -> str:
    return f"{moment.civil.hour}:{moment.civil.minute:02}"


# ── Chinese ──────────────────────────────────────────────────────────────────────────────────────

_ZH_DAYS = {-1: "昨", 0: "今", 1: "明"}


def _zh_part(hour: int) -> str:
    if hour < 6:
        return "晨"
    if hour < 10:
        return "早"
    return "天" if hour < 18 else "晚"


def _zh_date(moment: Moment) -> str:
    civil = moment.civil
    year = "" if civil.year == moment.now.year else f"{civil.year}年"
    return f"{year}{civil.month}月{civil.day}日"


def _zh_when(moment: Moment | str) -> str:
    if isinstance(moment, str):
        return ""
    near = _ZH_DAYS.get(moment.days_ahead)
    if near is None:
        return _zh_date(moment) + _hours(moment)
    return near + _zh_part(moment.civil.hour) + _hours(moment)


def _zh_day(moment: Moment | str) -> str:
    if isinstance(moment, str):
        return ""
    near = _ZH_DAYS.get(moment.days_ahead)
    return _zh_date(moment) if near is None else near + "天"


def _zh_span(start: Moment, end: Moment) -> str:
    if start.civil.date() == end.civil.date():
        return f"{_zh_when(start)}至{_hours(end)}"
    return f"{_zh_when(start)}至{_zh_when(end)}"


def _zh_items(listing: Listing, counter: str = "") -> str:
    shown = "、".join(map(str, listing))
    return f"{shown}等{len(listing) + listing.more}{counter}" if listing.more else shown


def _zh_nth(times: int) -> str:
    return f"第{times}次：" if times > 1 else ""


def _zh_place(unit: str, post: str) -> str:
    return post if _names(post, unit) else unit + post


# ── English ──────────────────────────────────────────────────────────────────────────────────────

_EN_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def _en_date(moment: Moment) -> str:
    civil = moment.civil
    year = "" if civil.year == moment.now.year else f" {civil.year}"
    return f"{civil.day} {MONTHS[civil.month - 1]}{year}"


def _en_day(moment: Moment | str) -> str:
    if isinstance(moment, str):
        return ""
    return _EN_DAYS.get(moment.days_ahead) or _en_date(moment)


def _en_when(moment: Moment | str) -> str:
    if isinstance(moment, str):
        return ""
    tonight = moment.days_ahead == 0 and moment.civil.hour >= 18
    return f"{'tonight' if tonight else _en_day(moment)} {_hours(moment)}"


def _en_span(start: Moment, end: Moment) -> str:
    if start.civil.date() == end.civil.date():
        return f"{_en_when(start)}-{_hours(end)}"
    return f"{_en_when(start)} to {_en_when(end)}"


def _en_items(listing: Listing, counter: str = "") -> str:
    shown = ", ".join(map(str, listing))
    return f"{shown} and {listing.more} more" if listing.more else shown


def _en_nth(times: int) -> str:
    if times <= 1:
        return ""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(times % 10, "th") if times % 100 // 10 != 1 else "th"
    return f"{times}{ending} call: "


def _en_place(unit: str, post: str) -> str:
    return post if _names(post, unit) else f"{unit} {post}"


def _names(post: str, unit: str) -> bool:
    """Whether the post's own name already says which unit it belongs to."""
    return unit in post or (len(unit) > 2 and unit[-1] in "村镇乡市" and unit[:-1] in post)


WORDS: dict[str, Words] = {
    "zh": Words(when=_zh_when, day=_zh_day, span=_zh_span, items=_zh_items, nth=_zh_nth, place=_zh_place),
    "en": Words(when=_en_when, day=_en_day, span=_en_span, items=_en_items, nth=_en_nth, place=_en_place),
}
"""Languages the program speaks; each has a folder of templates."""


def joined(parts: Iterable[str]) -> str:
    """The parts of a rendered text; a value that is nothing leaves no blanks behind."""
    text = "".join(parts).strip()
    return _BLANKS.sub(" ", text) if "  " in text else text
