"""Whether everything stands ready: settings, channels, and whether each unit's gap would reach somebody."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from notifier.channels.sms.reach import ONE_WAY
from notifier.domain.case import Chain, Place
from notifier.domain.chain import first_reachable, read_chain
from notifier.domain.coverage import kinds_of
from notifier.domain.digest import UnitReport
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.policy import ROSTERED, Kind, Settings
from notifier.domain.roster import Contact, Person, Post, Shift, UnitKind
from notifier.engine.outlook import Wanted, survey
from notifier.engine.parts import Parts
from notifier.engine.rotas import rota_warnings
from notifier.engine.station import EVERYBODY, Station
from notifier.errors import FileRefused
from notifier.files import policy_warnings, read_settings
from notifier.store.rows import LineageQuery, RosterTables
from notifier.store.tx import Tx

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChain:
    """Whom a gap of one kind in one unit would reach right now."""

    unit: UnitCode
    kind: Kind
    chain: Chain
    names: Mapping[PersonId, str]

    @property
    def is_broken(self) -> bool:
        """Whether no step reaches anybody."""
        return first_reachable(self.chain) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found. ``broken`` must be mended, ``warnings`` may be meant; one line each.

    ``ahead`` has the units with something to be mended in the hours ahead, where that was asked for.
    """

    broken: tuple[str, ...]
    warnings: tuple[str, ...]
    chains: tuple[UnitChain, ...]
    units: int
    ahead: tuple[UnitReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """All that a check reads."""

    settings: Settings
    stored: bool
    roster: RosterTables
    contacts: Mapping[PersonId, tuple[Contact, ...]]
    chains: tuple[UnitChain, ...]
    rotas: Sequence[str]


async def check(parts: Parts, folder: Path, *, ahead: bool = False) -> Checked:
    """Look at everything as it stands now; ``folder`` is SCHEDULES_DIR. Changes nothing.

    ``ahead``: also at the hours ahead, as far as the coverage block of the policies says.
    """
    station = parts.station
    slips = await asyncio.to_thread(_slips, folder, station)
    async with station.db.read() as tx:
        view = await _look(station, tx)
    horizon = view.settings.policy(Kind.COVERAGE).ahead
    reports = await survey(station, Wanted(ahead=horizon), station.now()) if ahead else []
    broken = (*slips, *_nothing_to_work_with(station, view), *_broken_chains(view.chains))
    return Checked(
        broken=broken,
        warnings=(*_policies(view), *view.rotas, *_channels(station), *_people(station, view)),
        chains=view.chains,
        units=len(view.roster.units or ()),
        ahead=tuple(report for report in reports if report.weaknesses),
    )


def _slips(folder: Path, station: Station) -> tuple[str, ...]:
    try:
        read_settings(folder, zone=station.zone, version=0)
    except FileRefused as refused:
        return tuple(str(finding) for finding in refused.findings)
    return ()


async def _look(station: Station, tx: Tx) -> _View:
    roster = await tx.imports.export()
    settings = await station.rules.current(tx)
    reach = station.reach
    everybody = [person.id for person in roster.people or ()]
    contacts = await tx.contacts.usable(everybody, channels=reach.channels, accounts=reach.telegram)
    return _View(
        settings=settings,
        stored=settings.version > 0,
        roster=roster,
        contacts=contacts,
        chains=await _read_chains(station, tx, roster, settings),
        rotas=await rota_warnings(tx, settings, station.now().astimezone(station.zone).date()),
    )


# ── chains ───────────────────────────────────────────────────────────────────────────────────────


async def _read_chains(
    station: Station, tx: Tx, roster: RosterTables, settings: Settings
) -> tuple[UnitChain, ...]:
    """The chains of every village, and of every other unit that keeps a post, for each kind it may have."""
    now = station.now()
    rostered = await _on_duty(tx, roster.posts or (), now)
    wanted = [unit for unit in roster.units or () if unit.kind is UnitKind.VILLAGE or unit.code in rostered]
    queries = [LineageQuery(unit=unit.code, also=rostered.get(unit.code, ())) for unit in wanted]
    lineages = await tx.roster.lineages(
        queries, channels=station.reach.channels, accounts=station.reach.telegram, now=now
    )
    chains = []
    for unit, lineage in zip(wanted, lineages, strict=True):
        if lineage is None:
            continue
        names = {person.id: person.name for person in lineage.people.values()}
        for kind in kinds_of(unit, keeps_posts=unit.code in rostered):
            owing = rostered.get(unit.code, ()) if kind is Kind.UNSTAFFED else ()
            steps = settings.policy(kind).steps
            chain = read_chain(steps, lineage, owing, now=now, zone=station.zone)
            chains.append(UnitChain(unit=unit.code, kind=kind, chain=chain, names=names))
    return tuple(chains)


async def _on_duty(tx: Tx, posts: Iterable[Post], now: datetime) -> dict[UnitCode, tuple[PersonId, ...]]:
    """Who is rostered right now, by unit; every unit that keeps a post is there."""
    units = {post.code: post.unit for post in posts}
    found: dict[UnitCode, tuple[PersonId, ...]] = {unit: () for unit in units.values()}
    last: Shift | None = None
    while page := await tx.shifts.between(now, now + _INSTANT, after=last):
        for shift in page:
            if shift.post in units:
                found[units[shift.post]] += shift.people
        last = page[-1]
    return found


def _broken_chains(chains: Sequence[UnitChain]) -> list[str]:
    return [
        f"{found.unit} {found.kind}: no step reaches anybody now ({_why(found.chain.places)})"
        for found in chains
        if found.is_broken
    ]


def _why(places: Sequence[Place]) -> str:
    said = [
        f"{place.person} {place.reason}" if place.person else str(place.reason)
        for place in places
        if not (place.person is None and place.title == ROSTERED)
    ]
    return ", ".join(dict.fromkeys(said)) or "its policy has no steps; see policies.yaml"


# ── what has to be there, and what may be meant ──────────────────────────────────────────────────


def _nothing_to_work_with(station: Station, view: _View) -> list[str]:
    rules = (
        (not view.roster.units, "the roster is empty; run `notifier import DIR`"),
        (not view.stored, "no settings are in force; run `notifier import DIR` or `notifier reload`"),
        (
            not station.reach.channels,
            "both channels are off; set NOTIFIER_TELEGRAM_TOKEN or NOTIFIER_TWILIO_ACCOUNT_SID",
        ),
    )
    return [sentence for wrong, sentence in rules if wrong]


def _policies(view: _View) -> list[str]:
    titles = {seat.title for seat in view.roster.offices or ()}
    return policy_warnings(view.settings, titles) if view.stored else []


def _channels(station: Station) -> list[str]:
    reach = station.reach
    rules = (
        (not reach.telegram, "telegram is off: NOTIFIER_TELEGRAM_TOKEN is not set"),
        (not reach.sms, "sms is off: NOTIFIER_TWILIO_ACCOUNT_SID is not set"),
        (
            EVERYBODY not in reach.allowed,
            f"NOTIFIER_ONLY_TO is {','.join(sorted(reach.allowed)) or 'empty'}: to everybody else messages "
            "are held, not sent",
        ),
    )
    return [sentence for wrong, sentence in rules if wrong]


def _people(station: Station, view: _View) -> list[str]:
    """Who cannot be reached, who cannot answer, and which countries our senders hear nothing from."""
    people = view.roster.people or ()
    unreached = [person for person in people if not view.contacts.get(person.id)]
    mute = [person for person in people if station.reach.is_mute(view.contacts.get(person.id, ()))]
    return [
        *_one_way_countries(people, station),
        *_listed(unreached, "cannot be reached: no working Telegram chat or phone on a channel that is on"),
        *_listed(mute, "cannot answer at all: SMS only, and it carries no replies; link Telegram"),
    ]


def _one_way_countries(people: Iterable[Person], station: Station) -> list[str]:
    if not station.reach.sms:
        return []
    phones = [person.phone for person in people if person.phone and not station.reach.can_reply(person.phone)]
    counted = Counter(_country(phone) for phone in phones)
    senders = ", ".join(station.reach.sms)
    return [
        f"sms: {senders} cannot receive from {country} ({number} people have such a phone); texts name whom "
        "to ring. If it can, set NOTIFIER_SMS_REPLIES=yes"
        for country, number in sorted(counted.items())
    ]


def _country(phone: str) -> str:
    prefixes = [f"{prefix} {ONE_WAY[prefix]}" for prefix in ONE_WAY if phone.startswith(prefix)]
    return prefixes[0] if prefixes else "any country, as NOTIFIER_SMS_REPLIES=no says,"


def _listed(people: Sequence[Person], problem: str) -> list[str]:
    """One line a unit, so that whoever must act finds his own."""
    by_unit: dict[UnitCode, list[str]] = {}
    for person in people:
        by_unit.setdefault(person.unit, []).append(person.id)
    return [f"{unit}: {' '.join(ids)} {problem}" for unit, ids in sorted(by_unit.items())]
