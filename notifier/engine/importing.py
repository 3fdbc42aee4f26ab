"""Roster and settings taken in from files: all of what they say, or nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from notifier.domain.policy import Settings
from notifier.engine.departing import refuse_departures
from notifier.engine.parts import Parts
from notifier.engine.reloading import merged
from notifier.engine.rotas import ROTAS
from notifier.engine.station import Station
from notifier.engine.taking_in import Change, finish_released, take_in
from notifier.errors import FileRefused, Finding, InputError
from notifier.files import (
    Known,
    PersonRow,
    RosterFiles,
    Unlink,
    policy_warnings,
    read_roster,
    read_settings,
)
from notifier.files.phones import HOME_COUNTRY
from notifier.files.roster import TABLES
from notifier.store.row_changes import RowChanges, fingerprint, first_of_each
from notifier.store.rows import ImportResult, LinkOrder, RosterTables
from notifier.store.tx import Tx

TRIES = 10
"""How often an import is compared anew because somebody else has changed the roster meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import changed, or with ``dry_run`` would change.

    ``warnings`` are one line each, ``odd`` those of them that are a place in a file. ``settings`` is the
    version now in force where the import made one. ``rows`` are the first rows that would change and
    ``fingerprint`` stands for all of them; both are only there where nothing was changed.
    """

    result: ImportResult
    dry_run: bool
    rotas_changed: bool = False
    settings_changed: bool = False
    settings: int | None = None
    warnings: tuple[str, ...] = ()
    odd: tuple[Finding, ...] = ()
    rows: RowChanges = field(default_factory=dict)
    fingerprint: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed at all."""
        return self.result.is_empty and not self.rotas_changed and not self.settings_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What somebody has seen and wants done: the changes of that fingerprint, or none.

    ``decided`` is called in the transaction that decides on them, with what they are.
    """

    fingerprint: str
    decided: Callable[[ImportReport, Tx], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Everything that the files say, read and found good."""

    roster: RosterFiles
    texts: Mapping[str, str]


async def import_roster(
    parts: Parts, source: Path, *, dry_run: bool = False, agreed: Agreed | None = None
) -> ImportReport:
    """Take in a folder or a spreadsheet; running programs plan it at once.

    Settings files beside the tables come into force with them; a settings file that is absent changes
    nothing. With ``agreed``, changes other than those are not made: the report is a dry run's then. Raises
    FileRefused with every bad place, and then nothing has changed; InputError when others change the roster
    again and again.
    """
    station = parts.station
    for _ in range(TRIES):
        await finish_released(station)
        change, report = await _compare(station, source)
        if dry_run or agreed:
            shown = await asyncio.to_thread(_row_by_row, change, report)
            if agreed is None or shown.fingerprint != agreed.fingerprint:
                return shown
            change = replace(change, decided=partial(agreed.decided, report))
        elif report.is_empty:
            return report
        if await take_in(station, change):
            return replace(report, settings=await _version(station))
    raise InputError("others keep changing the roster; import this again when they are done")


async def _compare(station: Station, source: Path) -> tuple[Change, ImportReport]:
    """Read the files and hold them against what is in force, keeping nobody from writing."""
    async with station.db.read() as tx:
        known = await tx.imports.known()
        before = await station.rules.current(tx)
        rotas = await tx.settings.document(ROTAS)
    names = Known(units=known.units, people=known.people, posts=known.posts, named=known.named)
    given = await asyncio.to_thread(_read, source, names, before, station)
    told, account = await asyncio.to_thread(_told, given.roster), next(iter(station.reach.telegram), "")
    async with station.db.read() as tx:
        planned = await tx.imports.plan(told, now=station.now(), default_account=account)
        await refuse_departures(station, tx, planned, given.roster, kept_rotas=rotas or "")
    settings, text = merged(before, given.texts, station), given.roster.rotas_text
    report = ImportReport(
        result=await asyncio.to_thread(lambda: planned.result),
        dry_run=False,
        rotas_changed=text is not None and text != rotas,
        settings_changed=settings.sources != before.sources,
        warnings=_warnings(given, settings),
        odd=given.roster.warnings,
    )
    return Change(planned=planned, settings=settings.sources if given.texts else None, rotas=text), report


def _row_by_row(change: Change, report: ImportReport) -> ImportReport:
    rows = list(change.planned.rows())
    documents = [change.rotas if report.rotas_changed else None]
    documents += [f"{name}\n{text}" for name, text in sorted((change.settings or {}).items())]
    return replace(report, dry_run=True, rows=first_of_each(rows), fingerprint=fingerprint(rows, *documents))


async def _version(station: Station) -> int:
    async with station.db.read() as tx:
        return (await station.rules.current(tx)).version


def _read(source: Path, known: Known, settings: Settings, station: Station) -> _Source:
    """Read everything, so that one refusal names every bad place of roster and settings together."""
    findings: list[Finding] = []
    texts: Mapping[str, str] = {}
    roster = RosterFiles()
    try:
        if source.is_dir():
            texts = read_settings(source, zone=station.zone, version=0).sources
    except FileRefused as refused:
        findings += refused.findings
    try:
        if not (texts and _has_no_roster(source)):
            roster = read_roster(
                source,
                zone=station.zone,
                known=known,
                country=_country(texts, settings, station),
                locale=station.locale,
            )
    except FileRefused as refused:
        findings += refused.findings
    if findings:
        raise FileRefused(tuple(findings))
    return _Source(roster=roster, texts=texts)


def _has_no_roster(folder: Path) -> bool:
    names = [*(f"{table}.csv" for table in TABLES), ROTAS]
    return not any((folder / name).exists() for name in names)


def _country(texts: Mapping[str, str], settings: Settings, station: Station) -> str:
    return merged(settings, texts, station).holidays or HOME_COUNTRY


def _told(files: RosterFiles) -> RosterTables:
    people = files.people
    return RosterTables(
        units=files.units,
        people=None if people is None else tuple(row.person for row in people),
        links=tuple(_order(row) for row in people or () if row.telegram is not None),
        offices=files.offices,
        posts=files.posts,
        shifts=files.shifts,
    )


def _order(row: PersonRow) -> LinkOrder:
    link = row.telegram
    if link is None or isinstance(link, Unlink):
        return LinkOrder(person=row.id)
    return LinkOrder(person=row.id, account=link.bot, chat=link.chat)


def _warnings(given: _Source, settings: Settings) -> tuple[str, ...]:
    if not given.texts:
        return tuple(str(finding) for finding in given.roster.warnings)
    titles = {seat.title for seat in given.roster.offices or ()}
    return (*(str(finding) for finding in given.roster.warnings), *policy_warnings(settings, titles))
