"""What every answer needs: to remember itself, to be journalled, to be replied to."""

from collections.abc import Awaitable, Callable, Mapping

from notifier.domain.case import Verdict
from notifier.domain.ids import CaseId
from notifier.domain.language.model import Answer, Verb
from notifier.domain.roster import Person
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.parts import Parts
from notifier.engine.subjects import SHIFT
from notifier.store.rows import JournalLine, Matter, PersonalAnswer

Handler = Callable[[Visit, Standing, Answer], Awaitable[list[Reply]]]
"""Does what a word asks of an open matter, and says so."""

REFUSALS: Mapping[Verdict, str] = {
    Verdict.HELD_BY_OTHER: "held_by_other",
    Verdict.HELD_ALREADY: "held_already",
    Verdict.HELD_BEFORE: "held_before",
    Verdict.CLOSED: "case_closed",
    Verdict.NOT_CALLED: "not_called",
}
"""The text for each verdict that changed nothing."""


class Basis:
    """Shared by all answers."""

    def __init__(self, parts: Parts, facts: Facts) -> None:
        """Work through the parts; values come from ``facts``."""
        self.parts = parts
        self.facts = facts

    async def reply(
        self, visit: Visit, standing: Standing, template: str, *, courtesy: bool = False, **values: object
    ) -> Reply:
        """An answer about the standing's matter, to its person."""
        return await self.tell_how(
            visit, standing.matter, standing.person, template, courtesy=courtesy, **values
        )

    async def tell_how(
        self,
        visit: Visit,
        matter: Matter,
        person: Person,
        template: str,
        *,
        courtesy: bool = True,
        **values: object,
    ) -> Reply:
        """An answer about a matter, open or closed."""
        about = await self.facts.about(visit, matter, person)
        return Reply(
            template=template, values={**about, **values}, person=person, matter=matter, courtesy=courtesy
        )

    async def refuse(self, visit: Visit, standing: Standing, verdict: Verdict) -> Reply:
        """What somebody hears whose word changed nothing in a case: how it stands, and who has it."""
        template = REFUSALS[verdict]
        if verdict is Verdict.HELD_BY_OTHER and standing.topic == SHIFT and standing.view.rostered:
            template = "who_has_it_rostered"
        return await self.reply(visit, standing, template, courtesy=True)

    async def remember(self, visit: Visit, standing: Standing, verb: Verb, **detail: object) -> None:
        """Keep what the word did, so that it can be taken back."""
        await self.remember_of(visit, standing.person, standing.matter, verb, **detail)

    async def remember_of(
        self, visit: Visit, person: Person, matter: Matter | None, verb: Verb, **detail: object
    ) -> None:
        """Keep what was done in that person's name."""
        await visit.tx.answers.add(
            PersonalAnswer(
                person=person.id,
                matter=matter.id if matter else None,
                verb=verb,
                at=visit.now,
                channel=visit.channel,
                detail=detail,
            )
        )

    async def journal(
        self,
        visit: Visit,
        event: str,
        person: Person | None,
        *,
        matter: Matter | None = None,
        case: CaseId | None = None,
        reason: str | None = None,
    ) -> None:
        """Write down what somebody said."""
        line = JournalLine(
            at=visit.now,
            event=event,
            case=case,
            unit=matter.unit if matter else (person.unit if person else None),
            subject=matter.subject if matter else None,
            person=person.id if person else None,
            channel=visit.channel,
            reason=reason,
        )
        await visit.tx.journal.write([line])
