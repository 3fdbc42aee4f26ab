"""What a choice in the composer means, as expressions."""

import pytest

from notifier.domain.ids import UnitCode
from notifier.domain.roster import Unit, UnitKind
from notifier.engine.console.composing import expressions


def unit(code: str, kind: UnitKind, parent: str | None) -> Unit:
    return Unit(code=UnitCode(code), name=code, kind=kind, parent=UnitCode(parent) if parent else None)


UNITS = {
    one.code: one
    for one in (
        unit("C", UnitKind.CITY, None),
        unit("T", UnitKind.TOWN, "C"),
        unit("V", UnitKind.VILLAGE, "T"),
        unit("W", UnitKind.VILLAGE, "T"),
    )
}


@pytest.mark.parametrize(
    ("chosen", "among", "everywhere", "meant"),
    [
        ([], [], ["unit:T"], ()),
        (["unit:V"], [], [], ("unit:V",)),
        (["unit:V", "unit:V", "unit:W"], [], [], ("unit:V", "unit:W")),
        (["unit:V", "unit:T"], [], [], ("unit:T",)),
        (["unit:V", "unit:C"], [], [], ("unit:C",)),
        (["unit:X"], [], [], ("unit:X",)),
        (["unit:V"], ["office:a", "post:b"], ["unit:T"], ("unit:V,office:a", "unit:V,post:b")),
        ([], ["office:a"], [], ("office:a",)),
        ([], ["office:a"], ["unit:T"], ("unit:T,office:a",)),
    ],
)
def test_units_and_roles_both_hold(
    chosen: list[str], among: list[str], everywhere: list[str], meant: tuple[str, ...]
) -> None:
    assert expressions(chosen, among, UNITS, everywhere) == meant


def test_a_ring_of_units_is_walked_once() -> None:
    ring = {one.code: one for one in (unit("A", UnitKind.TOWN, "B"), unit("B", UnitKind.TOWN, "A"))}
    assert expressions(["unit:A"], [], ring, []) == ("unit:A",)
