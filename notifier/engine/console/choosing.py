"""To whom a case can be handed: those whom it concerns anyway, or anybody in reach who can be reached."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.case import Call, CallState, Case, Chain
from notifier.domain.ids import PersonId
from notifier.domain.roster import DUTY_DESK, OfficeStatus, Person
from notifier.engine.access.guard import SeenUnits
from notifier.engine.station import Station
from notifier.store.roster_search import PeopleFilter
from notifier.store.tx import Tx

_LOOKED_AT = 20
"""So many people whose name or id has the words in it are looked at for the one who is meant."""
_PAST = frozenset({CallState.LAPSED, CallState.HOLDING})
_OUT_OF_REACH = frozenset({CallState.FAILED, CallState.REMOVED})


class Unfit(StrEnum):
    """Why nobody can be called by what was written."""

    NOBODY = "nobody"
    SEVERAL = "several"
    HAD_IT = "had_it"
    AWAY = "away"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody whom the case concerns. ``title`` is where he stands in its chain; None: nowhere any more."""

    person: PersonId
    title: str | None
    was_called: bool


def candidates(case: Case, chain: Chain, giver: PersonId) -> tuple[Candidate, ...]:
    """The people of the chain, those who were called, and the desk, as far as they can take it, in order."""
    titles: dict[PersonId, str | None] = {}
    for place in chain.places:
        if place.person is not None and (place.reason is None or case.call_to(place.person) is not None):
            titles.setdefault(place.person, place.title)
    titles |= {call.person: titles.get(call.person) for call in case.calls}
    titles |= {person: titles.get(person) or DUTY_DESK for person in chain.desk}
    barred = {giver, *chain.unable, *_barred(case.calls)}
    return tuple(
        Candidate(person=person, title=title, was_called=person in case.called)
        for person, title in titles.items()
        if person not in barred
    )


def _barred(calls: Iterable[Call]) -> Iterable[PersonId]:
    return (call.person for call in calls if call.state in _PAST | _OUT_OF_REACH)


async def choose(
    station: Station, tx: Tx, case: Case, told: str, seen: SeenUnits, now: datetime
) -> PersonId | Unfit:
    """Who is meant by an id or a name, among the people of the units ``seen``, if he can be called now."""
    meant = await meant_by(tx, told, seen)
    if isinstance(meant, Unfit):
        return meant
    call = case.call_to(meant.id)
    if call is not None and call.state in _PAST:
        return Unfit.HAD_IT
    return await unfit(station, tx, meant.id, now) or meant.id


async def unfit(station: Station, tx: Tx, person: PersonId, now: datetime) -> Unfit | None:
    """Why somebody cannot be called now: he is away from every office he holds, or cannot be reached."""
    held = [office for office in await tx.roster.offices_held(person) if office.person == person]
    if held and all(office.status_at(now) is not OfficeStatus.IN_POST for office in held):
        return Unfit.AWAY
    reach = station.reach
    contacts = await tx.contacts.usable([person], channels=reach.channels, accounts=reach.telegram)
    return None if contacts[person] else Unfit.UNREACHABLE


async def meant_by(tx: Tx, told: str, seen: SeenUnits) -> Person | Unfit:
    """The one person of the units ``seen`` who is called so, by id or name or a part of them."""
    found = await tx.roster_search.people(PeopleFilter(units=seen, text=told), _LOOKED_AT)
    exact = [person for person in found if told.casefold() in (person.id.casefold(), person.name.casefold())]
    matching = exact or found
    if not matching:
        return Unfit.NOBODY
    return matching[0] if len(matching) == 1 else Unfit.SEVERAL
