"""What an import, or an edit, would change: in figures, row by row, and in sets to be written."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from notifier.domain.ids import PersonId, UnitCode
from notifier.store.diff import Difference
from notifier.store.link_orders import LinkPlan
from notifier.store.roster_sets import SET_SIZE, RosterSet, part, roster_groups
from notifier.store.row_changes import RowChange, row_changes
from notifier.store.rows import ImportResult, TableDiff
from notifier.store.shift_import import ShiftPlan


@dataclass(slots=True, kw_only=True)
class Plan:
    """Everything that an import would change."""

    shifts: ShiftPlan
    tables: dict[str, Difference] = field(default_factory=dict)
    links: LinkPlan = field(default_factory=LinkPlan)
    parents: dict[str, str | None] = field(default_factory=dict)
    """Of every unit that is told or goes."""
    held: set[UnitCode] = field(default_factory=set)
    """Units of which somebody who changed holds an office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What an import, or the rotas, would change; ``seen`` says of which roster that is true."""

    plan: Plan
    seen: int

    @property
    def result(self) -> ImportResult:
        """The same in figures and names."""
        return _result(self.plan)

    @property
    def people_gone(self) -> frozenset[PersonId]:
        """Who would leave the roster."""
        people = self.plan.tables.get("people", Difference())
        return frozenset(PersonId(row["id"]) for row in people.gone)

    def rows(self) -> Iterator[RowChange]:
        """The same row by row, once each, in no order."""
        return row_changes(self.plan.tables, self.plan.links, self.plan.shifts)

    def sets(self, most: int = SET_SIZE) -> Iterator[RosterSet]:
        """The same in sets of at most so many rows, in the order in which they are to be written."""
        plan = self.plan
        groups = roster_groups(plan.tables, plan.links, plan.shifts, plan.parents)
        return part(groups, plan.shifts.source, most)


def _result(plan: Plan) -> ImportResult:
    none = Difference()
    counts: dict[str, TableDiff] = {name: found.counts for name, found in plan.tables.items()}
    changed_units: set[UnitCode] = set(plan.held)
    for name, column in (("units", "code"), ("offices", "unit"), ("posts", "unit")):
        changed_units |= plan.tables.get(name, none).touched(column)
    staff: set[PersonId] = plan.tables.get("people", none).touched("id")
    return ImportResult(
        tables={**counts, "links": plan.links.counts, "shifts": plan.shifts.counts},
        units=frozenset(changed_units),
        people=frozenset(staff | plan.links.people),
        posts=frozenset(plan.tables.get("posts", none).touched("code")),
        shifts=frozenset(plan.shifts.keys),
    )
