"""The roster as its pages show it: people of the units in reach, and one unit's offices and posts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.holdings import OfficeRecord
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Person, Post
from notifier.engine.access.guard import SeenUnits
from notifier.engine.console.coming import announced_of, seats_of
from notifier.engine.console.unit_view import Member, members_among
from notifier.engine.station import Station
from notifier.store.roster_search import PeopleFilter
from notifier.store.tx import Tx

PAGE = 50
AHEAD = timedelta(days=7)
"""A post is somebody's if he is rostered there within so long of now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody, how he is reached, the offices he holds or acts in, and where he is rostered."""

    member: Member
    offices: tuple[Office, ...]
    posts: tuple[Post, ...]

    @property
    def person(self) -> Person:
        """The person himself."""
        return self.member.person


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """One page of people, by id. ``after`` is where the next page begins; None at the end."""

    entries: tuple[Entry, ...]
    after: PersonId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRoster:
    """The offices and posts of exactly one unit; ``people`` are all who are named.

    ``coming`` is what is settled of its offices and has not begun.
    """

    at: datetime
    offices: tuple[Office, ...]
    posts: tuple[Post, ...]
    coming: tuple[OfficeRecord, ...]
    people: Mapping[PersonId, Person]


async def read_people(
    station: Station,
    tx: Tx,
    seen: SeenUnits,
    text: str,
    *,
    whole: bool,
    after: PersonId | None,
    now: datetime,
    size: int = PAGE,
) -> PeoplePage:
    """The people of the units ``seen`` whose name or id has ``text`` in it, ``size`` to a page.

    ``whole``: those are all units there are.
    """
    wanted = PeopleFilter(units=None if whole else seen, text=text)
    found = await tx.roster_search.people(wanted, size + 1, after)
    listed = found[:size]
    ids = [person.id for person in listed]
    members = await members_among(station, tx, listed)
    # Seats elsewhere are no business of who sees only these units.
    offices = [office for office in await tx.roster_search.offices_of(ids) if office.unit in seen]
    rostered = await tx.roster_search.posts_of(ids, now, now + AHEAD)
    posts = await tx.roster.posts({code for codes in rostered.values() for code in codes})
    return PeoplePage(
        entries=tuple(
            Entry(
                member=member,
                offices=tuple(o for o in offices if member.person.id in (o.person, o.acting_at(now))),
                posts=tuple(
                    posts[code] for code in rostered.get(member.person.id, ()) if posts[code].unit in seen
                ),
            )
            for member in members
        ),
        after=listed[-1].id if len(found) > size else None,
    )


async def read_unit_roster(tx: Tx, unit: UnitCode, now: datetime) -> UnitRoster:
    """The offices and posts of a unit for somebody who may see it."""
    offices = await tx.roster.offices_of(unit)
    coming = await announced_of(tx, seats_of(offices), now)
    named = {person for office in offices for person in (office.person, office.acting) if person}
    named |= {record.person for record in coming if record.person}
    return UnitRoster(
        at=now,
        offices=tuple(offices),
        posts=tuple(await tx.roster.posts_of(unit)),
        coming=coming,
        people=await tx.roster.people(named),
    )
