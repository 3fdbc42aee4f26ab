"""The roster written as the files it is read from: what is exported and imported again changes nothing."""

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from notifier.domain.roster import Office, Post, Shift, Unit
from notifier.files.roster_files import PersonRow, Unlink

_UNITS = ("code", "name", "kind", "parent")
_PEOPLE = ("id", "name", "phone", "unit", "locale", "telegram")
_OFFICES = ("unit", "title", "rank", "person", "status", "until")
_POSTS = ("code", "unit", "name", "kind", "headcount")
_SHIFTS = ("post", "start", "end", "people")


def write_roster(
    folder: Path,
    *,
    zone: ZoneInfo,
    units: Iterable[Unit],
    people: Iterable[PersonRow],
    offices: Iterable[Office],
    posts: Iterable[Post],
    shifts: Iterable[Shift],
) -> tuple[Path, ...]:
    """Write the five tables as UTF-8 CSV into ``folder`` (made if need be) and return their paths.

    Phones are E.164, times civil in ``zone`` with their offset, rows in the order given. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return (
        _write(folder / "units.csv", _UNITS, ((u.code, u.name, u.kind, u.parent or "") for u in units)),
        _write(folder / "people.csv", _PEOPLE, map(_person, people)),
        _write(folder / "offices.csv", _OFFICES, (_office(seat, zone) for seat in offices)),
        _write(
            folder / "posts.csv", _POSTS, ((p.code, p.unit, p.name, p.kind, str(p.headcount)) for p in posts)
        ),
        _write(folder / "shifts.csv", _SHIFTS, (_shift(shift, zone) for shift in shifts)),
    )


def _person(row: PersonRow) -> tuple[str, ...]:
    person = row.person
    telegram = row.telegram.value if isinstance(row.telegram, Unlink) else str(row.telegram or "")
    return person.id, person.name, person.phone or "", person.unit, person.locale, telegram


def _office(seat: Office, zone: ZoneInfo) -> tuple[str, ...]:
    until = _civil(seat.until, zone) if seat.until else ""
    return seat.unit, seat.title, str(seat.rank), seat.person or "", seat.status, until


def _shift(shift: Shift, zone: ZoneInfo) -> tuple[str, ...]:
    return shift.post, _civil(shift.start, zone), _civil(shift.end, zone), ";".join(shift.people)


def _civil(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path
