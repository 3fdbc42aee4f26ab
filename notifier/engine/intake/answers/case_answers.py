"""收到, 不便, 转交 and "in 20 minutes" to a call: the case's own rule decides, here it is answered."""

from collections.abc import Mapping
from datetime import timedelta

from notifier.domain.case import (
    Acknowledged,
    CallState,
    Case,
    Declined,
    HandedOn,
    HeldUntil,
    OnTheWay,
    Verdict,
)
from notifier.domain.ids import PersonId
from notifier.domain.language.model import Answer, Verb
from notifier.domain.times import iso_utc
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.passing import Passing
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHIFT


class CaseAnswers:
    """Answers to calls, of whatever kind the case is."""

    def __init__(self, basis: Basis, passing: Passing) -> None:
        """Work with the parts' cases; what another's holder should know goes through ``passing``."""
        self._basis = basis
        self._passing = passing
        self._cases = basis.parts.cases

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {
            Verb.ACK: self.acknowledge,
            Verb.DECLINE: self.decline,
            Verb.ETA: self.on_the_way,
            Verb.HAND_ON: self.hand_on,
        }

    async def acknowledge(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He takes it. The rule tells him so itself; what it refuses is answered here."""
        if standing.case is None:
            return await self._taken_note(visit, standing)
        verdict = await self.take(visit, standing, standing.case)
        return [] if verdict is Verdict.TAKEN else [await self._basis.refuse(visit, standing, verdict)]

    async def take(self, visit: Visit, standing: Standing, case: Case) -> Verdict:
        """Let the standing's person take the case."""
        event = Acknowledged(person=standing.person.id, words=visit.words, channel=visit.channel)
        happened = await self._cases.happen(visit.tx, case.id, event, visit.now)
        if happened.verdict is Verdict.TAKEN:
            await self._basis.remember(visit, standing, Verb.ACK, case=case.id)
        return happened.verdict

    async def _taken_note(self, visit: Visit, standing: Standing) -> list[Reply]:
        """He sees to something that is no case yet (or no more): it is written down, and he is thanked."""
        basis, matter = self._basis, standing.matter
        await basis.journal(visit, "acknowledged", standing.person, matter=matter, reason=visit.words or None)
        await basis.remember(visit, standing, Verb.ACK)
        template = "taken_unstaffed" if standing.topic == SHIFT else "taken"
        return [await basis.reply(visit, standing, template)]

    async def decline(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He cannot, without blame: the next is called at once. Who holds it passes it on by that."""
        case, person = standing.case, standing.person.id
        if case is None:
            return await self._declined_note(visit, standing)
        held = case.holder == person
        event: HandedOn | Declined = Declined(person=person, words=visit.words, channel=visit.channel)
        if held:
            event = HandedOn(person=person, words=visit.words, channel=visit.channel)
        happened = await self._cases.happen(visit.tx, case.id, event, visit.now)
        if happened.verdict is not Verdict.TAKEN:
            return [await self._basis.refuse(visit, standing, happened.verdict)]
        changed = happened.case.version != case.version
        if changed:
            verb = Verb.HAND_ON if held else Verb.DECLINE
            await self._basis.remember(visit, standing, verb, case=case.id)
        if held:
            following = await self._next_name(visit, happened.case, person)
            return [await self._basis.reply(visit, standing, "handed_on", next_name=following)]
        return [await self._basis.reply(visit, standing, "declined", courtesy=not changed)]

    async def _declined_note(self, visit: Visit, standing: Standing) -> list[Reply]:
        basis = self._basis
        await basis.journal(visit, "declined", standing.person, matter=standing.matter, reason=visit.words)
        await basis.remember(visit, standing, Verb.DECLINE)
        await visit.tx.matters.close(
            standing.topic, standing.matter.subject, visit.now, person=standing.person.id
        )
        return [await basis.reply(visit, standing, "declined")]

    async def hand_on(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """转交. With a name nothing changes: the sender goes on holding until that one is there."""
        if answer.name is None:
            return await self.decline(visit, standing, answer)
        template = "who_is_on_post" if standing.topic == SHIFT else "hand_on_asked"
        return [await self._basis.reply(visit, standing, template, courtesy=True, word=answer.name)]

    async def on_the_way(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He comes, or needs longer: the calls wait until then, never longer than the policy lets them.

        With 收到 beside it he takes what nobody has; the rule tells him so itself.
        """
        case = standing.case
        if case is None:
            return []
        until = visit.now + timedelta(minutes=answer.minutes or 0)
        taking = answer.takes and _may_take(case, standing.person.id)
        said = HeldUntil if taking else OnTheWay
        event = said(person=standing.person.id, until=until, words=visit.words, channel=visit.channel)
        happened = await self._cases.happen(visit.tx, case.id, event, visit.now)
        if happened.verdict is not Verdict.TAKEN:
            if happened.verdict is Verdict.HELD_BY_OTHER:
                await self._tell_holder(visit, standing, case)
            return [await self._basis.refuse(visit, standing, happened.verdict)]
        await self._basis.remember(visit, standing, Verb.ETA, case=case.id)
        if taking:
            return []
        waits = happened.case.due_at
        template = "eta_noted" if standing.topic == SHIFT else "waiting"
        until_text = iso_utc(waits) if waits else None
        return [await self._basis.reply(visit, standing, template, hold_until=until_text)]

    async def _tell_holder(self, visit: Visit, standing: Standing, case: Case) -> None:
        """Somebody rostered is coming after all: whoever looks for another should know."""
        await self._basis.journal(
            visit,
            "on_the_way",
            standing.person,
            matter=standing.matter,
            case=case.id,
            reason=visit.words,
        )
        await self._passing.to_holder(visit, standing.person, standing)

    async def _next_name(self, visit: Visit, case: Case, lapsed: PersonId) -> str | None:
        called = [call.person for call in case.calls if call.at == visit.now and call.person != lapsed]
        person = await visit.tx.roster.person(called[-1]) if called else None
        return person.name if person else None


def _may_take(case: Case, person: PersonId) -> bool:
    """Whether nobody has it, and he had not before."""
    call = case.call_to(person)
    return case.holder is None and (call is None or call.state is not CallState.LAPSED)
