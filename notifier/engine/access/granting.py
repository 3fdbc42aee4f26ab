"""What an operator does about access by hand: rights for a while, and an end to somebody's sessions."""

from datetime import datetime

from notifier.domain.access import Grant
from notifier.domain.ids import PersonId
from notifier.engine.access.sessions import Sessions
from notifier.engine.station import Actor
from notifier.errors import InputError, NotFound
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx


class Granting:
    """Gives and takes, in the caller's transaction; all of it is journalled."""

    def __init__(self, sessions: Sessions) -> None:
        """Work with these sessions."""
        self._sessions = sessions

    async def give(self, tx: Tx, grant: Grant, by: Actor, now: datetime) -> int:
        """Enter a grant (id 0); returns its id. Raises NotFound, InputError."""
        if grant.person not in await tx.roster.present([grant.person]):
            raise NotFound(f"there is no person {grant.person}; give an id of people.csv")
        if await tx.roster.unit(grant.unit) is None:
            raise NotFound(f"there is no unit {grant.unit}; give a code of units.csv")
        if grant.until <= max(grant.since, now):
            raise InputError("it would be over before it begins; give a later end")
        if not grant.reason.strip():
            raise InputError("a grant needs a reason; add it")
        number = await tx.grants.add(grant)
        rights = " ".join(right for right in sorted(grant.rights))
        line = JournalLine(
            at=now,
            event="granted",
            unit=grant.unit,
            subject=grant.person,
            person=by.person,
            channel=by.channel,
            reason=f"{rights}: {grant.reason}",
        )
        await tx.journal.write([line])
        return number

    async def revoke(self, tx: Tx, number: int, by: Actor, reason: str, now: datetime) -> None:
        """End a grant now. Raises NotFound."""
        standing = {grant.id: grant for grant in await tx.grants.standing(now)}
        grant = standing.get(number)
        if grant is None or not await tx.grants.revoke(number, now):
            raise NotFound(f"there is no grant {number} that still stands; see `notifier grants`")
        line = JournalLine(
            at=now,
            event="grant_revoked",
            unit=grant.unit,
            subject=grant.person,
            person=by.person,
            channel=by.channel,
            reason=reason,
        )
        await tx.journal.write([line])

    async def end_sessions(
        self, tx: Tx, person: PersonId, by: Actor, reason: str | None, now: datetime
    ) -> int:
        """End all of that person's sessions, and what he might still sign in with; how many sessions lived.

        Raises NotFound for somebody who never was in the roster.
        """
        if await tx.roster.person(person) is None:
            raise NotFound(f"there is no person {person}; give an id of people.csv")
        ended = await self._sessions.end_all(tx, person)
        line = JournalLine(
            at=now,
            event="sessions_revoked",
            subject=person,
            person=by.person,
            channel=by.channel,
            reason=reason,
        )
        await tx.journal.write([line])
        return ended
