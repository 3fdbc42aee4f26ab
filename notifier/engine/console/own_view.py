"""What somebody owes himself: his shifts, what he was asked and how to answer, his lists, and his hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.policy import Checklist
from notifier.domain.roster import Person, Post, Presence, Shift, Unit
from notifier.domain.sheet import Sheet
from notifier.engine.intake.facts import Facts
from notifier.engine.intake.standing import Standing, Standings
from notifier.engine.parts import Parts
from notifier.store.rows import PresenceRow
from notifier.store.tx import Tx

AHEAD = timedelta(days=14)
SHEETS_BACK = timedelta(days=7)
HOURS_BACK = timedelta(days=30)
SHEETS_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnShift:
    """A shift that he stands. ``away``: he is on leave from it; ``there``: he is on post for it now."""

    shift: Shift
    post: Post | None
    away: bool
    there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAsk:
    """What he was asked and has not answered: his number of it, what it is, and the word that answers it."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDuties:
    """All of it. ``served`` is how long he was on post in the last 30 days, in ``turns`` spells."""

    at: datetime
    shifts: tuple[OwnShift, ...]
    asks: tuple[OwnAsk, ...]
    sheets: tuple[Sheet, ...]
    checklists: Mapping[str, Checklist]
    units: Mapping[UnitCode, Unit]
    people: Mapping[PersonId, Person]
    served: timedelta
    turns: int


async def read_own(parts: Parts, tx: Tx, person: Person, locale: str, now: datetime) -> OwnDuties:
    """That person's own duties, in a language."""
    shifts = await tx.shifts.of_person(person.id, now, now + AHEAD)
    posts = await tx.roster.posts({shift.post for shift in shifts})
    sheets = await tx.sheets.of_signer(person.id, now - SHEETS_BACK, SHEETS_SHOWN)
    to_verify = await tx.sheets.to_verify(person.id)
    there = await tx.presences.of_person(person.id)
    on_leave = await tx.shifts.on_leave([shift.key for shift in shifts])
    spells = [row.presence for row in await tx.presences.lately_of(person.id, now - HOURS_BACK)]
    settings = await parts.station.rules.current(tx)
    listed = (*sheets, *(sheet for sheet in to_verify if sheet not in sheets))
    named = {sheet.signer for sheet in listed} | {sheet.verifier for sheet in listed if sheet.verifier}
    return OwnDuties(
        at=now,
        shifts=tuple(_own(shifts, posts, person.id, on_leave, there.presence if there else None)),
        asks=tuple(await _asks(parts, tx, replace(person, locale=locale), there, now)),
        sheets=listed,
        checklists={checklist.id: checklist for checklist in settings.checklists},
        units=await tx.roster.units_named(_units(posts.values(), listed)),
        people=await tx.roster.people(named),
        served=_served(spells, now),
        turns=len(spells),
    )


def _own(
    shifts: Iterable[Shift],
    posts: Mapping[PostCode, Post],
    person: PersonId,
    on_leave: set[tuple[PersonId, ShiftKey]],
    there: Presence | None,
) -> Iterable[OwnShift]:
    for shift in shifts:
        yield OwnShift(
            shift=shift,
            post=posts.get(shift.post),
            away=(person, shift.key) in on_leave,
            there=there is not None and there.shift == shift.key,
        )


async def _asks(
    parts: Parts, tx: Tx, person: Person, there: PresenceRow | None, now: datetime
) -> list[OwnAsk]:
    """All but the shift that he is on post for: what there is to say of that, nobody waits for."""
    facts = Facts(parts)
    standings = await Standings(parts).told(tx, person, now)
    return [
        OwnAsk(number=standing.view.number, text=await facts.hint(tx, standing, now))
        for standing in standings
        if standing.view.asks and not _is_kept(standing, there)
    ]


def _is_kept(standing: Standing, there: PresenceRow | None) -> bool:
    return standing.shift is not None and there is not None and there.presence.shift == standing.shift.key


def _served(spells: Iterable[Presence], now: datetime) -> timedelta:
    """Only what lies in the time looked at."""
    begin = now - HOURS_BACK
    return sum(((own.until or now) - max(own.since, begin) for own in spells), timedelta())


def _units(posts: Iterable[Post], sheets: Iterable[Sheet]) -> set[UnitCode]:
    return {post.unit for post in posts} | {sheet.unit for sheet in sheets}
