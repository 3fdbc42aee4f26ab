"""What is wrong with a roster on paper: hours that nobody stands, people in two places, too little rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from notifier.domain.gaps import Gap
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Post, Shift, overlaps

Span = tuple[datetime, datetime]
"""[start, end), UTC."""

_ROUND_THE_CLOCK = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two shifts of one person that overlap, or have less than the rest between them; by start."""

    person: PersonId
    before: Shift
    after: Shift

    @property
    def rest(self) -> timedelta:
        """What lies between them; below zero where they overlap."""
        return self.after.start - self.before.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A roster looked over. ``hours`` and ``counts`` are each person's in the span that was looked at."""

    shifts: tuple[Shift, ...]
    hours: Mapping[PersonId, timedelta]
    counts: Mapping[PersonId, int]
    gaps: tuple[Gap, ...]
    doubles: tuple[Clash, ...]
    short_rests: tuple[Clash, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every post is kept and nobody is in two places."""
        return not self.gaps and not self.doubles


def review_roster(
    shifts: Iterable[Shift],
    posts: Mapping[PostCode, Post],
    *,
    wanted: Iterable[Shift],
    left_out: Iterable[Shift],
    span: Span,
    rest: timedelta,
) -> Review:
    """Look over the shifts that start in ``span``; earlier ones count only where they reach into these.

    ``wanted`` is what the rotas would have, ``left_out`` what their kinds of days and exceptions leave out:
    at a post that is kept round the clock everything else between its first and last shift is a gap.
    """
    start, end = span
    known = sorted(shifts, key=lambda shift: (shift.start, shift.post))
    shown = tuple(shift for shift in known if start <= shift.start < end)
    hours: dict[PersonId, timedelta] = {}
    counts: dict[PersonId, int] = {}
    for shift in shown:
        for person in shift.people:
            hours[person] = hours.get(person, timedelta()) + (shift.end - shift.start)
            counts[person] = counts.get(person, 0) + 1
    meant, spared = _by_post(wanted), _by_post(left_out)
    return Review(
        shifts=shown,
        hours=hours,
        counts=counts,
        gaps=tuple(
            gap
            for code, standing in sorted(_by_post(known).items())
            if code in posts
            for gap in _gaps(posts[code], standing, meant.get(code, ()), spared.get(code, ()), span)
        ),
        doubles=tuple(
            Clash(person=person, before=before, after=after)
            for person, before, after in overlaps(known)
            if start <= after.start < end
        ),
        short_rests=tuple(clash for clash in _rests(known, rest) if start <= clash.after.start < end),
    )


def _by_post(shifts: Iterable[Shift]) -> dict[PostCode, list[Shift]]:
    found: dict[PostCode, list[Shift]] = {}
    for shift in shifts:
        found.setdefault(shift.post, []).append(shift)
    return found


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────


def _gaps(
    post: Post, standing: Sequence[Shift], wanted: Sequence[Shift], left_out: Sequence[Shift], span: Span
) -> list[Gap]:
    kept = [(shift.start, shift.end) for shift in (*standing, *wanted)]
    whole = _whole(kept)
    spared = [(shift.start, shift.end) for shift in left_out] if whole else []
    moments = {*span, *(moment for some in (*kept, *spared) for moment in some)}
    gaps: list[Gap] = []
    for since, until in pairwise(sorted(moment for moment in moments if span[0] <= moment <= span[1])):
        is_kept = _within(since, kept) or (whole and _within(since, [whole]) and not _within(since, spared))
        there = {person for s in standing if s.start <= since < s.end for person in s.people}
        if is_kept and len(there) < post.headcount:
            _append(gaps, Gap(post=post, start=since, end=until, missing=post.headcount - len(there)))
    return gaps


def _whole(kept: Iterable[Span]) -> Span | None:
    """From the first start to the last end, of a post that is kept for a whole day without a break."""
    runs: list[Span] = []
    for start, end in sorted(kept):
        if runs and start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], end))
        else:
            runs.append((start, end))
    if not any(end - start >= _ROUND_THE_CLOCK for start, end in runs):
        return None
    return runs[0][0], runs[-1][1]


def _within(moment: datetime, spans: Iterable[Span]) -> bool:
    return any(start <= moment < end for start, end in spans)


def _append(gaps: list[Gap], gap: Gap) -> None:
    """Add a gap, as one with the last where it goes on with as many missing."""
    if gaps and gaps[-1].end == gap.start and gaps[-1].missing == gap.missing:
        gaps[-1] = replace(gaps[-1], end=gap.end)
    else:
        gaps.append(gap)


# ── rest ─────────────────────────────────────────────────────────────────────────────────────────


def _rests(known: Sequence[Shift], rest: timedelta) -> list[Clash]:
    """Each shift that follows too soon on the same person's last one; overlaps are another matter."""
    last: dict[PersonId, Shift] = {}
    short = []
    for shift in known:
        for person in shift.people:
            before = last.get(person)
            if before is not None and timedelta() <= shift.start - before.end < rest:
                short.append(Clash(person=person, before=before, after=shift))
            if before is None or shift.end > before.end:
                last[person] = shift
    return short
