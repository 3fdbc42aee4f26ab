"""Leases: which process may poll a bot, spend an account's budget, or turn the scheduler.

Clock-free. The owner renews by adding one to ``beat``. A candidate takes over when it has seen the same
beat for a whole term on its own monotonic clock; the owner itself stops well before that, so that a process
that was paused and wakes finds, before it sends anything, that its lease has run out.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from notifier.store.database import Database

log = structlog.get_logger(__name__)

TERM_S = 8.0
"""A candidate takes over after seeing no beat for this long."""

TRUST_S = 5.0
"""The owner trusts its lease for this long after the start of its last renewal."""

RENEW_EVERY_S = 1.5
"""How often leases are renewed or sought."""


@dataclass(slots=True)
class Tenure:
    """One lease as this process sees it."""

    name: str
    fence: int = 0
    trusted_until: float = 0.0
    seen_beat: int = -1
    seen_since: float = 0.0

    @property
    def held(self) -> bool:
        """Whether this process may act on it right now."""
        return self.fence > 0 and time.monotonic() < self.trusted_until


class Tenures:
    """The leases that this process holds or seeks."""

    def __init__(self, db: Database, owner: str) -> None:
        """``owner`` names this process, uniquely."""
        self._db = db
        self._owner = owner
        self._tenures: dict[str, Tenure] = {}
        self.alone = False
        """Whether no other process can be alive on this database: then every lease found is a dead one's."""

    def seek(self, name: str) -> Tenure:
        """Seek that lease from now on."""
        return self._tenures.setdefault(name, Tenure(name))

    async def turn(self) -> bool:
        """Renew what is held, seek what is not. True when some lease changed hands."""
        changed = False
        for tenure in self._tenures.values():
            before = tenure.fence
            await (self._renew(tenure) if tenure.fence else self._seek(tenure))
            changed = changed or tenure.fence != before
        return changed

    async def release(self, tenures: Iterable[Tenure] | None = None) -> None:
        """Give leases back, so that others need not wait out the term."""
        async with self._db.write() as tx:
            for tenure in list(tenures or self._tenures.values()):
                if tenure.fence:
                    await tx.leases.release(tenure.name, self._owner, tenure.fence)
                    tenure.fence = 0

    async def _renew(self, tenure: Tenure) -> None:
        started = time.monotonic()
        async with self._db.write() as tx:
            renewed = await tx.leases.renew(tenure.name, self._owner, tenure.fence)
        if renewed:
            tenure.trusted_until = started + TRUST_S
            return
        log.warning("lease_lost", lease=_public(tenure.name))
        tenure.fence, tenure.seen_beat = 0, -1

    async def _seek(self, tenure: Tenure) -> None:
        started = time.monotonic()
        async with self._db.read() as tx:
            lease = await tx.leases.read(tenure.name)
        beat = lease.beat if lease else 0
        if lease is not None and lease.owner is not None and not self._has_stood_still(tenure, beat, started):
            return
        async with self._db.write() as tx:
            taken = await tx.leases.take(tenure.name, self._owner, beat)
        if taken is not None:
            tenure.fence, tenure.trusted_until = taken.fence, started + TRUST_S
            log.info("lease_taken", lease=_public(tenure.name), fence=taken.fence)

    def _has_stood_still(self, tenure: Tenure, beat: int, now: float) -> bool:
        if beat != tenure.seen_beat:
            tenure.seen_beat, tenure.seen_since = beat, now
        return self.alone or now - tenure.seen_since >= TERM_S


def _public(name: str) -> str:
    """A lease's name without the sender's number in it."""
    return name.split(":", 1)[0]
