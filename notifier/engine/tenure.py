"""Leases: which process may poll a bot, spend an account's budget, or turn the scheduler.

Clock-free. The owner renews by adding one to ``beat``. A candidate takes over when it has seen the same
beat for a whole term on its own monotonic clock; the owner itself stops well before that, so that a process
that was paused and wakes finds, before it sends anything, that its lease has run out.

Several processes share leases of one kind out evenly (``notifier.domain.sharing``): who holds too many hands
some on, in good order, once those who stand ready have been the same for a whole term.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from notifier.domain.sharing import Standing, goes_before, kind_of, to_hand_on
from notifier.engine.heartbeats import Heartbeats
from notifier.store.database import Database
from notifier.store.leases import ready_name
from notifier.store.rows import Lease

log = structlog.get_logger(__name__)

TERM_S = 8.0
"""A candidate takes over after seeing no beat for this long."""

TRUST_S = 5.0
"""The owner trusts its lease for this long after the start of its last renewal."""

RENEW_EVERY_S = 1.5
"""How often leases are renewed or sought."""

FORGET_AFTER_S = 10 * TERM_S
"""Who stood ready and has not been heard of for this long is taken off the list."""


@dataclass(slots=True)
class Tenure:
    """One lease as this process sees it."""

    name: str
    fence: int = 0
    trusted_until: float = 0.0
    leaving: bool = False
    """It is to be handed on: begin nothing more, finish what is under way, then ``let_go``."""
    vacated: bool = False

    @property
    def held(self) -> bool:
        """Whether this process may act on it right now."""
        return self.fence > 0 and not self.leaving and time.monotonic() < self.trusted_until

    def leave(self) -> None:
        """Have it vacated, so that it can be handed on."""
        self.leaving = True

    def let_go(self) -> None:
        """Nothing that was begun under it is under way any more: the next owner may have it."""
        self.vacated = self.leaving

    def stay_unless_wanted(self, wanted_by: Collection[str]) -> None:
        """Go on as before where nobody is left who would take it over."""
        if self.leaving and not wanted_by:
            self.leaving = self.vacated = False

    def lose(self) -> None:
        """It is not this process's any more."""
        self.fence, self.trusted_until = 0, 0.0
        self.leaving = self.vacated = False


class Tenures:
    """The leases that this process holds or seeks."""

    def __init__(self, db: Database, owner: str) -> None:
        """``owner`` names this process, uniquely."""
        self._db = db
        self._owner = owner
        self._tenures: dict[str, Tenure] = {}
        self._beats = Heartbeats(TERM_S)
        self.alone = False
        """Whether no other process can be alive on this database: then every lease found is a dead one's."""

    def seek(self, name: str) -> Tenure:
        """Seek that lease from now on."""
        return self._tenures.setdefault(name, Tenure(name))

    async def turn(self) -> bool:
        """Renew what is held, seek what is not, hand on what is too much. True when some changed hands."""
        before = [tenure.fence for tenure in self._tenures.values()]
        started = time.monotonic()
        rows = await self._beat(started)
        self._beats.look((row for row in rows if row.owner != self._owner), started)
        standings = self._standings(rows, started)
        known = {row.name: row for row in rows}
        for tenure in self._tenures.values():
            if tenure.fence:
                tenure.stay_unless_wanted(standings[tenure.name].ready - {self._owner})
            else:
                await self._seek(tenure, known.get(tenure.name), standings)
        await self._hand_on(standings, started)
        return before != [tenure.fence for tenure in self._tenures.values()]

    async def release(self, tenures: Iterable[Tenure] | None = None) -> None:
        """Give leases back, so that others need not wait out the term. All of them: seek none any more."""
        given = [tenure for tenure in tenures or self._tenures.values() if tenure.fence]
        async with self._db.write() as tx:
            for tenure in given:
                await tx.leases.release(tenure.name, self._owner, tenure.fence)
            if tenures is None:
                await tx.leases.stand_back(self._owner)
        for tenure in given:
            tenure.lose()

    async def _beat(self, started: float) -> list[Lease]:
        """Raise our beats and read everybody's. What the database says is ours is, and nothing else."""
        async with self._db.write() as tx:
            rows = await tx.leases.all()
            if not self.alone:
                known = {row.name for row in rows}
                unsaid = [name for name in self._tenures if ready_name(name, self._owner) not in known]
                await tx.leases.stand_ready(self._owner, unsaid)
                await tx.leases.forget_ready(self._beats.long_still(FORGET_AFTER_S, started))
            # Last, so that our rows are locked for as short as can be.
            renewed = await tx.leases.renew(self._owner)
        for tenure in self._tenures.values():
            self._hold(tenure, renewed.get(tenure.name, 0), started)
        return rows

    def _hold(self, tenure: Tenure, fence: int, started: float) -> None:
        if fence != tenure.fence:
            # Also when an answer to ``take`` or ``release`` was lost with its connection.
            log.warning("lease_lost" if not fence else "lease_found", lease=_public(tenure.name))
            tenure.lose()
        tenure.fence = fence
        tenure.trusted_until = started + TRUST_S if fence else 0.0

    def _standings(self, rows: Iterable[Lease], now: float) -> dict[str, Standing]:
        """The leases sought here, with who holds them and who stands ready."""
        ready = {name: {self._owner} for name in self._tenures}
        for name, owner in self._beats.ready(now):
            if name in ready:
                ready[name].add(owner)
        owners = {row.name: row.owner for row in rows}
        return {
            name: Standing(name=name, owner=owners.get(name), ready=frozenset(who))
            for name, who in ready.items()
        }

    async def _seek(self, tenure: Tenure, row: Lease | None, standings: dict[str, Standing]) -> None:
        if row is not None and not self._may_take(row, standings):
            return
        if await self._take(tenure, row.beat if row else None):
            # So that whoever has just taken one sees that others are poorer now.
            standings[tenure.name] = replace(standings[tenure.name], owner=self._owner)

    def _may_take(self, row: Lease, standings: Mapping[str, Standing]) -> bool:
        if self.alone or self._beats.has_stood_still(row.name, time.monotonic()):
            return True
        return row.owner is None and not goes_before(standings[row.name], standings.values(), self._owner)

    async def _take(self, tenure: Tenure, beat: int | None) -> bool:
        started = time.monotonic()
        async with self._db.write() as tx:
            taken = await tx.leases.take(tenure.name, self._owner, beat)
        if taken is None:
            return False
        tenure.fence, tenure.trusted_until = taken.fence, started + TRUST_S
        log.info("lease_taken", lease=_public(tenure.name), fence=taken.fence)
        return True

    async def _hand_on(self, standings: Mapping[str, Standing], now: float) -> None:
        """Release what has been vacated; ask for what is too much, when it is clear who is there."""
        vacated = [tenure for tenure in self._tenures.values() if tenure.vacated]
        if vacated:
            await self.release(vacated)
            log.info("leases_handed_on", count=len(vacated))
            return  # ``standings`` tells how it was before.
        for kind in {standing.kind for standing in standings.values()}:
            shared = frozenset(standing for standing in standings.values() if standing.kind == kind)
            if self._beats.is_settled(kind, shared, now) and not self._is_leaving(kind):
                for name in to_hand_on(shared, self._owner):
                    self._tenures[name].leave()

    def _is_leaving(self, kind: str) -> bool:
        return any(tenure.leaving and kind_of(tenure.name) == kind for tenure in self._tenures.values())


def _public(name: str) -> str:
    """A lease's name without the sender's number in it."""
    return name.split(":", 1)[0]
