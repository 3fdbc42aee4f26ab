"""Passing somebody's words on to whoever must read them: the holder, the desk, the secretary."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from notifier.domain.chain import read_chain, secretary_or_stand_in
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind, Step
from notifier.domain.roster import DUTY_DESK, Lineage, Person, UnitKind
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values, local_phone
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import LONGEST_WORDS, Visit
from notifier.engine.letters import Letter
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx


class Passing:
    """Passes words on, and tells who got them."""

    def __init__(self, parts: Parts, facts: Facts) -> None:
        """Through the parts' letters."""
        self._parts = parts
        self._facts = facts

    async def to_holder(self, visit: Visit, person: Person, standing: Standing | None) -> Person | None:
        """To who holds that matter's case, else to the desk. None: nobody could be told."""
        case = standing.case if standing else None
        lineage = await self._lineage(visit, person)
        holder = case.holder if case and case.holder not in (None, person.id) else None
        readers = [holder] if holder else list(_desk(lineage, person.id, visit.now))
        if not readers:
            readers = _but(person.id, secretary_or_stand_in(lineage, visit.now))
        return await self._pass_on(visit, person, "forwarded", readers, lineage)

    async def to_secretary(self, visit: Visit, person: Person) -> Person | None:
        """To the secretary of his unit, or who stands in, else to the desk: he needs something."""
        lineage = await self._lineage(visit, person)
        readers = _but(person.id, secretary_or_stand_in(lineage, visit.now)) or list(
            _desk(lineage, person.id, visit.now)
        )
        return await self._pass_on(visit, person, "need_told", readers, lineage)

    async def danger(self, visit: Visit, person: Person) -> None:
        """To the desk and to whoever holds a case of his, at once, before everything else."""
        lineage = await self._lineage(visit, person)
        holders = [s.case.holder for s in visit.standings if s.case is not None and s.case.holder]
        readers = [
            reader for reader in (*_desk(lineage, person.id, visit.now), *holders) if reader != person.id
        ]
        readers = readers or _but(person.id, secretary_or_stand_in(lineage, visit.now))
        await self._pass_on(visit, person, "danger_told", readers, lineage, Lane.ESCALATION)

    async def danger_of_stranger(self, tx: Tx, item: int, words: str, address: str, now: datetime) -> None:
        """A stranger's words, to the desk of the whole."""
        units = await tx.roster.units()
        root = next((unit for unit in units.values() if unit.kind is UnitKind.CITY), None)
        if root is None:
            return
        lineage = await self._facts.lineage(tx, root.code, now)
        values = {
            "words": words[:LONGEST_WORDS],
            "at": iso_utc(now),
            "sender_name": None,
            "sender_phone": local_phone(address) if address.startswith("+") else None,
        }
        letters = [
            Letter(
                key=f"danger_told:{item}:{reader}",
                person=reader,
                template="danger_told",
                values={**base_values(lineage, reader, now), **values},
                lane=Lane.ESCALATION,
                kind=Kind.UNSTAFFED,
            )
            for reader in _desk(lineage, None, now)
        ]
        await self._parts.letters.post(tx, letters, now)
        line = JournalLine(at=now, event="danger", unit=root.code)
        await tx.journal.write([line])

    async def _pass_on(
        self,
        visit: Visit,
        person: Person,
        template: str,
        readers: Iterable[PersonId],
        lineage: Lineage,
        lane: Lane = Lane.DUTY,
    ) -> Person | None:
        listed = list(dict.fromkeys(readers))
        values = {
            "words": visit.words,
            "at": iso_utc(visit.now),
            "sender_name": person.name,
            "sender_phone": local_phone(person.phone),
        }
        letters = [
            Letter(
                key=f"{template}:{visit.item}:{reader}",
                person=reader,
                template=template,
                values={**base_values(lineage, reader, visit.now), **values},
                lane=lane,
                # Of the kind that keeps no quiet hours: what is said at night is read at night.
                kind=Kind.UNSTAFFED,
            )
            for reader in listed
        ]
        posted = await self._parts.letters.post(visit.tx, letters, visit.now)
        told = [post.letter.person for post in posted if post.message is not None]
        return await visit.tx.roster.person(told[0]) if told and told[0] else None

    async def _lineage(self, visit: Visit, person: Person) -> Lineage:
        return await self._facts.lineage(visit.tx, person.unit, visit.now, person.id)


def _desk(lineage: Lineage, sender: PersonId | None, now: datetime) -> tuple[PersonId, ...]:
    """Who is at the desk, the sender himself left out."""
    steps = (Step(call=DUTY_DESK, wait=timedelta()),)
    excluded = {sender} if sender else set()
    return read_chain(steps, lineage, now=now, excluded=excluded).desk


def _but(sender: PersonId, person: PersonId | None) -> list[PersonId]:
    return [person] if person is not None and person != sender else []
