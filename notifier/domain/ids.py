"""Names of things. Text ids come from the organisation's own tables, whole numbers from the store."""

from typing import NewType

PersonId = NewType("PersonId", str)
UnitCode = NewType("UnitCode", str)
PostCode = NewType("PostCode", str)
ShiftKey = NewType("ShiftKey", str)
"""A shift's natural key: post, a space, its start in UTC (``BS01-G1 2026-11-23T12:00:00Z``)."""
SheetKey = NewType("SheetKey", str)
"""A sheet's natural key: checklist, what it is about (a shift key, or a unit and a day), and its signer."""
CaseId = NewType("CaseId", int)
MessageId = NewType("MessageId", int)
MatterId = NewType("MatterId", int)
BroadcastId = NewType("BroadcastId", int)

_LARGEST = 2**31 - 1
"""Of the numbers that PostgreSQL keeps, and takes."""


def number_in(text: str) -> int | None:
    """A whole number of the store as somebody outside wrote it, from 0 on; None for what can be none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST))):
        return None
    number = int(text)
    return number if number <= _LARGEST else None
