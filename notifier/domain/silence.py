"""When an office is silent: somebody was called several times of late, and no answer of his is known.

That says nothing of him: he may be asleep, ill, or without signal. It only asks that somebody ring him up.
"""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.policy import Policy


def is_silent(calls: Sequence[datetime], heard_at: datetime | None, policy: Policy, now: datetime) -> bool:
    """Whether ``policy.after_calls`` calls of the last ``policy.within`` are unanswered.

    ``calls`` are the moments of all calls to one person, ``heard_at`` when he last said anything.
    """
    since = now - policy.within
    unanswered = [at for at in calls if at > since and (heard_at is None or at > heard_at)]
    return len(unanswered) >= policy.after_calls
