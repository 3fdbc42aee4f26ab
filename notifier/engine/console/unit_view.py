"""One unit as its page shows it: who stands where, who would be called, what is open, what was done today."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from notifier.domain.case import Place
from notifier.domain.chain import CALLED_BEFORE, read_chain
from notifier.domain.holdings import OfficeRecord
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.pausing import Pause, pause_of
from notifier.domain.policy import ROSTERED, Checklist, Kind
from notifier.domain.presence import on_post
from notifier.domain.roster import ChannelName, Contact, Lineage, Office, Person, Post, Presence, Shift, Unit
from notifier.domain.sheet import Sheet
from notifier.domain.wall import OpenMatter, by_urgency
from notifier.engine.console.coming import announced_of, seats_of
from notifier.engine.station import Station
from notifier.store.rows import JournalLine, PresenceRow
from notifier.store.tx import Tx

AHEAD = timedelta(hours=18)
"""Shifts that begin within so long of now are tonight's."""
SHEETS_BACK = timedelta(days=7)
SHEETS_SHOWN, LINES_SHOWN = 100, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One shift of a post. ``away`` are those of its people who are on leave."""

    shift: Shift
    away: frozenset[PersonId]
    runs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post tonight: who is there, who is kept on, whose turn it is, and what keeps it quiet."""

    post: Post
    there: tuple[Presence, ...]
    kept_on: tuple[Presence, ...]
    turns: tuple[Turn, ...]
    pause: Pause | None

    @property
    def missing(self) -> int:
        """How many more it takes now; 0 while nobody is expected there."""
        if self.pause is not None or not any(turn.runs for turn in self.turns):
            return 0
        return max(0, self.post.headcount - len(on_post(self.post, self.there)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody of the unit, and by what he is reached. ``mute``: he can be told, and cannot answer."""

    person: Person
    channels: tuple[ChannelName, ...]
    mute: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitView:
    """All that the page says. ``path`` runs from the unit up to the root; ``people`` are all who are named.

    ``chain`` is who would be called for an empty post, behind those rostered, in order. ``coming`` is what is
    settled of its offices and has not begun.
    """

    at: datetime
    path: tuple[Unit, ...]
    posts: tuple[PostView, ...]
    chain: tuple[Place, ...]
    offices: tuple[Office, ...]
    coming: tuple[OfficeRecord, ...]
    matters: tuple[OpenMatter, ...]
    sheets: tuple[Sheet, ...]
    checklists: Mapping[str, Checklist]
    members: tuple[Member, ...]
    lines: tuple[JournalLine, ...]
    pauses: tuple[Pause, ...]
    people: Mapping[PersonId, Person]

    @property
    def unit(self) -> Unit:
        """The unit itself."""
        return self.path[0]


async def read_unit(station: Station, tx: Tx, unit: UnitCode, now: datetime) -> UnitView:
    """The unit for somebody who may see it: a fixed number of statements, however many people it has."""
    posts = await tx.roster.posts_of(unit)
    turns = await _turns(tx, [post.code for post in posts], now)
    there = await tx.walls.there([post.code for post in posts])
    rostered = {person for turn in turns for person in turn.shift.people}
    lineage = await station.lineage(tx, unit, now, also=rostered)
    above = {one.code for one in lineage.units}
    codes = {post.code for post in posts}
    pauses = [p for p in await tx.pauses.standing(now) if p.unit in above or p.post in codes]
    settings = await station.rules.current(tx)
    chain = read_chain(
        settings.policy(Kind.UNSTAFFED).steps, lineage, tuple(rostered), now=now, zone=station.zone
    )
    sheets = await tx.walls.sheets_since(unit, now - SHEETS_BACK, SHEETS_SHOWN)
    lines = await tx.walls.lines_since(unit, _midnight(station, now), LINES_SHOWN)
    members = await members_among(station, tx, await tx.roster.people_of(unit))
    matters = by_urgency(await tx.walls.open_matters(unit))
    coming = await announced_of(tx, seats_of(lineage.offices_of(unit)), now)
    named = {*rostered, *_named(chain.places, there, sheets, lines, pauses, matters)}
    named |= {record.person for record in coming if record.person}
    return UnitView(
        at=now,
        path=lineage.units,
        posts=tuple(_post_view(post, turns, there, above, pauses, now) for post in posts),
        chain=tuple(p for p in chain.places if p.title != ROSTERED and p.reason != CALLED_BEFORE),
        offices=tuple(lineage.offices_of(unit)),
        coming=coming,
        matters=tuple(matters),
        sheets=tuple(sheets),
        checklists={checklist.id: checklist for checklist in settings.checklists},
        members=members,
        lines=tuple(lines),
        pauses=tuple(pauses),
        people=await _people(tx, lineage, members, named),
    )


async def trail_of(station: Station, tx: Tx, unit: UnitCode, now: datetime) -> tuple[int, int]:
    """Changes whenever anything is written down about that unit today. Compare, do not read."""
    return await tx.walls.trail(unit, _midnight(station, now))


async def _turns(tx: Tx, codes: Collection[PostCode], now: datetime) -> list[Turn]:
    shifts = await tx.outlook.shifts(codes, now, now + AHEAD)
    away: Mapping[ShiftKey, frozenset[PersonId]] = await tx.outlook.leaves([shift.key for shift in shifts])
    return [
        Turn(shift=shift, away=away.get(shift.key, frozenset()), runs=shift.start <= now < shift.end)
        for shift in shifts
    ]


def _post_view(
    post: Post,
    turns: Iterable[Turn],
    there: Iterable[PresenceRow],
    above: Collection[UnitCode],
    pauses: Iterable[Pause],
    now: datetime,
) -> PostView:
    own = [row for row in there if row.presence.post == post.code]
    return PostView(
        post=post,
        there=tuple(row.presence for row in own if not row.is_kept_on),
        kept_on=tuple(row.presence for row in own if row.is_kept_on),
        turns=tuple(turn for turn in turns if turn.shift.post == post.code),
        pause=pause_of(post.code, above, pauses, now),
    )


async def members_among(station: Station, tx: Tx, people: Sequence[Person]) -> tuple[Member, ...]:
    """How each of those people is reached, in their order."""
    reach = station.reach
    contacts = await tx.contacts.usable(
        [person.id for person in people], channels=reach.channels, accounts=reach.telegram
    )
    return tuple(
        Member(
            person=person,
            channels=_channels(contacts[person.id]),
            mute=reach.is_mute(contacts[person.id]),
        )
        for person in people
    )


def _channels(contacts: Sequence[Contact]) -> tuple[ChannelName, ...]:
    """By what somebody is reached, each once, Telegram first."""
    return tuple(name for name in ChannelName if any(contact.channel is name for contact in contacts))


async def _people(
    tx: Tx, lineage: Lineage, members: Iterable[Member], named: Collection[PersonId]
) -> dict[PersonId, Person]:
    known = {**lineage.people, **{member.person.id: member.person for member in members}}
    return known | await tx.roster.people([person for person in named if person not in known])


def _named(
    chain: Iterable[Place],
    there: Iterable[PresenceRow],
    sheets: Iterable[Sheet],
    lines: Iterable[JournalLine],
    pauses: Iterable[Pause],
    matters: Iterable[OpenMatter],
) -> Iterable[PersonId]:
    people: list[PersonId | None] = [place.person for place in chain]
    people += [person for row in there for person in (row.presence.person, row.presence.by)]
    people += [person for sheet in sheets for person in (sheet.signer, sheet.verifier)]
    people += [line.person for line in lines]
    people += [pause.by for pause in pauses]
    people += [matter.holder for matter in matters]
    return {person for person in people if person}


def _midnight(station: Station, now: datetime) -> datetime:
    """When the civil day of ``now`` began."""
    day = now.astimezone(station.zone).date()
    return datetime.combine(day, time(), station.zone)
