"""Exchanges of shifts: one of two people proposes it, the other agrees, and both then stand what they took.

What waits for an answer is an open matter of whoever was asked, and one timer, at which it is too late.
What was agreed to are covers, over the roster like those that a search has found.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.exchange import Exchange, Give, bar, parties_of, way_back
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.engine.exchange_letters import EXCHANGE, ExchangeLetters
from notifier.engine.stand_ins import StandIns
from notifier.engine.station import Actor
from notifier.engine.subjects import SHIFT
from notifier.store.covers import CLOSED
from notifier.store.rows import LeaveRow, Timer
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """Why an exchange cannot be, and because of whom."""

    person: PersonId
    reason: str


class Exchanges:
    """Puts them to people, and carries them out."""

    def __init__(self, letters: ExchangeLetters, stand_ins: StandIns) -> None:
        """Hold them against the rules by ``stand_ins``, and speak by ``letters``."""
        self._stand_ins = stand_ins
        self.letters = letters

    async def load(self, tx: Tx, subject: str) -> Exchange | None:
        """The exchange of that name; None when a shift of it is gone."""
        parties = parties_of(subject)
        keys = [key for key in (parties.first, parties.other) if key is not None]
        shifts = await tx.shifts.many(keys)
        if len(shifts) < len(keys):
            return None
        first = Give(shift=shifts[parties.first], giver=parties.giver, taker=parties.taker)
        if parties.other is None:
            return Exchange(gives=(first,))
        other = Give(shift=shifts[parties.other], giver=parties.taker, taker=parties.giver)
        return Exchange(gives=(first, other))

    async def barred(self, tx: Tx, exchange: Exchange, now: datetime) -> Barred | None:
        """What the rules have against it just now, if anything."""
        rest = await self._stand_ins.rest(tx)
        for give in exchange.gives:
            given = {other.shift.key for other in exchange.gives if other.giver == give.taker}
            duties = (await self._stand_ins.duties(tx, [give.taker], give.shift, now))[give.taker]
            beside = [duty for duty in duties if duty.key not in given]
            away = {leave.person for leave in await tx.shifts.leave_of(give.shift.key)}
            reason = bar(give, away, beside, rest, now)
            if reason is None and give.taker in away and not await self._way_back(tx, give):
                return Barred(person=give.taker, reason="on_leave")
            if reason is not None:
                of_taker = reason in ("on_duty", "no_rest")
                return Barred(person=give.taker if of_taker else give.giver, reason=reason)
        return None

    # ── proposing ────────────────────────────────────────────────────────────────────────────────

    async def propose(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> Barred | None:
        """Put it to the other, and to who answers for the unit where the other only hands his shift over.

        None: somebody was asked. Otherwise nothing was done.
        """
        barred = await self.barred(tx, exchange, now)
        if barred is not None:
            return barred
        asked = await self._asked(tx, exchange, now)
        if not asked:
            return Barred(person=exchange.asked, reason="cannot_answer")
        await self._put(tx, exchange, asked, now)
        await self.letters.journal(tx, exchange, "exchange_asked", exchange.asked, by, None, now)
        return None

    async def _asked(self, tx: Tx, exchange: Exchange, now: datetime) -> list[PersonId]:
        wanted: list[PersonId] = [exchange.asked]
        if not exchange.is_swap:
            secretary = await self.letters.secretary(tx, exchange, now)
            if secretary is not None and secretary not in (exchange.asker, exchange.asked):
                wanted.append(secretary)
        post = await tx.roster.post(exchange.gives[0].shift.post)
        can = [
            person
            for person in wanted
            if post is not None and await self._stand_ins.obstacle(tx, person, post, now) in (None, "absent")
        ]
        return [] if exchange.is_swap and exchange.asked not in can else can

    async def _put(self, tx: Tx, exchange: Exchange, asked: Collection[PersonId], now: datetime) -> None:
        await tx.timers.set(_timer(exchange))
        await self.letters.put(tx, exchange, asked, now)

    async def withdraw(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> bool:
        """He who proposed it does not want it any more. False when it was answered."""
        if not await self._waiting(tx, exchange):
            return False
        await self._end(tx, exchange, "exchange_off", now)
        await self.letters.journal(tx, exchange, "exchange_withdrawn", exchange.asker, by, None, now)
        return True

    async def is_waiting(self, tx: Tx, exchange: Exchange) -> bool:
        """Whether somebody may still answer it."""
        return bool(await self._waiting(tx, exchange))

    # ── answering ────────────────────────────────────────────────────────────────────────────────

    async def agree(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> Barred | None:
        """All of it is done, and everybody concerned hears it; or, where the rules bar it by now, none."""
        barred = await self.barred(tx, exchange, now)
        if barred is not None:
            await self._end(tx, exchange, None, now)
            await self.letters.tell_barred(tx, exchange, barred.person, barred.reason, now)
            await self.letters.journal(tx, exchange, "exchange_barred", barred.person, by, barred.reason, now)
            return barred
        await self._end(tx, exchange, "exchange_off", now, but=by.person)
        await self._carry_out(tx, exchange, by, now)
        await self.letters.tell_done(tx, exchange, by, now)
        return None

    async def refuse(self, tx: Tx, exchange: Exchange, words: str | None, by: Actor, now: datetime) -> None:
        """Everything stays as it is, and he who proposed it hears so."""
        await self._end(tx, exchange, "exchange_off", now, but=by.person)
        await self.letters.tell_asker(tx, exchange, "exchange_refused", words, now)
        await self.letters.journal(tx, exchange, "exchange_refused", exchange.asked, by, words, now)

    async def undo_agreement(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> bool:
        """Everybody stands his own again. False where something was built on it, or the rules bar it."""
        back = exchange.undone
        if await self.barred(tx, back, now) is not None:
            return False
        await self._carry_out(tx, back, by, now)
        await self.letters.tell_undone(tx, back, by, now)
        return True

    async def undo_refusal(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> bool:
        """It is put once more. False where it was proposed anew meanwhile, or the rules bar it."""
        if await self._waiting(tx, exchange) or await self.propose(tx, exchange, by, now) is not None:
            return False
        await self.letters.tell_asker(tx, exchange, "exchange_reopened", None, now)
        return True

    async def turn(self, tx: Tx, subject: str, now: datetime) -> None:
        """The first of the shifts begins: nobody has answered, everything stays as it is."""
        exchange = await self.load(tx, subject)
        if exchange is None:
            await tx.matters.close(EXCHANGE, subject, now)
            return
        if await self._waiting(tx, exchange):
            await self._end(tx, exchange, None, now)
            await self.letters.tell_asker(tx, exchange, "exchange_expired", None, now)
            nobody = Actor(person=None, channel="")
            await self.letters.journal(tx, exchange, "exchange_expired", exchange.asker, nobody, None, now)

    # ── carrying out ─────────────────────────────────────────────────────────────────────────────

    async def _carry_out(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> None:
        for give in exchange.gives:
            key, way = give.shift.key, await self._way_back(tx, give)
            for row in await tx.covers.standing([key]):
                if (row.absent, row.person) in way:
                    await tx.covers.move(row, CLOSED, now)
                    await tx.shifts.revoke_leave(row.absent, key, now)
            if not way:
                away = LeaveRow(person=give.giver, shift=key, reason=EXCHANGE, recorded_at=now)
                await tx.shifts.add_leave(away)
                await tx.covers.record(key, give.giver, give.taker, now)
            await self._forget(tx, SHIFT, key, give.giver, now)
            await self.letters.journal_give(tx, give, by, now)

    async def _way_back(self, tx: Tx, give: Give) -> tuple[tuple[PersonId, PersonId], ...]:
        rows = await tx.covers.standing([give.shift.key])
        return way_back([(row.absent, row.person) for row in rows], give.taker, give.giver)

    async def _waiting(self, tx: Tx, exchange: Exchange) -> list[PersonId]:
        matters = await tx.matters.about(EXCHANGE, [exchange.subject])
        return [m.person for m in matters if m.closed_at is None and m.person != exchange.asker]

    async def _end(
        self,
        tx: Tx,
        exchange: Exchange,
        template: str | None,
        now: datetime,
        but: PersonId | None = None,
    ) -> None:
        """Nobody is to answer any more. Whoever was asked, ``but`` who has answered, is told so."""
        waiting = [person for person in await self._waiting(tx, exchange) if person != but]
        for person in waiting:
            await self._forget(tx, EXCHANGE, exchange.subject, person, now)
        await tx.matters.close(EXCHANGE, exchange.subject, now)
        await tx.timers.drop([_timer(exchange).key])
        if template is not None:
            await self.letters.tell(tx, exchange, waiting, template, now)
            await tx.matters.close(EXCHANGE, exchange.subject, now)

    async def _forget(self, tx: Tx, topic: str, subject: str, person: PersonId, now: datetime) -> None:
        """What is on its way still would only be read after it is settled."""
        matter = await tx.matters.find(person, topic, subject)
        if matter is not None:
            await tx.messages.cancel_queued(now, matter=matter.id)
            await tx.matters.close(topic, subject, now, person=person)


def _timer(exchange: Exchange) -> Timer:
    subject = exchange.subject
    return Timer(
        key=f"{EXCHANGE}:{subject}", lane=Lane.DUTY, due_at=exchange.until, kind=EXCHANGE, subject=subject
    )
