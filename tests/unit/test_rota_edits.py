"""However a rota is edited: every hour to come is the last rota's, or that of a shift which has begun."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Shift
from notifier.domain.rota import Rota, Span, expand_rotas, outside, wheel
from notifier.store.shift_import import FILE, ROTA, ShiftPlan, Stored, compare_file, compare_rotas

GATE, BARRIER = PostCode("G1"), PostCode("G2")
ZONE = ZoneInfo("America/New_York")
START = datetime(2026, 3, 5, 17, tzinfo=UTC)
"""Three days before the clocks are put forward."""
HORIZON = timedelta(days=4)
HOUR = timedelta(hours=1)


def span(start: int, end: int) -> Span:
    return time(start % 24), time(end % 24)


DAYS: tuple[tuple[Span, ...], ...] = (
    (span(8, 20), span(20, 8)),
    (span(8, 16), span(16, 24), span(0, 8)),
    (span(7, 19), span(19, 7)),
    (span(6, 22),),
    (),
)


@dataclass
class Book:
    """The shifts of a post as they are stored, and what happened to them."""

    now: datetime = START
    stored: dict[ShiftKey, Stored] = field(default_factory=dict)
    arrived: set[ShiftKey] = field(default_factory=set)
    wanted: Sequence[Shift] = ()

    @property
    def standing(self) -> list[Shift]:
        return sorted((k.shift for k in self.stored.values() if not k.cancelled), key=lambda s: s.start)

    @property
    def fixed(self) -> list[Shift]:
        return [s for s in self.standing if s.start <= self.now or s.key in self.arrived]

    def edit(self, rotas: Sequence[Rota]) -> None:
        today = self.now.astimezone(ZONE).date()
        self.wanted = expand_rotas(rotas, ZONE, today - timedelta(days=1), today + HORIZON)
        self.take(self.plan())

    def plan(self) -> ShiftPlan:
        return compare_rotas(self.stored, self.wanted, self.arrived, self.now + HORIZON, self.now)

    def take(self, plan: ShiftPlan) -> None:
        for shift in (*plan.added, *plan.changed):
            self.stored[shift.key] = Stored(shift, plan.source, cancelled=False)
        for key in plan.cancelled:
            self.stored[key] = Stored(self.stored[key].shift, self.stored[key].source, cancelled=True)

    def check_in(self) -> None:
        """Somebody comes early, as the next shift is near."""
        coming = [s for s in self.standing if self.now < s.start <= self.now + HOUR]
        self.arrived |= {shift.key for shift in coming[:1]}

    def undo(self) -> None:
        self.arrived = {shift.key for shift in self.fixed if shift.start <= self.now}

    def who(self, shifts: Sequence[Shift], moment: datetime) -> list[tuple[PersonId, ...]]:
        return [s.people for s in shifts if s.start <= moment < s.end]


@st.composite
def rotas(draw: st.DrawFn) -> list[Rota]:
    hours = draw(st.sampled_from(DAYS))
    if not hours:
        return []
    teams = draw(st.lists(st.sampled_from("abcdef"), min_size=len(hours), max_size=5, unique=True))
    until = draw(st.sampled_from([None, date(2026, 3, 5), date(2026, 3, 7)]))
    places = wheel([(PersonId(name),) for name in teams], len(hours))
    return [Rota(post=GATE, first=date(2026, 3, 1), last=until, hours=hours, round=places)]


EVENTS = st.one_of(
    rotas(),
    st.sampled_from(["check in", "undo", "nothing"]),
    st.integers(1, 30).map(lambda hours: timedelta(hours=hours / 2)),
)


@given(st.lists(EVENTS, min_size=1, max_size=12))
def test_every_hour_to_come_is_stood_once_by_whom_the_last_rota_or_a_begun_shift_says(
    events: list[object],
) -> None:
    book, current = Book(), list[Rota]()
    for event in events:
        if event == "check in":
            book.check_in()
        elif event == "undo":
            book.undo()
        elif isinstance(event, timedelta):
            book.now += event
        elif isinstance(event, list):
            current = event
        before = list(book.fixed)
        book.edit(current)
        assert book.plan().counts.added + book.plan().counts.changed + len(book.plan().cancelled) == 0
        assert [s for s in book.standing if s in before] == before
        _check_hours(book)


def _check_hours(book: Book) -> None:
    moment = book.now + timedelta(minutes=15)
    while moment < book.now + HORIZON:
        fixed = book.who(book.fixed, moment)
        # What starts beyond the horizon is not planned yet; it may reach into it by nothing.
        assert book.who(book.standing, moment) == (fixed or book.who(book.wanted, moment)), moment
        moment += timedelta(minutes=30)


def shift(start: int, end: int, person: str = "a", post: PostCode = GATE) -> Shift:
    return Shift(post=post, start=START + start * HOUR, end=START + end * HOUR, people=(PersonId(person),))


def book_of(*shifts: Shift, source: str = ROTA) -> dict[ShiftKey, Stored]:
    return {one.key: Stored(one, source, cancelled=False) for one in shifts}


def compare(stored: dict[ShiftKey, Stored], *wanted: Shift, arrived: tuple[Shift, ...] = ()) -> ShiftPlan:
    keys = {one.key for one in arrived}
    return compare_rotas(stored, wanted, keys, START + HORIZON, START)


def test_what_an_edited_rota_says_of_the_hours_of_a_begun_shift_begins_when_that_ends() -> None:
    begun, later = shift(-4, 8), shift(7, 15, "b")
    plan = compare(book_of(begun), later)
    assert plan.added == [shift(8, 15, "b")]
    assert plan.cancelled == []


def test_a_shift_in_which_somebody_has_checked_in_stays_until_that_is_undone() -> None:
    old, new = shift(1, 9), shift(1, 9, "b")
    assert compare(book_of(old), new, arrived=(old,)).keys == set()
    assert compare(book_of(old), new).changed == [new]
    assert compare(book_of(old), arrived=(old,)).keys == set()
    assert compare(book_of(old)).cancelled == [old.key]


def test_the_past_is_planned_only_for_a_post_that_had_no_rota() -> None:
    over, running = shift(-10, -2), shift(-2, 6)
    assert compare({}, over, running).added == [over, running]
    another = book_of(shift(30, 38))
    assert compare(another, over, running).added == [running]
    elsewhere = book_of(shift(30, 38, post=BARRIER))
    assert compare(elsewhere, over, running).added == [over, running]


def test_what_starts_beyond_the_time_planned_for_waits() -> None:
    assert compare({}, shift(95, 100), shift(96, 104)).added == [shift(95, 100)]


def test_the_file_is_given_way_to_by_the_whole_shift_and_a_begun_one_stays() -> None:
    filed = book_of(shift(4, 6, "z"), source=FILE)
    assert compare(filed, shift(2, 10), shift(10, 18, "b")).added == [shift(10, 18, "b")]
    stored = book_of(shift(-2, 5), shift(5, 13, "b"))
    assert compare_file(stored, [shift(4, 6, "z")], START).cancelled == [shift(5, 13, "b").key]


def test_what_lies_outside_of_several_is_in_parts() -> None:
    kept = [shift(5, 7), shift(1, 3), shift(20, 22)]
    assert outside(shift(0, 10), kept, START) == [shift(0, 1), shift(3, 5), shift(7, 10)]
    assert outside(shift(0, 10), kept, START + 4 * HOUR) == [shift(3, 5), shift(7, 10)]
    assert outside(shift(1, 3), kept, START) == []
    assert outside(shift(8, 10), kept, START + 20 * HOUR) == [shift(8, 10)]
