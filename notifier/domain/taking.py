"""Who has a case: it is taken, held on to, taken over, and handed on, to the next or to somebody chosen.

A case either has a holder or is being called for. Who hands it on has let go, for good; whoever he chose is
called first, like anybody else, and the calls go on when he does not answer.
"""

from collections.abc import Iterable
from dataclasses import replace

from notifier.domain import calling
from notifier.domain.calling import Scene
from notifier.domain.case import (
    Acknowledged,
    Call,
    CallState,
    Case,
    CaseState,
    Decision,
    Declined,
    HandedOn,
    HandedTo,
    HeldUntil,
    OnTheWay,
    TakenBack,
    TakenOver,
    Verdict,
)
from notifier.domain.effects import CancelCalls, Effect, Notice, Record, Tell
from notifier.domain.ids import PersonId

Said = Acknowledged | Declined | OnTheWay | HandedOn | HandedTo | TakenBack | HeldUntil | TakenOver
"""What somebody says, with his words and the way they came."""


def record(event: str, said: Said, reason: str | None = None) -> Record:
    """The journal's line of somebody's words."""
    return Record(event=event, person=said.person, reason=reason or said.words, channel=said.channel)


def has_a_say(case: Case, person: PersonId, scene: Scene) -> bool:
    """Whether that person was called, or stands in the chain now."""
    call = case.call_to(person)
    was_called = call is not None and call.state is not CallState.REMOVED
    return was_called or person in scene.chain.people


# ── taking ───────────────────────────────────────────────────────────────────────────────────────


def take(case: Case, event: Acknowledged, scene: Scene) -> Decision:
    """Nobody has it, and he takes it: once, and unless he is away."""
    if not has_a_say(case, event.person, scene) or event.person in scene.chain.unable:
        return calling.nothing(case, Verdict.NOT_CALLED)
    call = case.call_to(event.person)
    if call is not None and call.state is CallState.LAPSED:
        return calling.nothing(case, Verdict.HELD_BEFORE)
    own = call or Call(person=event.person, step=case.cursor.step, at=scene.now, times=0)
    case = replace(
        calling.with_call(case, replace(own, state=CallState.HOLDING)),
        state=CaseState.HELD,
        holder=event.person,
        takes=case.takes + 1,
        due_at=scene.after(scene.policy.resolve_within),
    )
    return Decision(case=case, effects=(record("acknowledged", event), *_taken(case, event)))


def _taken(case: Case, event: Acknowledged) -> Iterable[Effect]:
    yield CancelCalls()
    yield Tell(
        person=event.person,
        notice=Notice.TAKEN,
        n=case.takes,
        step=case.cursor.step,
        channel=event.channel,
    )
    for call in case.calls:
        if call.person != event.person and call.state is not CallState.REMOVED:
            yield Tell(person=call.person, notice=Notice.WHO_HAS_IT, n=case.takes, step=call.step)


def taken_already(case: Case, event: Acknowledged, scene: Scene) -> Decision:
    """Somebody has it."""
    by_himself = event.person == case.holder
    return calling.nothing(case, Verdict.HELD_ALREADY if by_himself else Verdict.HELD_BY_OTHER)


# ── holding ──────────────────────────────────────────────────────────────────────────────────────


def take_until(case: Case, event: HeldUntil, scene: Scene) -> Decision:
    """Nobody has it: he takes it, until then."""
    taken = take(case, _as_taking(event), scene)
    return _hold_until(taken.case, event, scene, *taken.effects) if taken.verdict is Verdict.TAKEN else taken


def go_on_holding(case: Case, event: HeldUntil, scene: Scene) -> Decision:
    """He has it, and says until when."""
    if event.person != case.holder:
        return calling.nothing(case, Verdict.HELD_BY_OTHER)
    return _hold_until(case, event, scene)


def _hold_until(case: Case, event: HeldUntil, scene: Scene, *effects: Effect) -> Decision:
    case = replace(case, due_at=scene.awaited(event.until))
    return Decision(case=case, effects=(*effects, record("held", event)))


# ── taking over ──────────────────────────────────────────────────────────────────────────────────


def take_over(case: Case, event: TakenOver, scene: Scene) -> Decision:
    """He has it from now on, whoever had it before. Who it is that may, is decided before it comes here."""
    before = case.holder
    if event.person == before:
        return calling.nothing(case, Verdict.HELD_ALREADY)
    free = calling.with_state(case, before, CallState.LAPSED) if before else case
    if event.by_deed:
        free = calling.choose(free, event.person, scene)
    taken = take(free, _as_taking(event), scene)
    if taken.verdict is not Verdict.TAKEN:
        return calling.nothing(case, taken.verdict)
    return _by_deed(taken, event, before) if event.by_deed else _with_the_desk(taken, event, before)


def _with_the_desk(taken: Decision, event: TakenOver, before: PersonId | None) -> Decision:
    """The two of them are told of all that changes hands with a desk at once, so not here."""
    handed = [Record(event="handed_on", person=before, reason=event.words)] if before else []
    both = (before, event.person)
    told = [e for e in taken.effects if not (isinstance(e, Tell) and e.person in both)]
    return replace(taken, effects=(*handed, *told))


def _by_deed(taken: Decision, event: TakenOver, before: PersonId | None) -> Decision:
    """Who had it hears from whom it was taken and why, rather than only who has it."""
    if before is None:
        return taken
    case = taken.case
    over = record("taken_over", event, f"from {before}; {event.words}")
    told = Tell(
        person=before,
        notice=Notice.TAKEN_OVER,
        n=case.takes,
        step=case.cursor.step,
        by=event.person,
        words=event.words,
    )
    others = [e for e in taken.effects if not (isinstance(e, Tell) and e.person == before)]
    return replace(taken, effects=(over, *others, told))


def _as_taking(event: HeldUntil | TakenOver) -> Acknowledged:
    return Acknowledged(person=event.person, words=event.words, channel=event.channel)


# ── handing on ───────────────────────────────────────────────────────────────────────────────────


def hand_on(case: Case, event: Declined | HandedOn, scene: Scene) -> Decision:
    """He lets it go, and the calls go on."""
    if event.person != case.holder:
        return calling.nothing(case, Verdict.HELD_BY_OTHER)
    return calling.let_go(case, scene, record("handed_on", event))


def hand_to(case: Case, event: HandedTo, scene: Scene) -> Decision:
    """The one chosen is called at once, before the calls go on; who has it lets it go."""
    if case.holder is not None and event.person != case.holder:
        return calling.nothing(case, Verdict.HELD_BY_OTHER)
    call = case.call_to(event.to)
    if call is not None and call.state in (CallState.LAPSED, CallState.HOLDING):
        return calling.nothing(case, Verdict.HELD_BEFORE)
    if event.to == event.person or _is_away(case, event.to, scene):
        return calling.nothing(case, Verdict.NOT_CALLED)
    if case.holder is not None:
        case = calling.with_state(case, case.holder, CallState.LAPSED)
    handed = record("handed_on", event, f"to {event.to}; {event.words}")
    return calling.call_chosen(case, scene, handed, chosen=event.to, by=event.person, words=event.words)


def _is_away(case: Case, person: PersonId, scene: Scene) -> bool:
    """Whether he is away; one who was called and merely stands nowhere any more can be chosen again."""
    return person in scene.chain.unable and person in scene.chain.people
