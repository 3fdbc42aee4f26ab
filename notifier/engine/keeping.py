"""Keeping what must be kept for as long as it must, and no longer."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.engine.station import Station
from notifier.store.outage import is_outage
from notifier.store.retention import RULES, Key, Rule, find_old, forget

log = structlog.get_logger(__name__)

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
