"""The duty desks as their page shows them: who is there, who comes next, and what is open there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.domain.ids import PersonId, PostCode, UnitCode
from notifier.domain.pausing import Pause
from notifier.domain.roster import DUTY_DESK, Office, Person, Post, Presence, Shift, Unit
from notifier.domain.wall import OpenMatter, by_urgency
from notifier.engine.access.guard import SeenUnits
from notifier.engine.parts import Parts
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx

AHEAD = timedelta(hours=24)
LINES_SHOWN = 10
PASSED = ("handed_over", "on_post", "off_post", "relieved")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPost:
    """A desk's post: who is there, and whose turns they are. ``next`` begins within a day."""

    post: Post
    there: tuple[Presence, ...]
    running: tuple[Shift, ...]
    next: Shift | None

    @property
    def people(self) -> frozenset[PersonId]:
        """Everybody who is there."""
        return frozenset(presence.person for presence in self.there)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """One desk. ``held`` is open and in the hands of who is there, ``unheld`` open and in nobody's.

    ``to_take`` is what the reader, who has come to the desk, could take over now. ``candidates`` are those
    who might follow; ``lines`` tell who came and went, the newest first.
    """

    desk: DeskPost
    offices: tuple[Office, ...]
    held: tuple[OpenMatter, ...]
    unheld: tuple[OpenMatter, ...]
    to_take: int
    candidates: tuple[PersonId, ...]
    lines: tuple[JournalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """All the desks in reach, the one looked at, and all pauses in reach that stand."""

    at: datetime
    desks: tuple[DeskPost, ...]
    view: DeskView | None
    pauses: tuple[Pause, ...]
    posts: Mapping[PostCode, Post]
    units: Mapping[UnitCode, Unit]
    people: Mapping[PersonId, Person]


async def read_desks(
    parts: Parts, tx: Tx, seen: SeenUnits, wanted: str | None, reader: PersonId, now: datetime
) -> Desks:
    """The desks of the units ``seen``; ``wanted`` is a post's code, else that of the reader or the first."""
    posts = {post.code: post for kept in (await tx.outlook.posts()).values() for post in kept}
    codes = [code for code, post in posts.items() if post.kind == DUTY_DESK and post.unit in seen]
    desks = await _desks(tx, [posts[code] for code in codes], now)
    desk = _looked_at(desks, wanted, reader)
    view = await _read_one(parts, tx, desk, seen, reader, now) if desk else None
    pauses = tuple(pause for pause in await tx.pauses.standing(now) if _is_seen(pause, posts, seen))
    named = {*_named(desks), *_named_in(view), *(pause.by for pause in pauses if pause.by)}
    return Desks(
        at=now,
        desks=tuple(desks),
        view=view,
        pauses=pauses,
        posts=posts,
        units=await tx.roster.units(),
        people=await tx.roster.people(named),
    )


async def _desks(tx: Tx, posts: Sequence[Post], now: datetime) -> list[DeskPost]:
    codes = [post.code for post in posts]
    there = [row.presence for row in await tx.walls.there(codes)] if codes else []
    shifts = await tx.outlook.shifts(codes, now, now + AHEAD)
    return [
        DeskPost(
            post=post,
            there=tuple(presence for presence in there if presence.post == post.code),
            running=tuple(s for s in shifts if s.post == post.code and s.start <= now < s.end),
            next=next((s for s in shifts if s.post == post.code and s.start > now), None),
        )
        for post in posts
    ]


def _looked_at(desks: Sequence[DeskPost], wanted: str | None, reader: PersonId) -> DeskPost | None:
    by_code = {str(desk.post.code): desk for desk in desks}
    own = next((desk for desk in desks if reader in desk.people), None)
    return by_code.get(wanted or "") or own or next(iter(desks), None)


async def _read_one(
    parts: Parts, tx: Tx, desk: DeskPost, seen: SeenUnits, reader: PersonId, now: datetime
) -> DeskView:
    below = (await tx.roster.below(desk.post.unit)) & seen
    matters = by_urgency(matter for matter in await tx.walls.open_matters() if matter.unit in below)
    offices = [office for office in await tx.roster.offices_of(desk.post.unit) if office.title == DUTY_DESK]
    own = next((presence for presence in desk.there if presence.person == reader), None)
    shift = await tx.shifts.get(own.shift) if own else None
    to_take = await parts.handover.to_take_over(tx, desk.post, shift, reader, now) if shift else []
    lines = await tx.journal.recent(LINES_SHOWN, units=[desk.post.unit], events=PASSED)
    return DeskView(
        desk=desk,
        offices=tuple(offices),
        held=tuple(matter for matter in matters if matter.holder in desk.people),
        unheld=tuple(matter for matter in matters if matter.holder is None),
        to_take=len(to_take),
        candidates=tuple(_candidates(desk, offices)),
        lines=tuple(line for line in lines if (line.subject or "").startswith(f"{desk.post.code} ")),
    )


def _candidates(desk: DeskPost, offices: Iterable[Office]) -> Iterable[PersonId]:
    """Those of the next shift, then those of the running one, then who keeps the desk's office."""
    following = [
        *(desk.next.people if desk.next else ()),
        *(p for shift in desk.running for p in shift.people),
    ]
    following += [person for office in offices for person in (office.acting, office.person) if person]
    return (person for person in dict.fromkeys(following) if person not in desk.people)


def _is_seen(pause: Pause, posts: Mapping[PostCode, Post], seen: SeenUnits) -> bool:
    post = posts.get(pause.post) if pause.post else None
    return (post.unit if post else pause.unit) in seen


def _named(desks: Iterable[DeskPost]) -> Iterable[PersonId]:
    for desk in desks:
        yield from desk.people
        yield from (person for shift in desk.running for person in shift.people)
        yield from desk.next.people if desk.next else ()


def _named_in(view: DeskView | None) -> set[PersonId]:
    if view is None:
        return set()
    named: set[PersonId | None] = {*view.candidates}
    named |= {person for office in view.offices for person in (office.person, office.acting)}
    named |= {matter.holder for matter in view.held}
    # Who it was handed to is named in the reason, among people who stand above already.
    named |= {line.person for line in view.lines}
    return {person for person in named if person}
