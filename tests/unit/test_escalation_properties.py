"""What must hold for every case, whatever the chain and whatever happens in which order."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from notifier.domain.case import (
    CLOSED,
    Acknowledged,
    CalledOff,
    CallFailed,
    Case,
    CaseState,
    Chain,
    Decision,
    Declined,
    Done,
    Event,
    HandedOn,
    HandedTo,
    HeldUntil,
    OnTheWay,
    Opened,
    Place,
    RosterChanged,
    TakenBack,
    TakenOver,
)
from notifier.domain.effects import Notice, Tell
from notifier.domain.ids import PersonId
from notifier.domain.policy import ROSTERED, Policy, Step
from tests.unit.casework import NOW, POLICY, Desk

NAMES = [PersonId(name) for name in "abcdefgh"]
PEOPLE = st.sampled_from(NAMES)
REASONS = st.sampled_from([None, None, None, "no_contact", "absent", "on_leave"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    repeats = draw(st.lists(st.integers(0, 2), min_size=1, max_size=5))
    calls = [ROSTERED if draw(st.booleans()) and n == 0 else f"office{n}" for n in range(len(repeats))]
    steps = [
        Step(call=call, wait=timedelta(minutes=5), repeat=repeat)
        for call, repeat in zip(calls, repeats, strict=True)
    ]
    return replace(POLICY, steps=tuple(steps))


@st.composite
def chains(draw: st.DrawFn, policy: Policy) -> Chain:
    """A chain as ``read_chain`` would give it, but wilder: any people, any reasons."""
    places: list[Place] = []
    for number, step in enumerate(policy.steps, start=1):
        people = draw(st.lists(st.one_of(PEOPLE, st.none()), max_size=4, unique=True))
        for rank, person in enumerate(people):
            group = step.call == ROSTERED
            order = (0, 0 if group else rank, person or "")
            reason = draw(REASONS) if person else "vacant: seat"
            places.append(
                Place(step=number, order=order, title=step.call, person=person, reason=reason, group=group)
            )
    places.sort(key=lambda place: (place.step, place.order))
    people_in = frozenset(place.person for place in places if place.person)
    desk = tuple(draw(st.lists(PEOPLE, max_size=2, unique=True)))
    unable = draw(st.frozensets(PEOPLE, max_size=2))
    return Chain(places=tuple(places), desk=desk, people=people_in | frozenset(desk), unable=unable)


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(CallFailed, person=PEOPLE, reason=st.just("blocked")),
    st.builds(Acknowledged, person=PEOPLE, words=st.just("收到")),
    st.builds(Declined, person=PEOPLE, words=st.just("不便")),
    st.builds(HandedOn, person=PEOPLE, words=st.just("转交")),
    st.builds(TakenBack, person=PEOPLE, words=st.just("撤销")),
    st.builds(
        OnTheWay,
        person=PEOPLE,
        words=st.just("20"),
        until=st.integers(-30, 600).map(lambda m: NOW + timedelta(minutes=m)),
    ),
    st.builds(
        HeldUntil,
        person=PEOPLE,
        words=st.just("打过电话"),
        until=st.integers(-30, 600).map(lambda m: NOW + timedelta(minutes=m)),
    ),
    st.builds(TakenOver, person=PEOPLE, words=st.just("接班"), by_deed=st.booleans()),
    st.builds(HandedTo, person=PEOPLE, to=PEOPLE, words=st.just("转给他")),
    st.just(RosterChanged()),
    st.just(Opened(reason="again")),
)
ENDINGS: st.SearchStrategy[Event] = st.one_of(
    st.just(Done(outcome="staffed")), st.just(CalledOff(outcome="missed", reason="over"))
)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_whatever_happens_the_promises_hold(data: st.DataObject) -> None:
    policy = data.draw(policies())
    desk = Desk(policy=policy, chain=data.draw(chains(policy)))
    called: Counter[PersonId] = Counter()
    keys: Counter[tuple[object, ...]] = Counter()
    desk.opens()
    for _ in range(data.draw(st.integers(1, 25))):
        _check(desk, called, keys)
        before = desk.case
        _play(data, desk)
        _check_move(before, desk.decisions[-1])
    _check(desk, called, keys)


def _play(data: st.DataObject, desk: Desk) -> None:
    match data.draw(st.sampled_from(["clock", "clock", "event", "event", "event", "roster", "end"])):
        case "clock" if desk.case.due_at is not None:
            desk.runs_out()
        case "roster":
            desk.chain = data.draw(chains(desk.policy))
            desk.happens(RosterChanged())
        case "end" if data.draw(st.integers(0, 3)) == 0:
            desk.happens(data.draw(ENDINGS))
        case _:
            desk.happens(data.draw(EVENTS), after=1)


def _check(desk: Desk, called: Counter[PersonId], keys: Counter[tuple[object, ...]]) -> None:
    case = desk.case
    tells = [effect for effect in desk.effects if isinstance(effect, Tell)]
    desk.effects = []
    called.update(tell.person for tell in tells if tell.notice is Notice.CALL)
    keys.update((tell.person, tell.notice, tell.n) for tell in tells)
    assert max(called.values(), default=0) <= 1, "nobody is called twice"
    assert max(keys.values(), default=0) <= 1, "every notice has a key of its own"
    assert len({tell.step for tell in tells if tell.notice is Notice.CALL}) <= 1, "one step a decision"
    assert (case.due_at is None) == (case.state in CLOSED)
    assert (case.holder is not None) or case.state is not CaseState.HELD
    if case.is_open and case.state is not CaseState.HELD:
        assert case.holder is None
    assert len({call.person for call in case.calls}) == len(case.calls)


def _check_move(before: Case, decision: Decision) -> None:
    after = decision.case
    here, there = before.cursor, after.cursor
    assert (there.step, there.order) >= (here.step, here.order), "never back"
    if before.state in CLOSED:
        assert after == before
        assert decision.effects == ()


@settings(deadline=None)
@given(st.data())
def test_when_nobody_answers_everybody_in_reach_is_called_in_turn_and_then_the_desk(
    data: st.DataObject,
) -> None:
    policy = data.draw(policies())
    chain = replace(data.draw(chains(policy)), unable=frozenset())
    desk = Desk(policy=policy, chain=chain)
    desk.opens()
    bound = sum(step.repeat + 1 for step in policy.steps) * (len(NAMES) + 1)
    turns = 0
    while desk.case.state is CaseState.CALLING:
        desk.runs_out()
        turns += 1
        assert turns <= bound
    assert desk.case.state is CaseState.EXHAUSTED
    in_reach = {place.person for place in chain.places if place.reason is None}
    in_steps = {call.person for call in desk.case.calls if call.step <= len(policy.steps)}
    assert in_steps == in_reach
    passed = {place.key for place in chain.places if place.person not in in_reach}
    assert passed <= set(desk.case.passed), "whoever yields nobody is named"


@settings(deadline=None)
@given(st.data())
def test_the_calls_never_go_past_somebody_in_reach(data: st.DataObject) -> None:
    """With a chain that stands still, all callable places up to the cursor have been called."""
    policy = data.draw(policies())
    desk = Desk(policy=policy, chain=replace(data.draw(chains(policy)), unable=frozenset()))
    desk.opens()
    for _ in range(data.draw(st.integers(1, 12))):
        if desk.case.due_at is not None and data.draw(st.booleans()):
            desk.runs_out()
        else:
            desk.happens(data.draw(EVENTS), after=1)
        _nobody_skipped(desk)


def _nobody_skipped(desk: Desk) -> None:
    reached = desk.case.cursor
    for place in desk.chain.places:
        behind = (place.step, place.order) <= (reached.step, reached.order)
        if place.person and behind and place.reason is None:
            assert desk.case.call_to(place.person) is not None
