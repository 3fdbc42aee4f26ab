"""Gaps in a roster: when a post that is kept has fewer people rostered than it takes.

A post need not be kept round the clock, and nobody writes down when it is. Its own roster tells: it is
kept when a shift says so, and at the hours of a week before. A post younger than a week is taken to be
kept at the hours of the two days before. A post without any shifts is not kept at all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Post, Shift

LOOK_BACK = timedelta(days=15)
"""How far back a post's shifts are needed: only so is a post of weekends told from a young one."""

SHORTEST = timedelta(minutes=5)
"""Less is a way of writing: shifts that end at 23:59."""

_WEEK = 7
_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A span in which ``missing`` people more would have to be rostered at a post. UTC, [start, end)."""

    post: Post
    start: datetime
    end: datetime
    missing: int


def find_gaps(
    post: Post,
    shifts: Sequence[Shift],
    away: Mapping[ShiftKey, Collection[PersonId]],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
) -> tuple[Gap, ...]:
    """The gaps of a post from ``start`` to ``end``, in order of time.

    ``shifts`` are all of that post from LOOK_BACK before ``start`` on; those of the past need no people.
    ``away`` names who is on leave from which shift. ``zone`` is the civil zone of the post.
    """
    kept = [span for span in _kept(shifts, zone) if span[0] < end and span[1] > start]
    running = [shift for shift in shifts if shift.start < end and shift.end > start]
    moments = {start, end, *(moment for span in kept for moment in span)}
    edges = sorted(moment for moment in moments if start <= moment <= end)
    gaps: list[Gap] = []
    for since, until in pairwise(edges):
        if not any(span[0] <= since < span[1] for span in kept):
            continue
        missing = post.headcount - len(_rostered(running, away, since))
        if missing > 0:
            _append(gaps, Gap(post=post, start=since, end=until, missing=missing))
    return tuple(gap for gap in gaps if gap.end - gap.start >= SHORTEST)


def _kept(shifts: Sequence[Shift], zone: tzinfo) -> Iterable[_Span]:
    """When the post is kept: its shifts, and what they lead one to expect."""
    if not shifts:
        return
    young_until = _later(min(shift.start for shift in shifts), _WEEK, zone)
    for shift in shifts:
        yield shift.start, shift.end
        yield _later(shift.start, _WEEK, zone), _later(shift.end, _WEEK, zone)
        for days in (1, 2):
            since, until = _later(shift.start, days, zone), _later(shift.end, days, zone)
            if since < young_until:
                yield since, min(until, young_until)


def _later(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """The same hour of the clock so many days later."""
    return (moment.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def _rostered(
    shifts: Iterable[Shift], away: Mapping[ShiftKey, Collection[PersonId]], moment: datetime
) -> set[PersonId]:
    return {
        person
        for shift in shifts
        if shift.start <= moment < shift.end
        for person in shift.people
        if person not in away.get(shift.key, ())
    }


def _append(gaps: list[Gap], gap: Gap) -> None:
    """Add a gap, as one with the last where it goes on with as many missing."""
    if gaps and gaps[-1].end == gap.start and gaps[-1].missing == gap.missing:
        gaps[-1] = replace(gaps[-1], end=gap.end)
    else:
        gaps.append(gap)
