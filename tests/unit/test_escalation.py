"""Escalation as duty stories: who is called when, who holds it, how it ends."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from notifier.domain.calling import Scene
from notifier.domain.case import (
    CLOSED,
    Acknowledged,
    CalledOff,
    CallFailed,
    CallState,
    CaseState,
    Done,
    Event,
    HandedOn,
    HeldUntil,
    OnTheWay,
    Opened,
    RosterChanged,
    TakenBack,
    TakenOver,
    Verdict,
)
from notifier.domain.effects import CancelCalls, Notice, RaiseAlarm, Tell
from notifier.domain.escalation import TABLE, step
from notifier.domain.ids import PersonId
from notifier.domain.policy import Step
from notifier.domain.times import QuietHours
from tests.unit.casework import CHAIN, NOW, POLICY, Desk, chain_of, minutes, place

A, B, SEC, DEP, DESK = (PersonId(name) for name in ("a", "b", "sec", "dep", "desk"))


def opened() -> Desk:
    desk = Desk()
    desk.opens()
    return desk


def held_by(person: str) -> Desk:
    desk = opened()
    desk.takes(person)
    return desk


def exhausted() -> Desk:
    desk = opened()
    desk.runs_out(7)
    assert desk.case.state is CaseState.EXHAUSTED
    return desk


def test_the_table_is_total() -> None:
    assert set(TABLE) == {(state, event) for state in CaseState for event in get_args(Event)}


# ── calling ──────────────────────────────────────────────────────────────────────────────────────


def test_opening_calls_the_rostered_all_together() -> None:
    desk = opened()
    assert desk.told(Notice.CALL) == ["a", "b"]
    assert desk.records() == [("opened", None, "0 of 2 on post")]
    assert desk.due_in() == minutes(5)
    assert desk.case.called == (A, B)


def test_opening_twice_changes_nothing() -> None:
    desk = opened()
    before = desk.case
    assert desk.happens(Opened(reason="again")).case == before


def test_silence_leads_through_the_chain_one_person_at_a_time() -> None:
    desk = opened()
    steps = []
    for _ in range(4):
        desk.runs_out()
        steps.append((desk.told(Notice.CALL), desk.due_in() // minutes(1)))
    assert steps == [(["sec"], 10), (["dep"], 10), (["com"], 10), (["desk"], 15)]
    assert desk.case.cursor.step == 4


def test_who_is_passed_over_is_named_once_when_the_step_is_entered() -> None:
    desk = opened()
    desk.runs_out(2)
    assert desk.records() == [
        ("passed_over", "sec", "called_before"),
        ("passed_over", "away", "absent until 2026-12-01"),
        ("passed_over", None, "vacant: committee 4"),
    ]
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["com"]
    assert desk.records() == []


def test_a_step_is_repeated_before_the_next() -> None:
    desk = opened()
    desk.runs_out(4)
    repeats = []
    for _ in range(2):
        desk.runs_out()
        repeats += [(e.person, e.n) for e in desk.effects if isinstance(e, Tell)]
        assert desk.due_in() == minutes(15)
    assert repeats == [("desk", 1), ("desk", 2)]
    desk.runs_out()
    assert desk.case.state is CaseState.EXHAUSTED


def test_a_group_is_repeated_to_those_who_have_not_answered() -> None:
    desk = Desk(policy=replace(POLICY, steps=(replace(POLICY.steps[0], repeat=1), *POLICY.steps[1:])))
    desk.opens()
    desk.happens(CallFailed(person=A, reason="blocked"))
    desk.runs_out()
    assert desk.told(Notice.REPEAT) == ["b"]


def test_the_next_follows_at_once_when_every_call_of_a_place_failed() -> None:
    desk = opened()
    desk.happens(CallFailed(person=A, reason="blocked"))
    assert desk.told(Notice.CALL) == []
    desk.happens(CallFailed(person=B, reason="blocked"))
    assert desk.told(Notice.CALL) == ["sec"]
    desk.happens(CallFailed(person=A, reason="again"))
    assert desk.effects == []


def test_a_decline_calls_the_next_at_once_and_an_earlier_one_is_only_noted() -> None:
    desk = opened()
    desk.declines("a")
    assert desk.told(Notice.CALL) == ["sec"]
    assert desk.records("declined") == [("declined", "a", "不便827")]
    assert CancelCalls(person=A) in desk.effects
    due = desk.case.due_at
    desk.declines("b")
    assert (desk.told(Notice.CALL), desk.records("declined")[0][1]) == ([], "b")
    assert desk.case.due_at == due
    assert desk.declines("b").effects == ()
    assert desk.declines("dep").verdict is Verdict.NOT_CALLED


def test_an_unreachable_first_place_who_can_be_reached_later_is_called_there() -> None:
    desk = Desk(chain=chain_of(place(2, 1, "sec", "no_contact"), place(3, 1, "sec", "no_contact")))
    desk.opens()
    assert desk.case.state is CaseState.EXHAUSTED
    desk.chain = chain_of(place(2, 1, "sec"), place(3, 1, "sec", "called_before"))
    desk.happens(RosterChanged())
    assert (desk.told(Notice.CALL), desk.case.state) == (["sec"], CaseState.CALLING)


def test_on_the_way_makes_the_calls_wait_but_never_longer_than_resolve_within() -> None:
    desk = opened()
    desk.happens(OnTheWay(person=A, until=NOW + minutes(12), words="827 10"), after=2)
    assert desk.case.due_at == NOW + minutes(12)
    desk.happens(OnTheWay(person=B, until=NOW + timedelta(hours=5), words="827 300"))
    assert desk.due_in() == POLICY.resolve_within
    desk.happens(OnTheWay(person=A, until=NOW + minutes(3), words="827 1"))
    assert desk.due_in() == POLICY.resolve_within
    stranger = OnTheWay(person=PersonId("x"), until=NOW, words="827 1")
    assert desk.happens(stranger).verdict is Verdict.NOT_CALLED


def test_on_the_way_taken_back_lets_the_calls_go_on_now() -> None:
    desk = opened()
    desk.happens(OnTheWay(person=A, until=NOW + minutes(15), words="827 15"))
    desk.happens(TakenBack(person=A, words="撤销"), after=1)
    assert desk.due_in() == timedelta()


# ── held ─────────────────────────────────────────────────────────────────────────────────────────


def test_one_acknowledgement_holds_and_the_others_hear_of_it() -> None:
    desk = opened()
    desk.runs_out()
    decision = desk.takes("sec")
    assert decision.verdict is Verdict.TAKEN
    assert (desk.case.state, desk.case.holder) == (CaseState.HELD, SEC)
    assert desk.due_in() == POLICY.resolve_within
    assert CancelCalls() in desk.effects
    assert (desk.told(Notice.TAKEN), desk.told(Notice.WHO_HAS_IT)) == (["sec"], ["a", "b"])
    assert desk.records() == [("acknowledged", "sec", "收到827")]


def test_too_late_or_twice_changes_nothing() -> None:
    desk = held_by("a")
    before = desk.case
    assert desk.takes("b").verdict is Verdict.HELD_BY_OTHER
    assert desk.takes("a").verdict is Verdict.HELD_ALREADY
    assert desk.declines("b").verdict is Verdict.HELD_BY_OTHER
    late = OnTheWay(person=B, until=NOW + minutes(30), words="827 20")
    assert desk.happens(late).verdict is Verdict.HELD_BY_OTHER
    assert desk.happens(TakenBack(person=B, words="撤销")).verdict is Verdict.HELD_BY_OTHER
    assert desk.case == before


def test_who_stands_in_the_chain_may_take_it_uncalled_and_is_not_counted_as_called() -> None:
    desk = held_by("dep")
    assert (desk.case.holder, desk.case.called) == (DEP, (A, B))
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["sec"]
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["com"], "who held it before is not called in his turn"
    assert ("passed_over", "dep", "called_before") in desk.records()


def test_a_stranger_and_one_on_leave_may_not_take_it() -> None:
    desk = opened()
    assert desk.takes("stranger").verdict is Verdict.NOT_CALLED
    desk.edits(unable="a")
    assert desk.takes("a").verdict is Verdict.NOT_CALLED


def test_who_takes_it_is_answered_the_way_his_words_came() -> None:
    desk = opened()
    desk.happens(Acknowledged(person=A, words="收到827", channel="sms"))
    [taken] = [e for e in desk.effects if isinstance(e, Tell) and e.notice is Notice.TAKEN]
    assert taken.channel == "sms"


def test_a_hold_that_runs_out_lapses_and_the_calls_go_on_never_back() -> None:
    desk = opened()
    desk.runs_out(2)
    desk.takes("a")
    desk.runs_out()
    assert (desk.told(Notice.LAPSED), desk.told(Notice.CALL)) == (["a"], ["com"])
    assert desk.records("lapsed") == [("lapsed", "a", "not done in time")]
    assert desk.case.holder is None
    assert desk.takes("a").verdict is Verdict.HELD_BEFORE
    assert desk.takes("sec").verdict is Verdict.TAKEN


def test_the_holder_may_ask_for_more_time_and_never_loses_any_by_it() -> None:
    desk = held_by("a")
    due = desk.case.due_at
    desk.happens(OnTheWay(person=A, until=NOW + minutes(5), words="827 4"))
    assert desk.case.due_at == due
    desk.happens(OnTheWay(person=A, until=NOW + minutes(90), words="827 60"), after=10)
    assert desk.due_in() == POLICY.resolve_within


@pytest.mark.parametrize("taken", [False, True])
def test_a_hold_with_a_note_ends_at_its_time_also_before_the_clock_would(taken: bool) -> None:
    desk = held_by("a") if taken else opened()
    until = desk.now + minutes(20)
    desk.happens(HeldUntil(person=A, words="打过电话", until=until))
    assert (desk.case.holder, desk.case.due_at) == (A, until)
    assert desk.records()[-1] == ("held", "a", "打过电话")
    desk.runs_out()
    assert desk.told(Notice.LAPSED) == ["a"]
    assert desk.told(Notice.CALL) == ["sec"]


def test_no_note_holds_longer_than_the_policy_lets_it_but_another_may_follow() -> None:
    desk = held_by("a")
    for _ in range(2):
        desk.happens(HeldUntil(person=A, words="路断了", until=desk.now + minutes(600)), after=10)
        assert desk.due_in() == POLICY.resolve_within


def test_another_s_case_is_not_held_by_a_note() -> None:
    desk = held_by("a")
    before = desk.case
    noted = desk.happens(HeldUntil(person=SEC, words="x", until=desk.now + minutes(5)))
    assert (noted.verdict, desk.case) == (Verdict.HELD_BY_OTHER, before)


def test_a_case_is_taken_over_from_its_holder_and_the_others_hear_who_has_it() -> None:
    desk = held_by("a")
    desk.happens(TakenOver(person=DESK, words="接班827"))
    assert (desk.case.state, desk.case.holder) == (CaseState.HELD, DESK)
    assert desk.records() == [("handed_on", "a", "接班827"), ("acknowledged", "desk", "接班827")]
    assert [(e.person, e.notice) for e in desk.effects if isinstance(e, Tell)] == [(B, Notice.WHO_HAS_IT)]
    assert desk.takes("a").verdict is Verdict.HELD_BY_OTHER


def test_what_nobody_holds_is_taken_by_taking_over_and_a_stranger_takes_nothing() -> None:
    desk = exhausted()
    desk.happens(TakenOver(person=DESK, words="接班827"))
    assert (desk.case.state, desk.case.holder) == (CaseState.HELD, DESK)
    before = desk.case
    assert desk.happens(TakenOver(person=PersonId("stranger"), words="x")).verdict is Verdict.NOT_CALLED
    assert desk.happens(TakenOver(person=DESK, words="x")).verdict is Verdict.HELD_ALREADY
    assert desk.case == before


@pytest.mark.parametrize("declined", [False, True])
def test_the_holder_hands_it_on(declined: bool) -> None:
    desk = held_by("a")
    if declined:
        desk.declines("a")
    else:
        assert desk.happens(HandedOn(person=B, words="转交")).verdict is Verdict.HELD_BY_OTHER
        desk.happens(HandedOn(person=A, words="转交"))
    assert desk.records("handed_on")[0][1] == "a"
    assert desk.told(Notice.CALL) == ["sec"]
    assert desk.takes("a").verdict is Verdict.HELD_BEFORE


def test_who_was_called_and_passes_on_without_holding_declines() -> None:
    desk = opened()
    desk.runs_out()
    desk.happens(HandedOn(person=SEC, words="转交"))
    assert desk.told(Notice.CALL) == ["dep"]


def test_an_undone_hold_does_not_count() -> None:
    desk = held_by("a")
    desk.happens(TakenBack(person=A, words="撤销"))
    assert (desk.case.state, desk.case.holder) == (CaseState.CALLING, None)
    assert desk.told(Notice.CALL) == ["sec"]
    assert desk.takes("a").verdict is Verdict.TAKEN
    assert [e.n for e in desk.effects if isinstance(e, Tell) and e.notice is Notice.TAKEN] == [2]


def test_an_undone_decline_asks_again() -> None:
    desk = opened()
    desk.declines("a")
    desk.happens(TakenBack(person=A, words="撤销"))
    call = desk.case.call_to(A)
    assert call is not None
    assert call.state is CallState.ASKED
    assert desk.happens(TakenBack(person=PersonId("x"), words="撤销")).verdict is Verdict.NOT_CALLED


def test_a_volunteer_who_undoes_it_is_called_in_his_turn() -> None:
    desk = held_by("dep")
    desk.happens(TakenBack(person=DEP, words="撤销"))
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["dep"]


# ── the roster changes ───────────────────────────────────────────────────────────────────────────


def test_a_holder_who_goes_absent_lapses_at_once() -> None:
    desk = held_by("a")
    desk.edits(unable="a")
    desk.happens(RosterChanged())
    assert (desk.told(Notice.LAPSED), desk.told(Notice.CALL)) == (["a"], ["sec"])


def test_who_is_removed_is_asked_no_longer_and_the_next_follows() -> None:
    desk = opened()
    desk.runs_out()
    desk.edits("sec")
    desk.happens(RosterChanged())
    assert CancelCalls(person=SEC) in desk.effects
    assert desk.records("removed")[0][1] == "sec"
    assert desk.told(Notice.CALL) == ["dep"]
    assert desk.takes("sec").verdict is Verdict.NOT_CALLED


def test_a_new_secretary_is_called_in_the_place_of_the_old() -> None:
    desk = opened()
    desk.runs_out()
    desk.edits("sec", more=[place(2, 1, "new")])
    desk.happens(RosterChanged())
    assert desk.told(Notice.CALL) == ["new"]
    desk.happens(CallFailed(person=PersonId("new"), reason="blocked"))
    assert desk.told(Notice.CALL) == ["dep"]


def test_who_joins_the_rostered_is_asked_at_once() -> None:
    desk = opened()
    desk.edits("a", more=[place(1, 0, "0")])
    desk.happens(RosterChanged())
    assert desk.told(Notice.CALL) == ["0"]
    desk.happens(RosterChanged())
    assert desk.effects == []


def test_the_clock_finds_a_removal_that_nobody_told_of() -> None:
    desk = Desk(policy=replace(POLICY, steps=(replace(POLICY.steps[0], repeat=3), *POLICY.steps[1:])))
    desk.opens()
    desk.edits("a")
    desk.runs_out()
    assert desk.told(Notice.REPEAT) == ["b"]
    desk.edits("b")
    desk.runs_out()
    assert desk.told(Notice.CALL) == ["sec"]


# ── exhausted ────────────────────────────────────────────────────────────────────────────────────


def test_exhausted_calls_the_desk_again_and_again_with_keys_of_their_own() -> None:
    desk = exhausted()
    assert desk.records("exhausted") == [("exhausted", None, None)]
    assert desk.told(Notice.EXHAUSTED) == [], "it was called in the last step"
    seen = set()
    for _ in range(5):
        assert desk.due_in() == POLICY.repeat_exhausted
        desk.runs_out()
        seen |= {(e.person, e.n) for e in desk.effects if isinstance(e, Tell)}
    assert len(seen) == 5
    assert desk.takes("desk").verdict is Verdict.TAKEN


def test_a_desk_that_was_not_called_hears_of_it_at_once() -> None:
    desk = Desk(chain=chain_of(place(2, 1, "sec", "no_contact")))
    desk.opens()
    assert desk.told(Notice.EXHAUSTED) == ["desk"]
    desk.happens(CallFailed(person=DESK, reason="no route"))
    assert any(isinstance(effect, RaiseAlarm) for effect in desk.effects)
    desk.happens(CallFailed(person=DESK, reason="no route"))
    assert desk.effects == []


def test_a_desk_that_cannot_be_reached_raises_the_alarm_each_round() -> None:
    desk = Desk(chain=chain_of(desk=""))
    desk.opens()
    assert any(isinstance(effect, RaiseAlarm) for effect in desk.effects)
    desk.runs_out()
    assert any(isinstance(effect, RaiseAlarm) for effect in desk.effects)


def test_who_comes_into_reach_is_called_though_it_was_exhausted() -> None:
    desk = exhausted()
    desk.edits(more=[place(4, 96, "second")])
    desk.runs_out()
    assert (desk.told(Notice.CALL), desk.case.state) == (["second"], CaseState.CALLING)


def test_a_lapse_after_the_last_step_is_exhausted_again() -> None:
    desk = exhausted()
    desk.takes("sec")
    desk.runs_out()
    assert desk.case.state is CaseState.EXHAUSTED
    assert desk.told(Notice.LAPSED) == ["sec"]
    desk.declines("desk")
    assert desk.case.state is CaseState.EXHAUSTED


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


def test_done_resolves_and_everybody_called_stands_down() -> None:
    desk = held_by("a")
    desk.happens(Done(outcome="staffed", person=A))
    assert (desk.case.state, desk.case.outcome, desk.case.due_at) == (CaseState.RESOLVED, "staffed", None)
    assert desk.case.closed_at == desk.now
    assert desk.told(Notice.STAND_DOWN) == ["a", "b"]
    assert desk.records() == [("resolved", "a", "staffed")]
    assert CancelCalls() in desk.effects


def test_a_shift_that_ends_first_is_cancelled_as_missed() -> None:
    desk = opened()
    desk.happens(CalledOff(outcome="missed", reason="the shift has ended"))
    assert (desk.case.state, desk.case.outcome) == (CaseState.CANCELLED, "missed")
    assert desk.told(Notice.STAND_DOWN) == ["a", "b"]
    assert desk.records() == [("cancelled", None, "the shift has ended")]


@pytest.mark.parametrize("event", [e for (state, e) in TABLE if state in CLOSED])
def test_a_closed_case_stays_as_it_is(event: type) -> None:
    desk = held_by("a")
    desk.happens(Done(outcome="staffed"))
    before = desk.case
    answer = TABLE[CaseState.RESOLVED, event](before, None, _scene(desk))
    assert (answer.case, answer.effects, answer.verdict) == (before, (), Verdict.CLOSED)


def _scene(desk: Desk) -> Scene:
    return Scene(chain=desk.chain, policy=desk.policy, quiet=desk.quiet, now=desk.now)


# ── quiet hours ──────────────────────────────────────────────────────────────────────────────────


def test_the_clocks_of_a_kind_that_keeps_quiet_hours_stand_still() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    quiet = QuietHours(zone=zone, spans=((time(22, 30), time(6, 30)),))
    late = datetime(2026, 11, 23, 22, 28, tzinfo=zone)
    morning = datetime(2026, 11, 24, 6, 33, tzinfo=zone)
    desk = Desk(policy=replace(POLICY, keeps_quiet=True), quiet=quiet, now=late)
    desk.opens()
    assert desk.case.due_at == morning
    desk.happens(OnTheWay(person=A, until=late + minutes(60), words="827 60"))
    assert desk.case.due_at == morning, "he is not waited for in the night, but nobody is called then either"
    loud = step(desk.case, TakenBack(person=A, words="撤销"), CHAIN, POLICY, quiet, late)
    assert loud.case.due_at == late


def test_a_chain_without_steps_is_exhausted_at_once() -> None:
    desk = Desk(chain=chain_of(), policy=replace(POLICY, steps=(Step(call="secretary", wait=minutes(1)),)))
    desk.opens()
    assert desk.told(Notice.EXHAUSTED) == ["desk"]
