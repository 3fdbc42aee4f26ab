"""Shifts of the roster, edited one at a time: by the same door as an import of that row, and journalled."""

from dataclasses import replace
from datetime import datetime

from notifier.domain.ids import PersonId
from notifier.domain.roster import Post, Shift
from notifier.engine.covering import Covering
from notifier.engine.station import Actor, Station
from notifier.engine.taking_in import take_in_now
from notifier.errors import Conflict
from notifier.store.rows import JournalLine, LeaveRow
from notifier.store.tx import Tx


async def put_on(
    station: Station, tx: Tx, post: Post, shift: Shift, person: PersonId, by: Actor, now: datetime
) -> None:
    """That person is rostered for a shift of the post, beside who is; one that there is not is planned.

    He hears of it by its reminders. Raises Conflict where it has begun, or an import is under way.
    """
    if shift.start <= now:
        raise Conflict("that shift has begun by now")
    await tx.imports.alone()
    if not await take_in_now(station, tx, await tx.imports.plan_joining(shift, person)):
        raise Conflict("an import is being taken in; try again when it is done")
    await _journal(tx, "rostered", post, shift, person, by, f"by {by.person}", now)


async def note_leave(
    covering: Covering,
    tx: Tx,
    post: Post,
    shift: Shift,
    person: PersonId,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """He need not stand that shift: he hears so, and cover is looked for at once, as for a leave agreed to.

    Raises Conflict where it has begun, is not his, or he is on leave from it already.
    """
    away = (person, shift.key) in await tx.shifts.on_leave([shift.key])
    if shift.start <= now or person not in shift.people or away:
        raise Conflict("that shift has begun, is not of that person, or he is on leave from it by now")
    leave = LeaveRow(person=person, shift=shift.key, reason=reason, recorded_at=now)
    leave = replace(leave, id=await tx.shifts.add_leave(leave))
    await _journal(tx, "leave", post, shift, person, by, reason, now)
    await covering.agree(tx, shift, leave, by, now)


async def call_back(
    covering: Covering, tx: Tx, shift: Shift, person: PersonId, reason: str, by: Actor, now: datetime
) -> None:
    """He is to stand it after all, and hears why. Raises Conflict where he is not on leave, or may not."""
    leave = next((one for one in await tx.shifts.leave_of(shift.key) if one.person == person), None)
    if leave is None or shift.start <= now:
        raise Conflict("that person is not on leave from it by now, or it has begun")
    covered = any(row.absent == person for row in await tx.covers.standing([shift.key]))
    if covered or not await covering.refuse(tx, shift, leave, reason, by, now):
        raise Conflict("somebody covers it by now, or that person has taken on another shift")


async def _journal(
    tx: Tx,
    event: str,
    post: Post,
    shift: Shift,
    person: PersonId,
    by: Actor,
    reason: str,
    now: datetime,
) -> None:
    line = JournalLine(
        at=now,
        event=event,
        unit=post.unit,
        subject=shift.key,
        person=person,
        channel=by.channel,
        reason=reason,
    )
    await tx.journal.write([line])
