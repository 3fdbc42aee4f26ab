"""How a case walks along its chain: call the next place, call again, go loud when none is left.

Every function takes the ``Scene`` and the case as it has become so far, and says what is decided.
``escalation`` has the rules that lead here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.case import (
    Call,
    CallState,
    Case,
    CaseState,
    Chain,
    Cursor,
    Decision,
    Place,
    Verdict,
)
from notifier.domain.chain import CALLED_BEFORE
from notifier.domain.effects import CancelCalls, Effect, Notice, RaiseAlarm, Record, Tell
from notifier.domain.ids import PersonId
from notifier.domain.policy import ROSTERED, Policy, Step
from notifier.domain.times import QuietHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a rule may look at besides the case: the chain as it stands, the policy, and the time."""

    chain: Chain
    policy: Policy
    quiet: QuietHours
    now: datetime

    def after(self, wait: timedelta) -> datetime:
        """When a clock of that length, started now, runs out: it stands still in quiet hours it keeps."""
        return self.quiet.add_open(self.now, wait) if self.policy.keeps_quiet else self.now + wait

    def awaited(self, until: datetime) -> datetime:
        """How long somebody on the way is waited for: until then, never longer than ``resolve_within``."""
        until = min(max(until, self.now), self.after(self.policy.resolve_within))
        return self.quiet.open_from(until) if self.policy.keeps_quiet else until

    def is_gone(self, person: PersonId) -> bool:
        """Whether that person can hold nothing now: absent, suspended, on leave, or not in the chain."""
        return person in self.chain.unable or person not in self.chain.people

    def step_at(self, case: Case) -> Step | None:
        """The step that the case has reached; None before the first."""
        return self.policy.step(case.cursor.step)


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def with_call(case: Case, call: Call) -> Case:
    """The case with that call in place of the person's earlier one, else appended."""
    if case.call_to(call.person) is None:
        return replace(case, calls=(*case.calls, call))
    return replace(case, calls=tuple(call if c.person == call.person else c for c in case.calls))


def with_state(case: Case, person: PersonId, state: CallState) -> Case:
    """The case with that person's call, if there is one, in that state."""
    calls = tuple(replace(call, state=state) if call.person == person else call for call in case.calls)
    return replace(case, calls=calls)


def pending(case: Case, scene: Scene) -> tuple[Call, ...]:
    """The calls of the present place that still wait for an answer: a group's, or the one person's."""
    step = scene.step_at(case)
    here = [call for call in case.calls if call.step == case.cursor.step and call.times]
    present = here if step is not None and step.call == ROSTERED else here[-1:]
    return tuple(call for call in present if call.state is CallState.ASKED)


def is_waited_for(case: Case, person: PersonId, scene: Scene) -> bool:
    """Whether the acknowledgement clock runs for that person (too)."""
    waited_for = any(call.person == person for call in pending(case, scene))
    return case.state is CaseState.CALLING and waited_for


def nothing(case: Case, verdict: Verdict = Verdict.TAKEN) -> Decision:
    """The decision to leave everything as it is."""
    return Decision(case=case, verdict=verdict)


# ── somebody chosen by hand ──────────────────────────────────────────────────────────────────────


def choose(case: Case, person: PersonId, scene: Scene) -> Case:
    """The case in which that person has a say, wherever he stands."""
    if person not in case.chosen:
        case = replace(case, chosen=(*case.chosen, person))
    if case.call_to(person) is not None:
        return case
    return with_call(case, Call(person=person, step=case.cursor.step, at=scene.now, times=0))


def call_chosen(
    case: Case, scene: Scene, *effects: Effect, chosen: PersonId, by: PersonId, words: str
) -> Decision:
    """Calls him at the furthest step reached, once more if he was called before; his wait is that step's."""
    case = choose(case, chosen, scene)
    own = case.call_to(chosen) or Call(person=chosen, step=case.cursor.step, at=scene.now, times=0)
    call = replace(own, step=case.cursor.step, at=scene.now, state=CallState.ASKED, times=own.times + 1)
    # Last of his step, since it is he who is waited for.
    others = tuple(one for one in case.calls if one.person != chosen)
    step = scene.step_at(case)
    case = replace(
        case,
        state=CaseState.CALLING,
        holder=None,
        calls=(*others, call),
        cursor=replace(case.cursor, repeats=0),
        due_at=scene.after(step.wait if step else scene.policy.repeat_exhausted),
    )
    told = Tell(person=chosen, notice=Notice.HANDED, n=call.times, step=call.step, by=by, words=words)
    return Decision(case=case, effects=(*effects, told))


# ── the walk ─────────────────────────────────────────────────────────────────────────────────────


def go_on(case: Case, scene: Scene, *effects: Effect) -> Decision:
    """Calls the next place of the chain that can be called; with none left the case is exhausted."""
    case = replace(case, holder=None)
    ahead = [place for place in scene.chain.places if _is_ahead(place, case)]
    target = next((place for place in ahead if _is_callable(place, case)), None)
    if target is None:
        case, passed = _pass_over(case, ahead)
        return _exhaust(case, scene, (*effects, *passed))
    # The whole step is read when it is entered: its seats that yield nobody are named at once.
    read = [place for place in ahead if place.step <= target.step]
    case, passed = _pass_over(case, [place for place in read if not _is_callable(place, case)])
    called = [place for place in read if place.step == target.step] if target.group else [target]
    return _call(case, scene, called, (*effects, *passed))


def has_next(case: Case, scene: Scene) -> bool:
    """Whether somebody ahead in the chain can be called."""
    return any(_is_ahead(place, case) and _is_callable(place, case) for place in scene.chain.places)


def call_latecomers(case: Case, scene: Scene, *effects: Effect) -> Decision:
    """Calls those who have joined the group that is being called; changes nothing when nobody has."""
    places = [p for p in scene.chain.places if p.group and p.step == case.cursor.step]
    if any(_is_callable(place, case) for place in places):
        return _call(case, scene, places, effects)
    return Decision(case=case, effects=effects)


def call_again(case: Case, scene: Scene, *effects: Effect) -> Decision:
    """One further call to those of the present place who have not answered; the wait starts anew."""
    for call in pending(case, scene):
        repeated = Tell(person=call.person, notice=Notice.REPEAT, n=call.times, step=call.step)
        effects = (*effects, repeated)
        case = with_call(case, replace(call, times=call.times + 1))
    step = scene.step_at(case)
    return Decision(
        case=replace(
            case,
            cursor=replace(case.cursor, repeats=case.cursor.repeats + 1),
            due_at=scene.after(step.wait if step else scene.policy.repeat_exhausted),
        ),
        effects=effects,
    )


def has_repeat_left(case: Case, scene: Scene) -> bool:
    """Whether the present place is to be called again before the next."""
    step = scene.step_at(case)
    return step is not None and case.cursor.repeats < step.repeat and bool(pending(case, scene))


def _is_ahead(place: Place, case: Case) -> bool:
    """Whether the calls have not gone past that place.

    The seat reached counts as ahead for whoever has come to it since: a group's newcomer, or a new
    holder of the same office. Those called there are no longer ahead of themselves.
    """
    if (place.step, place.order[:2]) < (case.cursor.step, case.cursor.order[:2]):
        return False
    own = case.call_to(place.person) if place.person else None
    return own is None or own.step != place.step


def _is_callable(place: Place, case: Case) -> bool:
    """Whether the place yields somebody to call. The calls made say who was called before, live."""
    if place.person is None or case.call_to(place.person) is not None:
        return False
    return place.reason in (None, CALLED_BEFORE)


def _pass_over(case: Case, places: list[Place]) -> tuple[Case, tuple[Record, ...]]:
    fresh = [place for place in places if place.key not in case.passed]
    case = replace(case, passed=(*case.passed, *(place.key for place in fresh)))
    return case, tuple(
        Record(event="passed_over", person=place.person, reason=place.reason or CALLED_BEFORE)
        for place in fresh
    )


def _call(case: Case, scene: Scene, places: list[Place], effects: tuple[Effect, ...]) -> Decision:
    """Calls everybody callable in ``places``, which are of one step, at once."""
    furthest = case.cursor
    for place in places:
        if not _is_callable(place, case) or place.person is None:
            continue
        case = with_call(case, Call(person=place.person, step=place.step, at=scene.now))
        called = Tell(person=place.person, notice=Notice.CALL, step=place.step, acting=place.acting)
        effects = (*effects, called)
        furthest = max(furthest, Cursor(step=place.step, order=place.order))
    case = replace(case, state=CaseState.CALLING, cursor=replace(furthest, repeats=0))
    step = scene.step_at(case)
    wait = step.wait if step else scene.policy.repeat_exhausted
    return Decision(case=replace(case, due_at=scene.after(wait)), effects=effects)


# ── loud ─────────────────────────────────────────────────────────────────────────────────────────


def _exhaust(case: Case, scene: Scene, effects: tuple[Effect, ...]) -> Decision:
    """No step is left. The desk hears of it at once, unless it was called in the course of the steps."""
    effects = (*effects, Record(event="exhausted"))
    case = replace(case, state=CaseState.EXHAUSTED, due_at=scene.after(scene.policy.repeat_exhausted))
    if any(_was_reached(case.call_to(person)) for person in scene.chain.desk):
        return Decision(case=case, effects=effects)
    return call_desk(case, scene, *effects)


def call_desk(case: Case, scene: Scene, *effects: Effect) -> Decision:
    """Calls everybody at the desk loudly; with nobody there to be reached, raises the alarm."""
    case = replace(case, rounds=case.rounds + 1, due_at=scene.after(scene.policy.repeat_exhausted))
    after_last = 2 * len(scene.policy.steps) + 1
    for person in scene.chain.desk:
        effects = (
            *effects,
            Tell(person=person, notice=Notice.EXHAUSTED, n=case.rounds, step=after_last),
        )
        case = with_call(case, _rung_again(case, person, after_last, scene.now))
    if not scene.chain.desk:
        effects = (*effects, RaiseAlarm(reason="nobody at the duty desk can be reached"))
    return Decision(case=case, effects=effects)


def _was_reached(call: Call | None) -> bool:
    return call is not None and call.state not in (CallState.FAILED, CallState.REMOVED)


def _rung_again(case: Case, person: PersonId, step: int, now: datetime) -> Call:
    call = case.call_to(person)
    if call is None:
        return Call(person=person, step=step, at=now)
    state = call.state if _was_reached(call) else CallState.ASKED
    return replace(call, times=call.times + 1, state=state)


# ── letting go ───────────────────────────────────────────────────────────────────────────────────


def let_go(case: Case, scene: Scene, *effects: Effect) -> Decision:
    """Takes the case from its holder, for good, and goes on after the furthest step reached."""
    if case.holder is not None:
        case = with_state(case, case.holder, CallState.LAPSED)
    return go_on(case, scene, *effects)


def remove_gone(case: Case, scene: Scene) -> tuple[Case, tuple[Effect, ...]]:
    """Closes the asks of everybody called who can hold nothing any more."""
    effects: list[Effect] = []
    for call in case.calls:
        if call.state is CallState.ASKED and scene.is_gone(call.person):
            case = with_state(case, call.person, CallState.REMOVED)
            effects.append(CancelCalls(person=call.person))
            effects.append(Record(event="removed", person=call.person, reason="no longer in the chain"))
    return case, tuple(effects)
