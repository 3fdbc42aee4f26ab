"""What must hold of a live chain: one person a seat, nobody in reach forgotten, one owner for each duty."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.calling import Scene, pending
from notifier.domain.case import (
    Acknowledged,
    CallState,
    Case,
    CaseState,
    ClockRanOut,
    Declined,
    Event,
    HandedOn,
    Opened,
    RosterChanged,
    TakenBack,
)
from notifier.domain.chain import read_chain
from notifier.domain.escalation import step
from notifier.domain.holdings import What, office_at, standing
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import Policy, Step
from notifier.domain.roster import (
    ChannelName,
    Contact,
    Lineage,
    Office,
    OfficeStatus,
    Person,
    Unit,
    UnitKind,
)
from notifier.domain.times import NO_QUIET
from tests.unit.casework import NOW, POLICY, opened_case
from tests.unit.test_holdings import SEAT, Book, hour

CITY = Unit(code=UnitCode("C"), name="例市", kind=UnitKind.CITY, parent=None)
TOWN = Unit(code=UnitCode("T"), name="例镇", kind=UnitKind.TOWN, parent=CITY.code)
VILLAGE = Unit(code=UnitCode("V"), name="例村", kind=UnitKind.VILLAGE, parent=TOWN.code)
NAMES = [PersonId(name) for name in "abcdefgh"]
PEOPLE = st.sampled_from(NAMES)
SEATS = (
    (VILLAGE, "secretary", 1),
    (VILLAGE, "deputy_secretary", 2),
    (VILLAGE, "committee", 3),
    (VILLAGE, "committee", 4),
    (VILLAGE, "liaison", 90),
    (TOWN, "liaison", 90),
    (CITY, "duty_desk", 95),
)
STEPS = tuple(
    Step(call=call, wait=timedelta(minutes=5), repeat=repeat)
    for call, repeat in (
        ("rostered", 0),
        ("secretary", 1),
        ("succession", 0),
        ("liaison", 0),
        ("duty_desk", 1),
    )
)
RULES: Policy = replace(POLICY, steps=STEPS)


# ── a seat ───────────────────────────────────────────────────────────────────────────────────────

ABOUT = (What.ENDED, What.TAKEN_BACK, What.ACTING)
HOURS = st.integers(0, 30)
ENTRIES = st.lists(
    st.tuples(st.sampled_from(What), st.none() | PEOPLE, HOURS, st.none() | HOURS, st.integers(1, 10)),
    max_size=10,
)


@given(ENTRIES, st.integers(0, 31), st.randoms(use_true_random=False))
def test_at_any_moment_at_most_one_person_holds_a_seat(
    entries: list[tuple[What, PersonId | None, int, int | None, int]], at: int, shuffle: st.DataObject
) -> None:
    book = Book()
    for what, person, since, until, of in entries:
        # A record is about an earlier one, or about none.
        about = of if of <= len(book.records) and what in ABOUT else None
        book.enter(what, person or NAMES[0], since, until, about)
    reading = standing(book.records, hour(at))
    jumbled = list(book.records)
    shuffle.shuffle(jumbled)  # type: ignore[attr-defined]
    assert standing(jumbled, hour(at)) == reading, "the order in which records are read does not matter"
    office = office_at(SEAT, reading)
    kept_by = [person for person in NAMES if office.is_kept_by(person, hour(at))]
    assert len(kept_by) <= 1
    lineage = lineage_of((office,), silent=frozenset(), unit=replace(VILLAGE, code=SEAT.unit))
    chain = read_chain((Step(call="secretary", wait=timedelta()),), lineage, now=hour(at))
    assert [place.person for place in chain.places if place.reason is None] == kept_by


# ── a chain ──────────────────────────────────────────────────────────────────────────────────────


def lineage_of(offices: tuple[Office, ...], silent: frozenset[PersonId], unit: Unit = VILLAGE) -> Lineage:
    people = {p: Person(id=p, name=p, phone=None, unit=unit.code, locale="zh") for p in NAMES}
    return Lineage(
        units=(unit, TOWN, CITY),
        offices=offices,
        people=people,
        contacts={
            p: (Contact(channel=ChannelName.SMS, account="", address=p),) for p in NAMES if p not in silent
        },
    )


@st.composite
def lineages(draw: st.DrawFn) -> Lineage:
    """A village with any holders, away or not, some acting, some out of reach."""
    offices = []
    for unit, title, rank in SEATS:
        person = draw(st.none() | PEOPLE)
        status = draw(st.sampled_from([OfficeStatus.IN_POST, OfficeStatus.IN_POST, *OfficeStatus]))
        acting = draw(st.none() | st.none() | PEOPLE)
        offices.append(
            Office(
                unit=unit.code,
                title=title,
                rank=rank,
                person=person,
                status=status if person else OfficeStatus.IN_POST,
                acting=acting if status is not OfficeStatus.IN_POST or person is None else None,
            )
        )
    return lineage_of(tuple(offices), draw(st.frozensets(PEOPLE, max_size=6)))


class Village:
    """Plays one case against a chain that is read live."""

    def __init__(
        self, lineage: Lineage, rostered: tuple[PersonId, ...], resting: frozenset[PersonId]
    ) -> None:
        self.lineage, self.rostered, self.resting = lineage, rostered, resting
        self.case: Case = opened_case()
        self.now = NOW

    def scene(self) -> Scene:
        chain = read_chain(
            RULES.steps,
            self.lineage,
            self.rostered,
            now=self.now,
            called=self.case.called,
            resting=self.resting,
        )
        return Scene(chain=chain, policy=RULES, quiet=NO_QUIET, now=self.now)

    def happens(self, event: Event) -> None:
        scene = self.scene()
        self.case = step(self.case, event, scene.chain, RULES, NO_QUIET, self.now).case

    def clock(self) -> None:
        assert self.case.due_at is not None
        self.now = max(self.now, self.case.due_at)
        self.happens(ClockRanOut())


ROSTERED = st.lists(PEOPLE, max_size=3, unique=True).map(tuple)
RESTING = st.frozensets(PEOPLE, max_size=4)


@settings(deadline=None, max_examples=200)
@given(lineages(), ROSTERED, RESTING)
def test_whoever_is_in_reach_is_called_before_it_is_given_up_and_who_rests_is_called_last(
    lineage: Lineage, rostered: tuple[PersonId, ...], resting: frozenset[PersonId]
) -> None:
    village = Village(lineage, rostered, resting)
    in_reach = {place.person for place in village.scene().chain.places if place.reason is None}
    village.happens(Opened(reason="0 of 1"))
    for _ in range(100):
        if village.case.state is not CaseState.CALLING:
            break
        left = in_reach - set(village.case.called)
        assert pending(village.case, village.scene()), f"nobody is called while {left} are left"
        village.clock()
    assert village.case.state is CaseState.EXHAUSTED
    in_steps = [call.person for call in village.case.calls if call.step <= 2 * len(STEPS)]
    assert set(in_steps) == in_reach
    own = [seat for seat in lineage.offices if seat.unit == VILLAGE.code and seat.acting is None]
    free = {seat.person for seat in own if seat.person and seat.is_kept_by(seat.person, NOW)}
    assert {person for person in free if lineage.contacts.get(person)} <= set(in_steps), "nobody is left out"
    spared = resting - set(rostered)
    assert in_steps == sorted(in_steps, key=lambda person: person in spared), "rest comes to an end last"


EVENTS = st.one_of(
    st.builds(Acknowledged, person=PEOPLE, words=st.just("收到")),
    st.builds(Declined, person=PEOPLE, words=st.just("不便")),
    st.builds(HandedOn, person=PEOPLE, words=st.just("转交")),
    st.builds(TakenBack, person=PEOPLE, words=st.just("撤销")),
    st.just("clock"),
    lineages(),
)


@settings(deadline=None, max_examples=300)
@given(lineages(), ROSTERED, RESTING, st.lists(EVENTS, max_size=15))
def test_a_roster_edited_at_any_moment_leaves_no_duty_without_an_owner_or_with_two(
    lineage: Lineage,
    rostered: tuple[PersonId, ...],
    resting: frozenset[PersonId],
    events: list[Event | Lineage | str],
) -> None:
    village = Village(lineage, rostered, resting)
    village.happens(Opened(reason="0 of 1"))
    for event in events:
        match event:
            case Lineage():
                village.lineage = event
                village.happens(RosterChanged())
            case "clock":
                village.clock()
            case _:
                village.happens(event)  # type: ignore[arg-type]
        _has_one_owner(village, reread=isinstance(event, Lineage))


def _has_one_owner(village: Village, *, reread: bool) -> None:
    """Held by one, or somebody is being asked, or the desk is being called: and never two of these."""
    case, scene = village.case, village.scene()
    holding = [call.person for call in case.calls if call.state is CallState.HOLDING]
    assert holding == ([case.holder] if case.state is CaseState.HELD else [])
    assert case.due_at is not None, "something will happen by itself"
    if not reread:
        return
    if case.state is CaseState.HELD:
        assert not scene.is_gone(case.holder or PersonId("")), "who is gone holds nothing"
    if case.state is CaseState.CALLING:
        assert any(not scene.is_gone(call.person) for call in pending(case, scene)), "somebody is asked"
