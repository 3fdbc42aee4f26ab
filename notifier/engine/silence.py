"""Silent offices: the town's liaison is asked to ring first, and may then have the next in rank act.

The program removes nobody and blames nobody: no answer known is all that it says.
"""

from collections.abc import Collection
from datetime import datetime

from notifier.domain.holdings import Seat, seat_of, subject_of
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.domain.roster import OUTSIDE_CHAIN
from notifier.domain.silence import is_silent
from notifier.engine.case_letters import local_phone
from notifier.engine.cases import Cases
from notifier.engine.offices import ActingOrder, Offices
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import OFFICE, Subject
from notifier.store.tx import Tx

CALLED = ("called", "repeated")
HEARD = (
    "acknowledged", "declined", "on_the_way", "handed_on", "on_post", "off_post", "handed_over", "leave",
    "signed", "verified", "returned", "relayed", "undone", "claim", "forwarded", "need", "danger",
    "contact_back",
)  # fmt: skip
"""Lines of the journal that say that somebody was heard of."""


class Silence:
    """Notices offices that are silent, and has somebody ring up."""

    def __init__(self, station: Station, cases: Cases, offices: Offices) -> None:
        """Work with the station's cases and offices."""
        self._station = station
        self._cases = cases
        self._offices = offices

    async def unanswered(self, tx: Tx, people: Collection[PersonId], now: datetime) -> None:
        """Calls to these people ran out of time: where an office is silent by now, that is a case."""
        if not await self._is_watched(tx):
            return
        for person in people:
            if await self._is_silent(tx, person, now):
                for seat in await self._seats_of(tx, person):
                    await self._cases.open(tx, Kind.SILENT, subject_of(seat), "no answer known", now)

    async def heard(self, tx: Tx, people: Collection[PersonId], now: datetime) -> None:
        """These people said something: their offices are silent no more."""
        if not await self._is_watched(tx):
            return
        for person in people:
            for seat in await self._seats_of(tx, person):
                await self._cases.settle(tx, Kind.SILENT, subject_of(seat), now)

    async def have_next_act(self, tx: Tx, key: str, by: Actor, now: datetime) -> PersonId | None:
        """The next in rank acts in the silent office until further notice; None: nobody can be reached."""
        seat = seat_of(key)
        person = await self._offices.next_in_rank(tx, seat, now)
        if person is None:
            return None
        order = ActingOrder(seat=seat, person=person, since=now, until=None, order=None)
        await self._offices.appoint_acting(tx, order, by, now)
        await self._cases.settle(tx, Kind.SILENT, key, now, by.person)
        return person

    async def load(self, tx: Tx, key: str, now: datetime) -> Subject | None:
        """What a case about a silent office is about; None when there is no such office any more."""
        seat = seat_of(key)
        offices = await tx.roster.offices_of(seat.unit)
        office = next((o for o in offices if (o.title, o.rank) == (seat.title, seat.rank)), None)
        if office is None:
            return None
        holder = await tx.roster.person(office.person) if office.person else None
        following = await self._offices.next_in_rank(tx, seat, now)
        second = await tx.roster.person(following) if following else None
        return Subject(
            kind=Kind.SILENT,
            key=key,
            unit=seat.unit,
            topic=OFFICE,
            topic_of_others=OFFICE,
            excluded=frozenset({office.person}) if office.person else frozenset(),
            values={
                "office": self._station.texts.label(seat.title, self._station.locale),
                "titular_name": holder.name if holder else None,
                "titular_phone": local_phone(holder.phone) if holder else None,
                "acting_name": second.name if second else None,
            },
            settled=await self._settled(tx, key, office.person, office.acting_at(now)),
            void=None if holder else "vacant",
            reason="no answer known",
        )

    async def _settled(
        self, tx: Tx, key: str, holder: PersonId | None, acting: PersonId | None
    ) -> str | None:
        if acting is not None:
            return "acting"
        case = await tx.cases.open_for(Kind.SILENT, key)
        if case is None or holder is None:
            return None
        return "answered" if await tx.journal.moments(holder, HEARD, case.opened_at) else None

    async def _is_watched(self, tx: Tx) -> bool:
        return Kind.SILENT in (await self._station.rules.current(tx)).policies

    async def _is_silent(self, tx: Tx, person: PersonId, now: datetime) -> bool:
        policy = (await self._station.rules.current(tx)).policy(Kind.SILENT)
        since = now - policy.within
        calls = await tx.journal.moments(person, CALLED, since)
        heard = await tx.journal.moments(person, HEARD, since)
        return is_silent(calls, heard[-1] if heard else None, policy, now)

    async def _seats_of(self, tx: Tx, person: PersonId) -> list[Seat]:
        """The seats in the chain of a unit that he holds himself."""
        held = [office for office in await tx.roster.offices_held(person) if office.person == person]
        return [
            Seat(unit=office.unit, title=office.title, rank=office.rank)
            for office in held
            if office.rank < OUTSIDE_CHAIN
        ]
