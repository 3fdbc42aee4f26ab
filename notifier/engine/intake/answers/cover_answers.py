"""我来, 不便: to being asked to stand a shift for somebody else. 同意, 不同意: to somebody's leave."""

from collections.abc import Mapping

from notifier.domain.ids import ShiftKey
from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.answers.case_answers import CaseAnswers
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHIFT
from notifier.store.rows import LeaveRow


class CoverAnswers:
    """Answers to a search for cover."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' search."""
        self._basis = basis
        self._covering = basis.parts.covering

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {Verb.COVER: self.cover, Verb.DECLINE: self.decline}

    async def cover(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """The first has it, and is told so under the shift's own number."""
        search = await self._covering.search(visit.tx, standing.matter.subject)
        person = standing.person
        if search is not None and await self._covering.take(
            visit.tx, search, person.id, visit.actor(person), visit.now
        ):
            own = await visit.tx.matters.find(person.id, SHIFT, search.shift.key)
            await self._basis.remember_of(visit, person, own, Verb.COVER, cover=search.subject)
            return []
        return [await self._basis.reply(visit, standing, "cover_off", courtesy=True)]

    async def decline(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Another is asked."""
        search = await self._covering.search(visit.tx, standing.matter.subject)
        if search is not None:
            by = visit.actor(standing.person)
            await self._covering.decline(visit.tx, search, standing.person.id, by, visit.now)
        return [await self._basis.reply(visit, standing, "cover_declined")]


class LeaveAnswers:
    """Answers of the secretary, or who stands in, to a leave that was put to him."""

    def __init__(self, basis: Basis, calls: CaseAnswers) -> None:
        """Who only takes note, or cannot see to it, says so as to a call."""
        self._basis = basis
        self._calls = calls
        self._covering = basis.parts.covering

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {
            Verb.AGREE: self.agree,
            Verb.REFUSE: self.refuse,
            Verb.ACK: self.acknowledge,
            Verb.DECLINE: self.decline,
        }

    async def agree(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Cover is looked for at once."""
        leave = await self._asked(visit, standing)
        if leave is None or standing.shift is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        by = visit.actor(standing.person)
        await self._covering.agree(visit.tx, standing.shift, leave, by, visit.now)
        await self._basis.remember(visit, standing, Verb.AGREE, leave=standing.matter.subject)
        return [await self._noted(visit, standing, leave, "leave_agreed_noted")]

    async def refuse(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He stays rostered."""
        leave, by = await self._asked(visit, standing), visit.actor(standing.person)
        if leave is None or standing.shift is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        if not await self._covering.refuse(visit.tx, standing.shift, leave, answer.reason, by, visit.now):
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        subject = standing.matter.subject
        await self._basis.remember(visit, standing, Verb.REFUSE, leave=subject, reason=leave.reason)
        return [await self._noted(visit, standing, leave, "leave_refused_noted")]

    async def acknowledge(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He sees to it himself: written down; the search begins at its time all the same."""
        await self._basis.journal(
            visit, "acknowledged", standing.person, matter=standing.matter, reason=visit.words or None
        )
        await self._basis.remember(visit, standing, Verb.ACK)
        return [await self._basis.reply(visit, standing, "taken_unstaffed")]

    async def decline(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """The next in line is asked."""
        replies = await self._calls.decline(visit, standing, answer)
        search = await self._covering.search(visit.tx, standing.matter.subject)
        if search is not None:
            await self._covering.pass_on(visit.tx, search, standing.person.id, visit.now)
        return replies

    async def _asked(self, visit: Visit, standing: Standing) -> LeaveRow | None:
        """The leave of his that he was asked about."""
        key, _, absent = standing.matter.subject.partition("|")
        leaves = await visit.tx.shifts.leave_of(ShiftKey(key))
        return next((leave for leave in leaves if leave.person == absent), None)

    async def _noted(self, visit: Visit, standing: Standing, leave: LeaveRow, template: str) -> Reply:
        absent = await visit.tx.roster.person(leave.person)
        name = absent.name if absent else None
        return await self._basis.reply(visit, standing, template, absent_name=name)
