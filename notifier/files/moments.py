"""Times as people write them in tables, turned into UTC."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from notifier.domain.times import DAY
from notifier.files.findings import BadValue

_MIDNIGHT_AT_END = re.compile(r"(?<=[ T])24:00(?::00(?:\.0+)?)?(?=$|[Z+-])")
_HOUR = re.compile(r"(\d{1,2}):(\d{2})")
_PUNCTUATION = str.maketrans(
    {"：": ":", "／": "-", "/": "-", "．": ".", "－": "-", "年": "-", "月": "-", "日": " ", "　": " "}
)
_NEEDS_TIME = "write day and hour, such as 2026-11-23 20:00"


def moment_reader(zone: ZoneInfo, *, date_alone: bool = False) -> Callable[[str], datetime]:
    """A reader of ISO times, as UTC; without an offset they are civil times in ``zone``.

    ``24:00`` is the end of its day. Of a civil time that occurs twice, the first is meant; one that never
    occurs is refused. A date alone is the start of that civil day, where ``date_alone`` allows it.
    """

    def read(text: str) -> datetime:
        plain, days = _MIDNIGHT_AT_END.subn("00:00", text.translate(_PUNCTUATION).strip())
        if ":" not in plain and not date_alone:
            raise BadValue(f"{text!r} has no hour", _NEEDS_TIME)
        try:
            moment = datetime.fromisoformat(_padded(plain)) + days * DAY
            utc = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
            civil = utc.astimezone(zone).replace(tzinfo=None)
        except (ValueError, OverflowError):
            raise BadValue(f"{text!r} is no time", _NEEDS_TIME) from None
        if moment.tzinfo is None and civil != moment:
            raise BadValue(
                f"{text!r} does not occur: the clocks are put forward over it",
                "write the hour as the clock shows it",
            )
        return utc

    return read


def _padded(text: str) -> str:
    """``2026-1-2 8:00`` with its zeros, as ISO wants it; anything else as it is."""
    day, gap, hour = text.replace("T", " ", 1).partition(" ")
    parts = day.split("-")
    if len(parts) == 3:
        day = "-".join([parts[0], parts[1].zfill(2), parts[2].zfill(2)])
    hour = hour.strip()
    return day + gap + ("0" + hour if hour[1:2] == ":" else hour)


def read_hour(text: str) -> tuple[time, bool]:
    """``08:00`` as a time; ``24:00`` as (00:00, True), the start of the next day. Raises BadValue."""
    match = _HOUR.fullmatch(text.translate(_PUNCTUATION).strip())
    hour, minute = (int(match[1]), int(match[2])) if match else (99, 99)
    if (hour, minute) == (24, 0):
        return time(), True
    if hour > 23 or minute > 59:
        raise BadValue(f"{text!r} is no time of day", "write it as HH:MM, such as 08:00")
    return time(hour, minute), False


def read_span(text: str) -> tuple[time, time]:
    """``22:30-06:30`` as two times; an end at or before the start is on the next day. Raises BadValue."""
    parts = [part for part in re.split(r"[-–—~－至]", text) if part.strip()]
    if len(parts) != 2:
        raise BadValue(f"{text!r} is no span of hours", "write it as HH:MM-HH:MM, such as 22:30-06:30")
    start, start_is_midnight = read_hour(parts[0])
    end, _ = read_hour(parts[1])
    if start_is_midnight:
        raise BadValue(f"{text!r} starts at 24:00", "write 00:00")
    return start, end


def read_date(text: str) -> date:
    """``2026-12-01`` as a date. Raises BadValue."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadValue(f"{text!r} is no date", "write it as YYYY-MM-DD, such as 2026-12-01") from None
