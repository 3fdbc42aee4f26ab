"""Posts with their shifts of a day, and one shift: who is to stand it, who is on leave, who was there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from notifier.domain.case import Case
from notifier.domain.ids import PersonId, PostCode
from notifier.domain.policy import Kind
from notifier.domain.roster import Person, Post, Presence, Shift
from notifier.engine.access.guard import SeenUnits
from notifier.engine.console.week_view import PlannedTurn, named_in, planned_turns
from notifier.engine.station import Station
from notifier.store.tx import Tx

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PostDay:
    """A post with the shifts of a day that touch it, by start."""

    post: Post
    turns: tuple[PlannedTurn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsPage:
    """One page of posts, by code; ``after`` is where the next one begins, None at the end."""

    posts: tuple[PostDay, ...]
    people: Mapping[PersonId, Person]
    after: PostCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """One shift. ``stays`` are all times on post in it; ``case`` is the newest about it, if there was any."""

    at: datetime
    post: Post
    turn: PlannedTurn
    stays: tuple[Presence, ...]
    case: Case | None
    people: Mapping[PersonId, Person]

    @property
    def shift(self) -> Shift:
        """The shift itself."""
        return self.turn.shift

    @property
    def is_to_come(self) -> bool:
        """Whether it has not begun."""
        return self.shift.start > self.at


async def read_posts(
    station: Station, tx: Tx, seen: SeenUnits, text: str, *, whole: bool, after: PostCode | None, day: date
) -> PostsPage:
    """The posts of the units ``seen`` whose name or code has ``text`` in it, with their shifts of that day.

    ``whole``: those are all units there are.
    """
    found = await tx.roster_search.posts(None if whole else seen, text, PAGE + 1, after)
    listed = found[:PAGE]
    start, end = (datetime.combine(one, time(), station.zone) for one in (day, day + timedelta(days=1)))
    turns = await planned_turns(tx, await tx.outlook.shifts([post.code for post in listed], start, end))
    return PostsPage(
        posts=tuple(
            PostDay(post=post, turns=tuple(turn for turn in turns if turn.shift.post == post.code))
            for post in listed
        ),
        people=await tx.roster.people(set(named_in(turns))),
        after=listed[-1].code if len(found) > PAGE else None,
    )


async def read_shift(tx: Tx, shift: Shift, post: Post, now: datetime) -> ShiftView:
    """The shift for somebody who may see its post."""
    [turn] = await planned_turns(tx, [shift])
    stays = [row.presence for row in await tx.presences.during(shift.key)]
    named = {*named_in([turn]), *(person for stay in stays for person in (stay.person, stay.by))}
    return ShiftView(
        at=now,
        post=post,
        turn=turn,
        stays=tuple(stays),
        case=await tx.cases.last_for(Kind.UNSTAFFED, shift.key),
        people=await tx.roster.people(named),
    )
