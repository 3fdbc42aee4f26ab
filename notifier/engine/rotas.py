"""The rotas, carried on: each day's shifts are planned well ahead, and an edit changes what is to come."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from notifier.domain.ids import PersonId
from notifier.domain.policy import Settings
from notifier.domain.roster import Shift
from notifier.domain.rota import Rota, expand_rotas, only_known
from notifier.engine.shift_timers import follow_changes
from notifier.engine.station import Station
from notifier.files import civil_calendar, parse_rotas
from notifier.store.imports import Planned
from notifier.store.tx import Tx

ROTAS = "rotas.yaml"

ROTA_DAYS = 14
"""How many days of shifts the rotas yield ahead."""

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
                if text is None:
                    return
                settings = await self._station.rules.current(tx)
                rotas = await _kept(tx, self._parse(text))
                wanted = expand_days(rotas, settings, self._station, _today(self._station, now))
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

    def _parse(self, text: str) -> tuple[Rota, ...]:
        if self._parsed is None or self._parsed.text != text:
            self._parsed = _Parsed(text, parse_rotas(text))
        return self._parsed.rotas


def expand_days(
    rotas: tuple[Rota, ...], settings: Settings, station: Station, first: date, days: int = ROTA_DAYS
) -> tuple[Shift, ...]:
    """What the rotas yield from the day before ``first``, for shifts that run into it, to ``days`` after."""
    last = first + timedelta(days=days)
    since = min([first, *(rota.first for rota in rotas if rota.kinds and rota.first)])
    calendar = civil_calendar(settings, since, last)
    return expand_rotas(rotas, station.zone, first - timedelta(days=1), last, calendar)


async def _kept(tx: Tx, rotas: tuple[Rota, ...]) -> tuple[Rota, ...]:
    """The rotas without posts and people who have left the roster since the file was taken in."""
    everybody = frozenset[PersonId]().union(*(rota.people for rota in rotas))
    return only_known(rotas, await tx.imports.kept_posts(), await tx.roster.present(everybody))


def _today(station: Station, now: datetime) -> date:
    return now.astimezone(station.zone).date()
