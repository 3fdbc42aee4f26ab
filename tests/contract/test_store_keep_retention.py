"""What is forgotten, what never is, and that it is done in small sets; on both databases."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert, select, update

from notifier.domain.ids import BroadcastId, CaseId
from notifier.domain.message import MessageState
from notifier.engine import keeping
from notifier.engine.keeping import keep, prune_once
from notifier.engine.station import Station
from notifier.store import retention
from notifier.store.database import Database
from notifier.store.retention import RULES
from notifier.store.rows import InboxItem, Timer
from notifier.store.tables import (
    answers,
    broadcasts,
    calls,
    cases,
    courtesies,
    inbox,
    journal,
    leaves,
    matters,
    messages,
    metadata,
    presences,
    relays,
    sheets,
    shift_people,
    shifts,
    timers,
)
from notifier.store.tx import Tx
from tests.contract.store_a import NOW, PLAIN, put
from tests.contract.store_city import ROSTER, SHIFTS, take_in

DAY = timedelta(days=1)


def at(database: Database, now: datetime) -> Station:
    return cast(Station, SimpleNamespace(db=database, now=lambda: now))


async def forgotten(database: Database, now: datetime) -> dict[str, int]:
    """What is gone by that time, without the rules that had nothing to do."""
    return {name: rows for name, rows in (await prune_once(at(database, now))).items() if rows}


async def rows(database: Database, column: Any) -> list[Any]:
    async with database.read() as tx:
        return list(await tx.conn.scalars(select(column).order_by(column)))


async def add(tx: Tx, table: Any, **values: Any) -> None:
    await tx.conn.execute(insert(table).values(**values))


async def case(tx: Tx, number: int, closed_at: datetime | None) -> None:
    await add(
        tx,
        cases,
        **{"id": number, "kind": "unstaffed", "unit": "V1", "subject": f"s{number}", "state": "calling"},
        **{"step": 1, "cursor": {}, "rounds": 0, "takes": 0, "passed": [], "opened_at": NOW - DAY},
        **{"closed_at": closed_at, "settings_version": 1, "version": 1},
    )
    await add(tx, calls, case=number, person="p1", ordinal=0, step=1, at=NOW, state="open", times=1)
    await add(tx, journal, at=NOW, event="opened", case=number)


async def broadcast(tx: Tx, number: int, state: str) -> None:
    await add(
        tx,
        broadcasts,
        **{"id": number, "kind": "notice", "title": "t", "body": "b", "audience": [], "relay": True},
        **{"state": state, "created_at": NOW, "start_at": NOW},
    )
    await add(tx, relays, broadcast=number, unit="V1", members=3, flagged=False)


async def test_raw_intake_is_emptied_first_and_recognised_for_long_after(database: Database) -> None:
    item = InboxItem(source="sms", account="s", provider_id="SM", payload="Body=827", received_at=NOW)
    items = [replace(item, provider_id=f"SM{n}") for n in range(4)]
    async with database.write() as tx:
        numbers = await tx.inbox.store(items)
        await tx.inbox.done(numbers[:2])
        await tx.inbox.fail(numbers[2], "what he wrote")
    assert await forgotten(database, NOW + 30 * DAY) == {}
    assert await forgotten(database, NOW + 31 * DAY) == {"inbox_payloads": 3}
    assert await rows(database, inbox.c.payload) == ["", "", "", "Body=827"]
    assert set(await rows(database, inbox.c.error)) == {None}
    async with database.write() as tx:
        assert await tx.inbox.store([replace(items[0], payload="again")]) == []
        await tx.inbox.done(numbers)
    assert await forgotten(database, NOW + 401 * DAY) == {"inbox": 3, "inbox_payloads": 1}
    assert await rows(database, inbox.c.provider_id) == ["SM3"]


async def test_messages_outlive_what_they_belong_to(database: Database) -> None:
    states = (MessageState.SENT, MessageState.UNCERTAIN, MessageState.SENDING, MessageState.QUEUED)
    for state in states:
        await put(database, replace(PLAIN, key=state.value), state)
    for key, number in (("open", CaseId(1)), ("closed", CaseId(2))):
        await put(database, replace(PLAIN, key=key, case=number), MessageState.FAILED)
    for key, of in (("sends", BroadcastId(1)), ("over", BroadcastId(2))):
        await put(database, replace(PLAIN, key=key, broadcast=of), MessageState.FAILED)
    await put(database, replace(PLAIN, key="newest"), MessageState.SENT)
    async with database.write() as tx:
        await case(tx, 1, None)
        await case(tx, 2, NOW)
        await broadcast(tx, 1, "sending")
        await broadcast(tx, 2, "cancelled")
    assert await forgotten(database, NOW + 400 * DAY) == {}
    assert await forgotten(database, NOW + 401 * DAY) == {"messages": 4}
    assert await rows(database, messages.c.key) == ["newest", "open", "queued", "sending", "sends"]


async def test_what_the_journal_speaks_of_stays_as_long_as_the_journal(database: Database) -> None:
    await take_in(database, ROSTER)
    night = SHIFTS[0].key
    async with database.write() as tx:
        for number, closed_at in ((1, None), (2, NOW), (3, NOW + 9 * DAY)):
            await case(tx, number, closed_at)
        for number, state in ((1, "sending"), (2, "done"), (3, "preparing")):
            await broadcast(tx, number, state)
        for number in (1, 2):
            until = NOW if number == 1 else None
            await add(
                tx,
                presences,
                **{"id": number, "person": "ann", "post": "V1-G1", "shift": night, "since": NOW},
                **{"until": until, "channel": "sms", "by": "ann"},
            )
        await add(tx, presences, id=9, person="x", post="x", shift="x", since=NOW, channel="sms", by="x")
        await add(tx, leaves, person="ann", shift=night, recorded_at=NOW)
        await add(tx, leaves, person="ann", shift="another", recorded_at=NOW)
        await add(
            tx,
            sheets,
            **{"key": "k", "checklist": "c", "settings_version": 1, "unit": "V1", "signer": "ann"},
            **{"state": "signed", "asked_at": NOW, "due_at": NOW, "draft": [], "exceptions": []},
            **{"late": False, "returns": 0},
        )
    assert await forgotten(database, NOW + 1199 * DAY) == {}
    gone = {
        **{"presences": 1, "leaves": 1, "sheets": 1, "shifts": 2, "shift_people": 3, "relays": 1},
        **{"broadcasts": 1, "calls": 1, "cases": 1, "journal": 1},
    }
    assert await forgotten(database, NOW + 1201 * DAY) == gone
    assert await rows(database, cases.c.id) == [1, 3]
    assert await rows(database, calls.c.case) == [1, 3]
    assert await rows(database, journal.c.case) == [1, 3]
    assert await rows(database, broadcasts.c.id) == [1, 3]
    assert await rows(database, shifts.c.key) == await rows(database, shift_people.c.shift) == []


async def test_answers_matters_timers_and_courtesies_have_their_ages(database: Database) -> None:
    timer = Timer(key="a", lane=0, due_at=NOW, kind="k", subject="s")
    async with database.write() as tx:
        await tx.timers.plan([replace(timer, key=key) for key in ("done", "failed", "given up", "pending")])
        await tx.conn.execute(update(timers).where(timers.c.key != "pending").values(state="done"))
        for number, closed_at, topic in (
            (1, NOW, "shift"),
            (2, None, "shift"),
            (3, None, "notice"),
            (9, None, "x"),
        ):
            await add(
                tx,
                matters,
                **{"id": number, "person": "p", "pool": "p", "number": 100 + number, "topic": topic},
                **{"subject": f"s{number}", "unit": "V1", "issued_at": NOW, "used_at": NOW},
                closed_at=closed_at,
            )
        for number in (1, 2):
            await add(tx, answers, id=number, person="p", verb="ack", at=NOW, channel="sms", detail={})
        for day in ("2026-11-22", "2026-12-24"):
            await add(tx, courtesies, channel="sms", address="+1", day=day, count=3)
    assert await forgotten(database, NOW + 31 * DAY) == {"timers": 3, "courtesies": 1}
    assert await forgotten(database, NOW + 401 * DAY) == {"courtesies": 1, "answers": 1, "matters": 2}
    assert await rows(database, timers.c.key) == ["pending"]
    assert await rows(database, matters.c.id) == [2, 9]
    assert await rows(database, answers.c.id) == [2]


async def test_numbers_are_never_given_twice(database: Database) -> None:
    await put(database, PLAIN, MessageState.SENT)
    last = await put(database, replace(PLAIN, key="last"), MessageState.SENT)
    assert await forgotten(database, NOW + 999 * DAY) == {"messages": 1}
    assert await put(database, replace(PLAIN, key="next"), MessageState.QUEUED) == last + 1


async def test_it_goes_by_small_sets_and_lets_others_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SET_SIZE", 3)
    async with database.write() as tx:
        for n in range(11):
            # Every other one is too young: sets are counted in rows forgotten, not in rows seen.
            day = "2020-01-01" if n % 2 == 0 else "2030-01-01"
            await add(tx, courtesies, channel="sms", address=f"+{n:02}", day=day, count=1)
    counted = Counting(database)
    assert (await prune_once(at(cast(Database, counted), NOW)))["courtesies"] == 6
    assert counted.of == {"write": 2, "read": len(RULES) + 2}
    assert len(await rows(database, courtesies.c.address)) == 5


async def test_what_came_back_to_life_in_between_is_spared(database: Database) -> None:
    timer = Timer(key="a", lane=0, due_at=NOW, kind="k", subject="s")
    [rule] = [rule for rule in RULES if rule.name == "timers"]
    later = NOW + 31 * DAY
    async with database.write() as tx:
        await tx.timers.plan([replace(timer, key=key) for key in ("a", "b", "c")])
        await tx.conn.execute(update(timers).values(state="done"))
    async with database.read() as tx:
        span = await retention.find_old(tx.conn, rule, later, None)
    assert span is not None
    async with database.write() as tx:
        await tx.timers.set(timer)
        assert await retention.forget(tx.conn, rule, later, span) == 1
    assert await rows(database, timers.c.key) == ["a", "c"]


async def test_an_outage_is_waited_out(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_: Station) -> dict[str, int]:
        raise ConnectionRefusedError

    await keep(at(database, NOW))
    monkeypatch.setattr(keeping, "prune_once", away)
    await keep(at(database, NOW))


def test_every_table_has_an_age_or_is_kept_on_purpose() -> None:
    roster = {"units", "people", "links", "address_states", "offices", "office_records", "posts"}
    house = {"settings_versions", "documents", "leases", "clock_anchors", "signals"}
    assert {rule.of.name for rule in RULES} | roster | house == set(metadata.tables)


@dataclass
class Counting:
    """A database that counts its transactions."""

    database: Database
    of: Counter[str] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.of = Counter()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        self.of["read"] += 1
        async with self.database.read() as tx:
            yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        self.of["write"] += 1
        async with self.database.write() as tx:
            yield tx
