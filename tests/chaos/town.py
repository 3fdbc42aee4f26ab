"""A small invented city in which all is owed within seconds: its files, as an operator hands them in."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

Row = tuple[object, ...]

BOTS = ("7101", "7102")
SENDERS = ("+15550100001", "+15550100002")
VILLAGES = 5
PEOPLE_EACH = 30
DESK = ("d1", "d2")
LIAISONS = ("l1", "l2")

# All spans are of civil time, which the runs let pass ten times as fast as real time.

_CHAIN = """\
    - {call: secretary, wait: 15s}
    - {call: succession, wait: 15s}
    - {call: liaison, wait: 20s}
"""
POLICIES = f"""\
unstaffed:
  remind_before: [60s, 20s]
  checkin_from: 60s
  grace: 10s
  steps:
    - {{call: rostered, wait: 15s}}
{_CHAIN}\
    - {{call: duty_desk, wait: 20s, repeat: 1}}
  resolve_within: 40s
  repeat_exhausted: 60s
  channels: [telegram, sms]
  fallback_after: 20s
  quiet_hours: ignore
  expires: 1h
unsigned:
  grace: 20s
  steps:
    - {{call: rostered, wait: 20s}}
{_CHAIN}\
  resolve_within: 40m
  repeat_exhausted: 40m
  channels: [telegram, sms]
  fallback_after: 20s
  quiet_hours: ignore
  expires: 1h
unverified:
  steps:
{_CHAIN}\
  resolve_within: 40m
  repeat_exhausted: 40m
  channels: [telegram, sms]
  fallback_after: 20s
  quiet_hours: ignore
  expires: 1h
unrelayed:
  steps:
{_CHAIN}\
  resolve_within: 40m
  repeat_exhausted: 40m
  channels: [telegram, sms]
  fallback_after: 20s
  quiet_hours: ignore
  expires: 1h
commendation:
  channels: [telegram, sms]
  fallback_after: 2m
  quiet_hours: ignore
  expires: 1d
"""
CHECKLISTS = """\
- id: evening
  title: {zh: 晚班清单, en: Evening list}
  items:
    - {zh: 卡口值守, en: Checkpoint kept}
    - {zh: 车辆登记, en: Vehicles logged}
    - {zh: 信息上报, en: Figures reported}
  signed_by: on_duty
  due: shift_end + 10s
  grace: 20s
  verified_by: secretary
  verify_within: 40s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One line of people.csv. ``telegram`` is ``bot:chat``; without it he is written to by SMS."""

    id: str
    name: str
    unit: str
    phone: str
    telegram: str = ""

    @property
    def number(self) -> str:
        """The phone as carriers write it."""
        return f"+86{self.phone}"

    @property
    def chat(self) -> int | None:
        """The Telegram chat, if he has one."""
        return int(self.telegram.partition(":")[2]) if self.telegram else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One line of shifts.csv, in civil time."""

    post: str
    start: datetime
    end: datetime
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everybody and everything that is to be kept."""

    people: tuple[Person, ...]
    shifts: tuple[Shift, ...]

    @property
    def over_at(self) -> datetime:
        """When the last shift ends."""
        return max(shift.end for shift in self.shifts)


def plan_town(opens: datetime, shifts_each: int, length: timedelta) -> Town:
    """Every village keeps one post, shift after shift, each with one person; they begin a little apart."""
    people = (*_outsiders(), *(_villager(v, n) for v in range(VILLAGES) for n in range(PEOPLE_EACH)))
    shifts = (
        Shift(
            post=f"P{village}",
            start=(start := opens + timedelta(seconds=5 * village) + length * turn),
            end=start + length,
            # The first three hold the offices of their village, and stand no shifts.
            person=f"v{village}p{3 + turn % (PEOPLE_EACH - 3)}",
        )
        for village in range(VILLAGES)
        for turn in range(shifts_each)
    )
    return Town(people=people, shifts=tuple(shifts))


def write_town(folder: Path, town: Town) -> Path:
    """Write the city's files; returns the folder."""
    folder.mkdir(parents=True)
    people = ((p.id, p.name, p.phone, p.unit, "zh", p.telegram) for p in town.people)
    shifts = ((s.post, s.start.isoformat(), s.end.isoformat(), s.person) for s in town.shifts)
    _table(folder, "units", ("code", "name", "kind", "parent"), _units())
    _table(folder, "people", ("id", "name", "phone", "unit", "locale", "telegram"), people)
    _table(folder, "offices", ("unit", "title", "rank", "person", "status", "until"), _offices())
    _table(folder, "posts", ("code", "unit", "name", "kind", "headcount"), _posts())
    _table(folder, "shifts", ("post", "start", "end", "people"), shifts)
    (folder / "policies.yaml").write_text(POLICIES, encoding="utf-8")
    (folder / "checklists.yaml").write_text(CHECKLISTS, encoding="utf-8")
    (folder / "calendar.yaml").write_text("quiet_hours: []\n", encoding="utf-8")
    return folder


def _outsiders() -> Iterable[Person]:
    for number, person in enumerate(DESK):
        yield _person(person, f"例办{number}", "C", 3 * number)
    for number, person in enumerate(LIAISONS):
        yield _person(person, f"例联{number}", f"T{number}", 3 * number + 1)


def _villager(village: int, number: int) -> Person:
    return _person(
        f"v{village}p{number}", f"例人{village}之{number}", f"V{village}", 100 * (village + 1) + number
    )


def _person(person: str, name: str, unit: str, number: int) -> Person:
    """Every third is without Telegram; the others are shared out between the bots."""
    telegram = "" if number % 3 == 2 else f"{BOTS[number % 2]}:{1_000_000 + number}"
    return Person(id=person, name=name, unit=unit, phone=f"138{number:08}", telegram=telegram)


def _units() -> Iterable[Row]:
    yield "C", "例市", "city", ""
    for town in range(2):
        yield f"T{town}", f"例镇{town}", "town", "C"
    for village in range(VILLAGES):
        yield f"V{village}", f"例村{village}", "village", f"T{village % 2}"


def _offices() -> Iterable[Row]:
    for rank, person in enumerate(DESK, 95):
        yield "C", "duty_desk", rank, person, "in_post", ""
    for town, person in enumerate(LIAISONS):
        yield f"T{town}", "liaison", 90, person, "in_post", ""
    for village in range(VILLAGES):
        for rank, title in enumerate(("secretary", "deputy_secretary", "committee"), 1):
            yield f"V{village}", title, rank, f"v{village}p{rank - 1}", "in_post", ""


def _posts() -> Iterable[Row]:
    for village in range(VILLAGES):
        yield f"P{village}", f"V{village}", f"例村{village}卡口", "checkpoint", 1


def _table(folder: Path, name: str, header: tuple[str, ...], rows: Iterable[Row]) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
