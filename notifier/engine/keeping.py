"""Keeping what must be kept for as long as it must, and no longer."""

from collections.abc import Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.domain.ids import PersonId
from notifier.engine.station import Actor, Station
from notifier.engine.taking_in import finish_released
from notifier.errors import NotFound
from notifier.store import personal
from notifier.store.outage import is_outage
from notifier.store.retention import RULES, Key, Rule, find_old, forget
from notifier.store.rows import JournalLine

log = structlog.get_logger(__name__)

ERASED = "erased"
"""The journal's word for it: ``person`` did it, to ``subject``."""

AT_HOUR, AT_MINUTE = 13, 10
"""When it is done, in civil time. Posts are stood and called at night: the quiet hour is after lunch."""


async def prune_once(station: Station) -> dict[str, int]:
    """Forget everything that is past its age (``notifier.store.retention``); how many rows by rule.

    Each small set is a transaction of its own, and whoever waits to write goes first in between. Cut
    short, it is simply gone on with the next time.
    """
    return {rule.name: await _prune(station, rule) for rule in RULES}


async def keep(station: Station) -> None:
    """``prune_once`` as a daily job: says what it did, waits out an outage until the next day."""
    try:
        forgotten = await prune_once(station)
    except (SQLAlchemyError, OSError) as error:
        if not is_outage(error):
            log.error("retention_failed", error=type(error).__name__)
            return
        log.warning("database_away", job="retention", error=type(error).__name__)
        return
    log.info("forgotten", **{name: rows for name, rows in forgotten.items() if rows})


async def _prune(station: Station, rule: Rule) -> int:
    forgotten, now = 0, station.now()
    after: Key | None = None
    while True:
        async with station.db.read() as tx:
            span = await find_old(tx.conn, rule, now, after)
        if span is None:
            return forgotten
        async with station.db.write() as tx:
            forgotten += await forget(tx.conn, rule, now, span)
        after = span.last


# ── one person ───────────────────────────────────────────────────────────────────────────────────


async def export_person(station: Station, person: PersonId) -> Mapping[str, object]:
    """Everything that is stored about somebody, by table. Raises NotFound.

    What came in is found by his chats, and by his phone unless somebody else has the same one.
    """
    async with station.db.read() as tx:
        return {"person": person, **await personal.load_everything(tx.conn, person)}


async def erase_person(station: Station, person: PersonId, by: Actor, reason: str) -> dict[str, int]:
    """Blank what is stored about somebody (``personal.erase``); how many rows by table.

    The journal keeps that it was done, by whom and why. Names in texts addressed to others stay until those
    are forgotten. Raises NotFound when he, or who does it, never was in the roster.
    """
    # An import decided on before would bring him back.
    await finish_released(station)
    async with station.db.read() as tx:
        addresses = await personal.load_addresses(tx.conn, person)
        received = await personal.find_received(tx.conn, addresses)
    now = station.now()
    async with station.db.write() as tx:
        if by.person is None or by.person not in await tx.roster.present([by.person]):
            raise NotFound(f"there is no person {by.person}; give an id of people.csv")
        done = await personal.erase(tx.conn, person, received, now)
        line = JournalLine(
            at=now, event=ERASED, person=by.person, subject=person, channel=by.channel, reason=reason
        )
        await tx.journal.write([line])
        await tx.signals.ring()
    return done
