"""The timers of a shift: what they are, and in which order they are met when all are late."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from notifier.domain.ids import PostCode
from notifier.domain.message import Lane
from notifier.domain.policy import Kind, Policy
from notifier.domain.roster import Shift
from notifier.engine.shift_timers import timers_of
from notifier.engine.shifts import END, WATCH

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def test_a_shift_ends_before_the_next_one_is_looked_at() -> None:
    """However late both are, and however much of less urgent lanes is due."""
    policy = Policy(kind=Kind.UNSTAFFED, grace=timedelta(minutes=10))
    ends = [NOON, NOON + timedelta(hours=4), NOON + timedelta(hours=8)]
    shifts = [Shift(post=PostCode("P1"), start=start, end=end) for start, end in pairwise(ends)]
    timers = [timer for shift in reversed(shifts) for timer in timers_of(shift, policy)]
    urgent = sorted((t for t in timers if t.lane == Lane.ESCALATION), key=lambda t: t.due_at)
    expected = [(kind, shift.key) for shift in shifts for kind in (WATCH, END)]
    assert [(t.kind, t.subject) for t in urgent] == expected
