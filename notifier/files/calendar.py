"""calendar.yaml: quiet hours, the ceiling an hour, whose holidays count, single days off or worked."""

from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

import holidays

from notifier.domain.times import QuietHours
from notifier.files.cells import whole_reader
from notifier.files.findings import BadValue
from notifier.files.moments import read_date, read_span
from notifier.files.nodes import Place

FILE = "calendar.yaml"

_DAY_MINUTES = 24 * 60
_CEILING = 12
_read_ceiling = whole_reader(1, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFile:
    """What calendar.yaml says: ``country`` is the one whose holidays count, if any."""

    quiet: QuietHours
    country: str | None = None
    days_off: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    ceiling: int = _CEILING


def read_calendar(top: Place, zone: ZoneInfo) -> CalendarFile:
    """The file as it is read; bad places are reported."""
    fields = top.fields(("quiet_hours", "holidays", "days_off", "workdays", "ceiling"))
    spans = _read_quiet_hours(fields["quiet_hours"]) if "quiet_hours" in fields else ()
    days_off, workdays = (_read_days(fields.get(name)) for name in ("days_off", "workdays"))
    if days_off & workdays:
        both = ", ".join(map(str, sorted(days_off & workdays)))
        fields["workdays"].refuse(BadValue(f"{both} stands under days_off too", "keep one of them"))
    return CalendarFile(
        quiet=QuietHours(zone=zone, spans=spans),
        country=fields["holidays"].value(_read_country, "") if "holidays" in fields else None,
        days_off=days_off,
        workdays=workdays,
        ceiling=fields["ceiling"].value(_read_ceiling, _CEILING) if "ceiling" in fields else _CEILING,
    )


def _read_days(place: Place | None) -> frozenset[date]:
    entries = place.entries() if place is not None else []
    days = (entry.value(read_date, None) for entry in entries)
    return frozenset(day for day in days if day is not None)


def _read_country(text: str) -> str:
    code = text.upper()
    if not (len(code) == 2 and code.isalpha() and hasattr(holidays, code)):
        raise BadValue(f"the holidays of {text!r} are not known", "write a country's two letters, such as CN")
    return code


def _read_quiet_hours(place: Place) -> tuple[tuple[time, time], ...]:
    nothing = (time(), time())
    spans = tuple(entry.value(_read_quiet_span, nothing) for entry in place.entries())
    # Nothing would ever be sent again, and whoever looks for the next open time would look for ever.
    if len(set().union(*map(_minutes, spans))) == _DAY_MINUTES:
        place.refuse(BadValue("it is quiet all day long", "leave some hours open"))
    return spans


def _read_quiet_span(text: str) -> tuple[time, time]:
    start, end = read_span(text)
    if start == end:
        raise BadValue(f"{text!r} ends where it starts", "leave some hours open")
    return start, end


def _minutes(span: tuple[time, time]) -> set[int]:
    """The minutes of the day that a span covers."""
    start, end = (hour.hour * 60 + hour.minute for hour in span)
    length = (end - start) % _DAY_MINUTES
    return {(start + minute) % _DAY_MINUTES for minute in range(length)}
