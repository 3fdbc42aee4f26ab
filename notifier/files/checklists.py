"""checklists.yaml: the responsibility lists."""

import re
from collections.abc import Mapping
from datetime import timedelta

from notifier.domain.policy import Checklist, Due, Signers
from notifier.files.cells import read_duration, read_id, read_span_of_time
from notifier.files.columns import LOCALES, read_title
from notifier.files.findings import BadValue
from notifier.files.moments import read_hour
from notifier.files.nodes import Place

FILE = "checklists.yaml"
LONGEST_LINE = 200
"""Characters of a title or an item: a sheet must fit a message."""

_REQUIRED = ("id", "title", "items", "signed_by", "due")
_KEYS = (*_REQUIRED, "grace", "verified_by", "verify_within")
_DUE = re.compile(r"(?:(shift_end)|daily\s+(\S+?))(?:\s*\+\s*(\S.*))?")
_MEND_DUE = "write shift_end, shift_end + 30m, or daily 20:00"
_MEND_SIGNERS = "write on_duty, unit, or office:TITLE"


def read_checklists(top: Place) -> tuple[Checklist, ...]:
    """The lists; bad places, and ids that occur twice, are reported."""
    lists: dict[str, Checklist] = {}
    for place in top.entries():
        checklist = _read_checklist(place)
        if checklist is not None and checklist.id in lists:
            place.refuse(BadValue(f"there is another list {checklist.id!r}", "give each list its own id"))
        elif checklist is not None:
            lists[checklist.id] = checklist
    return tuple(lists.values())


def _read_checklist(place: Place) -> Checklist | None:
    fields = place.fields(_KEYS, required=_REQUIRED)
    if not fields.keys() >= set(_REQUIRED):
        return None
    nobody: tuple[Signers, str | None] = (Signers.UNIT, None)
    signers, office = fields["signed_by"].value(_read_signers, nobody)
    items = tuple(_read_wording(item) for item in fields["items"].entries())
    if fields["items"].is_list() and not items:
        fields["items"].refuse(BadValue("there are no items", "write one, with a - before it"))
    return Checklist(
        id=fields["id"].value(read_id, ""),
        title=_read_wording(fields["title"]),
        items=items,
        signers=signers,
        office=office,
        due=fields["due"].value(_read_due, Due(daily=None)),
        grace=_optional(fields, "grace", timedelta(minutes=15)),
        verified_by=fields["verified_by"].value(read_title, "") if "verified_by" in fields else "secretary",
        verify_within=_optional(fields, "verify_within", timedelta(hours=2)),
    )


def _optional(fields: Mapping[str, Place], key: str, default: timedelta) -> timedelta:
    read = read_duration if key == "grace" else read_span_of_time
    return fields[key].value(read, default) if key in fields else default


def _read_wording(place: Place) -> dict[str, str]:
    """A text in every language; where one is missing it is the other, and a plain text is both."""
    if not place.is_block():
        text = place.value(_read_line, "")
        return dict.fromkeys(LOCALES, text)
    given = {locale: text.value(_read_line, "") for locale, text in place.fields(LOCALES).items()}
    if not given:
        place.refuse(BadValue("there is no text", "write {zh: …, en: …}, or one of the two"))
        return {}
    fallback = next(iter(given.values()))
    return {locale: given.get(locale, fallback) for locale in LOCALES}


def _read_line(text: str) -> str:
    if len(text) > LONGEST_LINE:
        raise BadValue(f"the text has {len(text)} characters", f"use at most {LONGEST_LINE}")
    return " ".join(text.split())


def _read_signers(text: str) -> tuple[Signers, str | None]:
    word, colon, title = (part.strip() for part in text.partition(":"))
    if word == Signers.OFFICE and title:
        return Signers.OFFICE, read_title(title)
    if colon or word not in (Signers.ON_DUTY, Signers.UNIT):
        raise BadValue(f"{text!r} says not who signs", _MEND_SIGNERS)
    return Signers(word), None


def _read_due(text: str) -> Due:
    match = _DUE.fullmatch(text)
    if match is None:
        raise BadValue(f"{text!r} says not when the list is due", _MEND_DUE)
    daily, next_day = read_hour(match[2]) if match[2] else (None, False)
    offset = read_duration(match[3]) if match[3] else timedelta()
    return Due(daily=daily, offset=offset + timedelta(days=next_day))
