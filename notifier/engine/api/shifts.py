"""Shifts of a span of time, whoever is to stand them and whoever is there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.roster import Post, Shift
from notifier.store.api_lists import ShiftFilter
from notifier.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """A shift. ``away``: who of its people is on leave from it; ``on_post``: who is there for it now."""

    shift: Shift
    post: Post
    away: tuple[PersonId, ...]
    on_post: tuple[PersonId, ...]


async def read_shifts(
    tx: Tx, which: ShiftFilter, limit: int, after: tuple[datetime, ShiftKey] | None
) -> list[ShiftView]:
    """The shifts that pass the filter, by start, then key."""
    found = await tx.api_lists.shifts(which, limit, after)
    return await _views(tx, found)


async def read_shift(tx: Tx, shift: Shift) -> ShiftView:
    """One shift."""
    [view] = await _views(tx, [shift])
    return view


async def _views(tx: Tx, found: Sequence[Shift]) -> list[ShiftView]:
    codes = {shift.post for shift in found}
    posts: Mapping[PostCode, Post] = await tx.roster.posts(codes)
    away = await tx.outlook.leaves([shift.key for shift in found])
    there: dict[ShiftKey, list[PersonId]] = {}
    for row in await tx.walls.there(codes):
        there.setdefault(row.presence.shift, []).append(row.presence.person)
    return [
        ShiftView(
            shift=shift,
            post=posts[shift.post],
            away=tuple(sorted(away.get(shift.key, ()))),
            on_post=tuple(there.get(shift.key, ())),
        )
        for shift in found
    ]
