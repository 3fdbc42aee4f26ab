"""Something that follows from a fact may fail; the fact itself goes on record all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from notifier.errors import NotifierError
from notifier.store.outage import is_outage
from notifier.store.tx import Tx

log = structlog.get_logger(__name__)

_FAILURES = (NotifierError, SQLAlchemyError, LookupError, ValueError)


@asynccontextmanager
async def apart(tx: Tx, what: str, message: int) -> AsyncIterator[None]:
    """A part of the transaction that is undone by itself when it fails, and logged; the rest stands.

    A message of a text that an upgrade took away must not hold up the record of every other. An outage is
    raised: then nothing at all is written, and all of it is tried again.
    """
    try:
        async with tx.conn.begin_nested():
            yield
    except _FAILURES as error:
        if is_outage(error):
            raise
        log.error("could_not_follow_up", what=what, message=message, error=type(error).__name__)
