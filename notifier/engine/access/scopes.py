"""Somebody's scope as the roster has it now: read anew each time, so that what ends, ends at once."""

from datetime import datetime

from notifier.domain.access import Scope, scope_of
from notifier.domain.ids import PersonId
from notifier.store.tx import Tx


async def load_scope(tx: Tx, person: PersonId, now: datetime) -> Scope:
    """What that person may see and do at ``now`` (civil)."""
    offices = await tx.roster.offices_held(person)
    desks = await tx.presences.desks_kept_by(person)
    grants = await tx.grants.of_person(person, now)
    named = {office.unit for office in offices} | {*desks} | {grant.unit for grant in grants}
    units = await tx.roster.units_named(named) if named else {}
    return scope_of(person, units=units, offices=offices, desks=desks, grants=grants, now=now)
