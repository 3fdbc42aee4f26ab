"""A database with something in every table, for what must carry or keep all of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, Table, insert

from notifier.domain.message import MessageState
from notifier.store.database import Database
from notifier.store.tables import metadata
from notifier.store.types import UtcTime
from tests.contract.store_a import PLAIN, put
from tests.contract.store_city import ROSTER, take_in

MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)

PARCEL = b"\x00\xffPK files in one piece"


async def fill(database: Database) -> None:
    """The small city, a message in each of some states, and a row of every kind of value everywhere else."""
    await take_in(database, ROSTER)
    for state in (MessageState.QUEUED, MessageState.SENT, MessageState.FAILED):
        await put(database, replace(PLAIN, key=state.value), state)
    async with database.write() as tx:
        for table in metadata.tables.values():
            await tx.conn.execute(insert(table).values(_row(table)))


def _row(table: Table) -> dict[str, Any]:
    return {column.name: _value(column) for column in table.columns}


def _value(column: Any) -> object:
    kinds: tuple[tuple[type, object], ...] = (
        (UtcTime, MOMENT),
        (JSON, {"b": [1, 2.5, None], "a": "程远舟 ✓"}),
        (Boolean, True),
        (Float, 0.1),
        (Integer, 7001),
        (LargeBinary, PARCEL),
    )
    return next(
        (value for kind, value in kinds if isinstance(column.type, kind)), f"名 'x' \"{column.name}\""
    )
