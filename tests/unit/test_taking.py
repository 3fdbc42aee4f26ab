"""A case that is handed to somebody chosen, or taken from who has it: whom that calls, and who may."""

import pytest

from notifier.domain.case import CallState, CaseState, HandedTo, RosterChanged, TakenOver, Verdict
from notifier.domain.chain import read_chain
from notifier.domain.effects import Notice, Tell
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import Step
from notifier.domain.precedence import may_take_over
from notifier.domain.roster import DUTY_DESK, ChannelName, Contact, Lineage, Office, Person, Unit, UnitKind
from tests.unit.casework import NOW, Desk, minutes

A, B, DEP, COM, DESK, AWAY, GUEST = (
    PersonId(name) for name in ("a", "b", "dep", "com", "desk", "away", "guest")
)


def opened() -> Desk:
    desk = Desk()
    desk.opens()
    return desk


def held_by(person: str) -> Desk:
    desk = opened()
    desk.takes(person)
    return desk


def hands(desk: Desk, person: PersonId, to: PersonId) -> Verdict:
    return desk.happens(HandedTo(person=person, to=to, words="他在附近", channel="web"), after=1).verdict


# ── handed to somebody ───────────────────────────────────────────────────────────────────────────


def test_whom_the_holder_chose_is_called_at_once_and_has_it_when_he_says_so() -> None:
    desk = held_by("a")
    assert hands(desk, A, COM) is Verdict.TAKEN
    assert (desk.case.state, desk.case.holder) == (CaseState.CALLING, None)
    assert desk.records() == [("handed_on", "a", "to com; 他在附近")]
    [told] = [effect for effect in desk.effects if isinstance(effect, Tell)]
    assert (told.person, told.notice, told.by, told.words) == (COM, Notice.HANDED, A, "他在附近")
    assert desk.due_in() == minutes(5), "he is waited for as whoever is called at that step"
    desk.takes("com")
    assert desk.case.holder == COM
    assert sorted(desk.told(Notice.WHO_HAS_IT)) == ["a", "b"]
    assert desk.takes("a").verdict is Verdict.HELD_BY_OTHER


def test_when_he_does_not_answer_the_calls_go_on_and_he_is_not_called_twice() -> None:
    desk = held_by("a")
    hands(desk, A, COM)
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["sec"]
    desk.runs_out(2)
    assert desk.told(Notice.CALL) == ["desk"], "com was called before"


def test_who_was_called_before_can_be_chosen_again() -> None:
    desk = opened()
    desk.runs_out()
    desk.takes("a")
    assert hands(desk, A, B) is Verdict.TAKEN
    call = desk.case.call_to(B)
    assert call is not None
    assert (call.state, call.times) == (CallState.ASKED, 2)
    assert desk.case.called[-1] == B, "it is he who is waited for"
    desk.declines("b")
    assert desk.told(Notice.CALL) == ["dep"]


def test_while_nobody_has_it_anybody_may_choose_and_the_loud_calls_rest_meanwhile() -> None:
    desk = opened()
    desk.runs_out(7)
    assert desk.case.state is CaseState.EXHAUSTED
    assert hands(desk, DESK, GUEST) is Verdict.TAKEN
    assert (desk.case.state, desk.told(Notice.HANDED)) == (CaseState.CALLING, ["guest"])
    desk.runs_out(3)
    assert desk.case.state is CaseState.EXHAUSTED, "nobody is left again"


@pytest.mark.parametrize(
    ("giver", "to", "verdict"),
    [
        (B, COM, Verdict.HELD_BY_OTHER),
        (A, A, Verdict.HELD_BEFORE),
        (A, AWAY, Verdict.NOT_CALLED),
    ],
)
def test_what_cannot_be_handed_on_stays_where_it_is(giver: PersonId, to: PersonId, verdict: Verdict) -> None:
    desk = held_by("a")
    desk.edits(unable="away")
    before = desk.case
    assert hands(desk, giver, to) is verdict
    assert desk.case == before


def test_who_had_it_is_not_chosen_again() -> None:
    desk = held_by("a")
    hands(desk, A, B)
    desk.takes("b")
    assert hands(desk, B, A) is Verdict.HELD_BEFORE


# ── taken over ───────────────────────────────────────────────────────────────────────────────────


def takes_over(desk: Desk, person: PersonId) -> Verdict:
    return desk.happens(TakenOver(person=person, words="我去现场", channel="web", by_deed=True)).verdict


def test_it_is_taken_from_its_holder_who_hears_from_whom_and_why() -> None:
    desk = held_by("a")
    assert takes_over(desk, GUEST) is Verdict.TAKEN
    assert desk.case.holder == GUEST
    assert desk.records() == [
        ("taken_over", "guest", "from a; 我去现场"),
        ("acknowledged", "guest", "我去现场"),
    ]
    told = {(effect.person, effect.notice) for effect in desk.effects if isinstance(effect, Tell)}
    assert told == {(GUEST, Notice.TAKEN), (A, Notice.TAKEN_OVER), (B, Notice.WHO_HAS_IT)}
    assert takes_over(desk, GUEST) is Verdict.HELD_ALREADY
    assert takes_over(desk, A) is Verdict.HELD_BEFORE


VILLAGE, TOWN = UnitCode("V"), UnitCode("T")
SEC, LEADER, OFFICER, OLD, ACTING = (PersonId(name) for name in ("sec", "leader", "officer", "old", "acting"))
LINEAGE = Lineage(
    units=(
        Unit(code=VILLAGE, name="v", kind=UnitKind.VILLAGE, parent=TOWN),
        Unit(code=TOWN, name="t", kind=UnitKind.TOWN, parent=None),
    ),
    offices=(
        Office(unit=VILLAGE, title="secretary", rank=1, person=SEC),
        Office(unit=VILLAGE, title="deputy_secretary", rank=2, person=DEP),
        Office(unit=VILLAGE, title="committee", rank=3, person=COM, acting=ACTING),
        Office(unit=TOWN, title="secretary", rank=1, person=LEADER),
        Office(unit=TOWN, title=DUTY_DESK, rank=95, person=OLD),
    ),
    desk={TOWN: (OFFICER,)},
)


@pytest.mark.parametrize(
    ("person", "holder", "may"),
    [
        (OFFICER, LEADER, True),
        (OLD, SEC, True),
        (LEADER, SEC, True),
        (SEC, DEP, True),
        (DEP, ACTING, True),
        (SEC, A, True),
        (DEP, SEC, False),
        (SEC, LEADER, False),
        (COM, A, False),
        (A, SEC, False),
        (SEC, SEC, False),
    ],
)
def test_the_desk_may_take_over_and_whoever_stands_higher(
    person: PersonId, holder: PersonId, may: bool
) -> None:
    assert may_take_over(person, holder, LINEAGE, NOW) is may


# ── the place of who was chosen ──────────────────────────────────────────────────────────────────


def test_who_was_chosen_stands_in_the_chain_and_is_called_by_nothing_in_it() -> None:
    steps = (Step(call="secretary", wait=minutes(5)),)
    chain = read_chain(steps, LINEAGE, now=NOW, called=(GUEST,), chosen=(GUEST,))
    assert GUEST in chain.people
    assert GUEST not in chain.unable
    assert GUEST not in {place.person for place in chain.places}


def test_who_was_chosen_keeps_what_he_holds_when_the_roster_is_edited() -> None:
    desk = held_by("a")
    takes_over(desk, GUEST)
    steps = (Step(call="secretary", wait=minutes(5)),)
    person = Person(id=GUEST, name="g", phone=None, unit=TOWN, locale="zh")
    contact = Contact(channel=ChannelName.SMS, account="", address="1")
    lineage = Lineage(
        units=LINEAGE.units, offices=LINEAGE.offices, people={GUEST: person}, contacts={GUEST: (contact,)}
    )
    desk.chain = read_chain(steps, lineage, now=NOW, called=desk.case.called, chosen=desk.case.chosen)
    desk.happens(RosterChanged())
    assert (desk.case.state, desk.case.holder) == (CaseState.HELD, GUEST)
