"""What the rotas would bring in the days ahead, with everything that is wrong with it; changes nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from notifier.domain.ids import PersonId, PostCode, ShiftKey
from notifier.domain.policy import Kind, Settings
from notifier.domain.roster import Person, Post, Shift
from notifier.domain.rota import Rota, civil_moment, expand_rotas, only_known
from notifier.domain.rota_review import Review, Span, review_roster
from notifier.domain.times import DAY
from notifier.engine.parts import Parts
from notifier.engine.reloading import merged
from notifier.engine.rotas import ROTAS, calendar_for, need_calendar
from notifier.engine.station import Station
from notifier.errors import InputError
from notifier.files import Known, RosterFiles, parse_rotas, read_roster, read_rotas_file, read_settings
from notifier.store.shift_import import FILE, ShiftPlan, Stored, compare_file, compare_rotas

_BEFORE = timedelta(days=2)
"""How long before the days shown a shift may start that reaches into them, or whose rest does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaPreview:
    """The roster of some days, as it will stand once the rotas are carried out.

    ``filed`` are the shifts that shifts.csv brings. ``unrostered`` are posts without any shift in these
    days, ``ending`` those whose rota ends in them, with its last day. ``unknown_years`` are years whose
    make-up workdays a rota needs and nobody has told.
    """

    span: Span
    days: int
    posts: Mapping[PostCode, Post]
    people: Mapping[PersonId, Person]
    review: Review
    rest: timedelta
    filed: frozenset[ShiftKey]
    unrostered: tuple[PostCode, ...]
    ending: Mapping[PostCode, date]
    unknown_years: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """What a preview is made from."""

    settings: Settings
    rotas: tuple[Rota, ...]
    filed: Sequence[Shift]
    posts: Mapping[PostCode, Post]
    people: Mapping[PersonId, Person]
    stored: Mapping[ShiftKey, Stored]
    arrived: frozenset[ShiftKey]


async def preview_rotas(parts: Parts, source: Path | None, first: date, days: int) -> RotaPreview:
    """The roster of ``days`` civil days from ``first`` on.

    ``source`` is a rotas.yaml, or a folder or spreadsheet as `import` takes it, to be tried before it is
    imported, with the policies and the calendar of a folder that has them; None is what is in force. Raises
    FileRefused with every bad place, InputError where there is no rota at all.
    """
    station = parts.station
    now = station.now()
    span = _midnight(first, station), _midnight(first + timedelta(days=days), station)
    basis = await _read(station, source, min(now, span[0]) - _BEFORE, span[1])
    since = min(first, now.astimezone(station.zone).date())
    last = first + timedelta(days=days - 1)
    calendar = calendar_for(basis.rotas, basis.settings, since, last)
    wanted = expand_rotas(basis.rotas, station.zone, since - DAY, last, calendar)
    standing = _carried_out(basis, wanted, span[1], now)
    rest = basis.settings.policy(Kind.UNSTAFFED).rest
    review = review_roster(
        [known.shift for known in standing.values()],
        basis.posts,
        wanted=wanted,
        left_out=expand_rotas([_without_exceptions(rota) for rota in basis.rotas], station.zone, since, last),
        span=span,
        rest=rest,
    )
    return RotaPreview(
        span=span,
        days=days,
        posts=basis.posts,
        people=basis.people,
        review=review,
        rest=rest,
        filed=frozenset(key for key, known in standing.items() if known.source == FILE),
        unrostered=tuple(sorted(basis.posts.keys() - {shift.post for shift in review.shifts})),
        ending=_ending(basis.rotas, first, last),
        unknown_years=tuple(calendar.unknown_years([first, last]) if need_calendar(basis.rotas) else ()),
    )


async def _read(station: Station, source: Path | None, start: datetime, end: datetime) -> _Basis:
    async with station.db.read() as tx:
        settings = await station.rules.current(tx)
        text = await tx.settings.document(ROTAS)
        told = await tx.imports.export()
        stored, arrived = await tx.imports.stored_shifts(start, end, station.now())
    known = Known(
        units=frozenset(unit.code for unit in told.units or ()),
        people=frozenset(person.id for person in told.people or ()),
        posts=frozenset(post.code for post in told.posts or ()),
    )
    files = await asyncio.to_thread(_files, source, text, known, station)
    settings = await asyncio.to_thread(_with_settings_of, source, settings, station)
    posts = files.posts if files.posts is not None else told.posts or ()
    people = told.people or () if files.people is None else [row.person for row in files.people]
    return _Basis(
        settings=settings,
        rotas=only_known(files.rotas or (), {post.code for post in posts}, {one.id for one in people}),
        filed=files.shifts or (),
        posts={post.code: post for post in posts},
        people={person.id: person for person in people},
        stored=stored,
        arrived=arrived,
    )


def _with_settings_of(source: Path | None, settings: Settings, station: Station) -> Settings:
    """The settings as an import of a folder leaves them: a file that is absent changes nothing."""
    if source is None or not source.is_dir():
        return settings
    return merged(settings, read_settings(source, zone=station.zone, version=0).sources, station)


def _files(source: Path | None, text: str | None, known: Known, station: Station) -> RosterFiles:
    """What ``source`` says; the rotas in force where it says nothing of them."""
    if source is not None and source.suffix.lower() in (".yaml", ".yml"):
        return RosterFiles(rotas=read_rotas_file(source, posts=known.posts, people=known.people))
    files = RosterFiles()
    if source is not None:
        files = read_roster(source, zone=station.zone, known=known, locale=station.locale)
    if files.rotas is not None:
        return files
    if text is None:
        raise InputError("there is no rota yet; run `notifier import DIR`, or name a rotas.yaml")
    return replace(files, rotas=parse_rotas(text))


def _carried_out(
    basis: _Basis, wanted: Sequence[Shift], until: datetime, now: datetime
) -> dict[ShiftKey, Stored]:
    """The shifts that stand once the files are taken in and the rotas planned, by the planner's own rules."""
    standing = dict(basis.stored)
    if basis.filed:
        _take(standing, compare_file(standing, basis.filed, now))
    _take(standing, compare_rotas(standing, wanted, basis.arrived, until, now))
    return {key: known for key, known in standing.items() if not known.cancelled}


def _take(standing: dict[ShiftKey, Stored], plan: ShiftPlan) -> None:
    for shift in (*plan.added, *plan.changed):
        standing[shift.key] = Stored(shift, plan.source, cancelled=False)
    for key in plan.cancelled:
        standing[key] = replace(standing[key], cancelled=True)


def _midnight(day: date, station: Station) -> datetime:
    return civil_moment(day, time(), station.zone)


def _without_exceptions(rota: Rota) -> Rota:
    return replace(rota, kinds=frozenset(), moved={})


def _ending(rotas: Sequence[Rota], first: date, last: date) -> dict[PostCode, date]:
    """The posts whose last rota ends in these days, each with its last day."""
    ends: dict[PostCode, date] = {}
    for rota in rotas:
        ends[rota.post] = max(ends.get(rota.post, date.min), rota.last or date.max)
    return {post: end for post, end in ends.items() if first <= end <= last}
