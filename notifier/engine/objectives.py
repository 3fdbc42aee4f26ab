"""What the service is there for, in figures: how soon a case was called for, taken and done.

How late the case itself was opened is another figure, the lateness of the timers of the escalation lane.
"""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.case import Case, CaseState
from notifier.domain.ids import CaseId
from notifier.engine.metrics import Metrics
from notifier.store.rows import StoredMessage
from notifier.store.tx import Tx


class Objectives:
    """Observes each of these once a case, when the transaction in which it happened is committed."""

    def __init__(self, metrics: Metrics) -> None:
        """Observe in these metrics."""
        self._metrics = metrics

    async def moved(self, tx: Tx, before: Case, after: Case, now: datetime) -> None:
        """A case has changed: somebody took it for the first time, or it is done."""
        if before.takes == 0 < after.takes:
            self._observe(tx, "acknowledged", after, now)
        if before.is_open and after.state is CaseState.RESOLVED:
            self._observe(tx, "done", after, now)

    async def accepted(self, tx: Tx, calls: Iterable[StoredMessage], now: datetime) -> None:
        """Carriers took these calls, and it is on record; the first of a case is observed."""
        by_case: dict[CaseId, set[int]] = {}
        for call in calls:
            if call.case is not None:
                by_case.setdefault(call.case, set()).add(call.id)
        for case, taken in by_case.items():
            sent = {
                message.id for message in await tx.messages.of_case(case) if message.sent_at and message.call
            }
            if sent <= taken:
                self._observe(tx, "called", await tx.cases.get(case), now)

    def _observe(self, tx: Tx, objective: str, case: Case, now: datetime) -> None:
        histogram = self._metrics.objectives.labels(objective=objective, kind=case.kind)
        seconds = max(0.0, (now - case.opened_at).total_seconds())
        tx.afterwards.append(lambda: histogram.observe(seconds))
