"""Values that answers are made of."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer, WithJsonSchema

from notifier.domain.times import iso_utc
from notifier.errors import InputError

Moment = Annotated[
    datetime,
    PlainSerializer(iso_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T12:00:00Z"]}),
]
"""A moment, written in UTC as everywhere: ``2026-11-23T12:00:00Z``."""


def plain(text: str, name: str) -> str:
    """Words to look for. Raises InputError for what no text of ours has in it."""
    if not text.isprintable():
        raise InputError(f"{name}: give plain text")
    return text


def _of_our_time(moment: datetime) -> datetime:
    if not 2000 <= moment.year <= 2999:
        raise ValueError("give a year from 2000 to 2999")
    return moment


When = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A moment that is asked for, with its offset."""
