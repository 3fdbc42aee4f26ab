"""What a case is about: one loader a kind. A new kind of duty adds a loader here and nothing to the rule."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifier.domain.case import Case
from notifier.domain.ids import PersonId, ShiftKey, UnitCode
from notifier.domain.policy import Kind
from notifier.store.tx import Tx

SHIFT = "shift"
SHEET = "sheet"
VERIFY = "verify"
UNSIGNED = "unsigned"
RELAY = "relay"
NOTICE = "notice"
OFFICE = "office"
DESK = "desk"
"""What a desk's new officer finds open; the subject is his shift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a case of one kind is about, as it stands now.

    ``rostered`` are those who owe it; ``excluded`` are never called for it. ``values`` are what its texts may
    say. ``settled`` names the outcome when it is done by now, ``void`` the outcome when it can no longer be
    done. ``topics`` are the matter of those who owe it and of everybody else; ``keeps_open`` are people
    whose matter outlives the case. ``shift`` scopes leaves.
    """

    kind: Kind
    key: str
    unit: UnitCode
    topic: str
    topic_of_others: str
    rostered: tuple[PersonId, ...] = ()
    excluded: frozenset[PersonId] = frozenset()
    keeps_open: frozenset[PersonId] = frozenset()
    shift: ShiftKey | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    settled: str | None = None
    void: str | None = None
    reason: str = ""

    def topic_for(self, person: PersonId) -> tuple[str, str]:
        """The topic and key of the matter in which that person is called."""
        return (self.topic if person in self.rostered else self.topic_of_others), self.key

    @classmethod
    def gone(cls, case: Case) -> "Subject":
        """The subject of a case whose roster rows are gone: enough to close it."""
        topics = {
            Kind.UNSTAFFED: SHIFT,
            Kind.UNRELAYED: RELAY,
            Kind.UNVERIFIED: VERIFY,
            Kind.SILENT: OFFICE,
        }
        topic = topics.get(case.kind, SHEET)
        others = UNSIGNED if case.kind is Kind.UNSIGNED else topic
        return cls(
            kind=case.kind,
            key=case.subject,
            unit=case.unit,
            topic=topic,
            topic_of_others=others,
            void="gone",
        )


Loader = Callable[[Tx, str, datetime], Awaitable[Subject | None]]


class Subjects:
    """The loaders by kind. A kind is registered where the parts are wired."""

    def __init__(self) -> None:
        """No kind is known yet."""
        self._loaders: dict[Kind, Loader] = {}

    def register(self, kind: Kind, loader: Loader) -> None:
        """Load subjects of that kind so."""
        self._loaders[kind] = loader

    async def load(self, tx: Tx, kind: Kind, key: str, now: datetime) -> Subject | None:
        """The subject as it stands at ``now``; None when it is gone."""
        return await self._loaders[kind](tx, key, now)
