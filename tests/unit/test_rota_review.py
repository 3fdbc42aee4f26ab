"""A roster on paper: which hours nobody stands, who is in two places, who has too little rest."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.roster import Post, Shift
from notifier.domain.rota_review import Review, review_roster

DAY0 = datetime(2026, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Post(code=PostCode("G1"), unit=UnitCode("V"), name="gate", kind="checkpoint", headcount=1)
PAIR = Post(code=PostCode("G2"), unit=UnitCode("V"), name="pair", kind="checkpoint", headcount=2)
SPAN = DAY0, DAY0 + 72 * HOUR


def shift(start: float, end: float, *people: str, post: Post = GATE) -> Shift:
    return Shift(
        post=post.code,
        start=DAY0 + start * HOUR,
        end=DAY0 + end * HOUR,
        people=tuple(PersonId(person) for person in people),
    )


def look(*shifts: Shift, wanted: Sequence[Shift] = (), left_out: Sequence[Shift] = ()) -> Review:
    posts = {post.code: post for post in (GATE, PAIR)}
    return review_roster(shifts, posts, wanted=wanted, left_out=left_out, span=SPAN, rest=timedelta(hours=8))


def gaps(review: Review) -> list[tuple[float, float, int]]:
    return [((g.start - DAY0) / HOUR, (g.end - DAY0) / HOUR, g.missing) for g in review.gaps]


def test_a_post_with_too_few_people_is_short_for_as_long_as_that_lasts() -> None:
    assert gaps(look(shift(8, 20, "a", post=PAIR))) == [(8, 20, 1)]
    assert gaps(look(shift(8, 20, "a", post=PAIR), shift(12, 20, "b", post=PAIR))) == [(8, 12, 1)]
    assert gaps(look(shift(8, 20, post=PAIR))) == [(8, 20, 2)]
    assert gaps(look(shift(8, 20, "a", post=PAIR), shift(10, 12, "a", "b", post=PAIR))) == [
        (8, 10, 1),
        (12, 20, 1),
    ]


def test_a_post_kept_by_day_only_has_no_gap_at_night() -> None:
    assert gaps(look(shift(8, 20, "a"), shift(32, 44, "b"))) == []


def test_a_post_kept_round_the_clock_has_a_gap_wherever_nobody_stands_it() -> None:
    day = [shift(0, 12, "a"), shift(12, 24, "b")]
    assert gaps(look(*day, shift(30, 48, "c"))) == [(24, 30, 1)]
    assert gaps(look(*day, shift(48, 72, "c"))) == [(24, 48, 1)]
    assert gaps(look(*day)) == []


def test_what_the_rota_itself_leaves_out_is_no_gap() -> None:
    day = [shift(0, 12, "a"), shift(12, 24, "b"), shift(48, 72, "c")]
    assert gaps(look(*day, left_out=[shift(24, 48)])) == []
    assert gaps(look(*day, left_out=[shift(24, 36)])) == [(36, 48, 1)]


def test_what_gave_way_to_the_file_and_is_not_stood_by_it_is_a_gap() -> None:
    assert gaps(look(shift(10, 12, "z"), wanted=[shift(8, 20, "a")])) == [(8, 10, 1), (12, 20, 1)]


def test_only_the_days_looked_at_count_and_a_shift_may_reach_into_them() -> None:
    review = look(shift(-4, 8, "a"), shift(8, 18, "b"), shift(71, 80, "c"))
    assert gaps(review) == []
    assert set(review.hours) == {"b", "c"}
    assert review.hours[PersonId("c")] == 9 * HOUR
    assert review.counts[PersonId("b")] == 1


def test_one_person_in_two_places_and_one_without_rest() -> None:
    review = look(
        shift(8, 20, "a"), shift(19, 22, "a", "b", post=PAIR), shift(24, 30, "a"), shift(29, 31, "b")
    )
    assert [(clash.person, clash.rest) for clash in review.doubles] == [("a", -1 * HOUR)]
    assert [(clash.person, clash.rest) for clash in review.short_rests] == [("a", 2 * HOUR), ("b", 7 * HOUR)]
    assert not review.is_sound
    assert look(shift(8, 20, "a"), shift(28, 40, "a")).short_rests == ()
    assert look(shift(-10, -2, "a"), shift(2, 10, "a")).short_rests[0].rest == 4 * HOUR


SHIFTS = st.builds(
    lambda start, length, people, post: shift(start, start + length, *people, post=post),
    st.integers(-10, 80),
    st.integers(1, 30),
    st.sets(st.sampled_from("abc")),
    st.sampled_from([GATE, PAIR]),
)


@given(st.lists(SHIFTS, max_size=8), st.lists(SHIFTS, max_size=3))
def test_gaps_are_just_the_moments_at_which_too_few_stand_a_post_that_is_kept(
    standing: list[Shift], wanted: list[Shift]
) -> None:
    review = look(*standing, wanted=wanted)
    for gap in review.gaps:
        assert SPAN[0] <= gap.start < gap.end <= SPAN[1]
    for post in {one.post for one in standing}:
        headcount = {GATE.code: 1, PAIR.code: 2}[post]
        for n in range(72):
            moment = DAY0 + (n + 0.5) * HOUR
            there = [s for s in standing if s.post == post and s.start <= moment < s.end]
            missing = headcount - len({person for s in there for person in s.people})
            meant = there or [s for s in wanted if s.post == post and s.start <= moment < s.end]
            said = [g.missing for g in review.gaps if g.post.code == post and g.start <= moment < g.end]
            if meant:
                assert said == ([missing] if missing > 0 else [])
