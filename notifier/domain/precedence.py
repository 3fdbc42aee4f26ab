"""Who may take a case from somebody who has it: a duty officer, and whoever stands higher."""

from datetime import datetime

from notifier.domain.ids import PersonId
from notifier.domain.roster import DUTY_DESK, OUTSIDE_CHAIN, Lineage, Office

Height = tuple[int, int]
"""How many units above the one at hand, and how far up in its succession: the greater, the higher."""

_NOWHERE: Height = (-1, 0)


def may_take_over(person: PersonId, holder: PersonId, lineage: Lineage, now: datetime) -> bool:
    """Whether ``person`` may take over from ``holder`` what belongs to the lineage's unit."""
    if person == holder:
        return False
    return is_duty_officer(person, lineage, now) or height(person, lineage, now) > height(
        holder, lineage, now
    )


def is_duty_officer(person: PersonId, lineage: Lineage, now: datetime) -> bool:
    """Whether he is on post at a desk of the unit or above it, or keeps the office of one."""
    on_post = any(person in people for people in lineage.desk.values())
    return on_post or any(office.title == DUTY_DESK for office in _kept(person, lineage, now))


def height(person: PersonId, lineage: Lineage, now: datetime) -> Height:
    """By the highest seat that he keeps; one outside the succession stands below all that are in it."""
    levels = {unit.code: level for level, unit in enumerate(lineage.units)}
    seats = [
        (levels[office.unit], -min(office.rank, OUTSIDE_CHAIN))
        for office in _kept(person, lineage, now)
        if office.unit in levels
    ]
    return max(seats, default=_NOWHERE)


def _kept(person: PersonId, lineage: Lineage, now: datetime) -> list[Office]:
    return [office for office in lineage.offices if office.is_kept_by(person, now)]
