"""What people who have heard of a shift must hear when the roster is changed: it has moved, or is off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Shift

NEAR = timedelta(hours=24)
"""A shift at the same post this near to one that somebody loses is taken for the same, moved."""


class Hearing(Enum):
    """What somebody knows about a shift of his."""

    HEARD = auto()
    WAITING = auto()
    """A message about it is queued still, and nothing went out before."""
    TAKEN_BACK = auto()
    """He has heard that it is not his any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Somebody with a shift as it was when he was told of it."""

    person: PersonId
    shift: Shift
    hearing: Hearing


class What(Enum):
    """What is to be done about it."""

    MOVED = auto()
    CANCELLED = auto()
    AGAIN = auto()
    """It is his (again), and he is to be told as if for the first time."""
    DROPPED = auto()
    """He has not heard of it, and need not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One piece of news. ``was`` is the shift as it was told, ``now`` the one that he has instead, if any."""

    what: What
    person: PersonId
    was: Shift
    now: Shift | None = None


def shift_news(told: Iterable[Told], standing: Sequence[Shift]) -> list[News]:
    """The news about one post: what was told of its shifts to come, held against those that stand.

    Telling it makes it known, so that afterwards there is none.
    """
    listed = list(told)
    book = _Book(listed, standing)
    lost = [one for one in listed if one.hearing is Hearing.HEARD and book.own(one) is None]
    first = [book.instead(one) for one in sorted(lost, key=lambda one: one.shift.start)]
    return [*first, *(news for one in listed if (news := book.others(one)) is not None)]


class _Book:
    """The shifts that stand, and which of them each person has not been told of."""

    def __init__(self, told: Sequence[Told], standing: Sequence[Shift]) -> None:
        self._by_key = {shift.key: shift for shift in standing}
        known = {(one.person, one.shift.key) for one in told if one.hearing is not Hearing.TAKEN_BACK}
        self._untold: dict[tuple[PersonId, ShiftKey], Shift] = {
            (person, shift.key): shift
            for shift in standing
            for person in shift.people
            if (person, shift.key) not in known
        }

    def own(self, one: Told) -> Shift | None:
        """The shift itself, where it stands and is still his."""
        shift = self._by_key.get(one.shift.key)
        return shift if shift is not None and one.person in shift.people else None

    def instead(self, lost: Told) -> News:
        """What somebody has in place of a shift that he has lost: the nearest of which he has not heard."""
        near = [
            shift
            for (person, _), shift in self._untold.items()
            if person == lost.person and abs(shift.start - lost.shift.start) <= NEAR
        ]
        if not near:
            return News(what=What.CANCELLED, person=lost.person, was=lost.shift)
        now = min(near, key=lambda shift: abs(shift.start - lost.shift.start))
        del self._untold[lost.person, now.key]
        return News(what=What.MOVED, person=lost.person, was=lost.shift, now=now)

    def others(self, one: Told) -> News | None:
        """What is to be said of a shift that was not lost just now."""
        own, hearing = self.own(one), one.hearing
        if own is None:
            dropped = hearing is Hearing.WAITING
            return News(what=What.DROPPED, person=one.person, was=one.shift) if dropped else None
        if hearing is Hearing.TAKEN_BACK:
            back = (one.person, own.key) in self._untold
            return News(what=What.AGAIN, person=one.person, was=one.shift, now=own) if back else None
        if own.end == one.shift.end:
            return None
        what = What.MOVED if hearing is Hearing.HEARD else What.AGAIN
        return News(what=what, person=one.person, was=one.shift, now=own)
