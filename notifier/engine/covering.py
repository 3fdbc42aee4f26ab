"""A search for cover: who could stand a shift in place of somebody on leave is asked, until somebody does.

All of it is rows: who was asked, and one timer a search at which the next are asked.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from notifier.domain.cover import HOURS_OVER, Candidate, Ranking, rank, search_from
from notifier.domain.coverage import not_in_post
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.message import Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Lineage, Shift
from notifier.engine.cover_letters import COVER, CoverLetters, Search
from notifier.engine.shifts import Shifts
from notifier.engine.station import Actor, Station
from notifier.store.covers import ASKED, CLOSED, COVERS, DECLINED
from notifier.store.rows import CoverRow, LeaveRow, Timer
from notifier.store.tx import Tx

KEEPERS_SINCE, KEEPERS_AHEAD = timedelta(days=28), timedelta(days=14)
"""Who is rostered at a post within that span of a shift keeps it."""


class Covering:
    """Finds somebody for a shift that its person cannot stand."""

    def __init__(self, station: Station, telling: CoverLetters, shifts: Shifts) -> None:
        """Work with the station's shifts, and speak by ``telling``."""
        self._station = station
        self._telling = telling
        self._shifts = shifts

    async def leave_taken(self, tx: Tx, shift: Shift, absent: PersonId, told: bool, now: datetime) -> None:
        """Look for cover when nobody has answered the leave in time; at once where nobody was ``told``."""
        policy = (await self._station.rules.current(tx)).cover
        due = search_from(shift, policy, now) if told else now
        await tx.timers.set(_timer(f"{shift.key}|{absent}", due))

    async def waiting_leave(self, tx: Tx, shift: Shift, reader: PersonId) -> LeaveRow | None:
        """The leave that ``reader`` may answer: another's, not covered; those not searched for first."""
        found: list[tuple[bool, LeaveRow]] = []
        for leave in await tx.shifts.leave_of(shift.key):
            rows = await tx.covers.of(shift.key, leave.person)
            if leave.person != reader and not any(row.state == COVERS for row in rows):
                found.append((bool(rows), leave))
        return min(found, key=lambda one: one[0])[1] if found else None

    async def agree(self, tx: Tx, shift: Shift, leave: LeaveRow, by: Actor, now: datetime) -> None:
        """The leave is granted: cover is looked for at once, and who asked hears it."""
        search = await self.search(tx, f"{shift.key}|{leave.person}")
        if search is None:
            return
        if not await tx.covers.of(shift.key, leave.person):
            await tx.timers.set(_timer(search.subject, now))
        reason = f"by {by.person}"
        await self._telling.journal(tx, search, "leave_agreed", leave.person, by.channel, reason, now)
        await self._telling.tell_absent(tx, search, leave, "leave_agreed", None, now)

    async def refuse(
        self, tx: Tx, shift: Shift, leave: LeaveRow, words: str | None, by: Actor, now: datetime
    ) -> None:
        """He is to come after all, and hears why; who was asked to stand in need not any more."""
        search = await self.search(tx, f"{shift.key}|{leave.person}")
        if search is None or not await tx.shifts.revoke_leave(leave.person, shift.key, now):
            return
        await tx.timers.set(_timer(search.subject, now))
        reason = f"by {by.person}" + (f": {words}" if words else "")
        await self._telling.journal(tx, search, "leave_refused", leave.person, by.channel, reason, now)
        await self._telling.tell_absent(tx, search, leave, "leave_refused", words, now)

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
        ranking = await self._ranking(tx, search, now)
        if not rows:
            await self._telling.journal_passed_over(tx, search, ranking, now)
        policy = (await self._station.rules.current(tx)).cover
        asked = {row.person for row in rows}
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
        if person not in (await self._ranking(tx, search, now)).order:
            return False
        await tx.covers.move(own, COVERS, now)
        await self._telling.journal(tx, search, "covered", person, by.channel, f"for {search.absent}", now)
        await self._close(tx, search, [row for row in rows if row is not own], "cover_found", now)
        await tx.matters.close(COVER, search.subject, now)
        await tx.timers.drop([_timer(search.subject, now).key])
        await self._telling.tell_found(tx, search, person, now)
        return True

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

    # ── who could ────────────────────────────────────────────────────────────────────────────────

    async def _ranking(self, tx: Tx, search: Search, now: datetime) -> Ranking:
        shift = search.shift
        keepers = await self._keepers(tx, search)
        lineage = await self._station.lineage(tx, search.post.unit, now, also=keepers, shift=shift.key)
        away = not_in_post(lineage, now)
        week = HOURS_OVER
        duties = await tx.shifts.of_people(keepers, shift.start - week, shift.end + week)
        on_leave = await tx.shifts.on_leave([duty.key for duty in duties])
        candidates = [
            Candidate(
                person=person,
                near=near,
                duties=tuple(d for d in duties if person in d.people and (person, d.key) not in on_leave),
                obstacle=self._obstacle(lineage, person, away),
            )
            for person, near in keepers.items()
        ]
        rest = (await self._station.rules.current(tx)).policy(Kind.UNSTAFFED).rest
        return rank(candidates, shift, rest)

    async def _keepers(self, tx: Tx, search: Search) -> dict[PersonId, bool]:
        """Who keeps posts of that kind in the unit; True: this very post. Not who is in the shift anyway."""
        since, until = search.shift.start - KEEPERS_SINCE, search.shift.end + KEEPERS_AHEAD
        found: dict[PersonId, bool] = {}
        for post in await tx.roster.posts_of(search.post.unit):
            if post.kind == search.post.kind:
                own = post.code == search.post.code
                for shift in await tx.shifts.at_post(post.code, since, until):
                    found |= {person: own or found.get(person, False) for person in shift.people}
        present = await tx.roster.present(list(found))
        return {p: near for p, near in found.items() if p in present and p not in search.shift.people}

    def _obstacle(self, lineage: Lineage, person: PersonId, away: Collection[PersonId]) -> str | None:
        contacts = lineage.contacts.get(person, ())
        if not contacts:
            return lineage.lost.get(person, "no_contact")
        if self._station.reach.is_mute(contacts):
            return "cannot_answer"
        return "absent" if person in away else None

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
