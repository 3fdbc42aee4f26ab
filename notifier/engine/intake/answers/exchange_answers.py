"""换班 NAME, 顶 NAME: proposed to the other, who is asked; and 同意, 不同意 to that."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from notifier.domain.exchange import AHEAD, Exchange, Give
from notifier.domain.ids import PersonId, ShiftKey, UnitCode
from notifier.domain.language.model import Answer, Verb
from notifier.domain.roster import ChannelName, Person, Post, Shift
from notifier.engine.cover_letters import COVER
from notifier.engine.exchanges import Barred
from notifier.engine.intake.answers.basis import Basis, Handler
from notifier.engine.intake.answers.cover_answers import CoverAnswers
from notifier.engine.intake.answers.naming import named, told_apart
from notifier.engine.intake.standing import Standing
from notifier.engine.intake.visit import Reply, Visit
from notifier.engine.subjects import SHIFT
from notifier.store.tx import Tx

GeneralHandler = Callable[[Visit, Answer], Awaitable[list[Reply]]]


class ExchangeAnswers:
    """Whoever proposes an exchange, and whoever is asked to agree to one."""

    def __init__(self, basis: Basis, covers: CoverAnswers) -> None:
        """Work with the parts' exchanges; who was asked to cover already answers by ``covers``."""
        self._basis = basis
        self._covers = covers
        self._exchanges = basis.parts.exchanges

    def table(self) -> Mapping[Verb, Handler]:
        """What each word does where an exchange was put to somebody."""
        return {Verb.AGREE: self.agree, Verb.REFUSE: self.refuse, Verb.DECLINE: self.refuse}

    def of_shifts(self) -> Mapping[Verb, Handler]:
        """What each word does to one's own shift."""
        return {Verb.SWAP: self.swap_it}

    def orders(self) -> Mapping[Verb, GeneralHandler]:
        """What each word does by itself."""
        return {Verb.SWAP: self.swap_next, Verb.STAND_IN: self.stand_in}

    # ── proposing ────────────────────────────────────────────────────────────────────────────────

    async def swap_it(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """This shift of his, for one of the other's. He was reminded of it, so that an SMS may say so."""
        if standing.shift is None or standing.post is None:
            return []
        return [await self._swap(visit, standing.person, standing.shift, standing.post, answer)]

    async def swap_next(self, visit: Visit, answer: Answer) -> list[Reply]:
        """His next shift, for one of the other's."""
        if visit.channel is not ChannelName.TELEGRAM:
            # Who sent an SMS cannot be known for certain.
            return [await self._plain(visit, "exchange_by_telegram")]
        person = visit.sender
        own = await _ahead(visit.tx, person.id, visit.now)
        post = await visit.tx.roster.post(own[0].post) if own else None
        if post is None:
            return [await self._plain(visit, "exchange_no_shift", person_name=person.name)]
        return [await self._swap(visit, person, own[0], post, answer)]

    async def stand_in(self, visit: Visit, answer: Answer) -> list[Reply]:
        """The other's next shift, or the one he names. Who was asked to cover it just says that he comes."""
        person = visit.sender
        other = await self._other(visit, person, person.unit, answer)
        if isinstance(other, Reply):
            return [other]
        if asked := _search_for(visit, other):
            return await self._covers.cover(visit, asked, answer)
        if visit.channel is not ChannelName.TELEGRAM:
            return [await self._plain(visit, "exchange_by_telegram")]
        theirs = await self._theirs(visit, other, person.id, answer, None)
        if not theirs:
            return [await self._plain(visit, "exchange_no_shift", person_name=other.name)]
        give = Give(shift=theirs[0], giver=other.id, taker=person.id)
        return [await self._propose(visit, person, other, Exchange(gives=(give,)), Verb.STAND_IN)]

    async def _swap(self, visit: Visit, person: Person, own: Shift, post: Post, answer: Answer) -> Reply:
        other = await self._other(visit, person, post.unit, answer)
        if isinstance(other, Reply):
            return other
        theirs = await self._theirs(visit, other, person.id, answer, post)
        if not theirs:
            return await self._plain(visit, "exchange_no_shift", person_name=other.name)
        first = Give(shift=own, giver=person.id, taker=other.id)
        second = Give(shift=theirs[0], giver=other.id, taker=person.id)
        return await self._propose(visit, person, other, Exchange(gives=(first, second)), Verb.SWAP)

    async def _propose(
        self, visit: Visit, person: Person, other: Person, exchange: Exchange, verb: Verb
    ) -> Reply:
        tx, now = visit.tx, visit.now
        again = await self._exchanges.is_waiting(tx, exchange)
        if not again:
            barred = await self._exchanges.propose(tx, exchange, visit.actor(person), now)
            if barred is not None:
                return await self._barred(visit, person, barred)
        matter = await self._exchanges.letters.matter(tx, exchange, person.id, now)
        if not again:
            await self._basis.remember_of(visit, person, matter, verb, exchange=exchange.subject)
        return await self._basis.tell_how(visit, matter, person, "exchange_asked", courtesy=again)

    # ── answering ────────────────────────────────────────────────────────────────────────────────

    async def agree(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Done, and told to everybody under the shifts' own numbers; or said why it cannot be."""
        exchange = await self._exchanges.load(visit.tx, standing.matter.subject)
        person = standing.person
        if exchange is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        barred = await self._exchanges.agree(visit.tx, exchange, visit.actor(person), visit.now)
        if barred is not None:
            return [await self._barred(visit, person, barred)]
        if person.id != exchange.asked:
            await self._basis.remember(visit, standing, Verb.AGREE, exchange=exchange.subject)
            return [await self._basis.reply(visit, standing, "exchange_agreed_noted")]
        # He has heard it under the number of the shift that it is about for him.
        own = next((give for give in exchange.gives if give.taker == person.id), exchange.gives[0])
        matter = await visit.tx.matters.find(person.id, SHIFT, own.shift.key)
        await self._basis.remember_of(visit, person, matter, Verb.AGREE, exchange=exchange.subject)
        return []

    async def refuse(self, visit: Visit, standing: Standing, answer: Answer) -> list[Reply]:
        """Everything stays as it is."""
        exchange = await self._exchanges.load(visit.tx, standing.matter.subject)
        if exchange is None:
            return [await self._basis.reply(visit, standing, "stale", courtesy=True)]
        by = visit.actor(standing.person)
        await self._exchanges.refuse(visit.tx, exchange, answer.reason, by, visit.now)
        await self._basis.remember(visit, standing, Verb.REFUSE, exchange=exchange.subject)
        return [await self._basis.reply(visit, standing, "exchange_refused_noted")]

    # ── who and what is meant ────────────────────────────────────────────────────────────────────

    async def _other(self, visit: Visit, person: Person, unit: UnitCode, answer: Answer) -> Person | Reply:
        everybody = await visit.tx.roster.people_of(unit)
        found = [p for p in named(answer.name or "", everybody, in_part=True) if p.id != person.id]
        if len(found) == 1:
            return found[0]
        return await self._plain(visit, "exchange_which", word=answer.name, names=told_apart(found))

    async def _theirs(
        self, visit: Visit, other: Person, asker: PersonId, answer: Answer, post: Post | None
    ) -> list[Shift]:
        """The other's shifts ahead that the asker does not stand: by number, else of posts like ``post``."""
        tx = visit.tx
        own = {shift.key for shift in await _ahead(tx, asker, visit.now)}
        ahead = [s for s in await _ahead(tx, other.id, visit.now) if s.key not in own]
        if answer.number is not None:
            meant = await tx.matters.by_number([other.id], answer.number)
            keys = {ShiftKey(matter.subject) for matter in meant if matter.topic == SHIFT}
            if chosen := [shift for shift in ahead if shift.key in keys]:
                return chosen
        if post is None:
            return ahead
        posts = await tx.roster.posts({shift.post for shift in ahead})
        alike = {code for code, p in posts.items() if (p.kind, p.unit) == (post.kind, post.unit)}
        return [shift for shift in ahead if shift.post in alike]

    # ── saying so ────────────────────────────────────────────────────────────────────────────────

    async def _barred(self, visit: Visit, person: Person, barred: Barred) -> Reply:
        more = await self._exchanges.letters.bar_values(visit.tx, barred.person, barred.reason, person.locale)
        return await self._plain(visit, "exchange_barred", **more)

    async def _plain(self, visit: Visit, template: str, **values: object) -> Reply:
        known = await self._basis.facts.plain(visit, visit.sender)
        return Reply(template=template, values={**known, **values}, person=visit.sender, courtesy=True)


def _search_for(visit: Visit, absent: Person) -> Standing | None:
    """That the sender was asked to stand a shift of ``absent``, who is on leave."""
    theirs = (s for s in visit.standings if s.matter.subject.endswith(f"|{absent.id}"))
    return next((standing for standing in theirs if standing.topic == COVER), None)


async def _ahead(tx: Tx, person: PersonId, now: datetime) -> list[Shift]:
    """The shifts that he is to stand within the time that an exchange looks ahead, by start."""
    shifts = [s for s in await tx.shifts.of_person(person, now, now + AHEAD) if s.start > now]
    on_leave = await tx.shifts.on_leave([shift.key for shift in shifts])
    return [shift for shift in shifts if (person, shift.key) not in on_leave]
