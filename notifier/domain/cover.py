"""Cover: who could stand a shift that somebody cannot, in what order they are asked, and when. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.ids import PersonId
from notifier.domain.policy import CoverPolicy
from notifier.domain.roster import Shift

HOURS_OVER = timedelta(days=7)
"""The hours of so long before the shift decide who has done least."""

LAST_CALL = timedelta(hours=1)
"""A leave that nobody answered is taken as granted so long before the shift at the latest."""

NO_REST, ON_DUTY = "no_rest", "on_duty"


def with_covers(
    rostered: Iterable[PersonId], covers: Iterable[tuple[PersonId, PersonId]]
) -> tuple[PersonId, ...]:
    """Everybody rostered for a shift, and who covers them, in that order. ``covers``: absent, who covers.

    Who covers may be covered in turn. A cover counts as long as whoever is absent is among them.
    """
    found, left = dict.fromkeys(rostered), list(covers)
    while counting := [cover for cover in left if cover[0] in found]:
        found |= dict.fromkeys(person for _, person in counting)
        left = [cover for cover in left if cover not in counting]
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who keeps posts of that kind in the unit; ``near``: this very post.

    ``duties`` are his shifts of the week before and after, without those that another stands for him.
    ``obstacle`` says why he cannot be asked, whatever his shifts.
    """

    person: PersonId
    near: bool
    duties: tuple[Shift, ...] = ()
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Whom to ask, the first first; and who is passed over, with the reason."""

    order: tuple[PersonId, ...]
    passed_over: Mapping[PersonId, str]


def rank(candidates: Iterable[Candidate], shift: Shift, rest: timedelta) -> Ranking:
    """The same post's people first, then the unit's; of each who has the fewest hours, then by id.

    Nobody is asked who would be in two places, or come to less than ``rest`` between two shifts.
    """
    known = list(candidates)
    why = {one.person: one.obstacle or clash(one.duties, shift, rest) for one in known}
    free = [one for one in known if why[one.person] is None]
    free.sort(key=lambda one: (not one.near, _hours(one, shift.start), one.person))
    return Ranking(
        order=tuple(one.person for one in free),
        passed_over={person: reason for person, reason in why.items() if reason is not None},
    )


def as_stood(duty: Shift, until: datetime | None) -> Shift:
    """A shift as one of its people stood it: longer where he was kept on, ``until`` that moment."""
    return duty if until is None else replace(duty, end=max(duty.end, until))


def search_from(shift: Shift, policy: CoverPolicy, now: datetime) -> datetime:
    """When the search begins if nobody says anything about the leave: never before ``now``."""
    return max(now, min(now + policy.after, shift.start - LAST_CALL))


def clash(duties: Iterable[Shift], shift: Shift, rest: timedelta) -> str | None:
    """Why somebody with these duties cannot stand that shift too, or None."""
    others = list(duties)
    if any(other.start < shift.end and shift.start < other.end for other in others):
        return ON_DUTY
    if any(other.start < shift.end + rest and shift.start < other.end + rest for other in others):
        return NO_REST
    return None


def _hours(one: Candidate, start: datetime) -> timedelta:
    """What he stands, or stood, in the week before."""
    begin = start - HOURS_OVER
    past = [other for other in one.duties if begin < other.end and other.start < start]
    return sum((min(other.end, start) - max(other.start, begin) for other in past), timedelta())
