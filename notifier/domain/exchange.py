"""Exchanges: somebody hands a shift of his to another, alone or for one of the other's. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.cover import clash
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Shift

AHEAD = timedelta(days=14)
"""Whose shift is not named, his next within that time is meant."""

BEGUN, NOT_HIS, ON_LEAVE = "begun", "not_his", "on_leave"
"""Why a shift is not handed over, beside who would be in two places or come to too little rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """One shift handed by who is to stand it to who will."""

    shift: Shift
    giver: PersonId
    taker: PersonId

    @property
    def back(self) -> "Give":
        """The same shift, handed back."""
        return Give(shift=self.shift, giver=self.taker, taker=self.giver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What one of two people proposes. With one shift the taker does, with two the first one's giver.

    ``gives``: the first shift, then the one that its taker hands over for it, if any.
    """

    gives: tuple[Give, ...]

    @property
    def is_swap(self) -> bool:
        """Whether both hand over a shift."""
        return len(self.gives) > 1

    @property
    def asker(self) -> PersonId:
        """Who proposes it."""
        return self.gives[0].giver if self.is_swap else self.gives[0].taker

    @property
    def asked(self) -> PersonId:
        """Whose word it takes."""
        return self.gives[0].taker if self.is_swap else self.gives[0].giver

    @property
    def until(self) -> datetime:
        """When it is too late: the first of the shifts begins."""
        return min(give.shift.start for give in self.gives)

    @property
    def subject(self) -> str:
        """Its name."""
        first, other = self.gives[0], self.gives[1] if self.is_swap else None
        return f"{first.shift.key}|{first.giver}|{other.shift.key if other else ''}|{first.taker}"

    @property
    def undone(self) -> "Exchange":
        """The one that puts everything back."""
        return Exchange(gives=tuple(give.back for give in self.gives))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """An exchange's name, read: two people, and the shifts that they hand over."""

    first: ShiftKey
    giver: PersonId
    other: ShiftKey | None
    taker: PersonId


def parties_of(subject: str) -> Parties:
    """Read the name of an exchange. Raises ValueError for what is none."""
    first, giver, other, taker = subject.split("|")
    return Parties(
        first=ShiftKey(first),
        giver=PersonId(giver),
        other=ShiftKey(other) if other else None,
        taker=PersonId(taker),
    )


def bar(
    give: Give, away: Collection[PersonId], duties: Iterable[Shift], rest: timedelta, now: datetime
) -> str | None:
    """Why that shift cannot be handed over, or None.

    ``away`` are those on leave from it. ``duties`` are what its taker stands beside, or may have to, without
    what he hands over himself.
    """
    if now >= give.shift.start:
        return BEGUN
    if give.giver not in give.shift.people:
        return NOT_HIS
    if give.giver in away:
        return ON_LEAVE
    return clash(duties, give.shift, rest)


def way_back(
    covers: Iterable[tuple[PersonId, PersonId]], taker: PersonId, giver: PersonId
) -> tuple[tuple[PersonId, PersonId], ...]:
    """The covers (absent, who covers) by which a shift came from ``taker`` to ``giver``, the first first.

    Empty where it did not: then ``taker`` gets no shift of his own back.
    """
    following = dict(covers)
    way: list[tuple[PersonId, PersonId]] = []
    here = taker
    while here != giver:
        if here not in following or len(way) > len(following):
            return ()
        way.append((here, following[here]))
        here = following[here]
    return tuple(way)
