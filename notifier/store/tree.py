"""The tree of units as SQL walks it."""

from collections.abc import Mapping

from sqlalchemy import CTE, Select, bindparam, select

from notifier.domain.ids import UnitCode
from notifier.domain.roster import Unit
from notifier.store.tables import units


def below(unit: UnitCode) -> Select[UnitCode]:
    """A query of the codes of a unit and of all below it, to stand in an IN."""
    down = select(units.c.code).where(units.c.code == unit).cte(recursive=True)
    children = select(units.c.code).join(down, units.c.parent == down.c.code)
    # UNION, not UNION ALL: it ends even if somebody made a ring of units.
    return select(down.union(children).c.code)


def _above() -> CTE:
    columns = (units.c.code, units.c.name, units.c.kind, units.c.parent)
    asked = units.c.code.in_(bindparam("codes", expanding=True))
    up = select(*columns).where(asked).cte("above", recursive=True)
    parents = select(*columns).join(up, units.c.code == up.c.parent)
    return up.union(parents)


ABOVE = _above()
"""The units of the parameter ``codes`` and all above them: code, name, kind, parent."""


def path_of(known: Mapping[UnitCode, Unit], unit: UnitCode) -> tuple[Unit, ...]:
    """From that unit up to the root, as far as ``known`` reaches; empty when it is not known itself."""
    path: dict[UnitCode, Unit] = {}
    code: UnitCode | None = unit
    while code is not None and code in known and code not in path:
        path[code] = known[code]
        code = known[code].parent
    return tuple(path.values())
