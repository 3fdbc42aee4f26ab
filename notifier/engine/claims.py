"""Late claims, run: written down, put before who answers for the post, decided on, and told to who made them.

All of it is written into the shift's case, closed or not, so that its trace says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from notifier.domain import claims as rules
from notifier.domain.chain import SECRETARY, verifier_for
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import Kind
from notifier.domain.roster import Person, Shift
from notifier.domain.times import iso_utc
from notifier.engine.case_letters import local_phone
from notifier.engine.shifts import Shifts
from notifier.engine.station import Actor, Station
from notifier.engine.subjects import SHIFT
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

ASKED_AFTER, ASKED_DURING = "claim_ask", "claim_told"
"""Once the shift is over it can only be confirmed; while it runs he can still be put on post."""

_TOLD = {
    rules.CONFIRMED: "claim_confirmed",
    rules.REFUSED: "claim_refused",
    rules.REOPENED: "claim_noted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """Whose claim about which shift, of that unit's post."""

    shift: Shift
    unit: UnitCode
    person: Person


async def waiting_claims(tx: Tx, shift: Shift) -> dict[PersonId, datetime]:
    """Whose claims about that shift wait, and when they were made."""
    lines = await tx.journal.of_people(shift.people, shift.key, rules.EVENTS)
    return rules.waiting((line.event, line.person, line.at) for line in lines if line.person)


class Claims:
    """Everything about a claim."""

    def __init__(self, station: Station, shifts: Shifts) -> None:
        """Tell through the station's shifts."""
        self._station = station
        self._shifts = shifts

    async def make(self, tx: Tx, claimed: Claimed, by: Actor, words: str, now: datetime) -> None:
        """Write it down, and ask the secretary, or who verifies in his place: never who makes it himself."""
        await self._journal(tx, claimed, rules.MADE, by, words, now)
        lineage = await self._station.lineage(tx, claimed.unit, now, also=[claimed.person.id])
        reader = verifier_for(SECRETARY, lineage, claimed.person.id, now)
        if reader is not None:
            template = ASKED_AFTER if now >= claimed.shift.end else ASKED_DURING
            await self._tell(tx, claimed, reader, template, claimed.person, now)

    async def decide(
        self, tx: Tx, claimed: Claimed, event: str, decider: Person, by: Actor, why: str | None, now: datetime
    ) -> bool:
        """Confirm or refuse it; who made it hears so. False when it does not wait for that."""
        made_at = (await waiting_claims(tx, claimed.shift)).get(claimed.person.id)
        if made_at is None:
            return False
        told = (f"by {decider.id}", f"claimed {iso_utc(made_at)}", why)
        await self._journal(tx, claimed, event, by, "; ".join(part for part in told if part), now)
        await self._tell(tx, claimed, claimed.person.id, _TOLD[event], decider, now, {"reason": why})
        if not await waiting_claims(tx, claimed.shift):
            await tx.matters.close(SHIFT, claimed.shift.key, now)
        return True

    async def reopen(self, tx: Tx, claimed: Claimed, decider: Person, by: Actor, now: datetime) -> bool:
        """It waits again for who decided on it. False when it does already."""
        if claimed.person.id in await waiting_claims(tx, claimed.shift):
            return False
        await self._journal(tx, claimed, rules.REOPENED, by, f"by {decider.id}", now)
        await tx.matters.ensure([(decider.id, SHIFT, claimed.shift.key, claimed.unit)], now)
        await self._tell(tx, claimed, claimed.person.id, _TOLD[rules.REOPENED], decider, now)
        return True

    async def _tell(
        self,
        tx: Tx,
        claimed: Claimed,
        reader: PersonId,
        template: str,
        sender: Person,
        now: datetime,
        values: Mapping[str, object] | None = None,
    ) -> None:
        said_by = {"sender_name": sender.name, "sender_phone": local_phone(sender.phone)}
        key = f"{template}:{claimed.person.id}:{iso_utc(now)}"
        await self._shifts.tell(
            tx, claimed.shift, [reader], template, now, key=key, values={**said_by, **(values or {})}
        )

    async def _journal(
        self, tx: Tx, claimed: Claimed, event: str, by: Actor, reason: str | None, now: datetime
    ) -> None:
        case = await tx.cases.last_for(Kind.UNSTAFFED, claimed.shift.key)
        line = JournalLine(
            at=now,
            event=event,
            case=case.id if case else None,
            unit=claimed.unit,
            subject=claimed.shift.key,
            person=claimed.person.id,
            channel=by.channel,
            reason=reason,
        )
        await tx.journal.write([line])
