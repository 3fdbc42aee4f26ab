"""What the program says of itself in numbers. No label ever holds a person, a number or a text."""

from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from notifier.domain.message import Lane
from notifier.store.rows import Timer

_OBJECTIVES = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 300, 900)


class Metrics:
    """Counters and gauges of one process, in a registry of their own."""

    def __init__(self) -> None:
        """Register everything at nought."""
        self.registry = CollectorRegistry()
        self.timer_lateness = Histogram(
            "notifier_timer_lateness_seconds",
            "From a timer's due time to its handling, civil seconds",
            ["lane"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.timers_failed = Counter(
            "notifier_timers_failed", "Turns of a timer that failed", ["kind"], registry=self.registry
        )
        self.timers_late = Gauge(
            "notifier_timers_late_seconds",
            "Age of the oldest due timer, civil seconds",
            registry=self.registry,
        )
        self.carrier_calls = Counter(
            "notifier_carrier_calls",
            "Calls to carriers by outcome",
            ["channel", "outcome"],
            registry=self.registry,
        )
        # Finding a counter by its labels takes several times as long as counting.
        self._call_counters: dict[tuple[str, str], Counter] = {}
        self.carrier_seconds = Histogram(
            "notifier_carrier_seconds",
            "How long a carrier took to answer, real seconds",
            ["channel"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.call_acceptance = Histogram(
            "notifier_call_acceptance_seconds",
            "From queuing a call to the carrier's acceptance, civil seconds",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.objectives = Histogram(
            "notifier_objective_seconds",
            "From a case's opening to its first call accepted, taken by somebody, done; civil seconds",
            ["objective", "kind"],
            buckets=_OBJECTIVES,
            registry=self.registry,
        )
        self.incoming = Counter(
            "notifier_incoming",
            "What came in, by source and result",
            ["source", "result"],
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "notifier_sign_ins",
            "Steps of signing in to the console, by outcome",
            ["outcome"],
            registry=self.registry,
        )
        self.alarms = Counter("notifier_alarms", "Alarms raised", registry=self.registry)
        self.loop_age = Gauge(
            "notifier_loop_age_seconds",
            "Seconds since each loop's last turn",
            ["loop"],
            registry=self.registry,
        )
        self.messages = Gauge("notifier_messages", "Messages by state", ["state"], registry=self.registry)
        self.cases = Gauge("notifier_cases", "Cases by state", ["state"], registry=self.registry)
        self.database_up = Gauge(
            "notifier_database_up",
            "1 while the database can be read and written",
            registry=self.registry,
        )
        self.database_outages = Counter(
            "notifier_database_outages",
            "Outages of the database, as this process met them",
            ["kind"],
            registry=self.registry,
        )
        self.inbox_depth = Gauge(
            "notifier_inbox_depth", "Incoming items not yet read", registry=self.registry
        )

    def carrier_call(self, channel: str, outcome: str) -> None:
        """One call to a carrier came out so."""
        counter = self._call_counters.get((channel, outcome))
        if counter is None:
            counter = self.carrier_calls.labels(channel=channel, outcome=outcome)
            self._call_counters[channel, outcome] = counter
        counter.inc()

    def timers_done(self, lane: Lane, timers: Sequence[Timer], now: datetime) -> None:
        """These timers have been handled at ``now``."""
        histogram = self.timer_lateness.labels(lane=lane.name.lower())
        for timer in timers:
            histogram.observe(max(0.0, (now - timer.due_at).total_seconds()))

    def outage(self, kind: str) -> None:
        """The database has an outage of that kind."""
        self.database_outages.labels(kind=kind).inc()

    def sign_in(self, outcome: str) -> None:
        """One step of somebody's signing in."""
        self.sign_ins.labels(outcome=outcome).inc()

    def timer_failed(self, kind: str) -> None:
        """A turn of such a timer failed."""
        self.timers_failed.labels(kind=kind).inc()
