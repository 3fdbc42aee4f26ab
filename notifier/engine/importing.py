"""Roster and settings taken in from files, and the roster given back: whole, or not at all."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from notifier.domain.policy import Settings
from notifier.engine.parts import Parts
from notifier.engine.planner import ROTAS, roster_changed
from notifier.engine.station import Station
from notifier.errors import FileRefused, Finding, InputError
from notifier.files import (
    SETTINGS_FILES,
    Known,
    PersonRow,
    RosterFiles,
    TelegramLink,
    Unlink,
    policy_warnings,
    read_roster,
    read_settings,
    settings_from_texts,
    write_roster,
)
from notifier.files.roster import TABLES
from notifier.store.rows import ImportResult, LinkOrder, RosterTables
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

HOME_COUNTRY = "CN"
"""Where phone numbers without a country are, unless calendar.yaml's ``holidays`` names another country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import changed, or with ``dry_run`` would change.

    ``warnings`` are one line each. ``settings`` is the version now in force where the import made one.
    """

    result: ImportResult
    dry_run: bool
    rotas_changed: bool = False
    settings_changed: bool = False
    settings: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Everything that the files say, read and found good."""

    roster: RosterFiles
    texts: Mapping[str, str]


# ── the roster ───────────────────────────────────────────────────────────────────────────────────


async def import_roster(parts: Parts, source: Path, *, dry_run: bool = False) -> ImportReport:
    """Take in a folder or a spreadsheet, in one transaction; running programs plan it at once.

    Settings files beside the tables come into force with them; a settings file that is absent changes
    nothing. Raises FileRefused with every bad place, and then nothing has changed.
    """
    station = parts.station
    async with station.db.read() as tx:
        known = await tx.imports.known()
        settings = await station.rules.current(tx)
    names = Known(units=known.units, people=known.people, posts=known.posts)
    given = await asyncio.to_thread(_read, source, names, settings, station)
    told = _told(given.roster)
    account = next(iter(station.reach.telegram), "")
    if dry_run:
        return await _preview(station, given, told, account)
    # Comparing takes longer than writing: it is done where it keeps nobody from sending.
    async with station.db.read() as tx:
        planned = await tx.imports.plan(told, now=station.now(), default_account=account)
    async with station.db.write() as tx:
        result = await tx.imports.apply(told, now=station.now(), default_account=account, planned=planned)
        return await _apply(station, tx, given, result)


async def _preview(station: Station, given: _Source, told: RosterTables, account: str) -> ImportReport:
    async with station.db.read() as tx:
        result = await tx.imports.preview(told, now=station.now(), default_account=account)
        rotas = await tx.settings.document(ROTAS)
        current = await station.rules.current(tx)
    text = given.roster.rotas_text
    settings = _merged(current, given.texts, station)
    return ImportReport(
        result=result,
        dry_run=True,
        rotas_changed=text is not None and text != rotas,
        settings_changed=settings.sources != current.sources,
        warnings=_warnings(given, settings),
    )


async def _apply(station: Station, tx: Tx, given: _Source, result: ImportResult) -> ImportReport:
    now = station.now()
    before = await station.rules.current(tx)
    settings = _merged(before, given.texts, station)
    text = given.roster.rotas_text
    rotas_changed = text is not None and await tx.settings.set_document(ROTAS, text, now)
    version = await tx.settings.add(settings.sources, now) if given.texts else before.version
    report = ImportReport(
        result=result,
        dry_run=False,
        rotas_changed=rotas_changed,
        settings_changed=version != before.version,
        settings=version,
        warnings=_warnings(given, settings),
    )
    if not result.is_empty or rotas_changed or report.settings_changed:
        shifts = (await tx.shifts.many(result.shifts)).values()
        await roster_changed(tx, shifts, replace(settings, version=version), now)
    return report


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
    return _merged(settings, texts, station).holidays or HOME_COUNTRY


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


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


async def load_settings(parts: Parts, folder: Path, *, explicit: bool = True) -> int:
    """What ``run`` does with SCHEDULES_DIR as it starts; returns the version in force.

    The folder is taken when it was chosen by hand (``explicit``: SCHEDULES_DIR is set), or when the database
    has no settings yet. So the folder shipped with the program never overwrites what was imported from
    elsewhere. Of a folder with a mistake nothing is taken: where there are settings in force they stay, and
    the mistake is logged, since nobody is to stay uncalled for a slip of the pen; without any it is raised.
    """
    async with parts.station.db.read() as tx:
        stored = await tx.settings.current()
    if stored is not None and not explicit:
        return stored[0]
    try:
        return await reload_settings(parts, folder)
    except InputError as error:
        if stored is None:
            raise
        for line in str(error).splitlines():
            log.error("settings_refused", problem=line, version_in_force=stored[0])
        return stored[0]


async def reload_settings(parts: Parts, folder: Path) -> int:
    """Bring the settings files of ``folder`` into force, if they differ; returns the version in force.

    A file that is absent changes nothing. Raises FileRefused (or InputError for a folder without any), and
    then the old ones stay in force. Rings, so that running programs read them at once.
    """
    station = parts.station
    texts = await asyncio.to_thread(_settings_texts, folder, station)
    async with station.db.write() as tx:
        before = await station.rules.current(tx)
        version = await tx.settings.add(_merged(before, texts, station).sources, station.now())
        if version != before.version:
            await tx.signals.ring()
    return version


def _settings_texts(folder: Path, station: Station) -> Mapping[str, str]:
    texts = read_settings(folder, zone=station.zone, version=0).sources
    if not texts:
        raise InputError(f"{folder} holds none of {', '.join(SETTINGS_FILES)}; set NOTIFIER_SCHEDULES_DIR")
    return texts


def _merged(settings: Settings, texts: Mapping[str, str], station: Station) -> Settings:
    sources = {**settings.sources, **texts}
    return settings_from_texts(sources, zone=station.zone, version=settings.version)


# ── and back ─────────────────────────────────────────────────────────────────────────────────────


async def export_roster(parts: Parts, folder: Path) -> tuple[Path, ...]:
    """Write the roster, rotas and settings in force as files that ``import`` takes, changing nothing.

    Returns the paths written. Raises InputError where the folder cannot be written.
    """
    station = parts.station
    async with station.db.read() as tx:
        told = await tx.imports.export()
        rotas = await tx.settings.document(ROTAS)
        settings = await station.rules.current(tx)
    documents = {**settings.sources, **({} if rotas is None else {ROTAS: rotas})}
    try:
        return await asyncio.to_thread(_write, folder, told, documents, station)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}); give another folder") from None


def _write(
    folder: Path, told: RosterTables, documents: Mapping[str, str], station: Station
) -> tuple[Path, ...]:
    chats = _chats(told.links, station.reach.telegram)
    paths = write_roster(
        folder,
        zone=station.zone,
        units=told.units or (),
        people=[PersonRow(person=person, telegram=chats.get(person.id)) for person in told.people or ()],
        offices=told.offices or (),
        posts=told.posts or (),
        shifts=told.shifts or (),
    )
    written = [folder / name for name in documents]
    for path in written:
        path.write_text(documents[path.name], encoding="utf-8", newline="")
    return (*paths, *written)


def _chats(links: Iterable[LinkOrder], bots: tuple[str, ...]) -> dict[str, TelegramLink]:
    """One chat a person, as the table has room for: that with the first bot before any other."""
    first = next(iter(bots), "")
    chats: dict[str, TelegramLink] = {}
    for link in links:
        if link.chat is not None and (link.person not in chats or link.account == first):
            # Without its bot, so that the file fits wherever it is taken in.
            bot = None if link.account in (first, "", None) else link.account
            chats[link.person] = TelegramLink(bot=bot, chat=link.chat)
    return chats
