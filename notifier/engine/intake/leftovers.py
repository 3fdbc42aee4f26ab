"""What answers no open matter: thanks, words too late or too early, pictures, things only taken note of."""

from collections.abc import Sequence
from datetime import timedelta

from notifier.domain import presence
from notifier.domain.language.model import Answer, Verb
from notifier.domain.message import MessageState
from notifier.domain.policy import Kind
from notifier.domain.presence import Window
from notifier.domain.roster import Person, Shift
from notifier.engine.intake.answers.basis import Basis
from notifier.engine.intake.readings import Readings
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHIFT
from notifier.store.rows import MessageFilter, StoredMessage

THANKS_WITHIN = timedelta(days=3)
"""A bare 收到 is taken as the answer to a broadcast not older than this."""

NEAR = timedelta(hours=24)
"""How far off a shift may be that somebody means who is on post with nothing open for him."""

_ASKED = frozenset({"reminder_early", "reminder_late", "shift_moved", "leave_told"})
_LOOKED_AT = 20
_ARRIVED = (MessageState.SENT, MessageState.DELIVERED)
_DONE_BEFORE = {Verb.SIGN, Verb.VERIFY, Verb.RETURN, Verb.RELAYED, Verb.OFF, Verb.HAND_OVER}


class Leftovers:
    """Answers, or keeps silent to, what is left."""

    def __init__(self, basis: Basis, readings: Readings) -> None:
        """Words come from ``readings``."""
        self._basis = basis
        self._readings = readings

    async def thanks(self, visit: Visit) -> list[Reply]:
        """A thank-you for what asks nothing: silence, and the latest broadcast counts as answered.

        Where the last that he was sent did ask, and is over, he hears how it stands.
        """
        if visit.said.verb not in (Verb.ACK, Verb.NUMBER_ONLY):
            return []
        if visit.said.numbers and visit.quoted is None:
            # Something of that number was meant, and it is not his: that is said, not passed over.
            return [await self._readings.nothing_open(visit)]
        for person in visit.people:
            sent = await visit.tx.messages.listing(MessageFilter(person=person.id, limit=_LOOKED_AT))
            if replies := await self._too_late(visit, person, sent):
                return replies
            await self._mark_broadcast(visit, sent)
        return []

    async def _too_late(self, visit: Visit, person: Person, sent: Sequence[StoredMessage]) -> list[Reply]:
        last = next((message for message in sent if message.state in _ARRIVED), None)
        if last is None or last.matter is None or last.answered_at is not None:
            return []
        if not (last.call or last.template in _ASKED) or visit.now - last.created_at > NEAR:
            return []
        matter = await visit.tx.matters.get(last.matter)
        if matter is None or matter.closed_at is None:
            return []
        return [await self._readings.how_it_stands(visit, matter, person)]

    async def _mark_broadcast(self, visit: Visit, sent: Sequence[StoredMessage]) -> None:
        for message in sent:
            if message.broadcast is not None and visit.now - message.created_at <= THANKS_WITHIN:
                await visit.tx.messages.mark_answered(message.id, visit.now)
                return

    async def noted(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Something was taken note of: written down, and closed. 收到 asks for no answer."""
        await self._basis.journal(
            visit, "acknowledged", standing.person, matter=standing.matter, reason=visit.words
        )
        matter = standing.matter
        await visit.tx.matters.close(matter.topic, matter.subject, visit.now, person=matter.person)
        return []

    async def media(self, visit: Visit) -> Reply:
        """Please in words; with the word for being on post where that may be what is meant."""
        comes = next((s for s in visit.standings if s.takes(Verb.HERE)), None)
        if comes is not None:
            return await self._basis.reply(visit, comes, "media", courtesy=True)
        values = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template="media", values=values, person=visit.sender, courtesy=True)

    async def nothing_open(self, visit: Visit) -> Reply:
        """Nothing is open, or not yet, or no more: which of these, where it can be told."""
        if visit.said.verb is Verb.HERE and (near := await self._near_shift(visit)):
            person, shift, window = near
            post = await visit.tx.roster.post(shift.post)
            unit = post.unit if post else person.unit
            [matter] = await visit.tx.matters.ensure([(person.id, SHIFT, shift.key, unit)], visit.now)
            if window is Window.TOO_LATE:
                await visit.tx.matters.close(SHIFT, shift.key, visit.now, person=person.id)
            template = "too_late" if window is Window.TOO_LATE else "too_early"
            return await self._basis.tell_how(visit, matter, person, template)
        if visit.said.verb in _DONE_BEFORE and (done := await self._done_before(visit)):
            return done
        return await self._readings.nothing_open(visit)

    async def _near_shift(self, visit: Visit) -> tuple[Person, Shift, Window] | None:
        policy = (await self._basis.parts.station.rules.current(visit.tx)).policy(Kind.UNSTAFFED)
        for person in visit.people:
            near = await visit.tx.shifts.of_person(person.id, visit.now - NEAR, visit.now + NEAR)
            meant = presence.shift_meant(near, person.id, visit.now, policy.checkin_from)
            if meant is not None and meant.window is not Window.OPEN:
                return person, meant.shift, meant.window
        return None

    async def _done_before(self, visit: Visit) -> Reply | None:
        """The same word said twice: how what it did the first time stands."""
        for person in visit.people:
            last = await visit.tx.answers.last(person.id, visit.now - NEAR)
            if last is None or last.verb != visit.said.verb or last.matter is None:
                continue
            matter = await visit.tx.matters.get(last.matter)
            if matter is not None:
                return await self._readings.how_it_stands(visit, matter, person)
        return None
