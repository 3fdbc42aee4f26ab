"""The hours ahead and the day past of every unit, read a few units at a time so that nobody waits for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain.case import Case
from notifier.domain.coverage import (
    HOURS_OVER,
    Candidates,
    View,
    Weakness,
    find_weaknesses,
    not_in_post,
    with_stand_ins,
)
from notifier.domain.digest import (
    DIGEST_SPAN,
    MISSED_OVER,
    NEARLY_OVER,
    Turn,
    UnitReport,
    is_listed_apart,
    readers_of,
)
from notifier.domain.gaps import LOOK_BACK
from notifier.domain.ids import PersonId, PostCode, ShiftKey, UnitCode
from notifier.domain.policy import CASE_KINDS, Settings
from notifier.domain.roster import Lineage, Post, Shift, Unit, UnitKind
from notifier.domain.sheet import Sheet, SheetState
from notifier.engine.station import Station
from notifier.store.rows import CaseFilter, LineageQuery
from notifier.store.tx import Tx

UNITS_AT_ONCE = 20
"""Units read in one transaction, and in one breath."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be read: coverage, as far ``ahead`` (None: not at all); ``day``: what digests say."""

    ahead: timedelta | None = None
    day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _City:
    """What is read once, however many units there are."""

    units: Mapping[UnitCode, Unit]
    posts: Mapping[UnitCode, tuple[Post, ...]]
    settings: Settings


async def survey(station: Station, wanted: Wanted, now: datetime) -> list[UnitReport]:
    """What is to be said at ``now`` about every unit, in order of code."""
    async with station.db.read() as tx:
        city = _City(
            units=await tx.roster.units(),
            posts=await tx.outlook.posts(),
            settings=await station.rules.current(tx),
        )
    codes = sorted(city.units)
    reports: list[UnitReport] = []
    for first in range(0, len(codes), UNITS_AT_ONCE):
        async with station.db.read() as tx:
            batch = _Batch(station, tx, city, codes[first : first + UNITS_AT_ONCE], wanted, now)
            reports += await batch.read()
    return reports


class _Batch:
    """A few units, read together."""

    def __init__(
        self,
        station: Station,
        tx: Tx,
        city: _City,
        codes: Sequence[UnitCode],
        wanted: Wanted,
        now: datetime,
    ) -> None:
        self._station = station
        self._tx = tx
        self._city = city
        self._codes = codes
        self._wanted = wanted
        self._now = now
        self._until = now + max(wanted.ahead or timedelta(), DIGEST_SPAN + NEARLY_OVER)
        self._shifts: dict[PostCode, list[Shift]] = {}
        self._away: dict[ShiftKey, frozenset[PersonId]] = {}

    async def read(self) -> list[UnitReport]:
        """One report for each unit."""
        await self._read_shifts()
        lineages = await self._lineages()
        reports = [self._begin(lineage) for lineage in lineages]
        if self._wanted.ahead is not None:
            reports = await self._with_coverage(reports, lineages)
        if self._wanted.day:
            reports = await self._with_day(reports)
        return await self._with_people(reports)

    def _posts(self, unit: UnitCode) -> tuple[Post, ...]:
        return self._city.posts.get(unit, ())

    async def _read_shifts(self) -> None:
        posts = [post.code for unit in self._codes for post in self._posts(unit)]
        ahead = await self._tx.outlook.shifts(posts, self._now, self._until)
        self._away = await self._tx.outlook.leaves([shift.key for shift in ahead])
        for shift in ahead:
            self._shifts.setdefault(shift.post, []).append(shift)

    async def _lineages(self) -> list[Lineage]:
        reach = self._station.reach
        queries = [LineageQuery(unit=unit, also=self._rostered(unit)) for unit in self._codes]
        found = await self._tx.roster.lineages(
            queries, channels=reach.channels, accounts=reach.telegram, now=self._now
        )
        return [lineage for lineage in found if lineage is not None]

    def _rostered(self, unit: UnitCode) -> tuple[PersonId, ...]:
        shifts = [shift for post in self._posts(unit) for shift in self._shifts.get(post.code, ())]
        return tuple(dict.fromkeys(person for shift in shifts for person in shift.people))

    def _begin(self, lineage: Lineage) -> UnitReport:
        town = next((unit for unit in lineage.units if unit.kind is not UnitKind.VILLAGE), lineage.unit)
        posts = {post.code: post for post in self._posts(lineage.unit.code)}
        readers = readers_of(lineage, self._now)
        return UnitReport(unit=lineage.unit, town=town, readers=readers, posts=posts)

    # ── coverage ─────────────────────────────────────────────────────────────────────────────────

    async def _with_coverage(
        self, reports: Sequence[UnitReport], lineages: Sequence[Lineage]
    ) -> list[UnitReport]:
        posts = [post.code for unit in self._codes for post in self._posts(unit)]
        past: dict[PostCode, list[Shift]] = {}
        for shift in await self._tx.outlook.past_shifts(posts, self._now - LOOK_BACK, self._now):
            past.setdefault(shift.post, []).append(shift)
        holders = {seat.person for lineage in lineages for seat in lineage.offices if seat.person}
        lost = await self._tx.outlook.silenced(holders, self._station.reach.telegram)
        found = {
            lineage.unit.code: find_weaknesses(replace(self._view(lineage, past), lost=lost))
            for lineage in lineages
        }
        absent = frozenset[PersonId]().union(*(not_in_post(lineage, self._now) for lineage in lineages))
        found = await self._with_stand_ins(found, absent)
        return [replace(report, weaknesses=found[report.unit.code]) for report in reports]

    def _view(self, lineage: Lineage, past: Mapping[PostCode, Sequence[Shift]]) -> View:
        station, posts = self._station, self._posts(lineage.unit.code)
        mute = [person for person, contacts in lineage.contacts.items() if station.reach.is_mute(contacts)]
        return View(
            lineage=lineage,
            now=self._now,
            until=self._now + (self._wanted.ahead or timedelta()),
            zone=station.zone,
            steps={kind: self._city.settings.policy(kind).steps for kind in CASE_KINDS},
            posts=posts,
            shifts={p.code: (*past.get(p.code, ()), *self._shifts.get(p.code, ())) for p in posts},
            away=self._away,
            mute=frozenset(mute),
        )

    async def _with_stand_ins(
        self, found: Mapping[UnitCode, tuple[Weakness, ...]], absent: frozenset[PersonId]
    ) -> dict[UnitCode, tuple[Weakness, ...]]:
        members = await self._tx.outlook.members([unit for unit, weaknesses in found.items() if weaknesses])
        everybody = [person for people in members.values() for person in people]
        station = self._station
        reach = station.reach
        contacts = await self._tx.contacts.usable(everybody, channels=reach.channels, accounts=reach.telegram)
        able = {p for p, own in contacts.items() if own and not reach.is_mute(own)} - absent
        busy = await self._tx.outlook.duties(able, self._now - HOURS_OVER, self._until)
        away = await self._tx.outlook.absences(able, self._now, self._until)
        candidates = {
            unit: Candidates(
                people=tuple(person for person in people if person in able),
                busy=busy,
                now=self._now,
                away=away,
            )
            for unit, people in members.items()
        }
        nobody = Candidates(people=(), busy={}, now=self._now)
        return {
            unit: tuple(with_stand_ins(weakness, candidates.get(unit, nobody)) for weakness in weaknesses)
            for unit, weaknesses in found.items()
        }

    # ── the day ──────────────────────────────────────────────────────────────────────────────────

    async def _with_day(self, reports: Sequence[UnitReport]) -> list[UnitReport]:
        tx, codes, now = self._tx, self._codes, self._now
        open_ids = await tx.cases.open_ids(codes)
        opened = await tx.cases.listing(CaseFilter(ids=tuple(open_ids))) if open_ids else []
        missed = await tx.outlook.missed(codes, now - MISSED_OVER, now)
        lists = await tx.outlook.unfinished_lists(codes, now)
        return [
            replace(
                report,
                turns=tuple(self._turns(report.unit.code)),
                open_cases=_of(report, [case for case in opened if not is_listed_apart(case)]),
                missed=_of(report, missed),
                unsigned=_lists_of(report, [one for one in lists if one.wants_signature]),
                unverified=_lists_of(report, [one for one in lists if one.state is SheetState.SIGNED]),
            )
            for report in reports
        ]

    def _turns(self, unit: UnitCode) -> Iterable[Turn]:
        start, end = self._now + NEARLY_OVER, self._now + NEARLY_OVER + DIGEST_SPAN
        for post in self._posts(unit):
            for shift in self._shifts.get(post.code, ()):
                if shift.start < end and shift.end > start:
                    away = self._away.get(shift.key, frozenset())
                    people = tuple(person for person in shift.people if person not in away)
                    missing = max(post.headcount - len(people), 0)
                    yield Turn(shift=shift, post=post, people=people, missing=missing)

    # ── names ────────────────────────────────────────────────────────────────────────────────────

    async def _with_people(self, reports: Sequence[UnitReport]) -> list[UnitReport]:
        named = {report.unit.code: set(_named(report)) for report in reports}
        people = await self._tx.roster.people(set().union(*named.values()))
        return [
            replace(report, people={p: people[p] for p in named[report.unit.code] if p in people})
            for report in reports
        ]


def _of(report: UnitReport, cases: Iterable[Case]) -> tuple[Case, ...]:
    return tuple(case for case in cases if case.unit == report.unit.code)


def _lists_of(report: UnitReport, sheets: Iterable[Sheet]) -> tuple[Sheet, ...]:
    return tuple(sheet for sheet in sheets if sheet.unit == report.unit.code)


def _named(report: UnitReport) -> Iterable[PersonId]:
    for weakness in report.weaknesses:
        yield from (*weakness.people, *weakness.stand_ins)
    for turn in report.turns:
        yield from turn.people
    for case in report.open_cases:
        if case.holder:
            yield case.holder
    for sheet in (*report.unsigned, *report.unverified):
        yield sheet.signer
        if sheet.verifier:
            yield sheet.verifier
