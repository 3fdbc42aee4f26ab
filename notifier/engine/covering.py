"""A search for cover: who could stand a shift in place of somebody on leave is asked, until somebody does.

All of it is rows: who was asked, and one timer a search at which the next are asked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from notifier.domain.cover import clash, search_from
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.roster import Post, Shift
from notifier.engine.cover_letters import COVER, LEAVE, CoverLetters, Search
from notifier.engine.shifts import Shifts
from notifier.engine.stand_ins import Choice, StandIns
from notifier.engine.station import Actor, Station
from notifier.store.covers import ASKED, CLOSED, COVERS, DECLINED
from notifier.store.rows import CoverRow, LeaveRow, Timer
from notifier.store.tx import Tx


class Covering:
    """Finds somebody for a shift that its person cannot stand."""

    def __init__(self, station: Station, telling: CoverLetters, shifts: Shifts, stand_ins: StandIns) -> None:
        """Work with the station's shifts, find people by ``stand_ins``, and speak by ``telling``."""
        self._station = station
        self._telling = telling
        self._shifts = shifts
        self._stand_ins = stand_ins

    async def leave_taken(
        self, tx: Tx, shift: Shift, absent: PersonId, reader: PersonId | None, now: datetime
    ) -> None:
        """Put the leave to ``reader``: cover is looked for when he has not answered in time. None: now."""
        policy = (await self._station.rules.current(tx)).cover
        due = search_from(shift, policy, now) if reader else now
        search = await self.search(tx, f"{shift.key}|{absent}")
        if search is not None:
            await tx.timers.set(_timer(search.subject, due))
            if reader:
                await self._telling.put_leave(tx, search, reader, now)

    async def pass_on(self, tx: Tx, search: Search, reader: PersonId, now: datetime) -> None:
        """``reader`` cannot see to the leave: the next office holder who has not heard of it is asked."""
        gone = {leave.person for leave in await tx.shifts.leave_of(search.shift.key)}
        for office in await tx.roster.offices_of(search.post.unit):
            person = office.person
            if person is None or person == reader or person in gone:
                continue
            if await tx.matters.find(person, LEAVE, search.subject) is None:
                await self._telling.put_leave(tx, search, person, now)
                return

    async def waits(self, tx: Tx, search: Search, now: datetime) -> bool:
        """Whether somebody may still answer the leave: nobody covers the shift, and it has not begun."""
        rows = await tx.covers.of(search.shift.key, search.absent)
        return not any(row.state == COVERS for row in rows) and await self.is_open(tx, search, now)

    async def agree(self, tx: Tx, shift: Shift, leave: LeaveRow, by: Actor, now: datetime) -> None:
        """The leave is granted: cover is looked for at once, and who asked hears it."""
        search = await self.search(tx, f"{shift.key}|{leave.person}")
        if search is None:
            return
        await tx.matters.close(LEAVE, search.subject, now)
        if not any(row.state == ASKED for row in await tx.covers.of(shift.key, leave.person)):
            await tx.timers.set(_timer(search.subject, now))
        reason = f"by {by.person}"
        await self._telling.journal(tx, search, "leave_agreed", leave.person, by.channel, reason, now)
        await self._telling.tell_absent(tx, search, leave, "leave_agreed", None, now)

    async def refuse(
        self, tx: Tx, shift: Shift, leave: LeaveRow, words: str | None, by: Actor, now: datetime
    ) -> bool:
        """He is to come after all, and hears why; who was asked to stand in need not any more.

        False where he cannot: he has taken on another shift meanwhile.
        """
        search = await self.search(tx, f"{shift.key}|{leave.person}")
        if search is None or not await self.may_return(tx, leave.person, shift.key, now):
            return False
        if not await tx.shifts.revoke_leave(leave.person, shift.key, now):
            return False
        await tx.matters.close(LEAVE, search.subject, now)
        await tx.timers.set(_timer(search.subject, now))
        reason = f"by {by.person}" + (f": {words}" if words else "")
        await self._telling.journal(tx, search, "leave_refused", leave.person, by.channel, reason, now)
        await self._telling.tell_absent(tx, search, leave, "leave_refused", words, now)
        return True

    async def may_return(self, tx: Tx, person: PersonId, key: ShiftKey, now: datetime) -> bool:
        """Whether who is on leave from a shift may stand it after all, beside what he took on meanwhile."""
        shift = await tx.shifts.get(key)
        if shift is None:
            return False
        duties = (await self._stand_ins.duties(tx, [person], shift, now))[person]
        beside = [duty for duty in duties if duty.key != key]
        return clash(beside, shift, await self._stand_ins.rest(tx)) is None

    async def turn(self, tx: Tx, subject: str, now: datetime) -> None:
        """Ask the next; where nobody is left, tell the secretary; once it is over, close what is open."""
        search = await self.search(tx, subject)
        if search is None:
            await tx.matters.close(COVER, subject, now)
            return
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        if any(row.state == COVERS for row in rows):
            return
        if not await self.is_open(tx, search, now):
            await self._end(tx, search, rows, now)
            return
        ranking = await self._stand_ins.ranking(tx, search.shift, search.post, now)
        if not rows:
            await self._telling.journal_passed_over(tx, search, ranking, now)
        policy = (await self._station.rules.current(tx)).cover
        asked = {row.person for row in rows if row.state != CLOSED}
        chosen = [person for person in ranking.order if person not in asked][: policy.ask]
        if chosen:
            await self._ask(tx, search, chosen, now)
        else:
            await self._telling.tell_nobody(tx, search, rows, now)
        later = now + policy.wait if chosen else search.shift.start
        await tx.timers.set(_timer(subject, min(later, search.shift.start)))

    async def take(self, tx: Tx, search: Search, person: PersonId, by: Actor, now: datetime) -> bool:
        """The first who says so covers the shift. False where he no longer may: another was quicker, or it
        would put him in two places, or come too close to another shift of his.
        """
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        own = next((row for row in rows if row.person == person and row.state == ASKED), None)
        if own is None or not await self.is_open(tx, search, now):
            return False
        ranking = await self._stand_ins.ranking(tx, search.shift, search.post, now)
        if person not in ranking.order:
            return False
        await tx.covers.move(own, COVERS, now)
        reason = f"for {search.absent}"
        await self._found(tx, search, [row for row in rows if row is not own], person, by, reason, now)
        return True

    async def choice(self, tx: Tx, shift: Shift, post: Post, now: datetime) -> Choice:
        """Whom somebody who decides may have stand that shift."""
        return await self._stand_ins.choice(tx, shift, post, now)

    async def assign(self, tx: Tx, search: Search, person: PersonId, by: Actor, now: datetime) -> bool:
        """Who decides has ``person`` cover the shift, asked before or not. False where he may not, or nobody
        is wanted any more.

        Only in a transaction that decides alone: where nobody was asked there is no row to lock.
        """
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        if any(row.state == COVERS for row in rows) or not await self.is_open(tx, search, now):
            return False
        if person not in (await self.choice(tx, search.shift, search.post, now)).free:
            return False
        await tx.covers.record(search.shift.key, search.absent, person, now)
        others = [row for row in rows if row.person != person]
        reason = f"for {search.absent}; by {by.person}"
        await self._found(tx, search, others, person, by, reason, now)
        return True

    async def _found(
        self,
        tx: Tx,
        search: Search,
        others: Sequence[CoverRow],
        person: PersonId,
        by: Actor,
        reason: str,
        now: datetime,
    ) -> None:
        await self._telling.journal(tx, search, "covered", person, by.channel, reason, now)
        await self._close(tx, search, others, "cover_found", now)
        await tx.matters.close(COVER, search.subject, now)
        await tx.matters.close(LEAVE, search.subject, now)
        await tx.timers.drop([_timer(search.subject, now).key])
        await self._telling.tell_found(tx, search, person, now)

    async def decline(self, tx: Tx, search: Search, person: PersonId, by: Actor, now: datetime) -> None:
        """He cannot: once all who were asked have said so, the next are asked at once."""
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        waiting = [row for row in rows if row.state == ASKED]
        own = next((row for row in waiting if row.person == person), None)
        if own is None:
            return
        await tx.covers.move(own, DECLINED, now)
        await tx.matters.close(COVER, search.subject, now, person=person)
        await self._telling.journal(
            tx, search, "declined", person, by.channel, f"cover for {search.absent}", now
        )
        if waiting == [own]:
            await tx.timers.set(_timer(search.subject, now))

    # ── taken back ───────────────────────────────────────────────────────────────────────────────

    async def undo_take(self, tx: Tx, search: Search, person: PersonId, by: Actor, now: datetime) -> bool:
        """He cannot cover it after all: others are asked at once. False where it is not his any more."""
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        own = next((row for row in rows if row.person == person and row.state == COVERS), None)
        away = await tx.shifts.on_leave([search.shift.key])
        if own is None or now >= search.shift.start or (person, search.shift.key) in away:
            return False
        await tx.covers.move(own, DECLINED, now)
        await self._telling.journal(
            tx, search, "undone", person, by.channel, f"cover for {search.absent}", now
        )
        if await self.is_open(tx, search, now):
            await tx.timers.set(_timer(search.subject, now))
            await self._telling.tell_lost(tx, search, person, now)
        return True

    async def undo_agreement(self, tx: Tx, search: Search, by: Actor, now: datetime) -> bool:
        """The leave waits for an answer once more. False where somebody covers it by now."""
        rows = await tx.covers.of(search.shift.key, search.absent, lock=True)
        if any(row.state == COVERS for row in rows) or not await self.is_open(tx, search, now):
            return False
        await self._close(tx, search, rows, "cover_off", now)
        await self._put_again(tx, search, "leave_agreed", by, now)
        return True

    async def undo_refusal(self, tx: Tx, search: Search, reason: str, by: Actor, now: datetime) -> bool:
        """He is on leave again, and it waits for an answer."""
        if now >= search.shift.start or search.absent not in search.shift.people:
            return False
        if (search.absent, search.shift.key) in await tx.shifts.on_leave([search.shift.key]):
            return False
        leave = LeaveRow(person=search.absent, shift=search.shift.key, reason=reason, recorded_at=now)
        await tx.shifts.add_leave(leave)
        await self._put_again(tx, search, "leave_refused", by, now)
        return True

    async def _put_again(self, tx: Tx, search: Search, undone: str, by: Actor, now: datetime) -> None:
        await self.leave_taken(tx, search.shift, search.absent, by.person, now)
        reason = f"{undone} by {by.person}"
        await self._telling.journal(tx, search, "undone", search.absent, by.channel, reason, now)
        for leave in await tx.shifts.leave_of(search.shift.key):
            if leave.person == search.absent:
                await self._telling.tell_absent(tx, search, leave, "leave_reopened", None, now)

    async def search(self, tx: Tx, subject: str) -> Search | None:
        """The search of that name; None when its shift, or its post, is gone."""
        key, _, absent = subject.partition("|")
        shift = await tx.shifts.get(ShiftKey(key))
        post = await tx.roster.post(shift.post) if shift else None
        if shift is None or post is None:
            return None
        return Search(shift=shift, post=post, absent=PersonId(absent))

    async def is_open(self, tx: Tx, search: Search, now: datetime) -> bool:
        """Whether anybody is wanted still: before it begins, and while who is absent is rostered and away."""
        shift = search.shift
        if now >= shift.start or search.absent not in shift.people:
            return False
        if await self._shifts.pause_of(tx, search.post, shift.start):
            return False
        return (search.absent, shift.key) in await tx.shifts.on_leave([shift.key])

    # ── asking ───────────────────────────────────────────────────────────────────────────────────

    async def _ask(self, tx: Tx, search: Search, people: Sequence[PersonId], now: datetime) -> None:
        await tx.covers.ask(search.shift.key, search.absent, people, now)
        await self._telling.tell(tx, search, people, "cover_ask", now)
        for person in people:
            await self._telling.journal(tx, search, "cover_asked", person, None, f"for {search.absent}", now)

    # ── the end ──────────────────────────────────────────────────────────────────────────────────

    async def _end(self, tx: Tx, search: Search, rows: Sequence[CoverRow], now: datetime) -> None:
        """Nobody is wanted any more. Once it has begun the calls have the word, and say enough."""
        template = "cover_off" if now < search.shift.start else None
        await self._close(tx, search, rows, template, now)
        await tx.matters.close(COVER, search.subject, now)

    async def _close(
        self, tx: Tx, search: Search, rows: Iterable[CoverRow], template: str | None, now: datetime
    ) -> None:
        waiting = [row for row in rows if row.state == ASKED]
        for row in waiting:
            await tx.covers.move(row, CLOSED, now)
            if matter := await tx.matters.find(row.person, COVER, search.subject):
                # What is on its way still would only be read after it is settled.
                await tx.messages.cancel_queued(now, matter=matter.id)
        if template is not None and waiting:
            await self._telling.tell(tx, search, [row.person for row in waiting], template, now)


def _timer(subject: str, due_at: datetime) -> Timer:
    return Timer(key=f"{COVER}:{subject}", lane=Lane.DUTY, due_at=due_at, kind=COVER, subject=subject)
