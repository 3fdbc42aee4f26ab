"""Numbers of matters: short, and for 30 days the only one of its kind towards an address.

A *pool* is everybody who shares an address; its numbers are told apart by the address alone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

FORBIDDEN = frozenset({110, 119, 120, 122})
"""Emergency numbers are never a matter's: nobody is to dial a matter, or answer with an emergency."""

UNIQUE_FOR = timedelta(days=30)

_SHORT = tuple(number for number in range(101, 1000) if number not in FORBIDDEN)
_LONG = tuple(range(1001, 10000))


def allocate(pool: str, used: Mapping[int, datetime], now: datetime, want: int = 1) -> list[int]:
    """``want`` different numbers for that pool. ``used`` says when each of its numbers was last used.

    Three digits as long as some are free, then four. Numbers never used go first, in a circle that starts
    elsewhere for each pool; then the least recently used. Should every one be live, the least recently
    used of all is taken: a call with an old number beats no call.
    """
    chosen = _free(_SHORT, pool, used, now)
    if len(chosen) < want:
        chosen += _free(_LONG, pool, used, now)
    if len(chosen) < want:
        chosen += [number for number in _by_age(used) if number not in set(chosen)]
    return chosen[:want]


def _free(numbers: tuple[int, ...], pool: str, used: Mapping[int, datetime], now: datetime) -> list[int]:
    allowed = set(numbers)
    own = {number: at for number, at in used.items() if number in allowed}
    start = _start(numbers, pool, own)
    never_used = [number for number in (*numbers[start:], *numbers[:start]) if number not in own]
    return never_used + [number for number in _by_age(own) if now - own[number] >= UNIQUE_FOR]


def _start(numbers: tuple[int, ...], pool: str, used: Mapping[int, datetime]) -> int:
    """Where the circle goes on: after the latest number; at first, where the pool's own hash says."""
    if used:
        latest = max(used, key=lambda number: (used[number], number))
        return (numbers.index(latest) + 1) % len(numbers)
    return int.from_bytes(sha256(pool.encode()).digest()[:4], "big") % len(numbers)


def _by_age(used: Mapping[int, datetime]) -> Iterable[int]:
    return sorted(used, key=lambda number: (used[number], number))
