"""Sharing leases out: several processes stand ready for the same ones, and each is to hold its part.

A lease changes hands only towards somebody who holds at least two fewer of its kind, so what is shared out
evenly stays where it is, and handing on comes to an end.
"""

from collections.abc import Collection
from dataclasses import dataclass

APART = 2
"""How many more one must hold than another before anything is handed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One lease: who holds it (None: nobody), and which living processes stand ready for it."""

    name: str
    owner: str | None
    ready: frozenset[str]

    @property
    def kind(self) -> str:
        """What it is shared out with."""
        return kind_of(self.name)


def kind_of(lease: str) -> str:
    """Bots are shared out with bots, SMS senders with SMS senders, pollers with pollers."""
    return lease.rpartition(":")[0]


def to_hand_on(leases: Collection[Standing], me: str) -> list[str]:
    """The names of those of my leases that the poorest who stands ready should have: of one kind, all of it.

    Half of what I have more than he. Nothing is given up that nobody living stands ready for.
    """
    if any(lease.owner is None for lease in leases):
        return []  # What is on its way to somebody arrives first.
    mine = [lease for lease in leases if lease.owner == me]
    wanting = sorted(frozenset[str]().union(*(lease.ready for lease in mine)) - {me})
    if not wanting:
        return []
    poorest = min(wanting, key=lambda who: _held(leases, who))
    more = len(mine) - _held(leases, poorest)
    if more < APART:
        return []
    return sorted(lease.name for lease in mine if poorest in lease.ready)[: more // 2]


def goes_before(lease: Standing, leases: Collection[Standing], me: str) -> bool:
    """Whether somebody who holds fewer of its kind stands ready for this lease: a free one is his."""
    alike = [other for other in leases if other.kind == lease.kind]
    own = _held(alike, me)
    return any(_held(alike, who) < own for who in lease.ready - {me})


def _held(leases: Collection[Standing], who: str) -> int:
    return sum(lease.owner == who for lease in leases)
