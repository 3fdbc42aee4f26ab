"""接班: a desk's new officer takes over what is open there."""

from collections.abc import Mapping
from dataclasses import asdict

from notifier.domain.ids import ShiftKey
from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit


class DeskAnswers:
    """Answers to the note that an officer gets when he comes to the desk."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' hand-over."""
        self._basis = basis
        self._handover = basis.parts.handover

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {Verb.TAKE_OVER: self.take_over}

    async def take_over(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """All of it is his; the answer lists it as it is now, with what is new since the note."""
        key, by = ShiftKey(standing.matter.subject), visit.actor(standing.person)
        taken = await self._handover.take_over(visit.tx, key, by, visit.words, visit.now)
        await self._basis.remember(visit, standing, Verb.TAKE_OVER)
        listed = [asdict(entry) for entry in taken]
        return [await self._basis.reply(visit, standing, "desk_taken_over", open_list=listed)]
