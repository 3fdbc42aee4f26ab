"""请 NAME 主持, 结束 NAME 主持, and what is said to a silent office: orders about who acts in it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from notifier.domain.holdings import Seat
from notifier.domain.ids import UnitCode
from notifier.domain.language.model import Answer, Verb
from notifier.domain.roster import OUTSIDE_CHAIN, ChannelName, Person
from notifier.domain.times import SpokenDay, iso_utc
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.answers.case_answers import CaseAnswers
from notifier.engine.intake.answers.naming import named, told_apart
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.offices import ActingOrder
from notifier.errors import InputError

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]

LAST_MINUTE = time(23, 59)
"""Of a day that is named as the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meant:
    """Whom an order means, and the seat in which he is to act, or acts."""

    person: Person
    seat: Seat


class OfficeAnswers:
    """Answers about who is in charge."""

    def __init__(self, basis: Basis, calls: CaseAnswers) -> None:
        """What is said in a case goes to ``calls``."""
        self._basis = basis
        self._calls = calls
        self._parts = basis.parts

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does where a silent office is the matter."""
        return {**self._calls.table(), Verb.APPOINT: self.have_next_act}

    def orders(self) -> Mapping[Verb, GeneralHandler]:
        """What each word does by itself."""
        return {Verb.APPOINT: self.appoint, Verb.END_ACTING: self.end_acting}

    async def have_next_act(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """The next in rank acts in the silent office; asked of him, so that an SMS may say it."""
        by = visit.actor(standing.person)
        about = await self._basis.facts.about(visit, standing.matter, standing.person)
        person = await self._parts.silence.have_next_act(visit.tx, standing.matter.subject, by, visit.now)
        if person is None:
            return [await self._basis.reply(visit, standing, "appoint_nobody", courtesy=True)]
        known = await visit.tx.roster.person(person)
        values = {**about, "acting_name": known.name if known else None, "acting_until": None}
        return [Reply(template="appointed", values=values, person=standing.person, matter=standing.matter)]

    async def appoint(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Somebody is to act for the secretary of his unit: to the end of the day named, else until told."""
        meant = await self._meant(visit, answer)
        if isinstance(meant, Reply):
            return [meant]
        until = self._end_of(answer.day, visit.now) if answer.day else None
        if answer.day is not None and until is None:
            return [await self._plain(visit, "appoint_day")]
        order = ActingOrder(seat=meant.seat, person=meant.person.id, since=visit.now, until=until, order=None)
        try:
            await self._parts.offices.appoint_acting(visit.tx, order, visit.actor(visit.sender), visit.now)
        except InputError:
            return [await self._reply(visit, "appoint_holder", meant)]
        return [await self._reply(visit, "appointed", meant, until)]

    def _end_of(self, day: SpokenDay, now: datetime) -> datetime | None:
        """The last minute of that civil day; None where there is none such to come."""
        zone = self._parts.station.zone
        meant = day.on_or_after(now.astimezone(zone).date())
        end = datetime.combine(meant, LAST_MINUTE, zone).astimezone(UTC) if meant else None
        return end if end and end > now else None

    async def end_acting(self, visit: Visit, answer: Answer) -> list[Reply]:
        """Somebody acts for the secretary no longer."""
        meant = await self._meant(visit, answer)
        if isinstance(meant, Reply):
            return [meant]
        offices = await visit.tx.roster.offices_held(meant.person.id)
        if not any(o.acting == meant.person.id and o.unit == meant.seat.unit for o in offices):
            return [await self._reply(visit, "acts_nowhere", meant)]
        by = visit.actor(visit.sender)
        await self._parts.offices.end_acting(visit.tx, meant.seat, by, visit.words, visit.now)
        return [await self._reply(visit, "acting_over_noted", meant)]

    # ── who may, and whom he means ───────────────────────────────────────────────────────────────

    async def _meant(self, visit: Visit, answer: Answer) -> _Meant | Reply:
        if visit.channel is not ChannelName.TELEGRAM:
            # Who sent an SMS cannot be known for certain.
            return await self._plain(visit, "appoint_by_telegram")
        name = answer.name or ""
        found = [p for unit in await self._units(visit) for p in await self._named(visit, unit, name)]
        if not found:
            return await self._plain(visit, "appoint_whom", word=name)
        if len(found) > 1:
            return await self._plain(visit, "appoint_which", word=name, names=told_apart(found))
        [person] = found
        first = min(await visit.tx.roster.offices_of(person.unit), key=lambda o: o.rank, default=None)
        if first is None or first.rank >= OUTSIDE_CHAIN:
            return await self._plain(visit, "appoint_whom", word=name)
        return _Meant(person=person, seat=Seat(unit=first.unit, title=first.title, rank=first.rank))

    async def _units(self, visit: Visit) -> list[UnitCode]:
        """The units whose offices he may order: those below his own office, and those he stands beside."""
        may: set[UnitCode] = set()
        for person in visit.people:
            for office in await visit.tx.roster.offices_held(person.id):
                if not office.is_kept_by(person.id, visit.now):
                    continue
                may |= await visit.tx.roster.below(office.unit) - {office.unit}
                if office.rank >= OUTSIDE_CHAIN:
                    may.add(office.unit)
        return sorted(may)

    async def _named(self, visit: Visit, unit: UnitCode, name: str) -> list[Person]:
        return named(name, await visit.tx.roster.people_of(unit))

    async def _plain(self, visit: Visit, template: str, **values: object) -> Reply:
        known = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template=template, values={**known, **values}, person=visit.sender, courtesy=True)

    async def _reply(
        self, visit: Visit, template: str, meant: _Meant, until: datetime | None = None
    ) -> Reply:
        unit = await visit.tx.roster.unit(meant.seat.unit)
        known = await self._basis.facts.plain(visit, visit.sender)
        values = {
            **known,
            "unit": unit.name if unit else meant.seat.unit,
            "office": self._parts.station.texts.label(meant.seat.title, visit.sender.locale),
            "acting_name": meant.person.name,
            "acting_until": iso_utc(until) if until else None,
        }
        return Reply(template=template, values=values, person=visit.sender)
