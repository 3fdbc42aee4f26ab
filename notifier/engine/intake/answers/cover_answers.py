"""我来, 不便: what somebody says who was asked to stand a shift for somebody else."""

from collections.abc import Mapping

from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit


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
