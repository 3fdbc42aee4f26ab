"""How a unit stands: by the worst of what is open in it."""

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.case import CLOSED, CaseState
from notifier.domain.ids import CaseId, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.wall import MATTER_KINDS, OpenMatter, Standing, by_urgency, is_worse, worst

EVENING = datetime(2026, 11, 23, 12, tzinfo=UTC)


def matter(
    kind: Kind = Kind.UNSTAFFED, state: CaseState = CaseState.CALLING, number: int = 1, minutes: int = 0
) -> OpenMatter:
    return OpenMatter(
        id=CaseId(number),
        kind=kind,
        unit=UnitCode("V1"),
        subject="",
        state=state,
        holder=None,
        opened_at=EVENING + timedelta(minutes=minutes),
        due_at=None,
    )


@pytest.mark.parametrize(
    ("kind", "state", "standing"),
    [
        (Kind.UNSTAFFED, CaseState.CALLING, Standing.CALLING),
        (Kind.UNSTAFFED, CaseState.HELD, Standing.HELD),
        (Kind.UNSTAFFED, CaseState.EXHAUSTED, Standing.EMPTY),
        (Kind.UNSIGNED, CaseState.CALLING, Standing.UNSIGNED),
        (Kind.UNSIGNED, CaseState.HELD, Standing.UNSIGNED),
        (Kind.UNSIGNED, CaseState.EXHAUSTED, Standing.UNANSWERED),
        (Kind.UNVERIFIED, CaseState.CALLING, Standing.UNVERIFIED),
        (Kind.UNRELAYED, CaseState.CALLING, Standing.UNRELAYED),
        (Kind.SILENT, CaseState.CALLING, Standing.SILENT),
    ],
)
def test_a_matter_has_a_standing(kind: Kind, state: CaseState, standing: Standing) -> None:
    assert matter(kind, state).standing is standing


def test_every_matter_that_may_be_open_has_one() -> None:
    for kind in MATTER_KINDS:
        for state in set(CaseState) - CLOSED:
            assert matter(kind, state).standing in Standing


def test_the_worst_tells_how_the_unit_stands() -> None:
    open_ones = [matter(Kind.UNSIGNED), matter(state=CaseState.HELD), matter(Kind.UNVERIFIED)]
    assert worst(open_ones) is Standing.HELD
    assert worst([*open_ones, matter(state=CaseState.EXHAUSTED)]) is Standing.EMPTY


def test_with_nothing_open_it_is_calm_or_paused() -> None:
    assert worst([]) is Standing.CALM
    assert worst([], paused=True) is Standing.PAUSED
    assert worst([matter()], paused=True) is Standing.CALLING, "what is open is seen even where all is paused"


def test_what_is_worse_comes_first_and_then_what_is_older() -> None:
    young = matter(state=CaseState.EXHAUSTED, number=1, minutes=9)
    old = matter(number=2)
    older = matter(number=3, minutes=-5)
    assert by_urgency([old, older, young]) == [young, older, old]


def test_worse_is_worse_only() -> None:
    assert is_worse(Standing.CALLING, Standing.CALM)
    assert not is_worse(Standing.CALM, Standing.CALLING)
    assert not is_worse(Standing.HELD, Standing.HELD)
