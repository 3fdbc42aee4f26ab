"""The rotas, carried on: each day's shifts are planned well ahead, and an edit changes what is to come."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from notifier.domain.days import Calendar, DayKind
from notifier.domain.ids import PersonId
from notifier.domain.policy import Settings
from notifier.domain.roster import Shift
from notifier.domain.rota import Rota, expand_rotas, only_known
from notifier.domain.times import DAY
from notifier.engine.shift_timers import follow_changes
from notifier.engine.station import Station
from notifier.files import civil_calendar, parse_rotas
from notifier.store.import_plans import Planned
from notifier.store.tx import Tx

ROTAS = "rotas.yaml"

ROTA_DAYS = 14
"""How many days of shifts the rotas yield ahead."""

CALENDAR_AHEAD = timedelta(days=60)
"""How long before a year its make-up workdays should be known; they are mostly announced in November."""

_TRIES = 3
"""How often a plan is made anew at once, because somebody came to his post, or imported, meanwhile."""


@dataclass(slots=True)
class _Parsed:
    text: str
    rotas: tuple[Rota, ...]


class Rotas:
    """Plans the shifts of the rotas in force."""

    def __init__(self, station: Station) -> None:
        """Nothing is read yet."""
        self._station = station
        self._parsed: _Parsed | None = None

    async def extend(self) -> None:
        """Let the rotas yield their shifts of the days ahead. Twice changes nothing.

        shifts.csv always wins over them; what has begun, or where somebody has checked in, stays.
        """
        for _ in range(_TRIES):
            now = self._station.now()
            async with self._station.db.read() as tx:
                text = await tx.settings.document(ROTAS)
                settings = await self._station.rules.current(tx)
            if text is None:
                return
            # In a thread, since a city's rotas take a while, in which calls go out.
            parsed = await asyncio.to_thread(self._parse, text)
            async with self._station.db.read() as tx:
                rotas = await _kept(tx, parsed)
            wanted = await asyncio.to_thread(self._expand, rotas, settings, now)
            async with self._station.db.read() as tx:
                planned = await tx.imports.plan_rota(wanted, until=now + timedelta(days=ROTA_DAYS), now=now)
            if await self._apply(planned, settings):
                return

    async def _apply(self, planned: Planned, settings: Settings) -> bool:
        """Write it set by set. False when it holds no more; what was written by then is right still."""
        seen = planned.seen
        for part in planned.sets():
            async with self._station.db.write() as tx:
                now = self._station.now()
                if not await tx.imports.holds(seen) or await tx.imports.disturbs(part, now):
                    return False
                seen = await tx.imports.write(part, now)
                await follow_changes(tx, part.shifts, part.cancelled, settings, now)
        return True

    def _expand(self, rotas: tuple[Rota, ...], settings: Settings, now: datetime) -> tuple[Shift, ...]:
        """Their shifts from yesterday, since those may run still, to the last day planned for."""
        zone = self._station.zone
        today = now.astimezone(zone).date()
        first, last = today - DAY, today + timedelta(days=ROTA_DAYS)
        return expand_rotas(rotas, zone, first, last, calendar_for(rotas, settings, first, last))

    def _parse(self, text: str) -> tuple[Rota, ...]:
        if self._parsed is None or self._parsed.text != text:
            self._parsed = _Parsed(text, parse_rotas(text))
        return self._parsed.rotas


def calendar_for(rotas: Iterable[Rota], settings: Settings, first: date, last: date) -> Calendar:
    """The calendar that these rotas need for those days: their rounds are counted from their first day on."""
    begun = [rota.first for rota in rotas if rota.kinds and rota.first is not None]
    return civil_calendar(settings, min([first, *begun]), last)


def need_calendar(rotas: Iterable[Rota]) -> bool:
    """Whether any of them tells workdays from days off."""
    return any(rota.kinds & {DayKind.WORKDAYS, DayKind.WEEKENDS, DayKind.HOLIDAYS} for rota in rotas)


async def _kept(tx: Tx, rotas: tuple[Rota, ...]) -> tuple[Rota, ...]:
    """The rotas without posts and people who have left the roster since the file was taken in."""
    everybody = frozenset[PersonId]().union(*(rota.people for rota in rotas))
    return only_known(rotas, await tx.imports.kept_posts(), await tx.roster.present(everybody))


async def rota_warnings(tx: Tx, settings: Settings, today: date) -> list[str]:
    """What is odd about the rotas in force, a line each: days that are not known, names that are gone."""
    text = await tx.settings.document(ROTAS)
    rotas = parse_rotas(text) if text is not None else ()
    people = frozenset[PersonId]().union(*(rota.people for rota in rotas))
    gone = {
        *({rota.post for rota in rotas} - await tx.imports.kept_posts()),
        *(people - await tx.roster.present(people)),
    }
    named = [
        f"{ROTAS}: {name} is not in the roster any more; its shifts are left out, mend the rota"
        for name in sorted(gone)
    ]
    return [*named, *_unknown_days(rotas, settings, today)] if rotas else []


def _unknown_days(rotas: tuple[Rota, ...], settings: Settings, today: date) -> list[str]:
    if not need_calendar(rotas):
        return []
    if settings.holidays is None:
        return [f"{ROTAS} goes by workdays, and calendar.yaml names no country; add holidays: CN"]
    last = today + CALENDAR_AHEAD
    years = calendar_for(rotas, settings, today, last).unknown_years([today, last])
    return [
        f"calendar.yaml: make-up workdays of {year} are not known yet, and {ROTAS} goes by workdays; write "
        "them as days_off and workdays once they are announced"
        for year in years
    ]
