"""转达 43: how many were told."""

from collections.abc import Mapping

from notifier.domain.language.model import Answer, Verb
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit


class RelayAnswers:
    """Answers about passing a broadcast on."""

    def __init__(self, basis: Basis) -> None:
        """Work with the parts' relays."""
        self._basis = basis
        self._relays = basis.parts.relays

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does."""
        return {Verb.RELAYED: self.relayed}

    async def relayed(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """So many were told: kept, and marked where it is more than there are. A later count replaces it."""
        before = standing.relay.relayed if standing.relay else None
        relay = await self._relays.relayed(
            visit.tx,
            standing.matter.subject,
            answer.count or 0,
            visit.actor(standing.person),
            visit.words,
            visit.now,
        )
        await self._basis.remember(
            visit, standing, Verb.RELAYED, relay=standing.matter.subject, before=before
        )
        template = "relay_flagged" if relay.flagged else "relay_noted"
        return [await self._basis.reply(visit, standing, template)]
