"""Shifts of the roster, edited one at a time: by the same door as an import of that row, and journalled."""

from datetime import datetime

from notifier.domain.ids import PersonId
from notifier.domain.roster import Post, Shift
from notifier.engine.station import Actor, Station
from notifier.engine.taking_in import take_in_now
from notifier.errors import Conflict
from notifier.store.rows import JournalLine
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
    line = JournalLine(
        at=now,
        event="rostered",
        unit=post.unit,
        subject=shift.key,
        person=person,
        channel=by.channel,
        reason=f"by {by.person}",
    )
    await tx.journal.write([line])
