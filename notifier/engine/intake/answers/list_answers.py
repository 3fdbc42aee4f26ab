"""收到 to a whole list: each matter that it named is taken as if it had been answered by itself."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from notifier.domain.ids import MatterId
from notifier.domain.joining import is_list
from notifier.domain.language.model import Answer, Stale, Verb
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.joining import STACK, asked_in

ANSWERABLE_FOR = timedelta(hours=1)
"""How long before the latest list another of its kind is meant, too, by words that name none."""

Do = Callable[[Visit, Answer], Awaitable[list[Reply]]]
"""Answers one matter."""


class ListAnswers:
    """Answers to everything in a list."""

    def __init__(self, readings: Readings, do: Do) -> None:
        """Each matter is answered by ``do``; ``readings`` say how it stands where none can be."""
        self._readings = readings
        self._do = do

    async def tapped(self, visit: Visit) -> list[Reply]:
        """The button for all: what the list named when it went."""
        replies = await self._take(visit)
        if replies is None:
            asking = [standing for standing in visit.standings if standing.view.asks]
            return [await self._readings.choose(visit, asking, "which_matter")]
        return replies

    async def said(self, visit: Visit) -> list[Reply] | None:
        """全部收到, or 收到 in reply to a list; None where it is something else that is meant."""
        quoted = visit.quoted
        replied = quoted is not None and is_list(quoted.key) and visit.said.verb is Verb.ACK
        if visit.said.numbers or not (visit.said.every or replied):
            return None
        return await self._take(visit)

    async def _take(self, visit: Visit) -> list[Reply] | None:
        matters = await _meant(visit)
        taking = [one for one in visit.standings if one.matter.id in matters and one.takes(Verb.ACK)]
        if not taking:
            return await self._readings.stale(visit, Stale(number=0, matter=matters[0])) if matters else None
        replies: list[Reply] = []
        for standing in taking:
            replies += await self._do(visit, Answer(verb=Verb.ACK, matter=standing.matter.id))
        return replies


async def _meant(visit: Visit) -> tuple[MatterId, ...]:
    """What the list pointed at has named; else the latest list with those of its kind shortly before it."""
    if visit.quoted is not None:
        return asked_in(visit.quoted)
    people = [person.id for person in visit.people]
    lists = await visit.tx.messages.lists_to(people, visit.incoming.sender, visit.now - ANSWERABLE_FOR)
    alike = [one for one in lists if one.values.get(STACK) == lists[-1].values.get(STACK)]
    return tuple(dict.fromkeys(matter for one in alike for matter in asked_in(one)))
