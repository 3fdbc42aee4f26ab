"""Who hands over to whom, who is waited for, and when a post would be short."""

from datetime import UTC, datetime, timedelta

import pytest

from notifier.domain.cover import as_stood
from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.language.model import MatterKind, Verb
from notifier.domain.presence import Window
from notifier.domain.relief import is_awaited, relieved_by, would_miss
from notifier.domain.roster import Post, Presence, Shift
from notifier.engine.intake.views import ShiftFacts, shift_view

EIGHT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Post(code=PostCode("G1"), unit=UnitCode("V"), name="gate", kind="checkpoint", headcount=2)
ANN, BOB, CAT = (PersonId(name) for name in ("ann", "bob", "cat"))


def shift(start: float, end: float, *people: PersonId) -> Shift:
    return Shift(post=GATE.code, start=EIGHT + start * HOUR, end=EIGHT + end * HOUR, people=people)


def there(person: PersonId, at: Shift) -> Presence:
    return Presence(
        person=person, post=at.post, shift=at.key, since=at.start, until=None, channel="sms", by=person
    )


EVENING = shift(0, 4, ANN, BOB)
NIGHT = shift(4, 12, BOB, CAT)


@pytest.mark.parametrize(
    ("before", "after", "hand_over"),
    [
        (EVENING, NIGHT, {ANN}),
        (EVENING, shift(3, 12, CAT), {ANN, BOB}),
        (EVENING, shift(5, 12, CAT), set()),
        (NIGHT, EVENING, set()),
        (EVENING, EVENING, set()),
    ],
    ids=["who goes on does not", "overlapping", "a gap", "the later to the earlier", "to themselves"],
)
def test_those_of_the_shift_before_hand_over(before: Shift, after: Shift, hand_over: set[PersonId]) -> None:
    presences = [there(person, before) for person in (ANN, BOB)]
    found = relieved_by(after, presences, {before.key: before, after.key: after})
    assert {one.person for one in found} == hand_over


def test_of_a_shift_that_is_gone_nobody_hands_over() -> None:
    assert relieved_by(NIGHT, [there(ANN, EVENING)], {}) == ()


def test_a_post_is_not_left_short() -> None:
    both = [there(ANN, EVENING), there(BOB, EVENING)]
    assert would_miss(GATE, both, ANN) == 1
    assert would_miss(GATE, [*both, there(CAT, NIGHT)], ANN) == 0


@pytest.mark.parametrize(
    ("people", "present", "missing", "waits"),
    [
        ((BOB, CAT), {BOB}, 1, True),
        ((BOB, CAT), {BOB, CAT}, 0, False),
        ((CAT,), {CAT}, 1, False),
        ((), set(), 2, True),
    ],
    ids=["one of two", "enough", "all there are, and too few", "nobody is rostered"],
)
def test_whether_a_shift_is_waited_for(
    people: tuple[PersonId, ...], present: set[PersonId], missing: int, waits: bool
) -> None:
    assert is_awaited(shift(4, 12, *people), present, missing) is waits


def test_a_shift_is_as_long_as_it_was_stood() -> None:
    assert as_stood(EVENING, None) == EVENING
    assert as_stood(EVENING, EIGHT + 6 * HOUR).end == EIGHT + 6 * HOUR
    assert as_stood(EVENING, EIGHT + HOUR).end == EVENING.end


def test_what_somebody_kept_on_may_say() -> None:
    facts = ShiftFacts(person=ANN, window=Window.TOO_LATE, rostered=True, on_post=True, kept_on=True)
    view = shift_view(facts)
    assert view is not None
    assert view.kind is MatterKind.REMINDER
    assert view.answers == {Verb.ACK, Verb.OFF, Verb.HAND_OVER}


@pytest.mark.parametrize("hands_over", [True, False])
def test_who_is_on_post_hands_over_where_the_policy_has_it(hands_over: bool) -> None:
    facts = ShiftFacts(
        person=ANN, window=Window.OPEN, rostered=True, on_post=True, hands_over=hands_over, short=False
    )
    view = shift_view(facts)
    assert view is not None
    assert (Verb.HAND_OVER in view.answers) is hands_over
