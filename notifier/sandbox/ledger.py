"""The carrier's own record: what it accepted, and what it refused and why."""

import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message the carrier took.

    `at` is monotonic seconds; `account` the bot id or sender, `address` the chat or phone, `ref` the
    message_id or sid. `answer`: it answered the chat's own words. `answer_lost`: the caller was not told that
    it was taken. `in_pause`: it came although a 429 had told this account to wait longer.
    """

    seq: int
    at: float
    wall: datetime
    account: str
    address: str
    method: str
    text: str
    ref: int | str
    reply_markup: Any = None
    segments: int = 1
    answer: bool = False
    answer_lost: bool = False
    in_pause: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A request the carrier turned down.

    `cause` is limit, fault, or invalid; `code` the carrier's error code (0: no answer at all); `limit` names
    the limit.
    """

    seq: int
    at: float
    wall: datetime
    account: str
    address: str
    method: str
    text: str
    cause: str
    code: int
    reason: str
    limit: str | None = None
    retry_after: int | None = None


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


Record = TypeVar("Record", bound=_Numbered)


class Ledger:
    """Bounded: the oldest records go first. Counts go on regardless."""

    def __init__(self, max_records: int) -> None:
        """Begin empty."""
        self.accepted: deque[Accepted] = deque(maxlen=max_records)
        self.refused: deque[Refused] = deque(maxlen=max_records)
        self.accepted_count = 0
        self.refused_count = 0
        self._numbers = itertools.count(1)
        self.last_seq = 0

    def next_seq(self) -> int:
        """The number of the record about to be kept: one row for accepted and refused together."""
        self.last_seq = next(self._numbers)
        return self.last_seq

    def keep(self, record: Accepted) -> None:
        """Remember an acceptance."""
        self.accepted.append(record)
        self.accepted_count += 1

    def keep_refusal(self, record: Refused) -> None:
        """Remember a refusal."""
        self.refused.append(record)
        self.refused_count += 1

    def clear(self) -> None:
        """Forget all records; numbers go on."""
        self.accepted.clear()
        self.refused.clear()
        self.accepted_count = self.refused_count = 0

    def view(self, since: int, limit: int) -> dict[str, Any]:
        """Records above number `since`, oldest first, at most `limit` of each kind, and where to go on."""
        accepted = list(itertools.islice(_above(self.accepted, since), limit))
        refused = list(itertools.islice(_above(self.refused, since), limit))
        ends = [rows[-1].seq for rows in (accepted, refused) if len(rows) == limit]
        next_since = min(ends, default=self.last_seq)
        return {
            "accepted": [_row(record) for record in accepted if record.seq <= next_since],
            "refused": [_row(record) for record in refused if record.seq <= next_since],
            "counts": {"accepted": self.accepted_count, "refused": self.refused_count},
            "next": next_since,
        }


def _above(records: deque[Record], since: int) -> Iterator[Record]:
    fresh = list(itertools.takewhile(lambda record: record.seq > since, reversed(records)))
    return reversed(fresh)


def _row(record: Accepted | Refused) -> dict[str, Any]:
    row = asdict(record)
    row["wall"] = record.wall.isoformat()
    return row
