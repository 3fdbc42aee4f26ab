"""Making what came in durable before it is answered."""

import asyncio
from typing import Final

import structlog
from starlette.exceptions import HTTPException

from notifier.store.outage import outage_of
from notifier.store.rows import InboxItem
from notifier.web.deps import WebDeps

log = structlog.get_logger(__name__)

KEEP_S: Final = 8.0
"""Shorter than Twilio's own patience of 15 s, so that it hears a 503 and calls again."""
RETRY_AFTER_S: Final = 5
HOOKS: Final = "hooks"
"""Under this name /healthz says that webhooks find no database."""


async def keep(deps: WebDeps, item: InboxItem) -> None:
    """Store it in a transaction of its own; a repeat changes nothing. Wakes whoever reads the inbox.

    Raises HTTPException 503 when the database is away: the carrier is to call again.
    """
    try:
        async with asyncio.timeout(KEEP_S), deps.database.write() as tx:
            stored = await tx.inbox.store([item])
            if stored:
                await tx.signals.ring()
    except Exception as error:
        outage = outage_of(error)
        if outage is None:
            raise
        deps.pulses.of_visitors(HOOKS).wait_out(outage)
        count(deps, item.source, "away")
        log.warning("hook_not_kept", source=item.source, error=type(error).__name__)
        raise HTTPException(503, headers={"Retry-After": str(RETRY_AFTER_S)}) from None
    deps.pulses.of_visitors(HOOKS).beat()
    count(deps, item.source, "stored" if stored else "repeated")
    if stored:
        deps.wake()


def refuse(deps: WebDeps, source: str, reason: str) -> HTTPException:
    """The 403 for a call that is not the carrier's; counted."""
    count(deps, source, "refused")
    log.info("hook_refused", source=source, reason=reason)
    return HTTPException(403)


def count(deps: WebDeps, source: str, result: str) -> None:
    """Count a call: ``stored``, ``repeated``, ``poisoned``, ``refused`` or ``away``."""
    deps.metrics.incoming.labels(source=source, result=result).inc()
