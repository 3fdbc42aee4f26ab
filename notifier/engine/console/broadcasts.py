"""Broadcasts as their pages show them: the list, and how one stands with recipients and with units."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from notifier.domain.access import Right
from notifier.domain.ids import BroadcastId, PersonId, UnitCode
from notifier.domain.message import MessageState
from notifier.domain.roster import Person, Unit
from notifier.engine.access.guard import Guard
from notifier.engine.broadcasts import DONE, SENDING, progress_state
from notifier.engine.relays import CANCELLED
from notifier.store.database import Database
from notifier.store.message_recipients import Recipient
from notifier.store.rows import Broadcast, Relay
from notifier.store.tx import Tx

PAGE = 30
"""Broadcasts on one page of the list."""
NAMED = 100
"""How many of those who were not reached are named, of each state."""
_LOOKED_AT = 200
"""Broadcasts read at a time, in search of those that are in reach."""
_EXPORTED = 1000
"""Recipients read in one transaction."""

NOT_REACHED = (MessageState.FAILED, MessageState.EXPIRED, MessageState.UNCERTAIN)
"""States in which somebody may not have got it, and nothing more is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListView:
    """Broadcasts, newest first, each with its state; ``further`` is where older ones follow."""

    rows: tuple[tuple[Broadcast, str], ...]
    people: Mapping[PersonId, Person]
    further: BroadcastId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How one stands: every recipient in exactly one of the states, zeros too."""

    broadcast: Broadcast
    state: str
    states: Mapping[MessageState, int]
    confirmed: int

    @property
    def expected(self) -> int:
        """How many recipients there are."""
        return sum(self.states.values())

    @property
    def ahead(self) -> int:
        """How many have not been sent to yet."""
        return self.states[MessageState.QUEUED] + self.states[MessageState.SENDING]

    @property
    def uncertain(self) -> int:
        """Of how many it is not known whether it reached them."""
        return self.states[MessageState.UNCERTAIN]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayView:
    """How the units pass it on."""

    rows: tuple[Relay, ...]
    units: Mapping[UnitCode, Unit]
    people: Mapping[PersonId, Person]

    @property
    def told(self) -> int:
        """How many people were told."""
        return sum(row.relayed or 0 for row in self.rows)

    @property
    def answered(self) -> int:
        """How many units have said how many."""
        return sum(row.relayed is not None for row in self.rows)

    @property
    def members(self) -> int:
        """How many people the units have."""
        return sum(row.members for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """Who was not reached, and why; ``more`` are not named."""

    rows: tuple[Recipient, ...]
    more: int
    people: Mapping[PersonId, Person]
    units: Mapping[UnitCode, Unit]


async def read_list(tx: Tx, guard: Guard, before: BroadcastId | None, size: int = PAGE) -> ListView:
    """One page of those that the visitor may see, from behind ``before`` on."""
    found: list[Broadcast] = []
    while len(found) <= size:
        some = await tx.broadcasts.listing(_LOOKED_AT, before=before)
        found += await guard.broadcasts(tx, some, Right.SEE)
        if len(some) < _LOOKED_AT:
            break
        before = some[-1].id
    shown = found[:size]
    going = await tx.messages.still_going([one.id for one in shown if one.state == SENDING])
    return ListView(
        rows=tuple(
            (one, DONE if one.state == SENDING and one.id not in going else one.state) for one in shown
        ),
        people=await tx.roster.people({one.author for one in shown if one.author}),
        further=shown[-1].id if len(found) > size else None,
    )


async def read_progress(tx: Tx, broadcast: Broadcast) -> Progress:
    """How its recipients stand."""
    states = await tx.messages.recipient_states(broadcast.id)
    counted = Counter({str(state): number for state, number in states.items()})
    return Progress(
        broadcast=broadcast,
        state=progress_state(broadcast, counted),
        states=states,
        confirmed=await tx.messages.confirmed(broadcast.id),
    )


async def read_relays(tx: Tx, broadcast: Broadcast) -> RelayView:
    """How its units stand, by code."""
    rows = await tx.broadcasts.relays(broadcast.id)
    return RelayView(
        rows=tuple(rows),
        units=await tx.roster.units_named({row.unit for row in rows}),
        people=await tx.roster.people({row.asked for row in rows if row.asked}),
    )


async def read_unreached(tx: Tx, progress: Progress) -> Unreached:
    """Who was not reached, at most ``NAMED`` of each state, by state and id."""
    rows: list[Recipient] = []
    for state in NOT_REACHED:
        if progress.states[state]:
            rows += await tx.messages.recipient_rows(progress.broadcast.id, state=state, limit=NAMED)
    people = await tx.roster.people({row.person for row in rows})
    return Unreached(
        rows=tuple(rows),
        more=sum(progress.states[state] for state in NOT_REACHED) - len(rows),
        people=people,
        units=await tx.roster.units_named({person.unit for person in people.values()}),
    )


def may_be_stopped(progress: Progress, relays: RelayView) -> bool:
    """Whether there is anything left of it to cancel."""
    owed = relays.answered < len(relays.rows)
    return progress.state != CANCELLED and (progress.state != DONE or owed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One recipient, for a table."""

    recipient: Recipient
    person: Person | None
    unit: Unit | None


async def all_recipients(database: Database, broadcast: BroadcastId) -> AsyncIterator[list[Exported]]:
    """Every recipient by id, set by set, each set as it stands when it is read."""
    after: PersonId | None = None
    while True:
        async with database.read() as tx:
            rows = await tx.messages.recipient_rows(broadcast, after=after, limit=_EXPORTED)
            people = await tx.roster.people({row.person for row in rows})
            units = await tx.roster.units_named({person.unit for person in people.values()})
        yield [_exported(row, people.get(row.person), units) for row in rows]
        if len(rows) < _EXPORTED:
            return
        after = rows[-1].person


def _exported(row: Recipient, person: Person | None, units: Mapping[UnitCode, Unit]) -> Exported:
    return Exported(recipient=row, person=person, unit=units.get(person.unit) if person else None)
