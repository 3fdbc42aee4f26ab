"""Who might act in a seat, or hold it: those who lead first, then the unit's people or who is looked for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office
from notifier.engine.access.guard import SeenUnits
from notifier.engine.console.unit_view import Member, members_among
from notifier.engine.station import Station
from notifier.store.roster_search import PeopleFilter
from notifier.store.tx import Tx

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody, how he is reached, and the seats that he keeps in the unit or above it.

    ``elsewhere``: he belongs neither to the unit nor to one above it.
    """

    member: Member
    offices: tuple[Office, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """``leading`` in order of succession, from the unit up; ``others`` by id. Nobody is in both."""

    leading: tuple[Candidate, ...]
    others: tuple[Candidate, ...]


async def candidates_for(
    station: Station, tx: Tx, office: Office, seen: SeenUnits, text: str, *, whole: bool, now: datetime
) -> Candidates:
    """People of the units ``seen``, without who holds the seat or acts in it.

    ``text``: part of a name or id to search for, in all of those units; without, the people of the seat's
    own unit. ``whole``: those are all units there are.
    """
    lineage = await station.lineage(tx, office.unit, now)
    path = [unit.code for unit in lineage.units]
    kept = [one for unit in path for one in lineage.offices_of(unit) if _key(one) != _key(office)]
    own = {office.person, office.acting_at(now)}
    leaders = {who for o in kept if (who := _keeper(o, now)) is not None and who not in own}
    named = await tx.roster.people(leaders)
    leading = [who for who in _in_order(kept, now) if who in named and named[who].unit in seen]
    units = (None if whole else seen) if text else [office.unit]
    found = await tx.roster_search.people(PeopleFilter(units=units, text=text), MOST)
    others = [one for one in found if one.id not in own and one.id not in leading]
    members = await members_among(station, tx, [*(named[who] for who in leading), *others])
    made = [_candidate(member, kept, path, now) for member in members]
    return Candidates(leading=tuple(made[: len(leading)]), others=tuple(made[len(leading) :]))


def _key(office: Office) -> tuple[UnitCode, str, int]:
    return office.unit, office.title, office.rank


def _keeper(office: Office, now: datetime) -> PersonId | None:
    """Who is in charge in it now."""
    if acting := office.acting_at(now):
        return acting
    return office.person if office.is_kept_at(now) else None


def _in_order(kept: Iterable[Office], now: datetime) -> Iterable[PersonId]:
    return dict.fromkeys(who for office in kept if (who := _keeper(office, now)) is not None)


def _candidate(
    member: Member, kept: Iterable[Office], path: Collection[UnitCode], now: datetime
) -> Candidate:
    person = member.person
    return Candidate(
        member=member,
        offices=tuple(office for office in kept if _keeper(office, now) == person.id),
        elsewhere=person.unit not in path,
    )
