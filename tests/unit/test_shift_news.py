"""Who was told of a shift hears what became of it: once, and how it stands in the end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Shift
from notifier.domain.shift_news import Hearing, News, Told, What, shift_news

START = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
A, B = PersonId("a"), PersonId("b")


def shift(start: int, *people: PersonId, hours: int = 12) -> Shift:
    begins = START + start * HOUR
    return Shift(post=PostCode("G1"), start=begins, end=begins + hours * HOUR, people=people)


def told(one: Shift, person: PersonId = A, hearing: Hearing = Hearing.HEARD) -> Told:
    return Told(person=person, shift=one, hearing=hearing)


def said(news: list[News]) -> list[tuple[What, PersonId, Shift | None]]:
    return [(one.what, one.person, one.now) for one in news]


def test_who_keeps_his_shift_as_it_was_hears_nothing() -> None:
    assert shift_news([told(shift(0, A))], [shift(0, A)]) == []
    assert shift_news([told(shift(0, A), hearing=Hearing.WAITING)], [shift(0, A, B)]) == []


def test_a_shift_lost_for_the_nearest_other_one_has_moved() -> None:
    near, far = shift(-1, A), shift(20, A)
    assert said(shift_news([told(shift(0, A))], [far, near])) == [(What.MOVED, A, near)]
    assert said(shift_news([told(shift(0, A))], [shift(25, A)])) == [(What.CANCELLED, A, None)]


def test_a_shift_he_has_heard_of_already_is_no_other_one() -> None:
    other = shift(12, A)
    assert said(shift_news([told(shift(0, A)), told(other)], [other])) == [(What.CANCELLED, A, None)]


def test_another_end_is_told_to_who_has_heard_the_old_and_reminded_anew_to_who_has_not() -> None:
    shorter = shift(0, A, hours=8)
    assert said(shift_news([told(shift(0, A))], [shorter])) == [(What.MOVED, A, shorter)]
    waiting = told(shift(0, A), hearing=Hearing.WAITING)
    assert said(shift_news([waiting], [shorter])) == [(What.AGAIN, A, shorter)]


def test_a_message_that_never_left_is_dropped_without_a_word() -> None:
    waiting = told(shift(0, A), hearing=Hearing.WAITING)
    assert said(shift_news([waiting], [shift(0, B)])) == [(What.DROPPED, A, None)]


def test_who_gets_back_what_was_taken_from_him_hears_so() -> None:
    back = told(shift(0, A), hearing=Hearing.TAKEN_BACK)
    assert said(shift_news([back], [shift(0, A)])) == [(What.AGAIN, A, shift(0, A))]
    assert shift_news([back], [shift(0, B)]) == []
    moved = [told(shift(-1, A)), back]
    assert said(shift_news(moved, [shift(0, A)])) == [(What.MOVED, A, shift(0, A))]


SHIFTS = st.lists(
    st.builds(
        lambda start, people, hours: shift(start * 6, *sorted(people), hours=hours),
        st.integers(0, 6),
        st.sets(st.sampled_from([A, B])),
        st.sampled_from([6, 8, 12]),
    ),
    max_size=5,
    unique_by=lambda one: one.key,
)
TOLD = st.lists(
    st.builds(
        lambda start, person, hours, hearing: told(shift(start * 6, hours=hours), person, hearing),
        st.integers(0, 6),
        st.sampled_from([A, B]),
        st.sampled_from([6, 8, 12]),
        st.sampled_from(Hearing),
    ),
    max_size=8,
    unique_by=lambda one: (one.person, one.shift.key),
)


def after(known: list[Told], news: list[News]) -> list[Told]:
    """What everybody knows once the news are told."""
    book = {(one.person, one.shift.key): one for one in known}
    for one in news:
        if one.now is None or one.now.key != one.was.key:
            book[one.person, one.was.key] = Told(person=one.person, shift=one.was, hearing=Hearing.TAKEN_BACK)
    for one in news:
        if one.now is not None:
            book[one.person, one.now.key] = Told(person=one.person, shift=one.now, hearing=Hearing.HEARD)
    return list(book.values())


@given(known=TOLD, standing=SHIFTS)
def test_after_telling_everybody_knows_how_it_stands_and_there_is_nothing_to_tell(
    known: list[Told], standing: list[Shift]
) -> None:
    news = shift_news(known, standing)
    assert len({(one.person, one.now.key) for one in news if one.now}) == sum(1 for n in news if n.now)
    later = after(known, news)
    assert shift_news(later, standing) == []
    by_key = {one.key: one for one in standing}
    for one in later:
        stands = by_key.get(one.shift.key)
        if one.hearing is Hearing.HEARD:
            assert stands is not None
            assert one.person in stands.people
            assert stands.end == one.shift.end
        elif one.hearing is Hearing.TAKEN_BACK:
            assert stands is None or one.person not in stands.people
