"""What is left of a scope within a limit: what both give, and nothing besides."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.access import ALL_RIGHTS, SEE_ONLY, Limit, Right, Rights, Scope, limited
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Unit, UnitKind

ME = PersonId("me")
TREE: Mapping[str, str | None] = {"C": None, "T": "C", "S": "C", "V": "T", "W": "T", "X": "S"}
UNITS = {
    UnitCode(code): Unit(
        code=UnitCode(code), name=code, kind=UnitKind.VILLAGE, parent=UnitCode(parent) if parent else None
    )
    for code, parent in TREE.items()
}
CITY, TOWN, VILLAGE, OTHER = (UnitCode(code) for code in ("C", "T", "V", "S"))

codes = st.sampled_from(sorted(UNITS))
rights = st.frozensets(st.sampled_from(Right))
limits = st.builds(Limit, rights=rights, unit=st.none() | codes | st.just(UnitCode("gone")))


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    over = draw(st.dictionaries(codes, rights.filter(bool), max_size=4))
    return Scope(person=ME, over=over, everything=over.get(CITY) == ALL_RIGHTS, own=draw(rights))


def path(code: UnitCode) -> list[UnitCode]:
    """The unit, and all above it."""
    parent = UNITS[code].parent
    return [code] if parent is None else [code, *path(parent)]


def holds(scope: Scope) -> dict[UnitCode, Rights]:
    """The rights in each unit, as they follow from the roots above it."""
    return {
        code: frozenset(right for root in path(code) for right in scope.over.get(root, frozenset()))
        for code in UNITS
    }


@given(scopes(), limits)
def test_it_is_what_both_give(scope: Scope, limit: Limit) -> None:
    left, before = holds(limited(scope, limit, UNITS)), holds(scope)
    for code in UNITS:
        inside = limit.unit is None or limit.unit in path(code)
        assert left[code] == (before[code] & limit.rights if inside else frozenset())


@given(scopes(), limits)
def test_everything_is_left_only_of_everything(scope: Scope, limit: Limit) -> None:
    left = limited(scope, limit, UNITS)
    whole = all(rights == ALL_RIGHTS for rights in holds(left).values())
    assert left.everything is (scope.everything and whole)
    assert left.own <= scope.own & limit.rights
    assert left.person == scope.person


@given(scopes(), limits, limits)
def test_a_second_limit_never_gives_back(scope: Scope, first: Limit, second: Limit) -> None:
    once = holds(limited(scope, first, UNITS))
    twice = holds(limited(limited(scope, first, UNITS), second, UNITS))
    assert all(twice[code] <= once[code] for code in UNITS)


@given(scopes())
def test_no_limit_takes_nothing(scope: Scope) -> None:
    assert limited(scope, Limit(rights=ALL_RIGHTS), {}) == scope


def test_a_limit_above_and_one_below_what_is_held() -> None:
    town = Scope(person=ME, over={TOWN: ALL_RIGHTS})
    assert limited(town, Limit(rights=ALL_RIGHTS, unit=CITY), UNITS).over == {TOWN: ALL_RIGHTS}
    assert limited(town, Limit(rights=SEE_ONLY, unit=VILLAGE), UNITS).over == {VILLAGE: SEE_ONLY}
    assert limited(town, Limit(rights=ALL_RIGHTS, unit=OTHER), UNITS).over == {}


def test_what_is_his_own_is_left_to_a_token_for_no_single_unit() -> None:
    mine = Scope(person=ME)
    assert limited(mine, Limit(rights=SEE_ONLY), UNITS).own == SEE_ONLY
    assert limited(mine, Limit(rights=SEE_ONLY, unit=VILLAGE), UNITS).own == frozenset()
