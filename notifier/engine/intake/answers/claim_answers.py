"""昨晚到了忘回了, and what the secretary says to it: 核实, 退回 and why, or 代 NAME 到岗."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from notifier.domain import claims as rules
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.language.model import Answer, Stale, Verb
from notifier.domain.roster import Person, Shift
from notifier.engine.claims import Claimed, Claims, waiting_claims
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHIFT

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]

CLAIM_WITHIN = timedelta(hours=24)
"""How long after a shift began or ended somebody may still say that he was there."""

_NOTED = {rules.CONFIRMED: "claim_confirmed_noted", rules.REFUSED: "claim_refused_noted"}


class ClaimAnswers:
    """Answers of who decides on a claim."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' shifts."""
        self._basis = basis
        self._claims = Claims(basis.parts.station, basis.parts.shifts)

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does where a claim waits."""
        return {Verb.VERIFY: self.verify, Verb.RETURN: self.send_back}

    async def verify(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He was there."""
        return await self._decide_the_one(visit, standing, rules.CONFIRMED, None)

    async def send_back(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He was not, and why that is said."""
        return await self._decide_the_one(visit, standing, rules.REFUSED, answer.reason)

    async def confirm(self, visit: Visit, standing: Standing, person: Person) -> list[Reply]:
        """代 NAME 到岗 once the shift is over: that he was there is confirmed, if he said so."""
        return await self._decide(visit, standing, person, rules.CONFIRMED, None)

    async def _decide_the_one(
        self, visit: Visit, standing: Standing, event: str, why: str | None
    ) -> list[Reply]:
        if standing.shift is None:
            raise LookupError("a shift's matter has a shift")
        waits = set(await waiting_claims(visit.tx, standing.shift)) - {standing.person.id}
        people = await visit.tx.roster.people(waits)
        if len(people) != 1:
            names = [people[person].name for person in sorted(people)]
            return [await self._basis.reply(visit, standing, "claim_whose", courtesy=True, names=names)]
        [person] = people.values()
        return await self._decide(visit, standing, person, event, why)

    async def _decide(
        self, visit: Visit, standing: Standing, person: Person, event: str, why: str | None
    ) -> list[Reply]:
        if standing.shift is None:
            raise LookupError("a shift's matter has a shift")
        claimed = Claimed(shift=standing.shift, unit=standing.matter.unit, person=person)
        by = visit.actor(standing.person)
        own = person.id == standing.person.id
        if own or not await self._claims.decide(
            visit.tx, claimed, event, standing.person, by, why, visit.now
        ):
            return [await self._basis.reply(visit, standing, "too_late", courtesy=True)]
        await self._basis.remember(visit, standing, Verb.CLAIM, shift=standing.shift.key, of=person.id)
        reply = await self._basis.reply(visit, standing, _NOTED[event], done_by_name=person.name, reason=why)
        return [reply]


class ClaimOrders:
    """Takes claims down."""

    def __init__(self, basis: Basis, readings: Readings) -> None:
        """Work with the parts' shifts."""
        self._basis = basis
        self._readings = readings
        self._claims = Claims(basis.parts.station, basis.parts.shifts)

    def orders(self) -> Mapping[Verb, GeneralHandler]:
        """What the word does by itself."""
        return {Verb.CLAIM: self.claim}

    async def claim(self, visit: Visit, answer: Answer) -> list[Reply]:
        """He was on post and forgot to say so: written down, for the secretary to confirm."""
        missed = await self._missed(visit, answer)
        if not missed:
            return [await self._readings.nothing_open(visit)]
        if len({person.id for person, _ in missed}) > 1:
            return [await self._ask_whose(visit, missed)]
        person, shift = missed[0]
        claimed = await self._claimed(visit, person, shift)
        [matter] = await visit.tx.matters.ensure([(person.id, SHIFT, shift.key, claimed.unit)], visit.now)
        await self._basis.remember_of(visit, person, matter, Verb.CLAIM, shift=shift.key)
        await self._claims.make(visit.tx, claimed, visit.actor(person), visit.words, visit.now)
        reply = await self._basis.tell_how(visit, matter, person, "claim_noted", courtesy=False)
        if visit.now >= shift.end:
            await visit.tx.matters.close(SHIFT, shift.key, visit.now, person=person.id)
        return [reply]

    async def _claimed(self, visit: Visit, person: Person, shift: Shift) -> Claimed:
        post = await visit.tx.roster.post(shift.post)
        return Claimed(shift=shift, unit=post.unit if post else person.unit, person=person)

    async def _missed(self, visit: Visit, answer: Answer) -> list[tuple[Person, Shift]]:
        """For each who reads there the last shift (the one named) at which he is not known to have been.

        One that still runs only where none is over: who is late says so in other words.
        """
        found: list[tuple[Person, Shift]] = []
        for person, key in await self._meant(visit, answer):
            shifts = await visit.tx.shifts.of_person(person.id, visit.now - CLAIM_WITHIN, visit.now)
            for shift in reversed(shifts):
                if key in (None, shift.key) and not await self._is_known(visit, person.id, shift):
                    found.append((person, shift))
                    break
        return [(person, shift) for person, shift in found if visit.now >= shift.end] or found

    async def _is_known(self, visit: Visit, person: PersonId, shift: Shift) -> bool:
        """Whether he was on post, or has said so already."""
        there = {row.presence.person for row in await visit.tx.presences.during(shift.key)}
        return person in there or person in await waiting_claims(visit.tx, shift)

    async def _meant(self, visit: Visit, answer: Answer) -> list[tuple[Person, ShiftKey | None]]:
        if answer.number is None and answer.matter is None:
            return [(person, None) for person in visit.people]
        matter = await self._readings.meant(visit, Stale(number=answer.number or 0, matter=answer.matter))
        if matter is None:
            return []
        key = ShiftKey(matter.subject) if matter.topic == SHIFT else None
        return [(person, key) for person in visit.people if person.id == matter.person]

    async def _ask_whose(self, visit: Visit, missed: Sequence[tuple[Person, Shift]]) -> Reply:
        """Two at one phone missed theirs: each has a number of his own."""
        claims = [await self._claimed(visit, person, shift) for person, shift in missed]
        wanted = [(c.person.id, SHIFT, c.shift.key, c.unit) for c in claims]
        numbers = await visit.tx.matters.ensure(wanted, visit.now)
        for matter in numbers:
            await visit.tx.matters.close(SHIFT, matter.subject, visit.now, person=matter.person)
        names = [f"{matter.number} {c.person.name}" for matter, c in zip(numbers, claims, strict=True)]
        known = await self._basis.facts.plain(visit, visit.sender)
        values = {**known, "names": names}
        return Reply(template="claim_which", values=values, person=visit.sender, courtesy=True)
