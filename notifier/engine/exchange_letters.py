"""What is said and written down of an exchange of shifts."""

from collections.abc import Iterable
from datetime import datetime

from notifier.domain.chain import secretary_or_stand_in
from notifier.domain.exchange import Exchange, Give
from notifier.domain.ids import PersonId
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import base_values
from notifier.engine.letters import Letter, Letters
from notifier.engine.shifts import Shifts, shift_values
from notifier.engine.station import Actor, Station
from notifier.store.rows import JournalLine, Matter
from notifier.store.tx import Tx

EXCHANGE = "exchange"
"""The matter of who proposes one and of who is asked; its timer; and why who hands a shift over is away."""


class ExchangeLetters:
    """Tells everybody concerned, and writes it down."""

    def __init__(self, station: Station, letters: Letters, shifts: Shifts) -> None:
        """Speak by ``letters`` of an exchange, and as ``shifts`` does of the shifts themselves."""
        self._station = station
        self._letters = letters
        self._shifts = shifts

    async def matter(self, tx: Tx, exchange: Exchange, person: PersonId, now: datetime) -> Matter:
        """That person's matter of it."""
        post = await tx.roster.post(exchange.gives[0].shift.post)
        known = await tx.roster.person(person)
        unit = post.unit if post else known.unit if known else None
        if unit is None:
            raise LookupError("an exchange has a post, or a person")
        [matter] = await tx.matters.ensure([(person, EXCHANGE, exchange.subject, unit)], now)
        return matter

    async def values(self, tx: Tx, exchange: Exchange, reader: PersonId) -> dict[str, object]:
        """What its texts may say. ``start`` and the like are of the shift that the reader would stand.

        For who stands none, of the first; ``old_start`` and the like are of the one handed over for it.
        """
        mine = next((give for give in exchange.gives if give.taker == reader), exchange.gives[0])
        other = next((give for give in exchange.gives if give is not mine), mine)
        posts = await tx.roster.posts({give.shift.post for give in exchange.gives})
        people = await tx.roster.people({exchange.asker, exchange.asked})
        names = {person: known.name for person, known in people.items()}
        policy = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED)
        post, old = posts.get(mine.shift.post), posts.get(other.shift.post)
        return {
            **(shift_values(mine.shift, post, policy) if post else {}),
            "old_start": iso_utc(other.shift.start),
            "old_end": iso_utc(other.shift.end),
            "old_post": old.name if old and old != post else None,
            "giver_name": names.get(mine.giver),
            "taker_name": names.get(mine.taker),
            "asker_name": names.get(exchange.asker),
            "asked_name": names.get(exchange.asked),
            "yours": reader == mine.giver,
            "word": None,
            "reason": None,
        }

    # ── of the exchange ──────────────────────────────────────────────────────────────────────────

    async def put(self, tx: Tx, exchange: Exchange, asked: Iterable[PersonId], now: datetime) -> None:
        """Ask these people to agree."""
        await self.tell(tx, exchange, asked, "swap_ask" if exchange.is_swap else "stand_in_ask", now)

    async def tell(
        self,
        tx: Tx,
        exchange: Exchange,
        people: Iterable[PersonId],
        template: str,
        now: datetime,
        **more: object,
    ) -> None:
        """Tell these people, each under his own number of it."""
        letters = []
        for person in people:
            matter = await self.matter(tx, exchange, person, now)
            lineage = await self._station.lineage(tx, matter.unit, now, also=[person])
            known = await self.values(tx, exchange, person)
            letters.append(
                Letter(
                    key=f"{template}:{exchange.subject}:{person}:{iso_utc(now)}",
                    person=person,
                    template=template,
                    values={**base_values(lineage, person, now), **known, **more},
                    lane=Lane.DUTY,
                    kind=Kind.UNSTAFFED,
                    matter=matter.id,
                    number=matter.number,
                )
            )
        await self._letters.post(tx, letters, now)

    async def tell_asker(
        self, tx: Tx, exchange: Exchange, template: str, reason: str | None, now: datetime
    ) -> None:
        """Who proposed it hears what has become of it."""
        await self.tell(tx, exchange, [exchange.asker], template, now, reason=reason)
        await tx.matters.close(EXCHANGE, exchange.subject, now, person=exchange.asker)

    async def tell_barred(
        self, tx: Tx, exchange: Exchange, person: PersonId, reason: str, now: datetime
    ) -> None:
        """Who proposed it hears that the rules do not let it be, and why."""
        asker = await tx.roster.person(exchange.asker)
        more = await self.bar_values(tx, person, reason, asker.locale if asker else self._station.locale)
        await self.tell(tx, exchange, [exchange.asker], "exchange_barred", now, **more)
        await tx.matters.close(EXCHANGE, exchange.subject, now, person=exchange.asker)

    async def bar_values(self, tx: Tx, person: PersonId, reason: str, locale: str) -> dict[str, object]:
        """Of whom the rules say what, as a text may say it."""
        known, name = await tx.roster.person(person), f"bar_{reason}"
        said = self._station.texts.label(name, locale)
        if said == name:
            said = self._station.texts.label("bar_no_contact", locale)
        return {"person_name": known.name if known else person, "word": said}

    # ── of the shifts ────────────────────────────────────────────────────────────────────────────

    async def tell_done(self, tx: Tx, exchange: Exchange, by: Actor, now: datetime) -> None:
        """Everybody hears what he stands now under its own number; and so does who answers for the unit."""
        if exchange.is_swap:
            await self._tell_moved(tx, exchange, now)
            await self._tell_secretary(tx, exchange, "swap_told", by, now)
            return
        [give] = exchange.gives
        await self._tell(tx, exchange, give, [give.taker], "cover_yours", now, lane=Lane.REPLY)
        await self._tell(tx, exchange, give, [give.giver], "cover_told", now)
        await self._tell_secretary(tx, exchange, "cover_told", by, now)

    async def tell_undone(self, tx: Tx, back: Exchange, by: Actor, now: datetime) -> None:
        """The same people hear that everybody stands his own again."""
        if back.is_swap:
            await self._tell_moved(tx, back, now)
        else:
            [give] = back.gives
            await self._tell(tx, back, give, [give.taker], "shift_back", now)
            await self._tell(tx, back, give, [give.giver], "cover_off", now)
        await self._tell_secretary(tx, back, "exchange_undone", by, now)

    async def _tell_moved(self, tx: Tx, exchange: Exchange, now: datetime) -> None:
        for give in exchange.gives:
            await self._tell(tx, exchange, give, [give.taker], "swap_yours", now, lane=Lane.REPLY)

    async def _tell_secretary(
        self, tx: Tx, exchange: Exchange, template: str, by: Actor, now: datetime
    ) -> None:
        secretary = await self.secretary(tx, exchange, now)
        if secretary not in (None, exchange.asker, exchange.asked, by.person):
            await self._tell(tx, exchange, exchange.gives[0], [secretary], template, now)

    async def _tell(
        self,
        tx: Tx,
        exchange: Exchange,
        give: Give,
        people: Iterable[PersonId | None],
        template: str,
        now: datetime,
        lane: Lane = Lane.DUTY,
    ) -> None:
        shift = await tx.shifts.get(give.shift.key) or give.shift
        for person in people:
            if person is not None:
                known = await self.values(tx, exchange, person)
                more = {"absent_name": known["giver_name"], "done_by_name": known["taker_name"]}
                key = f"{template}:{iso_utc(now)}"
                await self._shifts.tell(
                    tx, shift, [person], template, now, key=key, values={**known, **more}, lane=lane
                )

    async def secretary(self, tx: Tx, exchange: Exchange, now: datetime) -> PersonId | None:
        """Who answers for the post, or stands in."""
        shift = exchange.gives[0].shift
        post = await tx.roster.post(shift.post)
        if post is None:
            return None
        return secretary_or_stand_in(await self._station.lineage(tx, post.unit, now, shift=shift.key), now)

    # ── the journal ──────────────────────────────────────────────────────────────────────────────

    async def journal(
        self,
        tx: Tx,
        exchange: Exchange,
        event: str,
        person: PersonId,
        by: Actor,
        words: str | None,
        now: datetime,
    ) -> None:
        """Write one thing down about the first shift."""
        what = " and ".join(f"{give.taker} for {give.giver} at {give.shift.key}" for give in exchange.gives)
        reason = "; ".join(part for part in (what, f"by {by.person}" if by.person else None, words) if part)
        await self._write(tx, exchange.gives[0], event, person, by, reason, now)

    async def journal_give(self, tx: Tx, give: Give, by: Actor, now: datetime) -> None:
        """Write down about a shift who stands it now, and by whose word."""
        reason = f"for {give.giver}, agreed by {by.person}"
        await self._write(tx, give, "covered", give.taker, by, reason, now)

    async def _write(
        self, tx: Tx, give: Give, event: str, person: PersonId, by: Actor, reason: str, now: datetime
    ) -> None:
        post = await tx.roster.post(give.shift.post)
        line = JournalLine(
            at=now,
            event=event,
            unit=post.unit if post else None,
            subject=give.shift.key,
            person=person,
            channel=by.channel or None,
            reason=reason,
        )
        await tx.journal.write([line])
