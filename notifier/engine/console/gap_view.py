"""One gap in a roster, and how it may be closed: by a cover, by one more in a shift, or by a new shift."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notifier.domain.gaps import LOOK_BACK, Gap, find_gaps
from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Person, Post, Shift
from notifier.engine.parts import Parts
from notifier.engine.shift_edits import put_on
from notifier.engine.stand_ins import Choice
from notifier.engine.station import Actor, Station
from notifier.errors import Conflict
from notifier.store.tx import Tx

AROUND = timedelta(days=2)
"""So much beyond a gap is looked at."""
ONE_SHIFT = timedelta(hours=16)
"""A gap that is longer is not proposed as one shift."""
SOON = timedelta(minutes=5)
"""A shift is planned to begin in so long at the earliest."""


class Way(StrEnum):
    """How a gap may be closed."""

    COVER = "cover"
    """Somebody of the shift is on leave, and another covers him."""
    JOIN = "join"
    """One more is rostered for the shift that is there."""
    NEW = "new"
    """A shift is planned."""
    BEGUN = "begun"
    """Not at all: the shift runs, and is called for."""
    TANGLED = "tangled"
    """Not here: shifts overlap it in part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A gap and what is to be stood: ``shift`` is the one that is there, or the one that is proposed.

    ``absent`` are those on leave from it whom nobody covers.
    """

    gap: Gap
    way: Way
    shift: Shift
    absent: tuple[PersonId, ...] = ()

    @property
    def is_closable(self) -> bool:
        """Whether somebody may be chosen for it."""
        return self.way in (Way.COVER, Way.JOIN, Way.NEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Who is to stand what: ``absent`` is whom he covers, if anybody."""

    opening: Opening
    person: PersonId
    absent: PersonId | None


async def read_opening(
    station: Station, tx: Tx, post: Post, since: datetime, until: datetime, now: datetime, *, propose: bool
) -> Opening:
    """The gap that holds that span. Raises Conflict where nobody is missing in all of it.

    ``propose``: a shift of its own is as long as the gap, where that is no longer than one; else it is the
    span.
    """
    start, end = since - AROUND, until + AROUND
    shifts = await tx.outlook.shifts([post.code], start, end)
    past = await tx.outlook.past_shifts([post.code], start - LOOK_BACK, start)
    away = await tx.outlook.leaves([shift.key for shift in shifts])
    gaps = find_gaps(post, [*past, *shifts], away, start=start, end=end, zone=station.zone)
    gap = next((one for one in gaps if one.start <= since < until <= one.end), None)
    if gap is None:
        raise Conflict("nobody is missing in that time by now")
    touching = [shift for shift in shifts if shift.start < until and shift.end > since]
    if not touching:
        return Opening(gap=gap, way=Way.NEW, shift=_proposed(gap, since, until, now, propose=propose))
    return await _of_shift(tx, gap, touching, since, until, away, now)


def _proposed(gap: Gap, since: datetime, until: datetime, now: datetime, *, propose: bool) -> Shift:
    if propose and gap.end - gap.start <= ONE_SHIFT:
        since, until = gap.start, gap.end
    if propose and since < now + SOON < until:
        since = (now + SOON).replace(second=0, microsecond=0)
    return Shift(post=gap.post.code, start=since, end=until)


async def _of_shift(
    tx: Tx,
    gap: Gap,
    touching: Sequence[Shift],
    since: datetime,
    until: datetime,
    away: Mapping[ShiftKey, Collection[PersonId]],
    now: datetime,
) -> Opening:
    shift = touching[0]
    if len(touching) > 1 or shift.start > since or shift.end < until:
        return Opening(gap=gap, way=Way.TANGLED, shift=shift)
    if shift.start <= now:
        return Opening(gap=gap, way=Way.BEGUN, shift=shift)
    covered = {row.absent for row in await tx.covers.standing([shift.key])}
    gone = away.get(shift.key, ())
    absent = tuple(person for person in shift.people if person in gone and person not in covered)
    return Opening(gap=gap, way=Way.COVER if absent else Way.JOIN, shift=shift, absent=absent)


async def read_choice(parts: Parts, tx: Tx, opening: Opening, now: datetime) -> Choice:
    """Who may be chosen for it, and who may not and why."""
    return await parts.covering.choice(tx, opening.shift, opening.gap.post, now)


async def fill(parts: Parts, tx: Tx, filling: Filling, by: Actor, now: datetime) -> None:
    """Have that person stand it; he hears of it. Raises Conflict where he may not, or need not any more."""
    opening = filling.opening
    post, shift = opening.gap.post, opening.shift
    if filling.absent is not None:
        search = await parts.covering.search(tx, f"{shift.key}|{filling.absent}")
        if search is None or not await parts.covering.assign(tx, search, filling.person, by, now):
            raise Conflict("that person cannot stand it, or somebody does by now")
    else:
        if filling.person not in (await read_choice(parts, tx, opening, now)).free:
            raise Conflict("that person cannot stand it by now")
        await put_on(parts.station, tx, post, shift, filling.person, by, now)
    await tx.signals.ring()


async def people_of(tx: Tx, opening: Opening, choice: Choice) -> dict[PersonId, Person]:
    """All who are named."""
    rankings = (choice.keepers, choice.others)
    named: Iterable[PersonId] = (
        *opening.shift.people,
        *(person for ranking in rankings for person in (*ranking.order, *ranking.passed_over)),
    )
    return await tx.roster.people(set(named))
