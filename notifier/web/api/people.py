"""People: who they are, how they are reached, what they hold and where they stand."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from notifier.domain.access import Right, masked
from notifier.domain.ids import PersonId
from notifier.domain.roster import ChannelName, Office, OfficeStatus, Person
from notifier.engine.console.person_view import PersonView, read_person
from notifier.engine.console.roster_view import Entry, read_people
from notifier.engine.console.unmasking import unmask
from notifier.web.api.gate import Caller
from notifier.web.api.kit import Kit, Look, Looking
from notifier.web.api.models import Moment, plain
from notifier.web.api.paging import Page, Paged
from notifier.web.api.routes import Routes, over, somewhere

PEOPLE = "people"
_LONGEST_WORD = 100


class Phones(StrEnum):
    """How numbers are given out."""

    MASKED = "masked"
    FULL = "full"


class Seat(BaseModel):
    """An office that somebody holds, or acts in."""

    unit: str
    title: str
    rank: int
    status: OfficeStatus
    acting: bool = Field(description="He stands in it for its holder, or while it is vacant.")


class PersonOut(BaseModel):
    """Somebody. ``channels`` are those by which he is reached now."""

    id: str
    name: str
    unit: str
    locale: str
    phone: str = Field(examples=["138****5678"], description="Empty where there is none.")
    channels: list[ChannelName]
    offices: list[Seat]


class Duty(BaseModel):
    """A shift of his. ``away``: he is on leave from it; ``covers``: for whom he stands it."""

    key: str
    post: str
    start: Moment
    end: Moment
    away: bool
    covers: str | None


class PersonWithDuties(PersonOut):
    """Somebody, with his shifts of the two weeks ahead."""

    in_roster: bool
    shifts: list[Duty]


PhonesAsked = Annotated[
    Phones, Query(description="`full` needs the right `unmask`, and each number given out is journalled.")
]


class People:
    """Operations below ``/people``."""

    def __init__(self, kit: Kit) -> None:
        """Work with the API's kit."""
        self._kit = kit

    def add_to(self, routes: Routes) -> None:
        """Take them in."""
        see = Right.SEE
        routes.get("/people", self.listing, need=somewhere(see), tag=PEOPLE, summary="人员 / People")
        routes.get(
            "/people/{person}", self.one, need=over("person", see), tag=PEOPLE, summary="一个人 / One person"
        )

    async def listing(
        self,
        look: Looking,
        paging: Paged,
        unit: Annotated[str | None, Query(description="That unit, and all below it.")] = None,
        q: Annotated[str, Query(max_length=_LONGEST_WORD, description="Part of a name or an id.")] = "",
        phones: PhonesAsked = Phones.MASKED,
    ) -> Page[PersonOut]:
        """The people of the units in reach, by id."""
        after = paging.after(str)
        found = await read_people(
            self._kit.parts.station,
            look.tx,
            look.guard.below(unit, Right.SEE) if unit else look.guard.units(Right.SEE),
            plain(q, "q"),
            whole=look.guard.scope.everything and unit is None,
            after=PersonId(str(after[0])) if after else None,
            now=look.now,
            size=paging.limit,
        )
        shown = [entry.person for entry in found.entries]
        numbers = await self._numbers(look, shown, phones)
        return paging.page_to(
            [_listed(entry, numbers[entry.person.id], look.now) for entry in found.entries],
            (found.after,) if found.after is not None else None,
        )

    async def one(self, look: Looking, person: str, phones: PhonesAsked = Phones.MASKED) -> PersonWithDuties:
        """Somebody in the roster, or gone from it. Everybody sees himself."""
        found = await look.guard.person(look.tx, person, Right.SEE)
        himself = found.id == look.caller.person and not look.guard.may(found.unit, Right.SEE)
        seen = None if himself else look.guard.units(Right.SEE)
        view = await read_person(self._kit.parts.station, look.tx, found, seen, look.now)
        numbers = await self._numbers(look, [found], phones)
        return _with_duties(view, numbers[found.id])

    async def _numbers(self, look: Look, people: list[Person], phones: Phones) -> dict[PersonId, str]:
        """Their numbers; in full only where that is allowed, and then it is journalled. Raises NotAllowed."""
        numbers = {person.id: masked(person.phone) for person in people}
        if phones is Phones.MASKED:
            return numbers
        look.guard.some(Right.UNMASK)
        return numbers | await self._in_full(look.caller, people)

    async def _in_full(self, caller: Caller, people: list[Person]) -> dict[PersonId, str]:
        now = self._kit.parts.station.now()
        async with self._kit.write(caller) as (tx, guard):
            return {
                person.id: await unmask(tx, person, caller.actor, now) or ""
                for person in people
                if person.phone and guard.may(person.unit, Right.UNMASK)
            }


def _listed(entry: Entry, phone: str, now: datetime) -> PersonOut:
    return PersonOut(
        **_plain(entry.person, phone),
        channels=list(entry.member.channels),
        offices=[_seat(office, entry.person.id, now) for office in entry.offices],
    )


def _with_duties(view: PersonView, phone: str) -> PersonWithDuties:
    return PersonWithDuties(
        **_plain(view.person, phone),
        channels=[name for name in ChannelName if any(line.channel is name for line in view.lines)],
        offices=[_seat(office, view.person.id, view.at) for office in view.offices],
        in_roster=view.is_in_roster,
        shifts=[
            Duty(
                key=duty.shift.key,
                post=duty.post.code,
                start=duty.shift.start,
                end=duty.shift.end,
                away=duty.away,
                covers=duty.covers,
            )
            for duty in view.duties
        ],
    )


def _plain(person: Person, phone: str) -> dict[str, str]:
    return {
        "id": person.id,
        "name": person.name,
        "unit": person.unit,
        "locale": person.locale,
        "phone": phone,
    }


def _seat(office: Office, person: PersonId, now: datetime) -> Seat:
    return Seat(
        unit=office.unit,
        title=office.title,
        rank=office.rank,
        status=office.status_at(now),
        acting=office.acting_at(now) == person,
    )
