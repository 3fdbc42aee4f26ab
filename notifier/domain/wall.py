"""The wall: how each unit stands, told by the worst of its open matters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.case import CaseState
from notifier.domain.ids import CaseId, PersonId, UnitCode
from notifier.domain.policy import Kind


class Standing(StrEnum):
    """How a unit stands, the worst first.

    EMPTY: a post has too few people and nobody is left to call. UNANSWERED: the same of any other matter.
    CALLING, HELD: a post has too few people, and it is being called for, or somebody has it. Then what is
    owed on paper, offices that nobody hears of, a pause, and nothing at all.
    """

    EMPTY = "empty"
    UNANSWERED = "unanswered"
    CALLING = "calling"
    HELD = "held"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"
    UNRELAYED = "unrelayed"
    SILENT = "silent"
    PAUSED = "paused"
    CALM = "calm"


_RANK = {standing: rank for rank, standing in enumerate(Standing)}
_POST = {
    CaseState.EXHAUSTED: Standing.EMPTY,
    CaseState.CALLING: Standing.CALLING,
    CaseState.HELD: Standing.HELD,
}
_PAPER: Mapping[Kind, Standing] = {
    Kind.UNSIGNED: Standing.UNSIGNED,
    Kind.UNVERIFIED: Standing.UNVERIFIED,
    Kind.UNRELAYED: Standing.UNRELAYED,
    Kind.SILENT: Standing.SILENT,
}
MATTER_KINDS = (Kind.UNSTAFFED, *_PAPER)
"""Every kind of case, in the order of the wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMatter:
    """An open case as the wall needs it, without its calls."""

    id: CaseId
    kind: Kind
    unit: UnitCode
    subject: str
    state: CaseState
    holder: PersonId | None
    opened_at: datetime
    due_at: datetime | None

    @property
    def standing(self) -> Standing:
        """How a unit stands in which this is open and nothing else."""
        if self.kind is Kind.UNSTAFFED:
            return _POST[self.state]
        return Standing.UNANSWERED if self.state is CaseState.EXHAUSTED else _PAPER[self.kind]


def worst(matters: Iterable[OpenMatter], *, paused: bool = False) -> Standing:
    """How a unit stands with these open; ``paused``: everything it keeps is."""
    calm = Standing.PAUSED if paused else Standing.CALM
    return min((matter.standing for matter in matters), key=_RANK.__getitem__, default=calm)


def is_worse(now: Standing, before: Standing) -> bool:
    """Whether a unit that stood so stands worse now."""
    return _RANK[now] < _RANK[before]


def by_urgency(matters: Iterable[OpenMatter]) -> list[OpenMatter]:
    """The worst first; of equal ones the one that has been open longest."""
    return sorted(matters, key=lambda matter: (_RANK[matter.standing], matter.opened_at, matter.id))
