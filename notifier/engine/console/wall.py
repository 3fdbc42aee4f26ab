"""The wall: every unit a cell, read once for all who look, and cut to what each of them may see."""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from notifier.domain.case import CaseState
from notifier.domain.ids import PostCode, UnitCode
from notifier.domain.message import Lane
from notifier.domain.pausing import Pause, pause_of
from notifier.domain.policy import Kind
from notifier.domain.roster import Post, Unit, UnitKind
from notifier.domain.wall import OpenMatter, Standing, by_urgency, worst
from notifier.engine.access.guard import SeenUnits
from notifier.engine.alarms import ALARM_LANE
from notifier.engine.clock import Clock
from notifier.store.tx import Tx

LATE_AFTER = timedelta(seconds=10)
"""Real time after which a timer counts as late; those of one moment are handled one after the other."""

WAITING_SINCE = timedelta(days=1)
"""Lists that were due before that, and about which no case is open, are nobody's any more."""

_LANES = (*Lane, ALARM_LANE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One unit. ``on_post`` of ``expected`` are there now; a paused post expects nobody.

    ``kept_on`` are there besides, until they are relieved.
    """

    unit: Unit
    matters: tuple[OpenMatter, ...] = ()
    on_post: int = 0
    expected: int = 0
    kept_on: int = 0
    paused: bool = False

    @property
    def standing(self) -> Standing:
        """Its worst open matter."""
        return worst(self.matters, paused=self.paused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of the wall is wanted; None does not filter. ``town`` is its code."""

    town: UnitCode | None = None
    kind: Kind | None = None
    standing: Standing | None = None

    def takes(self, cell: Cell, town: UnitCode) -> bool:
        """Whether that cell, of that town, is wanted."""
        return (
            self.town in (None, town)
            and self.standing in (None, cell.standing)
            and (self.kind is None or any(matter.kind is self.kind for matter in cell.matters))
        )


EVERYTHING = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """How many there are in the cells seen, wanted by the filter or not; ``late`` and ``queued``: in all.

    Lists are ``unsigned`` and ``unverified`` once a case says that they are late; ``to_sign`` and
    ``to_verify`` are those that merely wait.
    """

    on_post: int
    expected: int
    cases: Mapping[CaseState, int]
    unsigned: int
    unverified: int
    to_sign: int
    to_verify: int
    late: int
    queued: Mapping[Lane, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The whole city at a moment. ``towns``: under which town, or city, each unit stands.

    ``waiting``: by unit, the lists of the last day to be signed, and to be verified, that are not late.
    """

    at: datetime
    units: Mapping[UnitCode, Unit]
    posts: Mapping[PostCode, Post]
    cells: Mapping[UnitCode, Cell]
    towns: Mapping[UnitCode, UnitCode]
    waiting: Mapping[UnitCode, tuple[int, int]]
    late: int
    queued: Mapping[Lane, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A town, or the city itself, and its cells in order of code, its own first.

    ``shown`` are those that the filter takes.
    """

    head: Unit
    cells: tuple[Cell, ...]
    shown: frozenset[UnitCode]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """What one visitor sees. ``urgent`` are the open matters that his filter takes, the worst first."""

    at: datetime
    groups: tuple[Group, ...]
    urgent: tuple[OpenMatter, ...]
    counters: Counters
    towns: tuple[Unit, ...]
    units: Mapping[UnitCode, Unit] = field(repr=False)
    posts: Mapping[PostCode, Post] = field(repr=False)

    @property
    def is_calm(self) -> bool:
        """Whether nothing at all is open in what he sees."""
        return not any(self.counters.cases.values())


async def read_snapshot(tx: Tx, clock: Clock) -> Snapshot:
    """The city as it stands: nine statements. ``clock`` is the civil one."""
    now = clock.now()
    units = await tx.roster.units()
    posts = {post.code: post for kept in (await tx.outlook.posts()).values() for post in kept}
    pauses = [pause for pause in await tx.pauses.standing(now) if pause.holds(now)]
    towns = {code: _town_of(code, units) for code in units}
    return Snapshot(
        at=now,
        units=units,
        posts=posts,
        cells=await _read_cells(tx, units, posts, pauses, now),
        towns=towns,
        waiting=await tx.walls.waiting_lists(now - WAITING_SINCE),
        late=await tx.walls.late_timers(now - LATE_AFTER * clock.speed, _LANES),
        queued=await tx.walls.queued(),
    )


def keep_equal(before: Snapshot | None, after: Snapshot) -> Snapshot:
    """The later snapshot, in which each cell that equals the earlier one's *is* that one; so the units."""
    if before is None:
        return after
    units = before.units if before.units == after.units else after.units
    kept = {
        code: known if (known := before.cells.get(code)) == cell and known is not None else cell
        for code, cell in after.cells.items()
    }
    return replace(after, units=units, cells=kept)


def look(snapshot: Snapshot, seen: SeenUnits, wanted: Filter = EVERYTHING) -> Wall:
    """What somebody sees of it, who sees those units."""
    cells = [cell for code, cell in snapshot.cells.items() if code in seen]
    towns = snapshot.towns
    shown = [cell for cell in cells if wanted.takes(cell, towns[cell.unit.code])]
    return Wall(
        at=snapshot.at,
        groups=tuple(_groups(snapshot, cells, {cell.unit.code for cell in shown})),
        urgent=tuple(_urgent(shown, wanted)),
        counters=_count(snapshot, cells),
        towns=tuple(_heads(snapshot, cells)),
        units=snapshot.units,
        posts=snapshot.posts,
    )


def is_shown(snapshot: Snapshot, cell: Cell, wanted: Filter) -> bool:
    """Whether the filter takes that cell of the snapshot."""
    return wanted.takes(cell, snapshot.towns[cell.unit.code])


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


async def _read_cells(
    tx: Tx,
    units: Mapping[UnitCode, Unit],
    posts: Mapping[PostCode, Post],
    pauses: list[Pause],
    now: datetime,
) -> dict[UnitCode, Cell]:
    matters: dict[UnitCode, list[OpenMatter]] = {}
    for matter in await tx.walls.open_matters():
        matters.setdefault(matter.unit, []).append(matter)
    quiet = {
        code
        for code, post in posts.items()
        if pauses and pause_of(code, _up(post.unit, units), pauses, now) is not None
    }
    running = {shift.post for shift in await tx.walls.running(now)} & posts.keys()
    expected = Counter[UnitCode]()
    for code in running - quiet:
        expected[posts[code].unit] += posts[code].headcount
    there, kept_on = Counter[UnitCode](), Counter[UnitCode]()
    for code, (number, beyond) in (await tx.walls.on_post()).items():
        if code in posts:
            there[posts[code].unit] += number
            kept_on[posts[code].unit] += beyond
    kept = Counter(post.unit for post in posts.values())
    silenced = Counter(posts[code].unit for code in quiet)
    return {
        code: Cell(
            unit=unit,
            matters=tuple(by_urgency(matters.get(code, ()))),
            on_post=there[code],
            expected=expected[code],
            kept_on=kept_on[code],
            paused=bool(kept[code]) and silenced[code] == kept[code],
        )
        for code, unit in units.items()
    }


def _up(code: UnitCode, units: Mapping[UnitCode, Unit]) -> set[UnitCode]:
    """The unit and all above it."""
    path: set[UnitCode] = set()
    at: UnitCode | None = code
    while at is not None and at in units and at not in path:
        path.add(at)
        at = units[at].parent
    return path


def _town_of(code: UnitCode, units: Mapping[UnitCode, Unit]) -> UnitCode:
    """The town a unit lies in; itself for a town, a city, and whatever lies in no town."""
    unit = units[code]
    while unit.kind is UnitKind.VILLAGE and (above := units.get(unit.parent or unit.code, unit)) is not unit:
        unit = above
    return unit.code


# ── cutting to size ──────────────────────────────────────────────────────────────────────────────


def _groups(snapshot: Snapshot, cells: Iterable[Cell], shown: AbstractSet[UnitCode]) -> Iterable[Group]:
    by_town: dict[UnitCode, list[Cell]] = {}
    for cell in cells:
        by_town.setdefault(snapshot.towns[cell.unit.code], []).append(cell)
    for head in sorted((snapshot.units[code] for code in by_town), key=_from_the_top):
        own_first = sorted(by_town[head.code], key=lambda cell: (cell.unit.code != head.code, cell.unit.code))
        codes = (cell.unit.code for cell in own_first)
        yield Group(head=head, cells=tuple(own_first), shown=frozenset(shown & frozenset(codes)))


def _from_the_top(unit: Unit) -> tuple[bool, str]:
    return unit.kind is not UnitKind.CITY, unit.code


def _heads(snapshot: Snapshot, cells: Iterable[Cell]) -> Iterable[Unit]:
    codes = {snapshot.towns[cell.unit.code] for cell in cells}
    return sorted((snapshot.units[code] for code in codes), key=_from_the_top)


def _urgent(cells: Iterable[Cell], wanted: Filter) -> list[OpenMatter]:
    matters = (matter for cell in cells for matter in cell.matters)
    return by_urgency(matter for matter in matters if wanted.kind in (None, matter.kind))


def _count(snapshot: Snapshot, cells: Iterable[Cell]) -> Counters:
    cells = list(cells)
    matters = [matter for cell in cells for matter in cell.matters]
    waiting = [snapshot.waiting.get(cell.unit.code, (0, 0)) for cell in cells]
    states, kinds = Counter(m.state for m in matters), Counter(m.kind for m in matters)
    return Counters(
        on_post=sum(cell.on_post for cell in cells),
        expected=sum(cell.expected for cell in cells),
        cases={state: states[state] for state in (CaseState.CALLING, CaseState.HELD, CaseState.EXHAUSTED)},
        unsigned=kinds[Kind.UNSIGNED],
        unverified=kinds[Kind.UNVERIFIED],
        to_sign=sum(to_sign for to_sign, _ in waiting),
        to_verify=sum(to_verify for _, to_verify in waiting),
        late=snapshot.late,
        queued=snapshot.queued,
    )
