"""Offices over time: a pure reading of records that are only ever added."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.holdings import (
    Entry,
    OfficeRecord,
    Seat,
    What,
    announced,
    called_off,
    entries_for,
    next_change,
    not_before_entry,
    office_at,
    seat_of,
    standing,
    subject_of,
)
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, OfficeStatus

START = datetime(2026, 11, 23, tzinfo=UTC)
SEAT = Seat(unit=UnitCode("V1"), title="secretary", rank=1)
WANG, LI, ZHAO = PersonId("wang"), PersonId("li"), PersonId("zhao")


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


class Book:
    """Records as they are entered, each with the next number."""

    def __init__(self) -> None:
        self.records: list[OfficeRecord] = []

    def enter(
        self,
        what: What,
        person: PersonId | None = None,
        since: float = 0,
        until: float | None = None,
        of: int | None = None,
        entered: float | None = None,
        by: PersonId | None = None,
    ) -> int:
        number = len(self.records) + 1
        self.records.append(
            OfficeRecord(
                id=number,
                seat=SEAT,
                what=what,
                person=person,
                since=hour(since),
                until=None if until is None else hour(until),
                of=of,
                by=by,
                recorded_at=hour(since if entered is None else entered),
            )
        )
        return number

    def take(self, entry: Entry, at: datetime) -> None:
        self.records.append(
            OfficeRecord(
                id=len(self.records) + 1,
                seat=entry.seat,
                what=entry.what,
                person=entry.person,
                since=entry.since,
                until=entry.until,
                of=entry.of,
                recorded_at=at,
            )
        )

    def holder(self, at: float) -> PersonId | None:
        return standing(self.records, hour(at)).holder

    def acting(self, at: float) -> PersonId | None:
        return standing(self.records, hour(at)).acting


def test_a_seat_without_records_is_vacant() -> None:
    nothing = standing([], START)
    assert (nothing.holder, nothing.acting, nothing.status) == (None, None, OfficeStatus.IN_POST)


def test_an_appointment_supersedes_the_one_before() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    book.enter(What.APPOINTED, LI, 10)
    assert [book.holder(at) for at in (-1, 0, 9.9, 10, 99)] == [None, WANG, WANG, LI, LI]


def test_an_ended_appointment_leaves_the_seat_vacant_and_nobody_comes_back() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    li = book.enter(What.APPOINTED, LI, 10)
    book.enter(What.ENDED, LI, 20, of=li)
    assert [book.holder(at) for at in (15, 20, 30)] == [LI, None, None]


def test_an_absence_ends_by_itself_and_earlier_when_he_comes_back() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    away = book.enter(What.ABSENT, WANG, 5, until=15)
    before = standing(book.records, hour(10))
    assert (before.status, before.until) == (OfficeStatus.ABSENT, hour(15))
    assert standing(book.records, hour(15)).status is OfficeStatus.IN_POST
    book.enter(What.ENDED, WANG, 8, of=away)
    assert standing(book.records, hour(10)).status is OfficeStatus.IN_POST
    assert standing(book.records, hour(10), known_at=hour(7)).status is OfficeStatus.ABSENT


def test_who_acts_acts_no_longer_than_the_absence_lasts() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    away = book.enter(What.ABSENT, WANG, 5, until=15)
    book.enter(What.ACTING, LI, 5, of=away)
    assert [book.acting(at) for at in (4, 5, 14.9, 15)] == [None, LI, LI, None]
    assert standing(book.records, hour(6)).acting_until == hour(15)
    book.enter(What.ENDED, WANG, 9, of=away)
    assert [book.acting(at) for at in (8, 9)] == [LI, None]


def test_an_absence_taken_back_never_held_nor_did_anybody_act() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    away = book.enter(What.ABSENT, WANG, 5)
    book.enter(What.ACTING, LI, 5, of=away)
    book.enter(What.TAKEN_BACK, WANG, 5, of=away, entered=12)
    now = standing(book.records, hour(20))
    assert (now.status, now.acting) == (OfficeStatus.IN_POST, None)
    then = standing(book.records, hour(11), known_at=hour(11))
    assert (then.status, then.acting) == (OfficeStatus.ABSENT, LI)


def test_who_was_called_off_by_somebody_is_known_for_that_cause_alone() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    away = book.enter(What.ABSENT, WANG, 5)
    acting = book.enter(What.ACTING, LI, 5, of=away)
    assert called_off(book.records, away) == set()
    book.enter(What.ENDED, LI, 6, of=acting)
    assert called_off(book.records, away) == set(), "a file, or a date, is nobody's word against him"
    again = book.enter(What.ACTING, LI, 7, of=away)
    book.enter(What.ENDED, LI, 8, of=again, by=ZHAO)
    assert called_off(book.records, away) == {LI}
    assert called_off(book.records, None) == set()


def test_a_former_holders_absence_is_not_the_new_holders() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    book.enter(What.ABSENT, WANG, 5)
    book.enter(What.APPOINTED, LI, 10)
    assert standing(book.records, hour(11)).status is OfficeStatus.IN_POST


def test_who_holds_it_again_is_not_away_for_what_kept_him_away_before() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    book.enter(What.ABSENT, WANG, 5)
    book.enter(What.APPOINTED, None, 10)
    book.enter(What.APPOINTED, WANG, 20)
    assert standing(book.records, hour(21)).status is OfficeStatus.IN_POST
    assert standing(book.records, hour(6)).status is OfficeStatus.ABSENT


def test_the_last_end_entered_counts() -> None:
    book = Book()
    first = book.enter(What.ACTING, LI, 0, until=50)
    book.enter(What.ENDED, LI, 20, of=first, entered=1)
    book.enter(What.ENDED, LI, 30, of=first, entered=2)
    assert [book.acting(at) for at in (25, 30)] == [LI, None]


def test_the_next_change_is_every_beginning_and_end_ahead() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    book.enter(What.ABSENT, WANG, 5, until=15)
    moments = [hour(0)]
    while (moment := next_change(book.records, moments[-1])) is not None:
        moments.append(moment)
    assert moments[1:] == [hour(5), hour(15)]


def test_what_another_clock_entered_a_moment_ahead_has_taken_effect() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 5)
    assert book.holder(4) is None
    assert standing(book.records, not_before_entry(book.records, hour(4))).holder == WANG
    assert not_before_entry([], hour(4)) == hour(4)


def test_a_vacant_seat_may_have_somebody_acting() -> None:
    book = Book()
    book.enter(What.APPOINTED, None, 0)
    book.enter(What.ACTING, LI, 1)
    office = office_at(SEAT, standing(book.records, hour(2)))
    assert (office.person, office.acting) == (None, LI)


def test_who_acts_in_a_vacant_seat_does_so_until_somebody_is_appointed() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    vacancy = book.enter(What.APPOINTED, None, 5)
    book.enter(What.ACTING, LI, 5, of=vacancy)
    assert [book.acting(at) for at in (4, 5, 99)] == [None, LI, LI]
    book.enter(What.APPOINTED, ZHAO, 10)
    assert [book.acting(at) for at in (9, 10)] == [LI, None]


def test_who_acts_for_somebody_acts_on_when_he_is_removed_and_not_for_his_successor() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    away = book.enter(What.SUSPENDED, WANG, 5)
    book.enter(What.ACTING, LI, 5, of=away)
    book.enter(What.APPOINTED, None, 10)
    book.enter(What.APPOINTED, ZHAO, 15)
    assert [book.acting(at) for at in (6, 11, 15)] == [LI, LI, None]


def test_who_acts_by_an_order_of_its_own_acts_whoever_is_appointed() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG, 0)
    book.enter(What.ACTING, LI, 5)
    book.enter(What.APPOINTED, ZHAO, 10)
    assert book.acting(11) == LI


def test_a_seat_is_found_again_by_its_subject_whatever_its_title() -> None:
    seat = Seat(unit=UnitCode("V1"), title="a|b", rank=12)
    assert seat_of(subject_of(seat)) == seat


# ── what a file tells ────────────────────────────────────────────────────────────────────────────

offices = st.none() | st.builds(
    lambda person, status, until: Office(
        unit=SEAT.unit,
        title=SEAT.title,
        rank=SEAT.rank,
        person=person,
        status=status if person else OfficeStatus.IN_POST,
        until=hour(until) if until and person and status is OfficeStatus.ABSENT else None,
    ),
    st.sampled_from((None, WANG, LI, ZHAO)),
    st.sampled_from(OfficeStatus),
    st.none() | st.integers(min_value=40, max_value=60),
)


@given(st.lists(offices, min_size=1, max_size=6))
def test_after_each_file_the_seat_stands_as_it_tells_and_the_same_file_changes_nothing(
    files: list[Office | None],
) -> None:
    book = Book()
    for number, told in enumerate(files):
        at = hour(number)
        for entry in entries_for(SEAT, standing(book.records, at), told, at):
            book.take(entry, at)
        now = standing(book.records, at)
        wanted = told or Office(unit=SEAT.unit, title=SEAT.title, rank=SEAT.rank, person=None)
        assert (now.holder, now.status, now.until) == (wanted.person, wanted.status, wanted.until)
        if told is not None:
            assert not entries_for(SEAT, now, told, at)


@given(st.lists(offices, min_size=1, max_size=6), st.integers(min_value=0, max_value=6))
def test_what_was_known_then_is_what_the_records_of_then_say(files: list[Office | None], at: int) -> None:
    book, then = Book(), None
    for number, told in enumerate(files):
        moment = hour(number)
        for entry in entries_for(SEAT, standing(book.records, moment), told, moment):
            book.take(entry, moment)
        if number == at:
            then = standing(book.records, moment)
    if then is not None:
        assert standing(book.records, hour(at), known_at=hour(at)) == then


def test_what_is_announced_takes_effect_later_and_knows_its_end() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG)
    book.enter(What.ABSENT, WANG, since=-1, until=1)
    away = book.enter(What.ABSENT, WANG, since=5, until=9)
    book.enter(What.ENDED, WANG, since=7, of=away)
    mistaken = book.enter(What.SUSPENDED, WANG, since=20)
    book.enter(What.TAKEN_BACK, WANG, of=mistaken)
    coming = announced(book.records, hour(0))
    assert [(one.id, one.until) for one in coming] == [(away, hour(7))]
    assert announced(book.records, hour(5)) == ()


def test_an_absence_of_who_will_hold_the_seat_no_more_is_not_announced() -> None:
    book = Book()
    book.enter(What.APPOINTED, WANG)
    book.enter(What.ABSENT, WANG, since=5)
    follows = book.enter(What.APPOINTED, LI, since=3)
    assert [one.id for one in announced(book.records, hour(0))] == [follows]
