"""Relief: who leaves a post is asked to hand it over, and nobody goes while those who follow have not come.

Who is *kept on* has a presence whose shift has ended and which has not. It is looked at again whenever
somebody comes, a case of the post is closed, or a shift there ends. Without a policy for it all is off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain import relief as rules
from notifier.domain.case import Case
from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.policy import Kind
from notifier.domain.roster import PresenceEnd, Shift, post_of
from notifier.engine.relief_letters import ReliefLetters
from notifier.engine.scenes import Scene, scene_of
from notifier.engine.shifts import Shifts, is_closed
from notifier.engine.station import Actor
from notifier.engine.subjects import SHIFT
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What came of a hand-over: ``row`` ended, in favour of ``to``; None: so many more must come first."""

    row: PresenceRow | None = None
    to: PersonId | None = None
    missing: int = 0


class Relief:
    """Sees to it that a post passes from hand to hand."""

    def __init__(self, shifts: Shifts) -> None:
        """Speak, and call, as ``shifts`` does."""
        self._shifts = shifts
        self._letters = ReliefLetters(shifts)

    # ── who is waited for ────────────────────────────────────────────────────────────────────────

    async def awaited_at(self, tx: Tx, post: PostCode, at: datetime, now: datetime) -> Shift | None:
        """The shift whose people are to take over at ``at``; None where nobody is kept on for them."""
        if not (await self._shifts.policy(tx)).keeps_until_relieved:
            return None
        running = await tx.shifts.running(post, at)
        last = max(running, key=lambda shift: shift.start, default=None)
        if last is None or now >= last.end or await is_closed(tx, last.key):
            return None
        return last

    async def _waiting(self, tx: Tx, post: PostCode, at: datetime, now: datetime) -> Scene | None:
        """That shift and who is there, as long as it has too few and somebody is to come still."""
        awaited = await self.awaited_at(tx, post, at, now)
        scene = await scene_of(tx, awaited.key) if awaited else None
        if scene is None or not rules.is_awaited(scene.shift, scene.present, scene.missing):
            return None
        return None if await self._shifts.void(tx, scene, now) else scene

    # ── kept on, and let go ──────────────────────────────────────────────────────────────────────

    async def keeps(self, tx: Tx, shift: Shift, left: Sequence[PresenceRow], now: datetime) -> bool:
        """``shift`` is over and ``left`` were to go: they stay where too few have come, and all hear of it.

        The case about who has not come is opened at once, unless somebody is known to be on his way.
        """
        scene = await self._look(tx, shift.post, shift.end, now)
        if scene is None or not (left or scene.kept_on):
            return False
        await tx.presences.keep_on([row.id for row in left])
        await self._call(tx, scene.shift.key, now)
        await self._letters.tell_kept(tx, scene, [*scene.kept_on, *left], now)
        return bool(left)

    async def wants(self, tx: Tx, gone: PresenceRow, now: datetime) -> bool:
        """Whether who had been kept on, and went, would be kept on still."""
        shift = await tx.shifts.get(gone.presence.shift)
        until = gone.presence.until
        if shift is None or until is None or until <= shift.end:
            return False
        return await self._waiting(tx, gone.presence.post, now, now) is not None

    async def keep_again(self, tx: Tx, gone: PresenceRow, now: datetime) -> None:
        """He has not gone after all."""
        scene = await self._waiting(tx, gone.presence.post, now, now)
        if scene is not None:
            await tx.presences.keep_on([gone.id])
            await self._letters.tell_kept(tx, scene, [gone], now)

    async def case_closed(self, tx: Tx, case: Case, now: datetime) -> None:
        """A case is closed: where that was about a post, those kept on there may be free to go."""
        if case.kind is Kind.UNSTAFFED:
            await self._look(tx, post_of(ShiftKey(case.subject)), now, now)

    async def _look(self, tx: Tx, post: PostCode, at: datetime, now: datetime) -> Scene | None:
        """Let those kept on go, or go on into their own next shift; a scene where they are wanted still."""
        kept = [row for row in await tx.presences.on_post(post) if row.is_kept_on]
        awaited = await self.awaited_at(tx, post, at, now)
        going_on = [row for row in kept if awaited is not None and row.presence.person in awaited.people]
        for row in going_on:
            if awaited is not None:
                await tx.presences.carry(row.id, awaited)
        scene = await self._waiting(tx, post, at, now)
        if scene is None:
            await self._let_go(tx, [row for row in kept if row not in going_on], awaited, now)
        return scene

    async def _let_go(
        self, tx: Tx, kept: Sequence[PresenceRow], awaited: Shift | None, now: datetime
    ) -> None:
        await tx.presences.end_many([row.id for row in kept], now, PresenceEnd.RELIEVED)
        scene = await scene_of(tx, awaited.key) if awaited and kept else None
        over = scene is None or await self._shifts.void(tx, scene, now)
        came = None if over or scene is None or not scene.there else scene.there[-1].presence.person
        await self._letters.tell_free(tx, kept, came, now)
        for row in kept:
            await tx.matters.close(SHIFT, row.presence.shift, now, person=row.presence.person)

    async def _call(self, tx: Tx, key: ShiftKey, now: datetime) -> None:
        """Call for those who have not come; who is not called in the case is told that he is waited for."""
        scene = await scene_of(tx, key)
        if scene is None:
            return
        put_off = await self._shifts.is_put_off(tx, scene.shift)
        case = None if put_off else await self._shifts.call_for(tx, scene, now)
        called = set(case.called) if case else set()
        on_leave = {leave.person for leave in await tx.shifts.leave_of(key)}
        waited_for = [p for p in scene.shift.people if p not in scene.present | called | on_leave]
        await self._letters.tell_awaited(tx, scene.shift, waited_for, now)

    # ── coming and going ─────────────────────────────────────────────────────────────────────────

    async def has_come(self, tx: Tx, shift: Shift, person: PersonId, now: datetime) -> None:
        """Somebody has come for ``shift``: those kept on may go once enough have; who leaves is asked."""
        if not (await self._shifts.policy(tx)).keeps_until_relieved:
            return
        await self._look(tx, shift.post, now, now)
        rows = await tx.presences.on_post(shift.post)
        shifts = await tx.shifts.many({row.presence.shift for row in rows})
        before = rules.relieved_by(shift, [row.presence for row in rows], shifts)
        leaving = [row for row in rows if row.is_kept_on or row.presence in before]
        await self._letters.tell_came(tx, leaving, shift, person, now)

    async def hand_over(self, tx: Tx, person: PersonId, by: Actor, now: datetime) -> HandedOver:
        """Somebody hands over to the last who came of the next shift, unless the post would be short then."""
        row = await tx.presences.of_person(person)
        if row is None:
            return HandedOver()
        rows = await tx.presences.on_post(row.presence.post)
        post = await tx.roster.post(row.presence.post)
        to = await self._taker(tx, row, rows)
        missing = rules.would_miss(post, [r.presence for r in rows], person) if post else 0
        if to is None or missing:
            return HandedOver(missing=max(1, missing))
        await tx.presences.end(row.id, now, PresenceEnd.HANDED_OVER)
        await self._letters.note(tx, row.presence.shift, "handed_over", person, f"to {to}", now, by.channel)
        if row.is_kept_on:
            await tx.matters.close(SHIFT, row.presence.shift, now, person=person)
        return HandedOver(row=row, to=to)

    async def _taker(self, tx: Tx, row: PresenceRow, rows: Sequence[PresenceRow]) -> PersonId | None:
        shifts = await tx.shifts.many({r.presence.shift for r in rows})
        own = row.presence
        came = [
            r.presence
            for r in rows
            if not r.is_kept_on
            and (following := shifts.get(r.presence.shift)) is not None
            and (row.is_kept_on or own in rules.relieved_by(following, [own], shifts))
        ]
        return came[-1].person if came else None

    async def has_gone(self, tx: Tx, row: PresenceRow, now: datetime) -> None:
        """``row`` is what it was before he left: what that leaves short is a case, and its holder is told."""
        if not (await self._shifts.policy(tx)).keeps_until_relieved:
            return
        for shift in await tx.shifts.running(row.presence.post, now):
            if shift.key != row.presence.shift:
                await self._shifts.reopen_if_short(tx, shift.key, now)
        awaited = await self.awaited_at(tx, row.presence.post, now, now) if row.is_kept_on else None
        scene = await scene_of(tx, awaited.key) if awaited else None
        if scene is None:
            return
        await tx.matters.close(SHIFT, row.presence.shift, now, person=row.presence.person)
        left = len(scene.present) + len(scene.kept_on)
        reason = f"{left} still there" if left else "the post is empty now"
        await self._letters.note(tx, scene.shift.key, "left_unrelieved", row.presence.person, reason, now)
        if not left:
            await self._letters.tell_holder(tx, scene, row.presence.person, now)
