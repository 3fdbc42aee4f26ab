"""The end of a shift: who goes on into the next, who is kept on, who may go."""

from datetime import datetime

from notifier.domain import presence
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.policy import Kind
from notifier.domain.roster import PresenceEnd
from notifier.engine.cases import Cases
from notifier.engine.relief import Relief
from notifier.engine.scenes import scene_of
from notifier.engine.shifts import Shifts
from notifier.engine.subjects import DESK, SHIFT
from notifier.store.tx import Tx


class ShiftEnds:
    """Closes shifts that are over."""

    def __init__(self, shifts: Shifts, cases: Cases, relief: Relief) -> None:
        """``relief`` says whether those who have had their turn are kept on."""
        self._shifts = shifts
        self._cases = cases
        self._relief = relief

    async def close(self, tx: Tx, key: ShiftKey, now: datetime) -> list[PersonId]:
        """The shift is over: who goes on is carried over, an open case ends as missed, matters close.

        Returns those who were on post in it, who may owe a list.
        """
        scene = await scene_of(tx, key)
        if scene is None:
            return []
        shift = scene.shift
        were_there = await tx.presences.during(key)
        awaited = await self._relief.awaited_at(tx, shift.post, shift.end, now)
        following = awaited or await tx.shifts.following(shift)
        change = presence.at_shift_end(shift, following, (row.presence for row in scene.there))
        for row in scene.there:
            if row.presence in change.stay and following is not None:
                await tx.presences.carry(row.id, following)
        leaving = [row for row in scene.there if row.presence in change.end]
        await tx.presences.end_many([row.id for row in leaving], shift.end, PresenceEnd.SHIFT_END)
        await self._cases.settle(tx, Kind.UNSTAFFED, key, now)
        await tx.matters.close(SHIFT, key, now)
        await tx.matters.close(DESK, key, now)
        people = list(dict.fromkeys(row.presence.person for row in were_there))
        reason = f"{len(people)} of {scene.post.headcount} were on post"
        await self._shifts.journal(tx, scene, "shift_over", None, None, reason, now)
        stay = await self._relief.keeps(tx, shift, leaving, now)
        if leaving and not stay:
            await self._watch_what_runs(tx, shift.post, now)
        return people

    async def _watch_what_runs(self, tx: Tx, post: PostCode, now: datetime) -> None:
        """After an outage a shift may be watched before the one ahead of it ends, and count its people."""
        grace = (await self._shifts.policy(tx)).grace
        for shift in await tx.shifts.running(post, now):
            if shift.start + grace <= now:
                await self._shifts.watch(tx, shift.key, now)
