"""Values that answers are made of."""

from datetime import datetime
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from notifier.domain.times import iso_utc

Moment = Annotated[
    datetime,
    PlainSerializer(iso_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T12:00:00Z"]}),
]
"""A moment, written in UTC as everywhere: ``2026-11-23T12:00:00Z``."""
