"""The chain of succession, read live: who is to be called for a unit's gap, in which order, and why not.

A step is read level by level: the unit's own seats are one level; an office outside the chain (rank 90 and
above) and the duty desk have one level for each unit upward. Levels are read up to the first with
somebody reachable; the seats of the levels before it are places passed over, each with its reason.
A seat in which somebody acts yields him, and its holder is passed over; where he cannot act either, the
next in rank follows.
Whoever has just come off a shift is passed over as well, and called in a second round: its places follow
those of the last step.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import chain as joined

from notifier.domain.case import Chain, Place
from notifier.domain.ids import PersonId
from notifier.domain.policy import ROSTERED, SUCCESSION, Step
from notifier.domain.roster import DUTY_DESK, OUTSIDE_CHAIN, Lineage, Office, OfficeStatus

VACANT = "vacant"
ABSENT = "absent"
SUSPENDED = "suspended"
ON_LEAVE = "on_leave"
NO_CONTACT = "no_contact"
BLOCKED = "blocked"
CALLED_BEFORE = "called_before"
OWN_SHEET = "own_sheet"
STOOD_IN_FOR = "stood_in_for"
RESTING = "resting"

CHOSEN = "chosen"
"""The title of a place that somebody has by choice: like who acts, he is away only with all he holds."""

LIAISON = "liaison"
SECRETARY = "secretary"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seat:
    """Somewhere a person may stand in a step; ``office`` None for the rostered and those on post.

    ``acting``: he does not hold the office but acts in it.
    """

    title: str
    level: int
    rank: int
    person: PersonId | None
    name: str
    office: Office | None = None
    acting: bool = False


_Levels = list[list[_Seat]]


def read_chain(
    steps: Sequence[Step],
    lineage: Lineage,
    rostered: Sequence[PersonId] = (),
    *,
    now: datetime,
    called: Collection[PersonId] = (),
    excluded: Collection[PersonId] = (),
    resting: Collection[PersonId] = (),
    chosen: Collection[PersonId] = (),
    zone: tzinfo = UTC,
) -> Chain:
    """Every place of a policy's ``steps`` in order, as things stand at ``now``.

    ``called`` have been called in this case already; ``excluded`` are never called nor may they take it
    (the signer of the sheet to be verified); ``resting`` have just come off a shift, which spares nobody
    what he owes himself. ``chosen`` have a place in it by somebody's choice, wherever they stand; nobody is
    called for that. ``zone`` is the civil zone in which absences are dated.
    """
    spared = frozenset(resting) - frozenset(rostered)
    view = _View(lineage=lineage, now=now, excluded=frozenset(excluded), resting=spared, zone=zone)
    places: list[Place] = []
    taken = set(called)
    standing = list(joined.from_iterable(_desk_levels(lineage, now)))
    standing += [replace(_person_seat(CHOSEN, 0, person), acting=True) for person in sorted(set(chosen))]
    for number, step in enumerate(steps, start=1):
        levels = _levels(step.call, lineage, rostered, now)
        standing += joined.from_iterable(levels)
        places += [_once(place, taken) for place in _places_of(number, levels, step.call, view)]
    places += [_once(place, taken) for place in _second_round(places, len(steps))]
    people = frozenset(seat.person for seat in standing if seat.person) - view.excluded
    return Chain(
        places=tuple(places),
        desk=_reachable_desk(view),
        people=people,
        unable=_unable(standing, view) | (frozenset(called) - people),
    )


def first_reachable(chain: Chain) -> PersonId | None:
    """The first person in the chain who can be called, if any."""
    return next((place.person for place in chain.places if place.reason is None), None)


def verifier_for(
    verified_by: str, lineage: Lineage, signer: PersonId, now: datetime, *, proxy: PersonId | None = None
) -> PersonId | None:
    """Who verifies that signer's sheet: the office named, else the next in succession, else the liaison.

    Never the signer himself, nor his ``proxy``. None when nobody of them can be reached.
    """
    calls = (verified_by, SUCCESSION, LIAISON)
    own = {signer, proxy or signer}
    return first_reachable(read_chain(_asking(*calls), lineage, now=now, excluded=own))


def signer_for_unit(lineage: Lineage, now: datetime) -> PersonId | None:
    """Who signs a list that the unit as such owes: the first reachable in succession, else the liaison."""
    return first_reachable(read_chain(_asking(SUCCESSION, LIAISON), lineage, now=now))


def holders_of(title: str, lineage: Lineage, now: datetime) -> tuple[PersonId, ...]:
    """Who stands in that office of the unit at ``now``, by rank: who acts in it, else a holder in post.

    Reachable or not.
    """
    seats = lineage.offices_of(lineage.unit.code, title)
    standing = (seat.acting_at(now) or _in_post(seat, now) for seat in seats)
    return tuple(person for person in standing if person)


def _in_post(office: Office, now: datetime) -> PersonId | None:
    return office.person if office.status_at(now) is OfficeStatus.IN_POST else None


def secretary_or_stand_in(lineage: Lineage, now: datetime) -> PersonId | None:
    """The unit's secretary, or who stands in: the first reachable of the unit's succession."""
    return first_reachable(read_chain(_asking(SECRETARY, SUCCESSION), lineage, now=now))


def _asking(*calls: str) -> tuple[Step, ...]:
    return tuple(Step(call=call, wait=timedelta()) for call in calls)


# ── why somebody cannot be called ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    lineage: Lineage
    now: datetime
    excluded: frozenset[PersonId]
    resting: frozenset[PersonId]
    zone: tzinfo

    def obstacle(self, seat: _Seat) -> str | None:
        """Why that seat's holder cannot be called now, or None."""
        if seat.person is None:
            return f"{VACANT}: {seat.name}"
        if seat.person in self.excluded:
            return OWN_SHEET
        obstacle = self.inability(seat) or self._silence(seat.person)
        return obstacle or (RESTING if seat.person in self.resting else None)

    def inability(self, seat: _Seat) -> str | None:
        """Why that seat's holder can neither be called nor hold anything now, or None."""
        if seat.person in self.lineage.on_leave:
            return ON_LEAVE
        if seat.acting:
            own = [office for office in self.lineage.offices if office.person == seat.person]
            away = [self._away(office) for office in own]
            return away[0] if away and all(away) else None
        if seat.office is None:
            return None
        return self._away(seat.office) or (STOOD_IN_FOR if seat.office.acting_at(self.now) else None)

    def _away(self, office: Office) -> str | None:
        status = office.status_at(self.now)
        if status is OfficeStatus.ABSENT and office.until:
            return f"{ABSENT} until {office.until.astimezone(self.zone).date()}"
        return None if status is OfficeStatus.IN_POST else status.value

    def _silence(self, person: PersonId) -> str | None:
        if self.lineage.contacts.get(person):
            return None
        return self.lineage.lost.get(person, NO_CONTACT)


def _unable(standing: Iterable[_Seat], view: _View) -> frozenset[PersonId]:
    """Those who are able in none of the seats they stand in."""
    seats = [seat for seat in standing if seat.person]
    able = {seat.person for seat in seats if view.inability(seat) is None}
    return frozenset(seat.person for seat in seats if seat.person and seat.person not in able)


# ── steps to levels, levels to places ────────────────────────────────────────────────────────────


def _levels(call: str, lineage: Lineage, rostered: Sequence[PersonId], now: datetime) -> _Levels:
    if call == ROSTERED:
        return [[_person_seat(ROSTERED, 0, person) for person in sorted(set(rostered))]]
    if call == SUCCESSION:
        own = lineage.offices_of(lineage.unit.code)
        return [_office_seats([office for office in own if office.rank < OUTSIDE_CHAIN], 0, now)]
    if call == DUTY_DESK:
        return _desk_levels(lineage, now)
    reach = lineage.units if _stands_outside(call, lineage) else lineage.units[:1]
    return [_office_seats(lineage.offices_of(unit.code, call), n, now) for n, unit in enumerate(reach)]


def _stands_outside(title: str, lineage: Lineage) -> bool:
    """Whether that title is looked for upward. The unit's own seats decide, else those above it."""
    own = [office.rank for office in lineage.offices_of(lineage.unit.code, title)]
    ranks = own or [office.rank for office in lineage.offices if office.title == title]
    return bool(ranks) and min(ranks) >= OUTSIDE_CHAIN


def _desk_levels(lineage: Lineage, now: datetime) -> _Levels:
    """Two levels a unit: who is on post at its desk, then its desk office (read if none of those answers)."""
    levels: _Levels = []
    for distance, unit in enumerate(lineage.units):
        on_post = lineage.desk.get(unit.code, ())
        levels.append([_person_seat(DUTY_DESK, 2 * distance, person) for person in sorted(set(on_post))])
        levels.append(_office_seats(lineage.offices_of(unit.code, DUTY_DESK), 2 * distance + 1, now))
    return levels


def _person_seat(title: str, level: int, person: PersonId) -> _Seat:
    return _Seat(title=title, level=level, rank=0, person=person, name=title)


def _office_seats(offices: Sequence[Office], level: int, now: datetime) -> list[_Seat]:
    """The holders, and who acts for them, in the order of succession."""
    titles = [office.title for office in offices]
    seats = []
    for office in offices:
        name = f"{office.title} {office.rank}" if titles.count(office.title) > 1 else office.title
        acting = office.acting_at(now)
        holder = _Seat(
            title=office.title, level=level, rank=office.rank, person=office.person, name=name, office=office
        )
        if acting is None or office.person is not None:
            seats.append(holder)
        if acting is not None and acting != office.person:
            seats.append(replace(holder, person=acting, acting=True))
    return sorted(seats, key=lambda seat: (seat.rank, seat.person or ""))


def _places_of(number: int, levels: _Levels, call: str, view: _View) -> list[Place]:
    seats = _read_levels(levels, view) or [_Seat(title=call, level=0, rank=0, person=None, name=call)]
    return [
        Place(
            step=number,
            order=(seat.level, seat.rank, seat.person or ""),
            title=seat.title,
            person=seat.person,
            reason=view.obstacle(seat),
            group=call == ROSTERED,
            acting=seat.acting,
        )
        for seat in seats
    ]


def _read_levels(levels: _Levels, view: _View) -> list[_Seat]:
    """The seats up to and with the first level where somebody can be reached."""
    seats: list[_Seat] = []
    for level in levels:
        seats += level
        if any(view.obstacle(seat) is None for seat in level):
            break
    return seats


def _second_round(places: Iterable[Place], steps: int) -> list[Place]:
    """Those who were left to rest, numbered on after the last of so many steps."""
    return [
        replace(place, step=place.step + steps, reason=None) for place in places if place.reason == RESTING
    ]


def _reachable_desk(view: _View) -> tuple[PersonId, ...]:
    """Who is called loudly: the first level with anybody in reach, rested or not."""
    view = replace(view, resting=frozenset())
    for level in _desk_levels(view.lineage, view.now):
        reachable = [seat.person for seat in level if seat.person and view.obstacle(seat) is None]
        if reachable:
            return tuple(dict.fromkeys(reachable))
    return ()


def _once(place: Place, taken: set[PersonId]) -> Place:
    """The place, but passed over when its person is called at an earlier one; notes him in ``taken``."""
    if place.reason is not None or place.person is None:
        return place
    if place.person in taken:
        return replace(place, reason=CALLED_BEFORE)
    taken.add(place.person)
    return place
