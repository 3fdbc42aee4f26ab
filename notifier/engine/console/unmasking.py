"""Showing somebody's number in full: done on purpose, and journalled."""

from datetime import datetime

from notifier.domain.roster import Person
from notifier.engine.station import Actor
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

UNMASKED = "unmasked"


async def unmask(tx: Tx, person: Person, by: Actor, now: datetime) -> str | None:
    """That person's number, None where he has none; who looked at whose is written down, and no number."""
    line = JournalLine(
        at=now,
        event=UNMASKED,
        unit=person.unit,
        subject=person.id,
        person=by.person,
        channel=by.channel,
    )
    await tx.journal.write([line])
    return person.phone
