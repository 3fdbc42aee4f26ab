"""A duty desk is handed over by one deed: who leaves has gone, who follows is there and hears what is open.

Whoever it is may come before his shift, or be in none: as with a proxy, somebody says that he stands there.
He takes over what is open by his own answer (``handover``), and says so himself when he is not there.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from notifier.domain.ids import PersonId
from notifier.domain.presence import Window, shift_meant
from notifier.domain.roster import Post, PresenceEnd, Shift
from notifier.engine.arrivals import Arrivals
from notifier.engine.handover import Handover
from notifier.engine.shifts import Shifts, is_closed
from notifier.engine.station import Actor
from notifier.engine.subjects import SHIFT
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx


class NotPassed(StrEnum):
    """Why a desk was not handed over; nothing was changed."""

    NO_SHIFT = "no_shift"
    ELSEWHERE = "elsewhere"
    GONE = "gone"
    THERE_ALREADY = "there_already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """The desk ``post`` passes to ``to``, with a note. ``giver`` leaves it; None: nobody does."""

    post: Post
    giver: PersonId | None
    to: PersonId
    words: str


class DeskPassing:
    """Hands desks over."""

    def __init__(self, shifts: Shifts, arrivals: Arrivals, handover: Handover) -> None:
        """People come as they always do; ``handover`` tells who came what is open."""
        self._shifts = shifts
        self._arrivals = arrivals
        self._handover = handover

    async def shift_for(self, tx: Tx, post: Post, person: PersonId, now: datetime) -> Shift | None:
        """The shift for which he would stand there now: his own once he may come, else the running one."""
        ahead = (await self._shifts.policy(tx)).checkin_from
        near = await tx.shifts.at_post(post.code, now, now + ahead)
        own = shift_meant(near, person, now, ahead)
        if own is not None and own.window is Window.OPEN and not await is_closed(tx, own.shift.key):
            return own.shift
        running = [one for one in await tx.shifts.running(post.code, now) if not await is_closed(tx, one.key)]
        return max(running, key=lambda shift: shift.start, default=None)

    async def hand_over(self, tx: Tx, passing: Passing, by: Actor, now: datetime) -> Shift | NotPassed:
        """The shift for which ``to`` stands there now, or why nothing was done."""
        post, to = passing.post, passing.to
        shift = await self.shift_for(tx, post, to, now)
        if shift is None:
            return NotPassed.NO_SHIFT
        there = await tx.presences.of_person(to)
        if there is not None and there.presence.post != post.code:
            return NotPassed.ELSEWHERE
        leaves = await tx.presences.of_person(passing.giver) if passing.giver else None
        if passing.giver is not None and (leaves is None or leaves.presence.post != post.code):
            return NotPassed.GONE
        if there is not None and leaves is None:
            return NotPassed.THERE_ALREADY
        if leaves is not None:
            await self._leave(tx, leaves, passing, by, now)
        await self._arrivals.arrive(tx, shift, to, by, now)
        await self._tell(tx, shift, passing, by, now)
        # Told already, where he has only come now; what is told twice is sent once.
        await self._handover.officer_came(tx, shift, to, now)
        await tx.signals.ring()
        return shift

    async def _leave(self, tx: Tx, row: PresenceRow, passing: Passing, by: Actor, now: datetime) -> None:
        own = row.presence
        await tx.presences.end(row.id, now, PresenceEnd.HANDED_OVER)
        reason = f"to {passing.to}" + (f"; {passing.words}" if passing.words else "")
        await self._shifts.noted(tx, own.shift, "handed_over", own.person, by, reason, now)
        if row.is_kept_on:
            await tx.matters.close(SHIFT, own.shift, now, person=own.person)

    async def _tell(self, tx: Tx, shift: Shift, passing: Passing, by: Actor, now: datetime) -> None:
        people = await tx.roster.people([one for one in (by.person, passing.to) if one])
        giver, taker = (people.get(one) if one else None for one in (by.person, passing.to))
        key = f"desk:{now.timestamp():.0f}"
        if passing.to != by.person:
            values = {"giver_name": giver.name if giver else None, "reason": passing.words or None}
            await self._shifts.tell(tx, shift, [passing.to], "desk_given", now, key=key, values=values)
        if passing.giver not in (None, by.person):
            values = {"taker_name": taker.name if taker else None}
            to = [one for one in (passing.giver,) if one]
            await self._shifts.tell(tx, shift, to, "desk_given_up", now, key=key, values=values)
