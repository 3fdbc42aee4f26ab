"""A change of the roster, parted into sets: each makes one short transaction and leaves a roster that holds.

What is named comes before what names it: units from the top down, people, posts; then each unit's offices,
each person's chats, each post's shifts; what is gone goes last, units from the bottom up. So no seat is empty
between two sets for having been passed on, and no chain runs in a circle.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from notifier.domain.holdings import Seat
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Office, Shift
from notifier.store.diff import Difference, RowDict
from notifier.store.link_orders import LinkPlan
from notifier.store.mappers import seat_of, told_office
from notifier.store.shift_import import FILE, ShiftPlan
from notifier.store.tables import metadata
from notifier.store.types import UtcTime

SET_SIZE = 1000
"""Rows a set writes at the most, each person of a shift counted: see docs/adr/0009 for what that takes."""

Step = Callable[["RosterSet"], None]
"""Enters one row into a set."""

Group = list[tuple[Step, int]]
"""Steps that belong into one set, each with how many rows it writes."""


@dataclass(slots=True)
class RosterSet:
    """What one transaction changes. ``put`` and ``removed`` by table; ``removed`` says which rows to find."""

    source: str = FILE
    put: dict[str, list[RowDict]] = field(default_factory=dict)
    removed: dict[str, list[RowDict]] = field(default_factory=dict)
    shifts: list[Shift] = field(default_factory=list)
    cancelled: list[ShiftKey] = field(default_factory=list)

    @property
    def seats(self) -> dict[Seat, Office | None]:
        """The offices in it as they are told, None for one that goes."""
        told = {seat_of(row): told_office(row) for row in self.put.get("offices", ())}
        return {**told, **{seat_of(row): None for row in self.removed.get("offices", ())}}

    def dump(self) -> str:
        """As text, to be kept."""
        told = {
            "source": self.source,
            "put": {table: [_plain(row) for row in rows] for table, rows in self.put.items()},
            "removed": self.removed,
            "shifts": [
                [shift.post, shift.start.isoformat(), shift.end.isoformat(), list(shift.people)]
                for shift in self.shifts
            ],
            "cancelled": self.cancelled,
        }
        return json.dumps(told, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> "RosterSet":
        """Back from ``dump``."""
        told = json.loads(text)
        return cls(
            source=told["source"],
            put={name: [_typed(name, row) for row in rows] for name, rows in told["put"].items()},
            removed=dict(told["removed"]),
            shifts=[_shift(*row) for row in told["shifts"]],
            cancelled=list(told["cancelled"]),
        )


def _plain(row: RowDict) -> RowDict:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


def _typed(table: str, row: RowDict) -> RowDict:
    moments = [column.name for column in metadata.tables[table].c if isinstance(column.type, UtcTime)]
    told = {name: datetime.fromisoformat(row[name]) for name in moments if row.get(name) is not None}
    return {**row, **told}


def _shift(post: str, start: str, end: str, people: list[str]) -> Shift:
    return Shift(
        post=PostCode(post),
        start=datetime.fromisoformat(start),
        end=datetime.fromisoformat(end),
        people=tuple(PersonId(person) for person in people),
    )


# ── parting ──────────────────────────────────────────────────────────────────────────────────────


def part(groups: Iterable[Group], source: str, most: int) -> Iterator[RosterSet]:
    """The steps in order, in as few sets as hold them. Only a group too large by itself is torn apart."""
    current, rows = RosterSet(source), 0
    for group in groups:
        size = sum(weight for _, weight in group)
        if rows and rows + size > most:
            yield current
            current, rows = RosterSet(source), 0
        for step, weight in group:
            if rows and rows + weight > most:
                yield current
                current, rows = RosterSet(source), 0
            step(current)
            rows += weight
    if rows:
        yield current


def roster_groups(
    tables: Mapping[str, Difference],
    links: LinkPlan,
    shifts: ShiftPlan,
    parents: Mapping[str, str | None],
) -> Iterator[Group]:
    """Every step of an import, in the order that keeps the roster whole throughout.

    ``parents`` of all units as they will be, and of those that go as they were.
    """
    none = Difference()
    units, people = tables.get("units", none), tables.get("people", none)
    posts, offices = tables.get("posts", none), tables.get("offices", none)
    yield from ([_put("units", row)] for row in _top_down([*units.added, *units.changed], parents))
    yield from ([_put("people", row)] for row in (*people.added, *people.changed))
    yield from ([_put("posts", row)] for row in (*posts.added, *posts.changed))
    yield from _office_groups(offices)
    yield from _link_groups(links)
    yield from shift_groups(shifts)
    yield from ([_remove("posts", row)] for row in posts.gone)
    yield from ([_remove("people", row)] for row in people.gone)
    yield from ([_remove("units", row)] for row in reversed(_top_down(units.gone, parents)))


def shift_groups(plan: ShiftPlan) -> Iterator[Group]:
    """A post's shifts together, by start: what one gives up another takes over."""
    steps = [(shift.key, _shift_step(shift)) for shift in (*plan.added, *plan.changed)]
    steps += [(key, _cancel(key)) for key in plan.cancelled]
    steps.sort(key=lambda item: item[0])
    for _, same in groupby(steps, key=lambda item: item[0].rpartition(" ")[0]):
        yield [step for _, step in same]


def _office_groups(offices: Difference) -> Iterator[Group]:
    steps = [(row["unit"], _put("offices", row)) for row in (*offices.added, *offices.changed)]
    steps += [(row["unit"], _remove("offices", row)) for row in offices.gone]
    yield from _grouped(steps)


def _link_groups(plan: LinkPlan) -> Iterator[Group]:
    steps: list[tuple[str, tuple[Step, int]]] = []
    for (account, chat), person in plan.dropped.items():
        steps.append((person, _remove("links", {"account": account, "chat": chat, "person": person})))
    for (account, chat), person in plan.given.items():
        steps.append((person, _put("links", {"account": account, "chat": chat, "person": person})))
    yield from _grouped(steps)


def _grouped(steps: list[tuple[str, tuple[Step, int]]]) -> Iterator[Group]:
    steps.sort(key=lambda item: item[0])
    for _, same in groupby(steps, key=lambda item: item[0]):
        yield [step for _, step in same]


def _put(table: str, row: RowDict) -> tuple[Step, int]:
    return lambda part: part.put.setdefault(table, []).append(row), 1


def _remove(table: str, row: RowDict) -> tuple[Step, int]:
    return lambda part: part.removed.setdefault(table, []).append(row), 1


def _shift_step(shift: Shift) -> tuple[Step, int]:
    return lambda part: part.shifts.append(shift), 1 + len(shift.people)


def _cancel(key: ShiftKey) -> tuple[Step, int]:
    return lambda part: part.cancelled.append(key), 1


def _top_down(rows: Iterable[RowDict], parents: Mapping[str, str | None]) -> list[RowDict]:
    def depth(row: RowDict) -> int:
        above, code = 0, parents.get(row["code"])
        while code is not None and above <= len(parents):
            above, code = above + 1, parents.get(code)
        return above

    return sorted(rows, key=depth)
