"""Claims and due scans are served by their indexes, however much lies around them."""

import re
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from notifier.domain.ids import BroadcastId, MatterId
from notifier.domain.message import Lane, MessageState
from notifier.domain.roster import ChannelName
from notifier.store.database import Database
from notifier.store.tx import Tx
from tests.contract.store_a import FENCE, NOW

ROWS = 60_000
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) ",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, {rows})) ",
}

_MESSAGES = """
INSERT INTO messages (key, person, channel, account, address, lane, call, template, "values", text, keyboard,
  matter, state, repeated, attempts, fence, provider_id, created_at, not_before, expires_at, fallback_at,
  broadcast)
{numbers} SELECT 'k' || i, 'p' || (i % 9000), 'sms', 's', 'a' || i, CASE i % 50 WHEN 0 THEN i % 3 ELSE 3 END,
  FALSE, 't', '{{}}', 'x', '[]', i % 500,
  CASE WHEN i % 6 < 3 THEN 'sent' WHEN i % 6 = 3 AND i % 1000 = 3 THEN 'sending' ELSE 'queued' END,
  FALSE, 0, 4, 'SM' || (i % 2000), :now, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN :later ELSE :now END,
  CASE i % 100 WHEN 0 THEN :later END, CASE i % 100 WHEN 1 THEN :later END, i % 700
FROM n
"""

_TIMERS = """
INSERT INTO timers (key, lane, due_at, kind, subject, state, tries)
{numbers} SELECT 'k' || i, i % 4, :later, 'grace', 's', CASE i % 3 WHEN 0 THEN 'done' ELSE 'pending' END, 0
FROM n
"""

Work = Callable[[Tx], Awaitable[object]]


async def fill(database: Database, statement: str, rows: int = ROWS) -> None:
    later = NOW + timedelta(hours=1)
    async with database.write() as tx:
        numbers = _NUMBERS[tx.conn.dialect.name].format(rows=rows)
        moments = {":later": later, ":now": NOW}
        for name, moment in moments.items():
            micro = str(round(moment.timestamp()) * 1_000_000)
            said = micro if tx.is_sqlite else f"CAST('{moment.isoformat()}' AS timestamptz)"
            statement = statement.replace(name, said)
        await tx.conn.exec_driver_sql(statement.format(numbers=numbers))
        await tx.conn.execute(text("ANALYZE"))


async def plans(tx: Tx, work: Work) -> str:
    """What the database says of how it runs every statement of ``work``."""
    said: list[tuple[str, object]] = []
    sync = tx.conn.sync_connection

    def note(_conn: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(sync, "before_cursor_execute", note)
    await work(tx)
    event.remove(sync, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if tx.is_sqlite else "EXPLAIN "
    lines = []
    for statement, parameters in said:
        plan = await tx.conn.exec_driver_sql(explain + statement, parameters)  # type: ignore[arg-type]
        lines += [str(row[-1]) for row in plan]
    return "\n".join(lines)


def reads_whole_table(plan: str, table: str) -> bool:
    # SQLite says SCAN of a common table expression too, PostgreSQL says Seq Scan.
    scans = rf"(?m)^\s*(->\s*)?(SCAN {table}\b(?! USING (COVERING )?INDEX)|Seq Scan on {table}\b)"
    return re.search(scans, plan) is not None


MESSAGE_WORK: dict[str, tuple[str, Work]] = {
    "claim": ("ix_messages_claim", lambda tx: tx.messages.claim("s", tuple(Lane), 200, NOW, FENCE)),
    "orphans": ("ix_messages_sending", lambda tx: tx.messages.orphans("s", FENCE, 10)),
    "fallbacks": ("ix_messages_fallback", lambda tx: tx.messages.due_fallbacks(NOW, 10)),
    "expiry": ("ix_messages_expiry", lambda tx: tx.messages.expire_due(NOW, 10)),
    "by provider": ("ix_messages_provider", lambda tx: tx.messages.by_provider("s", "a7", "SM7")),
    "receipt": (
        "ix_messages_provider",
        lambda tx: tx.messages.record_receipt(ChannelName.SMS, "SM7", None, MessageState.SENT, None, NOW),
    ),
    "cancel matter": (
        "ix_messages_person",
        lambda tx: tx.messages.cancel_queued(NOW, matter=MatterId(7)),
    ),
    "recipients": (
        "ix_messages_broadcast",
        lambda tx: tx.messages.recipient_states(BroadcastId(7)),
    ),
    "release": ("ix_messages_broadcast", lambda tx: tx.messages.release_broadcast(BroadcastId(7), NOW)),
}


async def test_messages_are_found_through_their_indexes(database: Database) -> None:
    await fill(database, _MESSAGES)
    for name, (index, work) in MESSAGE_WORK.items():
        async with database.write() as tx:
            plan = await plans(tx, work)
        assert index in plan, f"{name}:\n{plan}"
        assert not reads_whole_table(plan, "messages"), f"{name}:\n{plan}"
        if name == "claim":
            # In the order of the index: no sorting, however much is queued.
            assert "TEMP B-TREE" not in plan, plan


async def test_timers_are_found_through_their_index(database: Database) -> None:
    await fill(database, _TIMERS)
    works: list[Work] = [
        lambda tx: tx.timers.due(NOW + timedelta(hours=2), 2, 100),
        lambda tx: tx.timers.next_due(),
    ]
    for work in works:
        async with database.write() as tx:
            plan = await plans(tx, work)
        assert "ix_timers_due" in plan
        assert not reads_whole_table(plan, "timers"), plan


async def test_a_due_scan_does_not_feel_the_timers_around_it(database: Database) -> None:
    await fill(database, _TIMERS)
    async with database.write() as tx:
        assert await tx.timers.due(NOW, 2, 500) == []
        assert await tx.timers.next_due() == NOW + timedelta(hours=1)
        spent = []
        for _ in range(20):
            before = time.perf_counter()
            await tx.timers.due(NOW, 2, 500)
            await tx.timers.next_due()
            spent.append(time.perf_counter() - before)
    assert min(spent) < 0.02


@pytest.mark.postgres
async def test_a_claim_stays_on_its_index_when_the_plan_is_kept(postgres_database: Database) -> None:
    # PostgreSQL may settle on one plan for all parameters after five runs.
    await fill(postgres_database, _MESSAGES)
    index, claim = MESSAGE_WORK["claim"]
    async with postgres_database.write() as tx:
        await tx.conn.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        plan = await plans(tx, claim)
    assert index in plan
    assert not reads_whole_table(plan, "messages")
