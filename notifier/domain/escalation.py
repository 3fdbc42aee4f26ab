"""What happens to a case: one transition table over (state, event), every cell filled.

``step`` is the whole rule. It is pure: the chain is read for it, the time is an argument, and what it
wants done comes back as effects. The calls themselves are journalled (``called``, ``repeated``) where
their messages are queued; the rule journals what only it knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args

from notifier.domain import calling, taking
from notifier.domain.calling import Scene
from notifier.domain.case import (
    CLOSED,
    Acknowledged,
    CalledOff,
    CallFailed,
    CallState,
    Case,
    CaseState,
    Chain,
    ClockRanOut,
    Decision,
    Declined,
    Done,
    Event,
    HandedOn,
    HandedTo,
    HeldUntil,
    OnTheWay,
    Opened,
    RosterChanged,
    TakenBack,
    TakenOver,
    Verdict,
)
from notifier.domain.effects import CancelCalls, Effect, Notice, RaiseAlarm, Record, Tell
from notifier.domain.ids import PersonId
from notifier.domain.policy import Policy
from notifier.domain.taking import has_a_say, record
from notifier.domain.times import QuietHours


def step(
    case: Case, event: Event, chain: Chain, policy: Policy, quiet: QuietHours, now: datetime
) -> Decision:
    """What becomes of ``case`` when ``event`` happens at ``now``, and what is to be done about it."""
    scene = Scene(chain=chain, policy=policy, quiet=quiet, now=now)
    return TABLE[case.state, type(event)](case, event, scene)


# ── the clock, the carriers, the roster ──────────────────────────────────────────────────────────


def _open(case: Case, event: Opened, scene: Scene) -> Decision:
    if case.calls or case.cursor.step:
        return calling.nothing(case)
    return calling.go_on(case, scene, Record(event="opened", reason=event.reason))


def _nobody_answered(case: Case, event: ClockRanOut, scene: Scene) -> Decision:
    case, effects = calling.remove_gone(case, scene)
    if calling.has_repeat_left(case, scene):
        return calling.call_again(case, scene, *effects)
    return calling.go_on(case, scene, *effects)


def _not_done_in_time(case: Case, event: ClockRanOut, scene: Scene) -> Decision:
    return _lapse(case, scene, "not done in time")


def _still_nobody(case: Case, event: ClockRanOut, scene: Scene) -> Decision:
    if calling.has_next(case, scene):
        return calling.go_on(case, scene)
    return calling.call_desk(case, scene)


def _call_failed(case: Case, event: CallFailed, scene: Scene) -> Decision:
    waited_for = calling.is_waited_for(case, event.person, scene)
    call = case.call_to(event.person)
    if call is None or call.state is not CallState.ASKED:
        return calling.nothing(case)
    case = calling.with_state(case, event.person, CallState.FAILED)
    if waited_for and not calling.pending(case, scene):
        return calling.go_on(case, scene)
    return Decision(case=case)


def _loud_call_failed(case: Case, event: CallFailed, scene: Scene) -> Decision:
    decision = _call_failed(case, event, scene)
    desk = [decision.case.call_to(person) for person in scene.chain.desk]
    if decision.case == case or any(call and call.state is not CallState.FAILED for call in desk):
        return decision
    return replace(decision, effects=(RaiseAlarm(reason="every call to the duty desk failed"),))


def _reread_calling(case: Case, event: RosterChanged, scene: Scene) -> Decision:
    had_pending = bool(calling.pending(case, scene))
    case, effects = calling.remove_gone(case, scene)
    decision = calling.call_latecomers(case, scene, *effects)
    if had_pending and not calling.pending(decision.case, scene):
        return calling.go_on(case, scene, *effects)
    return decision


def _reread_held(case: Case, event: RosterChanged, scene: Scene) -> Decision:
    case, effects = calling.remove_gone(case, scene)
    if case.holder is not None and scene.is_gone(case.holder):
        return _lapse(case, scene, "no longer in the chain", *effects)
    return Decision(case=case, effects=effects)


def _reread_exhausted(case: Case, event: RosterChanged, scene: Scene) -> Decision:
    case, effects = calling.remove_gone(case, scene)
    if calling.has_next(case, scene):
        return calling.go_on(case, scene, *effects)
    return Decision(case=case, effects=effects)


def _lapse(case: Case, scene: Scene, reason: str, *effects: Effect) -> Decision:
    if case.holder is None:
        return calling.go_on(case, scene, *effects)
    lapsed = Record(event="lapsed", person=case.holder, reason=reason)
    told = Tell(person=case.holder, notice=Notice.LAPSED, n=case.takes, step=case.cursor.step)
    return calling.let_go(case, scene, *effects, lapsed, told)


# ── what people say ──────────────────────────────────────────────────────────────────────────────


def _decline(case: Case, event: Declined | HandedOn, scene: Scene) -> Decision:
    call = case.call_to(event.person)
    if call is None or call.state is CallState.REMOVED:
        return calling.nothing(case, Verdict.NOT_CALLED)
    if call.state not in (CallState.ASKED, CallState.FAILED):
        return calling.nothing(case)
    waited_for = calling.is_waited_for(case, event.person, scene)
    case = calling.with_state(case, event.person, CallState.DECLINED)
    effects = (record("declined", event), CancelCalls(person=event.person))
    return calling.go_on(case, scene, *effects) if waited_for else Decision(case=case, effects=effects)


def _wait_for(case: Case, event: OnTheWay, scene: Scene) -> Decision:
    if not has_a_say(case, event.person, scene) or event.person in scene.chain.unable:
        return calling.nothing(case, Verdict.NOT_CALLED)
    return _put_off(case, event, scene)


def _holder_needs_longer(case: Case, event: OnTheWay, scene: Scene) -> Decision:
    if event.person != case.holder:
        return calling.nothing(case, Verdict.HELD_BY_OTHER)
    return _put_off(case, event, scene)


def _put_off(case: Case, event: OnTheWay, scene: Scene) -> Decision:
    until = scene.awaited(event.until)
    due_at = max(case.due_at, until) if case.due_at else until
    return Decision(case=replace(case, due_at=due_at), effects=(record("on_the_way", event),))


def _take_back(case: Case, event: TakenBack, scene: Scene) -> Decision:
    call = case.call_to(event.person)
    undone = record("undone", event)
    match call.state if call else None:
        case CallState.HOLDING:
            return calling.go_on(_never_held(case, event.person), scene, undone)
        case CallState.DECLINED:
            again = calling.with_state(case, event.person, CallState.ASKED)
            return Decision(case=again, effects=(undone,))
        case CallState.ASKED if case.holder is None:
            # Only "on the way" is left to take back: nobody is waited for any longer.
            due_at = scene.awaited(scene.now)
            return Decision(case=replace(case, due_at=due_at), effects=(undone,))
        case CallState.LAPSED:
            return calling.nothing(case, Verdict.HELD_BEFORE)
        case _:
            return calling.nothing(case, Verdict.HELD_BY_OTHER if case.holder else Verdict.NOT_CALLED)


def _never_held(case: Case, person: PersonId) -> Case:
    """The case as if that person had not taken it: an uncalled one may still be called in his turn."""
    calls = tuple(call for call in case.calls if call.person != person or call.times)
    return calling.with_state(replace(case, calls=calls), person, CallState.ASKED)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


def _resolve(case: Case, event: Done, scene: Scene) -> Decision:
    reason = event.reason or event.outcome
    record = Record(event="resolved", person=event.person, reason=reason, channel=event.channel)
    doer = event.person if event.answered else None
    return _close(case, CaseState.RESOLVED, event.outcome, record, scene, doer)


def _call_off(case: Case, event: CalledOff, scene: Scene) -> Decision:
    record = Record(event="cancelled", person=event.person, reason=event.reason, channel=event.channel)
    return _close(case, CaseState.CANCELLED, event.outcome, record, scene)


def _close(
    case: Case,
    state: CaseState,
    outcome: str,
    record: Record,
    scene: Scene,
    doer: PersonId | None = None,
) -> Decision:
    told = (
        Record(event="stood_down", person=call.person, reason="with the answer")
        if call.person == doer
        else Tell(person=call.person, notice=Notice.STAND_DOWN, step=call.step)
        for call in case.calls
    )
    return Decision(
        case=replace(case, state=state, outcome=outcome, closed_at=scene.now, due_at=None),
        effects=(CancelCalls(), record, *told),
    )


def _closed(case: Case, event: Event, scene: Scene) -> Decision:
    return calling.nothing(case, Verdict.CLOSED)


def _ignore(case: Case, event: Event, scene: Scene) -> Decision:
    return calling.nothing(case)


# ── the table ────────────────────────────────────────────────────────────────────────────────────

# Each rule takes the one event of its column; the table's keys are what holds that, hence Any.
Rule = Callable[[Case, Any, Scene], Decision]

_OPEN: Mapping[type, tuple[Rule, Rule, Rule]] = {
    #               CALLING           HELD                  EXHAUSTED
    Opened:        (_open,            _ignore,              _ignore),
    ClockRanOut:   (_nobody_answered, _not_done_in_time,    _still_nobody),
    CallFailed:    (_call_failed,     _call_failed,         _loud_call_failed),
    Acknowledged:  (taking.take,      taking.taken_already, taking.take),
    Declined:      (_decline,         taking.hand_on,       _decline),
    OnTheWay:      (_wait_for,        _holder_needs_longer, _wait_for),
    HandedOn:      (_decline,         taking.hand_on,       _decline),
    HandedTo:      (taking.hand_to,   taking.hand_to,       taking.hand_to),
    RosterChanged: (_reread_calling,  _reread_held,         _reread_exhausted),
    Done:          (_resolve,         _resolve,             _resolve),
    CalledOff:     (_call_off,        _call_off,            _call_off),
    TakenBack:     (_take_back,       _take_back,           _take_back),
    HeldUntil:     (taking.take_until, taking.go_on_holding, taking.take_until),
    TakenOver:     (taking.take_over, taking.take_over,     taking.take_over),
}  # fmt: skip

TABLE: Mapping[tuple[CaseState, type], Rule] = {
    (state, event): rule
    for event, rules in _OPEN.items()
    for state, rule in zip((CaseState.CALLING, CaseState.HELD, CaseState.EXHAUSTED), rules, strict=True)
} | {(state, event): _closed for state in CLOSED for event in get_args(Event)}
"""The rule for every state and every event."""
