"""A city of the real one's size, invented: 514 villages, 60,000 people, two shifts a village and day."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

VILLAGES = 514
PEOPLE = 60_000
TOWNS = 25

POLICIES = """\
unstaffed:
  remind_before: [{remind_before}]
  checkin_from: 60m
  grace: {grace}
  steps:
    - {{call: rostered, wait: 5m}}
    - {{call: secretary, wait: 10m}}
    - {{call: succession, wait: 10m}}
    - {{call: liaison, wait: 15m}}
    - {{call: duty_desk, wait: 15m, repeat: 2}}
  resolve_within: 20m
  repeat_exhausted: 15m
  channels: [telegram, sms]
  fallback_after: 2m
  quiet_hours: ignore
  expires: 30m
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """How large, and when its shifts are."""

    villages: int = VILLAGES
    people: int = PEOPLE
    starts: tuple[datetime, ...] = ()
    shift_length: timedelta = timedelta(hours=12)
    grace: str = "10m"
    remind_before: str = "12h, 30m"
    bots: tuple[str, ...] = ()
    """Whose chats the people are in, shared out evenly; empty: the only bot's."""
    listeners: int = 0
    """People of the unit L besides, who keep no post."""

    @property
    def per_village(self) -> int:
        """People of one village, rounded up."""
        return -(-self.people // self.villages)

    def people_of(self, village: int) -> range:
        """The numbers of a village's people."""
        first = village * self.per_village
        return range(first, min(first + self.per_village, self.people))


def write_city(folder: Path, city: City) -> Path:
    """Write the city's files as an operator would hand them in; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _table(folder / "units.csv", ("code", "name", "kind", "parent"), _units(city))
    _table(folder / "people.csv", ("id", "name", "phone", "unit", "locale", "telegram"), _people(city))
    _table(folder / "offices.csv", ("unit", "title", "rank", "person", "status", "until"), _offices(city))
    _table(folder / "posts.csv", ("code", "unit", "name", "kind", "headcount"), _posts(city))
    if city.starts:
        _table(folder / "shifts.csv", ("post", "start", "end", "people"), _shifts(city))
    (folder / "policies.yaml").write_text(
        POLICIES.format(grace=city.grace, remind_before=city.remind_before), encoding="utf-8"
    )
    return folder


def _table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _units(city: City) -> Iterable[tuple[object, ...]]:
    yield "C", "例市", "city", ""
    for town in range(TOWNS):
        yield f"T{town:02}", f"例镇{town}", "town", "C"
    for village in range(city.villages):
        yield f"V{village:03}", f"例村{village}", "village", f"T{village % TOWNS:02}"
    if city.listeners:
        yield "L", "例听村", "village", "T00"


def _people(city: City) -> Iterable[tuple[object, ...]]:
    for village in range(city.villages):
        for number in city.people_of(village):
            phone = f"138{number:08}"
            bot = f"{city.bots[number % len(city.bots)]}:" if city.bots else ""
            chat = f"{bot}{1_000_000 + number}"
            yield f"q{number}", f"例人{number}", phone, f"V{village:03}", "zh", chat
    for number in range(city.listeners):
        yield f"r{number}", f"例听{number}", "", "L", "zh", str(2_000_000 + number)


def _offices(city: City) -> Iterable[tuple[object, ...]]:
    yield "C", "duty_desk", 95, "q0", "in_post", ""
    for village in range(city.villages):
        people = city.people_of(village)
        if len(people) < 3:
            continue
        unit = f"V{village:03}"
        yield unit, "secretary", 1, f"q{people[0]}", "in_post", ""
        yield unit, "deputy_secretary", 2, f"q{people[1]}", "in_post", ""
        yield unit, "committee", 3, f"q{people[2]}", "in_post", ""


def _posts(city: City) -> Iterable[tuple[object, ...]]:
    for village in range(city.villages):
        yield f"P{village:03}", f"V{village:03}", f"例村{village}卡口", "checkpoint", 1


def _shifts(city: City) -> Iterable[tuple[object, ...]]:
    """Every village keeps one post; its people are split evenly over the shifts."""
    for village in range(city.villages):
        people = [f"q{number}" for number in city.people_of(village)]
        for turn, start in enumerate(city.starts):
            own = people[turn :: len(city.starts)]
            end = start + city.shift_length
            yield f"P{village:03}", start.isoformat(), end.isoformat(), ";".join(own)
