"""Who lives, as far as can be told without comparing clocks: whose beat moves, and since when it does not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from notifier.domain.sharing import Standing
from notifier.store.leases import lease_meant
from notifier.store.rows import Lease


@dataclass(frozen=True, slots=True)
class _Seen:
    row: Lease
    since: float
    moved: bool


class Heartbeats:
    """Other processes' rows, as they were seen from here. Times are this process's monotonic seconds."""

    def __init__(self, term_s: float) -> None:
        """``term_s``: what has not moved for so long belongs to the dead."""
        self._term_s = term_s
        self._seen: dict[str, _Seen] = {}
        self._settled: dict[str, tuple[frozenset[Standing], float]] = {}

    def look(self, rows: Iterable[Lease], now: float) -> None:
        """Take in how the rows stand at ``now``; those that are gone are forgotten."""
        self._seen = {row.name: self._compared(row, now) for row in rows}

    def has_stood_still(self, name: str, now: float) -> bool:
        """Whether that row has not moved for a whole term."""
        seen = self._seen.get(name)
        return seen is not None and now - seen.since >= self._term_s

    def ready(self, now: float) -> Iterator[tuple[str, str]]:
        """(lease, owner) of everybody who stands ready and has been seen to live within the term."""
        for seen in self._seen.values():
            lease, owner = lease_meant(seen.row.name), seen.row.owner
            if lease and owner and seen.moved and now - seen.since < self._term_s:
                yield lease, owner

    def long_still(self, seconds: float, now: float) -> dict[str, int]:
        """The rows that have not moved for so long: name -> beat."""
        return {name: seen.row.beat for name, seen in self._seen.items() if now - seen.since >= seconds}

    def is_settled(self, kind: str, standings: frozenset[Standing], now: float) -> bool:
        """Whether that is how leases of this kind have been held and wished for, for a whole term."""
        known, since = self._settled.get(kind, (None, now))
        if known != standings:
            since = now
        self._settled[kind] = (standings, since)
        return now - since >= self._term_s

    def _compared(self, row: Lease, now: float) -> _Seen:
        before = self._seen.get(row.name)
        if before is None:
            return _Seen(row, now, moved=False)
        return before if before.row == row else _Seen(row, now, moved=True)
