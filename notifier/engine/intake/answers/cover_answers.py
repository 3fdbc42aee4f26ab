"""我来, 不便: to being asked to stand a shift for somebody else. 同意, 不同意: to somebody's leave."""

from collections.abc import Mapping

from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.store.rows import LeaveRow

LEAVE_TOLD = "leave_told"
"""What the secretary is asked by."""


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
    """Answers of the secretary, or who stands in, to a leave of which he was told."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' search for cover."""
        self._basis = basis
        self._covering = basis.parts.covering

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {Verb.AGREE: self.agree, Verb.REFUSE: self.refuse}

    async def agree(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Cover is looked for at once."""
        leave = await self._asked(visit, standing)
        if leave is None or standing.shift is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        by = visit.actor(standing.person)
        await self._covering.agree(visit.tx, standing.shift, leave, by, visit.now)
        return [await self._noted(visit, standing, leave, "leave_agreed_noted")]

    async def refuse(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He stays rostered."""
        leave = await self._asked(visit, standing)
        if leave is None or standing.shift is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        by = visit.actor(standing.person)
        await self._covering.refuse(visit.tx, standing.shift, leave, answer.reason, by, visit.now)
        return [await self._noted(visit, standing, leave, "leave_refused_noted")]

    async def _asked(self, visit: Visit, standing: Standing) -> LeaveRow | None:
        """The leave that he was asked about; None for who never was, whatever number he writes."""
        person, matter = standing.person.id, standing.matter.id
        if standing.shift is None:
            return None
        if not await visit.tx.messages.said_about([matter], [person], [LEAVE_TOLD]):
            return None
        return await self._covering.waiting_leave(visit.tx, standing.shift, person)

    async def _noted(self, visit: Visit, standing: Standing, leave: LeaveRow, template: str) -> Reply:
        absent = await visit.tx.roster.person(leave.person)
        name = absent.name if absent else None
        return await self._basis.reply(visit, standing, template, absent_name=name)
