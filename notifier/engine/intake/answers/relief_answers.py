"""交班: who leaves hands the post over to who came."""

from collections.abc import Mapping

from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit


class ReliefAnswers:
    """Answers of people on post to who comes to relieve them."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' relief."""
        self._basis = basis
        self._relief = basis.parts.relief

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {Verb.HAND_OVER: self.hand_over}

    async def hand_over(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """He may go, unless the post would be short then."""
        person = standing.person
        came = await self._relief.hand_over(visit.tx, person.id, visit.actor(person), visit.now)
        if came.row is None or came.to is None:
            return [
                await self._basis.reply(
                    visit, standing, "hand_over_waits", courtesy=True, missing=came.missing
                )
            ]
        await self._basis.remember(
            visit, standing, Verb.HAND_OVER, row=came.row.id, shift=came.row.presence.shift
        )
        taker = await visit.tx.roster.person(came.to)
        name = taker.name if taker else None
        return [await self._basis.reply(visit, standing, "handed_over", done_by_name=name)]
