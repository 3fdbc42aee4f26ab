"""A small stand-in for the engine: plays events against one case and keeps what was decided."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from notifier.domain.case import (
    Acknowledged,
    Case,
    Chain,
    ClockRanOut,
    Decision,
    Declined,
    Event,
    Opened,
    Place,
)
from notifier.domain.effects import Effect, Notice, Record, Tell
from notifier.domain.escalation import step
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind, Policy, Step
from notifier.domain.times import NO_QUIET, QuietHours

NOW = datetime(2026, 11, 23, 12, 10, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def who(text: str) -> tuple[PersonId, ...]:
    return tuple(PersonId(word) for word in text.split())


POLICY = Policy(
    kind=Kind.UNSTAFFED,
    steps=(
        Step(call="rostered", wait=minutes(5)),
        Step(call="secretary", wait=minutes(10)),
        Step(call="succession", wait=minutes(10)),
        Step(call="duty_desk", wait=minutes(15), repeat=2),
    ),
)


def place(number: int, rank: int, person: str | None, reason: str | None = None) -> Place:
    return Place(
        step=number,
        order=(0, rank, person or ""),
        title="rostered" if number == 1 else f"office {rank}",
        person=PersonId(person) if person else None,
        reason=reason,
        group=number == 1,
    )


def chain_of(*places: Place, desk: str = "desk", unable: str = "") -> Chain:
    people = {place.person for place in places if place.person}
    return Chain(
        places=places,
        desk=who(desk),
        people=frozenset(people) | frozenset(who(desk)),
        unable=frozenset(who(unable)),
    )


CHAIN = chain_of(
    place(1, 0, "a"),
    place(1, 0, "b"),
    place(2, 1, "sec"),
    place(3, 1, "sec", "called_before"),
    place(3, 2, "dep"),
    place(3, 3, "away", "absent until 2026-12-01"),
    place(3, 4, None, "vacant: committee 4"),
    place(3, 5, "com"),
    place(4, 95, "desk"),
)


def opened_case(kind: Kind = Kind.UNSTAFFED) -> Case:
    return Case(id=CaseId(7), kind=kind, unit=UnitCode("BS01"), subject="s", opened_at=NOW)


@dataclass
class Desk:
    """Plays one case. ``now`` moves with the case's own clock."""

    chain: Chain = CHAIN
    policy: Policy = POLICY
    quiet: QuietHours = NO_QUIET
    now: datetime = NOW
    case: Case = field(default_factory=opened_case)
    effects: list[Effect] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def happens(self, event: Event, *, after: float = 0) -> Decision:
        self.now += minutes(after)
        decision = step(self.case, event, self.chain, self.policy, self.quiet, self.now)
        self.case = decision.case
        self.effects = list(decision.effects)
        self.decisions.append(decision)
        return decision

    def opens(self) -> Decision:
        return self.happens(Opened(reason="0 of 2 on post"))

    def runs_out(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.case.due_at is not None
            self.now = max(self.now, self.case.due_at)
            self.happens(ClockRanOut())

    def takes(self, person: str) -> Decision:
        return self.happens(Acknowledged(person=PersonId(person), words="收到827", channel="sms"), after=1)

    def declines(self, person: str) -> Decision:
        return self.happens(Declined(person=PersonId(person), words="不便827"), after=1)

    def edits(self, *without: str, unable: str = "", more: Iterable[Place] = ()) -> None:
        places = [p for p in self.chain.places if p.person not in without] + list(more)
        places.sort(key=lambda p: (p.step, p.order))
        self.chain = chain_of(*places, desk=" ".join(self.chain.desk), unable=unable)

    def told(self, notice: Notice) -> list[str]:
        return [e.person for e in self.effects if isinstance(e, Tell) and e.notice is notice]

    def records(self, event: str | None = None) -> list[tuple[str, str | None, str | None]]:
        lines = [e for e in self.effects if isinstance(e, Record)]
        return [(e.event, e.person, e.reason) for e in lines if event in (None, e.event)]

    def due_in(self) -> timedelta:
        assert self.case.due_at is not None
        return self.case.due_at - self.now


def short(policy: Policy, **changes: object) -> Policy:
    return replace(policy, **changes)  # type: ignore[arg-type]
