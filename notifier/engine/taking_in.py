"""Changes of the roster brought into force: a small one in one transaction, a large one set by set.

The sets of a large one are staged outside of the roster, decided on in one short transaction, and only then
applied. Whoever dies before the decision has changed nothing; what is left after it is applied by the next
one who comes: another import, or the service (``Successor``).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from notifier.engine.offices import offices_told
from notifier.engine.planner import reread_all
from notifier.engine.rotas import ROTAS
from notifier.engine.shift_timers import follow_changes
from notifier.engine.station import Station
from notifier.errors import NotifierError
from notifier.store.import_plans import Planned
from notifier.store.roster_sets import RosterSet
from notifier.store.staging import Mark
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 2.0
"""How often the service looks for an import whose process has died: it goes on with it after two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to come into force together. None: no settings, no rotas are told.

    ``decided`` is called in the transaction that decides on it; what it raises keeps all of it out.
    """

    planned: Planned
    settings: Mapping[str, str] | None = None
    rotas: str | None = None
    decided: Callable[[Tx], Awaitable[None]] | None = None


async def take_in(station: Station, change: Change) -> bool:
    """Bring it into force. False when the roster has changed since it was planned; then nothing is done."""
    sets = await asyncio.to_thread(lambda: list(change.planned.sets()))
    if len(sets) > 1:
        return await _take_in_by_sets(station, change, sets)
    async with station.db.write() as tx:
        if not await tx.imports.holds(change.planned.seen):
            return False
        await _decide(station, tx, change)
        for part in sets:
            await _apply(station, tx, part)
        await reread_all(tx, station.now())
    return True


async def take_in_now(station: Station, tx: Tx, planned: Planned) -> bool:
    """Bring a small change into force in this transaction. False when the roster is another since it was
    planned, or an import is under way; then nothing is done.
    """
    if not await tx.imports.holds(planned.seen):
        return False
    for part in planned.sets():
        await _apply(station, tx, part)
    await reread_all(tx, station.now())
    return True


async def finish_released(station: Station) -> bool:
    """Apply what is left of an import that is decided on; whether there was any.

    Several may be at it at once: each set is applied once.
    """
    applied = False
    while await _apply_next(station):
        applied = True
    if applied:
        async with station.db.write() as tx:
            await tx.imports.analyze()
    return applied


class Successor:
    """Goes on with an import whose process has died."""

    def __init__(self, station: Station) -> None:
        """Nothing was seen yet."""
        self._station = station
        self._seen: Mark | None = None

    async def look(self) -> None:
        """Apply what is left of an import in which nothing was applied since the last look."""
        async with self._station.db.read() as tx:
            mark = await tx.staging.mark()
        if mark is not None and mark == self._seen:
            log.warning("import_taken_over")
            await finish_released(self._station)
            mark = None
        self._seen = mark


async def _take_in_by_sets(station: Station, change: Change, sets: Sequence[RosterSet]) -> bool:
    name = secrets.token_hex(8)
    async with station.db.write() as tx:
        await tx.staging.begin(name, station.now())
    for position, part in enumerate(sets):
        content = await asyncio.to_thread(part.dump)
        async with station.db.write() as tx:
            await tx.staging.add(name, position, content)
    if not await _release(station, change, name):
        async with station.db.write() as tx:
            await tx.staging.discard(name)
        return False
    await finish_released(station)
    return True


async def _release(station: Station, change: Change, name: str) -> bool:
    try:
        async with station.db.write() as tx:
            if not await tx.imports.holds(change.planned.seen) or not await tx.staging.release(name):
                return False
            await _decide(station, tx, change)
            await tx.imports.note()
    except NotifierError:
        # What was called off as it was decided on is not to lie about.
        async with station.db.write() as tx:
            await tx.staging.discard(name)
        raise
    return True


async def _apply_next(station: Station) -> bool:
    async with station.db.write() as tx:
        await tx.imports.alone()
        following = await tx.staging.next()
        if following is None:
            return False
        await _apply(station, tx, following.part)
        await tx.staging.done(following)
        if following.is_last:
            await reread_all(tx, station.now())
    return True


async def _decide(station: Station, tx: Tx, change: Change) -> None:
    if change.decided is not None:
        await change.decided(tx)
    if change.settings is not None:
        await tx.settings.add(change.settings, station.now())
    if change.rotas is not None:
        await tx.settings.set_document(ROTAS, change.rotas, station.now())


async def _apply(station: Station, tx: Tx, part: RosterSet) -> None:
    now = station.now()
    await tx.imports.write(part, now)
    await offices_told(tx, part.seats, now)
    await follow_changes(tx, part.shifts, part.cancelled, await station.rules.current(tx), now)
