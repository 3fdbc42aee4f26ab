"""Values that options take beside plain ones. What cannot be read is wrong usage."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from notifier.cli.running import wrong_usage
from notifier.domain.access import ALL_RIGHTS, SEE_ONLY, Right, Rights
from notifier.domain.times import parse_duration
from notifier.files.findings import BadValue
from notifier.files.moments import moment_reader, read_date

ALL = "all"
"""Every right there is."""


def rights_of(names: Sequence[str], option: str) -> Rights:
    """The rights of those names, and to look: whoever may do something in a unit sees it."""
    if ALL in names:
        return ALL_RIGHTS
    unknown = [name for name in names if name not in set(Right)]
    if unknown:
        raise wrong_usage(f"{option}: there is no right {unknown[0]!r}; give {', '.join(Right)}, or all")
    return frozenset(Right(name) for name in names) | SEE_ONLY


def moment_in(text: str, option: str, zone: ZoneInfo) -> datetime:
    """A time; without an offset it is civil time in ``zone``."""
    try:
        return moment_reader(zone)(text)
    except BadValue as bad:
        raise wrong_usage(f"{option}: {bad.problem}; {bad.mend}") from None


def end_in(text: str, option: str, zone: ZoneInfo) -> datetime:
    """A time at which something ends; a civil day alone, such as 2026-12-01, means the end of that day."""
    try:
        day = read_date(text)
    except BadValue:
        return moment_in(text, option, zone)
    return moment_in(f"{day} 24:00", option, zone)


def date_of(text: str, option: str) -> date:
    """A civil day, such as 2026-12-01."""
    try:
        return read_date(text)
    except BadValue as bad:
        raise wrong_usage(f"{option}: {bad.problem}; {bad.mend}") from None


def duration_of(text: str, option: str) -> timedelta:
    """A duration longer than nothing, such as 2h."""
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise wrong_usage(f"{option}: {error}; write for instance 90s, 10m, 2h or 1d") from None
    if span <= timedelta():
        raise wrong_usage(f"{option}: {text!r} is no time at all; write for instance 2h")
    return span
