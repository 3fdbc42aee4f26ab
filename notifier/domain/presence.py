"""Who is on post: when somebody may check in, which shift he means, who stays when a shift ends.

``checkin_from`` is how long before its start a shift may be checked in for.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Post, Presence, PresenceEnd, Shift


class Window(StrEnum):
    """How a moment stands to the time in which a shift can be checked in for."""

    TOO_EARLY = "too_early"
    OPEN = "open"
    TOO_LATE = "too_late"


def window_at(shift: Shift, now: datetime, checkin_from: timedelta) -> Window:
    """Open from ``checkin_from`` before the start until the end, the end itself excluded."""
    if now < shift.start - checkin_from:
        return Window.TOO_EARLY
    return Window.OPEN if now < shift.end else Window.TOO_LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The shift that somebody means, and whether it can be checked in for now."""

    shift: Shift
    window: Window


def shift_meant(
    candidates: Iterable[Shift],
    person: PersonId,
    now: datetime,
    checkin_from: timedelta,
    present: Collection[ShiftKey] = (),
) -> Meant | None:
    """The shift of his own that ``person`` means by "on post"; None when he is rostered for none.

    Of several that are open: one where he is not ``present`` yet, one that runs, the one that began last
    or begins first. With none open, the nearest in time, so that he can be told why not.
    """
    own = [Meant(shift=s, window=window_at(s, now, checkin_from)) for s in candidates if person in s.people]
    if not own:
        return None
    return min(own, key=lambda meant: _likelihood(meant, now, present))


def _likelihood(meant: Meant, now: datetime, present: Collection[ShiftKey]) -> tuple[object, ...]:
    """Sorts the likeliest first; equal times are told apart by the shift's key."""
    shift = meant.shift
    closed = meant.window is not Window.OPEN
    coming = now < shift.start
    distance = abs(now - (shift.end if meant.window is Window.TOO_LATE else shift.start))
    return closed, shift.key in present, not closed and coming, distance, shift.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What an arrival changes: a presence that begins, and one that it ends. Both None: nothing."""

    begins: Presence | None = None
    ends: Presence | None = None
    why: PresenceEnd | None = None


def arrive(
    current: Presence | None, shift: Shift, person: PersonId, now: datetime, channel: str, by: PersonId
) -> Arrival:
    """Somebody arrives for ``shift``; ``current`` is where he is on post already, if anywhere.

    One post at a time: arriving elsewhere ends the other. Who is on this post already for the shift, or
    waits there for it to begin, changes nothing: he is carried over when his present shift ends.
    """
    if (
        current is not None
        and current.post == shift.post
        and (current.shift == shift.key or now < shift.start)
    ):
        return Arrival()
    begins = Presence(
        person=person, post=shift.post, shift=shift.key, since=now, until=None, channel=channel, by=by
    )
    if current is None:
        return Arrival(begins=begins)
    why = PresenceEnd.SHIFT_END if current.post == shift.post else PresenceEnd.MOVED
    return Arrival(begins=begins, ends=current, why=why)


def on_post(post: Post, presences: Iterable[Presence]) -> frozenset[PersonId]:
    """Everybody who is on that post, for whichever shift."""
    return frozenset(p.person for p in presences if p.post == post.code and p.until is None)


def missing(post: Post, presences: Iterable[Presence]) -> int:
    """How many more the post takes than are there; never below 0."""
    return max(0, post.headcount - len(on_post(post, presences)))


def leaving(
    presences: Collection[Presence], ends: Mapping[ShiftKey, datetime], shift: Shift, soon: datetime
) -> frozenset[PersonId]:
    """Whose turn at a post is over, or will be by ``soon``, as who comes for ``shift`` finds it.

    ``presences`` at that post, past and present; ``ends`` says when their shifts end.
    """
    staying = {
        p.person
        for p in presences
        if p.until is None and (p.shift == shift.key or ends.get(p.shift, soon) > soon)
    }
    return frozenset(p.person for p in presences) - staying - set(shift.people)


def consecutive(shift: Shift, candidates: Iterable[Shift]) -> Shift | None:
    """The shift of the same post that goes on where this one ends, if any."""
    following = [s for s in candidates if s.post == shift.post and shift.start < s.start <= shift.end < s.end]
    return max(following, key=lambda s: s.start, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changeover:
    """Who stays when a shift ends (carried over into the next), and whose presence ends with it."""

    stay: tuple[Presence, ...]
    end: tuple[Presence, ...]


def at_shift_end(shift: Shift, following: Shift | None, presences: Iterable[Presence]) -> Changeover:
    """Those rostered on the consecutive shift stay on post; everybody else of this shift goes."""
    there = [p for p in presences if p.shift == shift.key and p.until is None]
    expected = following.people if following is not None else ()
    return Changeover(
        stay=tuple(p for p in there if p.person in expected),
        end=tuple(p for p in there if p.person not in expected),
    )
