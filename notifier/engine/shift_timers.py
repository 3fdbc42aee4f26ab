"""A shift's timers: its reminders, the look at who came, its end; and what follows when it is changed."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from notifier.domain.ids import PostCode, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.policy import Kind, Policy, Settings
from notifier.domain.roster import Shift, post_of
from notifier.engine.shifts import END, REMIND, WATCH
from notifier.store.rows import Timer
from notifier.store.tx import Tx

CHANGES = "shift_changes"
"""The timer at which those who heard of a shift hear that it is another's, or at another time, now."""

HORIZON = timedelta(hours=36)
"""How far ahead timers are planned; reminders are seldom earlier than half a day."""


def timer(kind: str, due_at: datetime, subject: str, lane: Lane = Lane.DUTY) -> Timer:
    """A timer by its natural key."""
    return Timer(key=f"{kind}:{subject}", lane=lane, due_at=due_at, kind=kind, subject=subject)


def timers_of(shift: Shift, policy: Policy) -> list[Timer]:
    """Every timer of a shift."""
    return [
        *(_reminder(shift, lead) for lead in policy.remind_before),
        timer(WATCH, shift.start + policy.grace, shift.key, Lane.ESCALATION),
        # As urgent as what follows it: until a shift has ended its people count as present in the next.
        timer(END, shift.end, shift.key, Lane.ESCALATION),
    ]


async def follow_changes(
    tx: Tx, changed: Iterable[Shift], cancelled: Collection[ShiftKey], settings: Settings, now: datetime
) -> None:
    """Shifts were added or changed, or cancelled: in the same transaction, their timers are set anew.

    What is past by now is seen to at once: who is new in a shift is reminded (each person's reminder has a
    key of its own, so nobody is twice), and who has heard of one that is no longer his hears that.
    """
    policy = settings.policy(Kind.UNSTAFFED)
    near = [shift for shift in changed if shift.start <= now + HORIZON and shift.end > now]
    posts: set[PostCode] = {shift.post for shift in near} | {post_of(key) for key in cancelled}
    await tx.timers.set(
        *(one for shift in near for one in timers_of(shift, policy)),
        # Before any reminder: who hears that his shift has moved need not be reminded of it as well.
        *(timer(CHANGES, now, post, Lane.REPLY) for post in posts),
    )


def _reminder(shift: Shift, lead: timedelta) -> Timer:
    return timer(REMIND, shift.start - lead, f"{lead.total_seconds():g} {shift.key}")
