"""Figures at the console: what is counted, for whom, and at which price."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest

from notifier.domain.case import Case, CaseState
from notifier.domain.ids import CaseId, MessageId, PersonId, UnitCode
from notifier.domain.message import Draft, Lane
from notifier.domain.policy import Kind
from notifier.domain.roster import Office, Presence, PresenceEnd, Shift
from notifier.store.database import Database
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx
from tests.contract.console_client import Browser, Console
from tests.contract.store_a import MINUTE, PLAIN
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    CITY,
    DAN,
    EVA,
    FAN,
    GATE,
    HOUR,
    NOW,
    OFFICES,
    ROSTER,
    SHIFTS,
    V1,
    V2,
    shift,
    take_in,
)
from tests.contract.test_console_reading import statements

DAY = timedelta(days=1)
LAST_NIGHT = shift(GATE, NOW - DAY, 8, ANN, BOB)
LAST_MORNING = shift(GATE, NOW - DAY - 10 * HOUR, 8, ANN, BOB)
JUST_BEGUN = shift(GATE, NOW - 5 * MINUTE, 8, ANN, BOB)
MIDNIGHT = NOW - 20 * HOUR
"""In the civil zone of the tests."""
TOLD = replace(
    ROSTER,
    offices=(*OFFICES[:-1], Office(unit=CITY, title="duty_desk", rank=95, person=EVA)),
    shifts=(LAST_MORNING, LAST_NIGHT, JUST_BEGUN, *SHIFTS),
)


def there(who: PersonId, turn: Shift, since: timedelta) -> Presence:
    begun = turn.start + since
    return Presence(
        person=who, post=turn.post, shift=turn.key, since=begun, until=None, channel="sms", by=who
    )


async def a_case(
    database: Database,
    unit: UnitCode,
    opened_at: datetime,
    subject: str,
    *,
    kind: Kind = Kind.UNSTAFFED,
    taken: Sequence[timedelta] = (),
    resolved: timedelta | None = None,
) -> None:
    """Opened, taken after those times, and done after that one."""
    case = Case(id=CaseId(0), kind=kind, unit=unit, subject=subject, opened_at=opened_at, settings_version=0)
    async with database.write() as tx:
        case = await tx.cases.open(case)
        events = [("opened", timedelta()), *zip(("acknowledged", "on_the_way"), taken, strict=False)]
        await tx.journal.write(
            [JournalLine(at=opened_at + wait, event=event, case=case.id, unit=unit) for event, wait in events]
        )
        if resolved is not None:
            await tx.cases.save(
                replace(case, state=CaseState.RESOLVED, closed_at=opened_at + resolved, due_at=None)
            )


async def a_message(database: Database, key: str, at: datetime, **values: object) -> int:
    draft: Draft = replace(PLAIN, key=key, matter=None, **values)  # type: ignore[arg-type]
    async with database.write() as tx:
        return (await tx.messages.queue([draft], at))[0][0]


@pytest.fixture
async def console(database: Database) -> Console:
    """Two days past: shifts, presences, cases in V1 and V2, messages about midnight."""
    await take_in(database, TOLD, NOW - 3 * DAY)
    async with database.write() as tx:
        await tx.presences.arrive(there(ANN, LAST_NIGHT, -5 * MINUTE))
        # In time, by a minute of the grace.
        await tx.presences.arrive(there(BOB, LAST_NIGHT, 9 * MINUTE))
        await tx.presences.arrive(there(ANN, LAST_MORNING, timedelta()))
        gone = await tx.presences.arrive(there(BOB, LAST_MORNING, timedelta()))
        await tx.presences.end(gone, LAST_MORNING.start + HOUR, PresenceEnd.UNDONE)
    yesterday = NOW - DAY
    for number, wait in enumerate((2, 4, 9)):
        taken = (wait * MINUTE, wait * 2 * MINUTE)
        await a_case(database, V1, yesterday, f"gap {number}", taken=taken, resolved=10 * wait * MINUTE)
    await a_case(database, V1, yesterday, "nobody took it")
    await a_case(database, V1, yesterday, "list", kind=Kind.UNSIGNED, taken=(MINUTE,), resolved=HOUR)
    await a_case(database, V2, NOW - HOUR, "elsewhere", taken=(3 * MINUTE,))
    await a_message(database, "long ago", NOW - 40 * DAY, person=ANN)
    await a_message(database, "before midnight", MIDNIGHT - MINUTE, person=ANN, lane=Lane.ESCALATION)
    listed = await a_message(database, "after midnight", MIDNIGHT + MINUTE, person=ANN)
    await a_message(database, "elsewhere", NOW - MINUTE, person=FAN, lane=Lane.BULK)
    rider = await a_message(database, "rider", NOW - MINUTE, person=ANN)
    async with database.write() as tx:
        await tx.conn.exec_driver_sql(f"UPDATE messages SET rides_on = {listed} WHERE id = {rider}")
    return await Console.open(database, empty=True)


async def rows_of(browser: Browser, asked: str = "") -> dict[str, list[str]]:
    """The file by the day: cases, taken, median, p90; gaps, staffed, ...; shifts, ...; lanes."""
    answer = await browser.get(f"/console/figures.csv{asked}")
    assert answer.status_code == 200
    found = list(csv.reader(StringIO(answer.text.removeprefix("\ufeff"))))
    assert len({len(row) for row in found}) == 1
    return {row[0]: row[1:] for row in found[1:]}


async def test_each_day_has_its_figures(console: Console) -> None:
    rows = await rows_of(await console.signed_in(EVA))
    assert [*rows] == [f"2026-11-{day}" for day in range(17, 24)]
    yesterday, today = rows["2026-11-22"], rows["2026-11-23"]
    # Waits of 1, 2, 4 and 9 minutes; the second taking of a case is not its first.
    assert yesterday[:4] == ["5", "4", "2.0", "9.0"]
    assert yesterday[4:8] == ["4", "3", "40.0", "90.0"]
    assert yesterday[8:11] == ["2", "1", "50.0"]
    assert yesterday[11:] == ["1", "0", "0", "0"]
    assert today[:8] == ["1", "1", "3.0", "3.0", "1", "0", "", ""]
    # The shift that has just begun is within its grace yet; what rides on a list is not counted twice.
    assert today[8:] == ["0", "0", "", "0", "0", "1", "1"]
    assert set(rows["2026-11-20"]) == {"0", ""}


async def test_they_are_of_the_units_in_reach_only(console: Console) -> None:
    village, town = await console.signed_in(ANN), await console.signed_in(DAN)
    assert (await rows_of(village))["2026-11-23"] == ["0", "0", "", ""] * 2 + [
        "0",
        "0",
        "",
        "0",
        "0",
        "1",
        "0",
    ]
    assert (await rows_of(town))["2026-11-23"][:2] == ["1", "1"]
    assert (await rows_of(town, "?unit=V1"))["2026-11-23"][:2] == ["0", "0"]
    for foreign in ("V2", "C", "V9"):
        assert (await village.get(f"/console/figures?unit={foreign}")).status_code == 403
        assert (await village.get(f"/console/figures.csv?unit={foreign}")).status_code == 403


async def test_who_sees_no_unit_is_told_so(console: Console) -> None:
    page = (await (await console.signed_in(CAI)).get("/console/figures")).text
    assert "没有可看的单位" in page
    assert "<table" not in page


async def test_the_page_says_it_in_tables(console: Console) -> None:
    browser = await console.signed_in(EVA)
    page = (await browser.get("/console/figures?days=30")).text
    assert page.count("<table") == 4
    assert page.count('<time datetime="2026-') == 4 * 30
    assert "<td>5</td><td>4</td><td>2.0</td><td>9.0</td>" in page
    assert "开班 10 分钟后" in page
    assert len(await rows_of(browser, "?days=30")) == 30
    # Any other span is the shortest.
    assert len(await rows_of(browser, "?days=9999")) == 7


async def test_they_are_read_in_one_statement_a_subject(console: Console, database: Database) -> None:
    units = {V1, V2}

    async def read(tx: Tx) -> object:
        return (
            await tx.figures.cases(NOW - 7 * DAY, NOW, units),
            await tx.figures.shifts(NOW - 7 * DAY, NOW, HOUR, units),
            await tx.figures.messages(MessageId(0), NOW, units),
        )

    # PostgreSQL is told besides to plan for the units at hand.
    assert await statements(database, read) <= 4
