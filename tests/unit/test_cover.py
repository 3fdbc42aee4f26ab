"""Who is asked to stand a shift for somebody else: a fair order, and never two places or too little rest."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.cover import Candidate, rank, search_from
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.policy import CoverPolicy
from notifier.domain.roster import Shift

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
REST = timedelta(hours=8)


def shift(begins: float, hours: float = 4) -> Shift:
    """One that begins so many hours after ``START``."""
    start = START + timedelta(hours=begins)
    return Shift(post=PostCode("G1"), start=start, end=start + timedelta(hours=hours))


TONIGHT = shift(0)


def candidate(name: str, *duties: Shift, near: bool = True, obstacle: str | None = None) -> Candidate:
    return Candidate(person=PersonId(name), near=near, duties=duties, obstacle=obstacle)


def test_the_posts_own_people_come_first_then_who_has_the_fewest_hours_then_by_id() -> None:
    asked = [
        candidate("far", near=False),
        candidate("busy", shift(-48, 8)),
        candidate("idle-b"),
        candidate("idle-a"),
        candidate("less-busy", shift(-48, 6)),
    ]
    assert rank(asked, TONIGHT, REST).order == ("idle-a", "idle-b", "less-busy", "busy", "far")


def test_only_hours_of_the_week_before_count() -> None:
    long_ago = candidate("a-long-ago", shift(-24 * 9, 8), shift(-24 * 7 - 4, 5), shift(24 * 3, 8))
    lately = candidate("b-lately", shift(-24, 2))
    assert rank([lately, long_ago], TONIGHT, REST).order == ("a-long-ago", "b-lately")


def test_who_cannot_is_passed_over_with_the_reason() -> None:
    ranking = rank(
        [
            candidate("there", shift(3)),
            candidate("just-off", shift(-11)),
            candidate("soon-on", shift(11)),
            candidate("rested", shift(-12), shift(12)),
            candidate("blocked", obstacle="blocked"),
        ],
        TONIGHT,
        REST,
    )
    assert ranking.order == ("rested",)
    no_rest = {"just-off": "no_rest", "soon-on": "no_rest"}
    assert ranking.passed_over == {"there": "on_duty", "blocked": "blocked", **no_rest}


SPANS = st.lists(st.tuples(st.integers(-200, 200), st.integers(1, 24)), max_size=6)


@given(people=st.lists(st.tuples(SPANS, st.booleans()), max_size=5), rest=st.integers(0, 24))
def test_nobody_is_put_in_two_places_or_robbed_of_his_rest(
    people: list[tuple[list[tuple[int, int]], bool]], rest: int
) -> None:
    gap = timedelta(hours=rest)
    asked = [
        candidate(f"p{n}", *(shift(*span) for span in spans), near=near)
        for n, (spans, near) in enumerate(people)
    ]
    ranking = rank(asked, TONIGHT, gap)
    assert {*ranking.order, *ranking.passed_over} == {one.person for one in asked}
    assert not {*ranking.order} & {*ranking.passed_over}
    for one in asked:
        fits = all(d.end + gap <= TONIGHT.start or TONIGHT.end + gap <= d.start for d in one.duties)
        assert (one.person in ranking.order) is fits


def test_an_unanswered_leave_waits_as_long_as_there_is_time() -> None:
    policy = CoverPolicy()
    early, late = START - timedelta(hours=5), START - timedelta(minutes=70)
    assert search_from(TONIGHT, policy, early) == early + timedelta(minutes=30)
    assert search_from(TONIGHT, policy, late) == START - timedelta(hours=1)
    assert search_from(TONIGHT, policy, START) == START
