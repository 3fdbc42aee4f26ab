"""Links and codes that are not to work any more, from now on."""

from collections.abc import Sequence
from datetime import datetime

from notifier.domain.ids import PersonId
from notifier.engine.linking.groups import Group
from notifier.engine.linking.tokens import SHELL
from notifier.engine.station import Station
from notifier.store.rows import JournalLine


async def revoke_links(station: Station, groups: Sequence[Group], by: PersonId | None) -> int:
    """Let no unused link or code of these people work any more; how many there were. Chats stay linked."""
    now = station.now()
    revoked = 0
    for group in groups:
        async with station.db.write() as tx:
            ids = [person.id for person in group.people]
            number = await tx.contacts.revoke_tokens(ids, now) + await tx.vouchers.revoke(ids, now)
            await tx.journal.write([_line(group, number, by, now)])
        revoked += number
    return revoked


def _line(group: Group, number: int, by: PersonId | None, now: datetime) -> JournalLine:
    return JournalLine(
        at=now,
        event="links_revoked",
        unit=group.unit.code,
        subject=group.people[0].id if len(group.people) == 1 else None,
        person=by,
        channel=SHELL,
        reason=str(number),
    )
