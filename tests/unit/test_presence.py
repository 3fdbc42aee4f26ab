"""Checking in, moving on, staying over."""

from datetime import UTC, datetime, timedelta

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.presence import (
    Window,
    arrive,
    at_shift_end,
    consecutive,
    leaving,
    missing,
    on_post,
    shift_meant,
    window_at,
)
from notifier.domain.roster import Post, Presence, PresenceEnd, Shift

HOUR = timedelta(hours=1)
EIGHT = datetime(2026, 11, 23, 12, tzinfo=UTC)
GATE, NORTH = PostCode("G1"), PostCode("G2")
ANN, BOB = PersonId("ann"), PersonId("bob")


def shift(start: float, end: float, *people: PersonId, post: PostCode = GATE) -> Shift:
    return Shift(post=post, start=EIGHT + start * HOUR, end=EIGHT + end * HOUR, people=people)


def there(person: PersonId, at: Shift, until: datetime | None = None) -> Presence:
    return Presence(
        person=person, post=at.post, shift=at.key, since=at.start, until=until, channel="sms", by=person
    )


EVENING = shift(0, 4, ANN)
NIGHT = shift(4, 12, ANN, BOB)


def test_a_shift_is_open_from_checkin_until_its_end() -> None:
    assert window_at(EVENING, EIGHT - HOUR - timedelta(microseconds=1), HOUR) is Window.TOO_EARLY
    assert window_at(EVENING, EIGHT - HOUR, HOUR) is Window.OPEN
    assert window_at(EVENING, EVENING.end - timedelta(microseconds=1), HOUR) is Window.OPEN
    assert window_at(EVENING, EVENING.end, HOUR) is Window.TOO_LATE


def meant(now: datetime, *shifts: Shift, present: tuple[Shift, ...] = ()) -> tuple[Shift, Window] | None:
    found = shift_meant(shifts, ANN, now, HOUR, {s.key for s in present})
    return (found.shift, found.window) if found else None


def test_which_shift_is_meant() -> None:
    late = EVENING.end - HOUR / 2
    assert meant(EIGHT, EVENING, NIGHT) == (EVENING, Window.OPEN)
    assert meant(late, EVENING, NIGHT) == (EVENING, Window.OPEN), "the one that runs goes first"
    assert meant(late, EVENING, NIGHT, present=(EVENING,)) == (NIGHT, Window.OPEN)
    assert meant(EIGHT - 3 * HOUR, NIGHT, EVENING) == (EVENING, Window.TOO_EARLY)
    assert meant(EIGHT + 13 * HOUR, EVENING, NIGHT) == (NIGHT, Window.TOO_LATE)
    assert meant(EIGHT, shift(0, 4, BOB)) is None
    twice = shift(1, 4, ANN, post=NORTH)
    assert meant(EIGHT + 2 * HOUR, EVENING, twice) == (twice, Window.OPEN), "the one that began last"


def test_arriving_elsewhere_ends_the_other() -> None:
    now = EIGHT + HOUR
    first = arrive(None, EVENING, ANN, now, "telegram", BOB)
    assert first.begins == Presence(
        person=ANN, post=GATE, shift=EVENING.key, since=now, until=None, channel="telegram", by=BOB
    )
    assert first.ends is None
    elsewhere = there(ANN, shift(0, 4, ANN, post=NORTH))
    moved = arrive(elsewhere, EVENING, ANN, now, "sms", ANN)
    assert (moved.ends, moved.why) == (elsewhere, PresenceEnd.MOVED)


def test_who_is_on_this_post_already_changes_nothing() -> None:
    present = there(ANN, EVENING)
    assert arrive(present, EVENING, ANN, EIGHT, "sms", ANN).begins is None
    assert arrive(present, NIGHT, ANN, NIGHT.start - HOUR, "sms", ANN).begins is None
    over = arrive(present, NIGHT, ANN, NIGHT.start, "sms", ANN)
    assert over.begins is not None
    assert (over.begins.shift, over.why) == (NIGHT.key, PresenceEnd.SHIFT_END)


def test_what_is_missing_counts_people_on_the_post_now() -> None:
    post = Post(code=GATE, unit=UnitCode("BS01"), name="卡口", kind="checkpoint", headcount=2)
    left = there(BOB, EVENING, until=EIGHT + HOUR)
    twice = [there(ANN, EVENING), there(ANN, NIGHT), left, there(BOB, shift(0, 4, BOB, post=NORTH))]
    assert on_post(post, twice) == {ANN}
    assert missing(post, twice) == 1
    assert missing(post, [*twice, there(BOB, NIGHT), there(PersonId("cay"), NIGHT)]) == 0


def test_consecutive_shifts_carry_over() -> None:
    assert consecutive(EVENING, [EVENING, NIGHT, shift(5, 6), shift(4, 8, post=NORTH)]) == NIGHT
    assert consecutive(NIGHT, [EVENING, NIGHT]) is None
    present = [there(ANN, EVENING), there(PersonId("cay"), EVENING), there(BOB, NIGHT)]
    change = at_shift_end(EVENING, NIGHT, present)
    assert [p.person for p in change.stay] == [ANN]
    assert [p.person for p in change.end] == ["cay"]
    assert len(at_shift_end(EVENING, None, present).end) == 2


def test_who_is_leaving_a_post_as_the_next_finds_it() -> None:
    cid, dan = PersonId("cid"), PersonId("dan")
    early, evening, long = shift(-8, -1, cid), shift(0, 4, ANN), shift(1, 9, dan)
    ends = {s.key: s.end for s in (early, evening, long, NIGHT)}
    rows = [there(cid, early, EIGHT - HOUR), there(ANN, evening), there(dan, long), there(BOB, NIGHT)]
    relief = shift(4, 12, BOB)
    at_four = EIGHT + 4 * HOUR
    assert leaving(rows, ends, relief, at_four) == {cid, ANN}
    assert leaving(rows, ends, relief, at_four - HOUR) == {cid}, "his shift goes on"
    assert leaving(rows, ends, NIGHT, at_four) == {cid}, "Ann is rostered on: she is carried over"
