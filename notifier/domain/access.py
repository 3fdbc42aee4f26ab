"""Who may see and do what: rights over subtrees of the units, as they follow from offices and grants."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import DUTY_DESK, Office, OfficeStatus, Unit, UnitKind


class Right(StrEnum):
    """What somebody may do with what belongs to a unit."""

    SEE = "see"
    ACT = "act"
    """On cases."""
    PAUSE = "pause"
    ROSTER = "roster"
    BROADCAST = "broadcast"
    OVERSEE = "oversee"
    """Deliveries, the journal, the settings in force."""
    UNMASK = "unmask"
    """Phone numbers."""


ALL_RIGHTS = frozenset(Right)
LOCAL_RIGHTS = ALL_RIGHTS - {Right.OVERSEE}
"""Of whoever leads a town or a village."""
SEE_ONLY = frozenset({Right.SEE})

_LEADING = frozenset({"secretary", "deputy_secretary", "liaison"})
"""The titles that lead a village; in a town and in the city any title does."""

Rights = frozenset[Right]


def in_order(rights: Rights) -> list[Right]:
    """Them, as they are always listed."""
    return [right for right in Right if right in rights]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Rights over a unit and all below it that an operator gave, from ``since`` until ``until`` (UTC)."""

    id: int
    person: PersonId
    unit: UnitCode
    rights: Rights
    by: PersonId | None
    reason: str
    since: datetime
    until: datetime
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force at ``now``."""
        return self.since <= now < self.until and self.revoked_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one person may see and do. ``over``: the roots of subtrees, each with the rights in all of it.

    ``everything``: every right over the whole tree. Whoever has no rights over any unit still has his own
    duties; ``own`` is what he may do with what is his.
    """

    person: PersonId
    everything: bool = False
    over: Mapping[UnitCode, Rights] = field(default_factory=dict)
    own: Rights = ALL_RIGHTS

    def roots(self, right: Right) -> frozenset[UnitCode]:
        """The tops of the subtrees in which that right holds."""
        return frozenset(unit for unit, rights in self.over.items() if right in rights)

    def has(self, right: Right) -> bool:
        """Whether the right holds anywhere."""
        return any(right in rights for rights in self.over.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """To what a scope is cut down: to these rights, and to a unit with all below it (None: wherever)."""

    rights: Rights
    unit: UnitCode | None = None


def scope_of(
    person: PersonId,
    *,
    units: Mapping[UnitCode, Unit],
    offices: Collection[Office],
    desks: Collection[UnitCode],
    grants: Collection[Grant],
    now: datetime,
) -> Scope:
    """The scope of that person at ``now``.

    ``offices`` are those he holds or acts in, ``desks`` the units at whose duty-desk post he is now. What
    names a unit that is not in ``units`` counts for nothing.
    """
    held = [(office.unit, _by_office(person, office, units, now)) for office in offices]
    on_post = [(unit, ALL_RIGHTS) for unit in desks]
    granted = [(grant.unit, grant.rights) for grant in grants if grant.holds(now)]
    over = _joined((unit, rights) for unit, rights in (*held, *on_post, *granted) if unit in units)
    root = next((code for code, unit in units.items() if unit.parent is None), None)
    return Scope(
        person=person, over=over, everything=root is not None and over.get(root, frozenset()) == ALL_RIGHTS
    )


def _by_office(person: PersonId, office: Office, units: Mapping[UnitCode, Unit], now: datetime) -> Rights:
    unit = units.get(office.unit)
    full = _of_seat(office, unit) if unit else frozenset[Right]()
    acting = office.acting_at(now)
    if acting == person:
        return full
    if office.person != person or office.status_at(now) is OfficeStatus.SUSPENDED:
        return frozenset()
    return full & SEE_ONLY if acting is not None else full


def _of_seat(office: Office, unit: Unit) -> Rights:
    if unit.kind is UnitKind.CITY or office.title == DUTY_DESK:
        return ALL_RIGHTS
    if unit.kind is UnitKind.TOWN or office.title in _LEADING:
        return LOCAL_RIGHTS
    return frozenset()


def _joined(given: Iterable[tuple[UnitCode, Rights]]) -> dict[UnitCode, Rights]:
    over: dict[UnitCode, Rights] = {}
    for unit, rights in given:
        if rights:
            over[unit] = over.get(unit, frozenset()) | rights
    return over


def limited(scope: Scope, limit: Limit, units: Mapping[UnitCode, Unit]) -> Scope:
    """What is left of a scope within a limit; never more than either.

    ``units`` are all there are; they are only asked where the limit names a unit. A limit to a unit leaves
    nothing of what is somebody's own, since that may lie anywhere.
    """
    over = _joined(
        (at, rights & limit.rights)
        for root, rights in scope.over.items()
        for at in _within(root, limit.unit, units)
    )
    top = units.get(limit.unit) if limit.unit is not None else None
    is_whole = limit.unit is None or (top is not None and top.parent is None)
    return Scope(
        person=scope.person,
        everything=scope.everything and is_whole and limit.rights == ALL_RIGHTS,
        over=over,
        own=scope.own & limit.rights if limit.unit is None else frozenset(),
    )


def _within(root: UnitCode, top: UnitCode | None, units: Mapping[UnitCode, Unit]) -> tuple[UnitCode, ...]:
    """What the subtrees of ``root`` and of ``top`` have in common: the lower of both, or nothing."""
    if top is None or _is_under(root, top, units):
        return (root,)
    return (top,) if _is_under(top, root, units) else ()


def _is_under(unit: UnitCode, top: UnitCode, units: Mapping[UnitCode, Unit]) -> bool:
    at: UnitCode | None = unit
    while at is not None and at in units and at != top:
        at = units[at].parent
    return at == top


def masked(phone: str | None) -> str:
    """A number of which only the beginning and the end show: ``138****5678``; empty for none."""
    if not phone:
        return ""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}" if len(national) >= 8 else "****"
