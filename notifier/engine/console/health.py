"""How the program itself fares: its loops, its leases, its accounts at the carriers, what is late."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.message import MessageState
from notifier.engine.console.deliveries import without_numbers
from notifier.engine.loops import STUCK_AFTER_S, Pulses
from notifier.store.leases import lease_meant
from notifier.store.outage import Outage
from notifier.store.rows import Lease
from notifier.store.tx import Tx

ChannelNotes = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountHealth:
    """A bot, or an SMS sender. ``sends``: this process does, for it.

    ``trouble`` is the carrier's last complaint, as a code; None once it took something again.
    """

    channel: str
    name: str
    sends: bool
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """What this process knows of itself: its loops' pulses, how channels and their accounts last fared."""

    pulses: Pulses
    channels: Callable[[], ChannelNotes]
    accounts: Callable[[], Iterable[AccountHealth]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopHealth:
    """``age_s`` since its last turn; ``outage``: how it found the database, None when in order."""

    name: str
    age_s: float
    is_stuck: bool
    outage: Outage | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHealth:
    """Who holds it, None for nobody; ``ready`` processes would have it. No number stands in its name."""

    name: str
    owner: str | None
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All that the page says. ``late_s``: by how much the oldest timer is late, civil seconds.

    Loops, ``channels`` and ``accounts`` are those of the process that serves the page; leases are
    everybody's.
    """

    at: datetime
    loops: tuple[LoopHealth, ...]
    leases: tuple[LeaseHealth, ...]
    channels: ChannelNotes
    accounts: tuple[AccountHealth, ...]
    late_s: float
    unread: int
    uncertain: int
    queued: int


async def read_health(running: Running, tx: Tx, now: datetime) -> Health:
    """How it fares now."""
    waiting = running.pulses.waiting()
    counts = await tx.messages.counts()
    return Health(
        at=now,
        loops=tuple(
            LoopHealth(
                name=without_numbers(name) or "",
                age_s=age,
                is_stuck=age > STUCK_AFTER_S,
                outage=waiting.get(name),
            )
            for name, age in running.pulses.ages().items()
        ),
        leases=_leases(await tx.leases.all()),
        channels=running.channels(),
        accounts=tuple(replace(one, name=without_numbers(one.name) or "") for one in running.accounts()),
        late_s=await tx.timers.lateness(now),
        unread=await tx.inbox.depth(),
        uncertain=counts[MessageState.UNCERTAIN],
        queued=counts[MessageState.QUEUED],
    )


def _leases(rows: Iterable[Lease]) -> tuple[LeaseHealth, ...]:
    held: dict[str, str | None] = {}
    ready: dict[str, int] = {}
    for row in rows:
        meant = lease_meant(row.name)
        if meant is None:
            held[row.name] = row.owner
        else:
            ready[meant] = ready.get(meant, 0) + 1
    return tuple(
        LeaseHealth(name=without_numbers(name) or "", owner=held.get(name), ready=ready.get(name, 0))
        for name in sorted({*held, *ready})
    )
