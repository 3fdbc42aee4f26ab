"""Who comes to a post, and who leaves it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from notifier.domain import presence
from notifier.domain.ids import PersonId
from notifier.domain.policy import Kind
from notifier.domain.presence import Window
from notifier.domain.roster import PresenceEnd, Shift
from notifier.engine.cases import Cases
from notifier.engine.relief import Relief
from notifier.engine.shifts import Shifts, is_closed
from notifier.engine.station import Actor
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What came of a check-in. ``row`` is the presence it began; None when nothing was to be changed."""

    window: Window
    row: int | None = None
    moved_from: int | None = None


WhenArrived = Callable[[Tx, Shift, PersonId, datetime], Awaitable[None]]


class Arrivals:
    """Puts people on post, and takes them off it."""

    def __init__(self, shifts: Shifts, cases: Cases, relief: Relief) -> None:
        """``relief`` sees to those who stand there already, and to what they leave behind."""
        self._shifts = shifts
        self._cases = cases
        self._relief = relief
        self._when_arrived: list[WhenArrived] = []

    def when_arrived(self, listener: WhenArrived) -> None:
        """Have ``listener`` called, in the same transaction, whenever somebody has come for a shift."""
        self._when_arrived.append(listener)

    async def arrive(self, tx: Tx, shift: Shift, person: PersonId, by: Actor, now: datetime) -> Arrived:
        """Somebody is on post: outside the window nothing changes; a post that is full closes its case."""
        policy = await self._shifts.policy(tx)
        window = presence.window_at(shift, now, policy.checkin_from)
        if window is Window.OPEN and await is_closed(tx, shift.key):
            window = Window.TOO_LATE
        if window is not Window.OPEN:
            return Arrived(window=window)
        current = await tx.presences.of_person(person)
        arrival = presence.arrive(
            current.presence if current else None, shift, person, now, by.channel, by.person or person
        )
        if arrival.begins is None:
            return Arrived(window=window)
        if current is not None and arrival.why is not None:
            await tx.presences.end(current.id, now, arrival.why)
        row = await tx.presences.arrive(arrival.begins)
        reason = None if by.person in (None, person) else f"by proxy of {by.person}"
        await self._shifts.noted(tx, shift.key, "on_post", person, by, reason, now)
        await self._cases.settle(tx, Kind.UNSTAFFED, shift.key, now, person)
        moved = current if current is not None and arrival.why is PresenceEnd.MOVED else None
        if moved is not None:
            await self._has_gone(tx, moved, now)
        for listener in self._when_arrived:
            await listener(tx, shift, person, now)
        return Arrived(window=window, row=row, moved_from=moved.id if moved else None)

    async def leave_post(self, tx: Tx, person: PersonId, by: Actor, now: datetime) -> PresenceRow | None:
        """Somebody leaves: where that empties a running post, it is a case at once. None: was on none."""
        current = await tx.presences.of_person(person)
        if current is None:
            return None
        await tx.presences.end(current.id, now, PresenceEnd.LEFT)
        await self._shifts.noted(tx, current.presence.shift, "off_post", person, by, None, now)
        await self._has_gone(tx, current, now)
        return current

    async def undo_arrival(self, tx: Tx, row: int, moved_from: int | None, now: datetime) -> None:
        """As if he had not come: where he was before, he is again."""
        gone = await tx.presences.get(row)
        await tx.presences.end(row, now, PresenceEnd.UNDONE)
        if moved_from is not None:
            await self._reopen(tx, moved_from)
        if gone is not None:
            await self._has_gone(tx, gone, now)

    async def undo_leaving(self, tx: Tx, row: int, now: datetime) -> None:
        """As if he had not left."""
        back = await tx.presences.get(row)
        if back is None:
            return
        if await self._relief.wants(tx, back, now):
            await self._relief.keep_again(tx, back, now)
        elif await self._reopen(tx, row):
            await self._cases.settle(tx, Kind.UNSTAFFED, back.presence.shift, now, back.presence.person)

    async def _has_gone(self, tx: Tx, row: PresenceRow, now: datetime) -> None:
        await self._shifts.reopen_if_short(tx, row.presence.shift, now)
        await self._relief.has_gone(tx, row, now)

    async def _reopen(self, tx: Tx, row: int) -> bool:
        """Have somebody be on post again, unless nobody would ever end that: his shift is closed."""
        was = await tx.presences.get(row)
        if was is None or await is_closed(tx, was.presence.shift):
            return False
        return await tx.presences.reopen(row)
