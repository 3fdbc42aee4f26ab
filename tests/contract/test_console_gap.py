"""A gap of the week closed from its page: by a cover, by one more in a shift, by a shift of its own."""

import asyncio
from dataclasses import replace

import pytest

from notifier.domain.ids import PersonId, PostCode
from notifier.domain.roster import Post, Shift
from notifier.store.database import Database
from notifier.store.rows import LeaveRow
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import ANN, BOB, CAI, DAN, GATE, HOUR, NOW, ROSTER, V1, person, shift, take_in
from tests.contract.test_console_person_edit import hidden

GUS, HAN = PersonId("gus"), PersonId("han")
SIDE = PostCode("V1-G2")
DAY = 24 * HOUR
NIGHT = shift(GATE, NOW + DAY, 8, ANN)
"""Takes two."""
LATER = shift(SIDE, NOW + DAY + 9 * HOUR, 4, CAI)
LAST_WEEK = shift(GATE, NOW - 6 * DAY + 12 * HOUR, 6, ANN, BOB)
"""It leads one to expect somebody twelve hours behind NIGHT."""
TOLD = replace(
    ROSTER,
    people=(
        *(ROSTER.people or ()),
        person(GUS, V1, "+85260000007", "顾"),
        person(HAN, V1, None, "韩"),
    ),
    posts=(
        Post(code=GATE, unit=V1, name="一号卡口", kind="checkpoint", headcount=2),
        Post(code=SIDE, unit=V1, name="二号卡口", kind="checkpoint", headcount=1),
    ),
    offices=(ROSTER.offices or ())[:1] + (ROSTER.offices or ())[2:],
    shifts=(NIGHT, LATER),
)


async def opened(database: Database) -> Console:
    await take_in(database, replace(TOLD, shifts=(LAST_WEEK,)), LAST_WEEK.start - HOUR)
    await take_in(database, TOLD)
    console = await Console.open(database, empty=True)
    async with database.write() as tx:
        await tx.contacts.link(BOB, "4242", "1002", NOW)
        await tx.contacts.link(CAI, "4242", "1003", NOW)
        await tx.contacts.link(GUS, "4242", "1007", NOW)
    return console


def gap_of(turn: Shift) -> str:
    span = f"since={turn.start.isoformat()}&until={turn.end.isoformat()}".replace("+", "%2B")
    return f"/console/roster/posts/{turn.post}/gap?{span}"


async def sees(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def fills(browser: Browser, turn: Shift, **fields: str) -> int:
    """Choose somebody on the page of that gap; the status of what comes then."""
    told = hidden(await sees(browser, gap_of(turn)))
    return (await browser.send(f"/console/roster/posts/{turn.post}/gap", {**told, **fields})).status_code


async def rostered(database: Database, turn: Shift) -> tuple[PersonId, ...]:
    async with database.read() as tx:
        stood = await tx.shifts.get(turn.key)
        return stood.people if stood else ()


async def journal(database: Database, event: str) -> list[tuple[object, ...]]:
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            f"SELECT person, subject, channel, reason FROM journal WHERE event = '{event}' ORDER BY id"
        )
        return [tuple(row) for row in rows]


async def test_one_more_stands_a_shift_that_is_short(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    week = await sees(town, "/console/roster/units/V1/week?from=2026-11-23")
    assert "/console/roster/posts/V1-G1/gap?since=2026-11-24T12%3A00%3A00%2B00%3A00" in week
    page = await sees(town, gap_of(NIGHT))
    free = page.partition("<fieldset>")[2].partition("</fieldset>")[0]
    keepers, _, others = free.partition("本单位别的人")
    assert 'value="bob"' in keepers
    assert 'value="gus"' in others
    assert f'value="{ANN}"' not in free, "who is in it anyway"
    cannot = page.partition('id="h-not"')[2]
    assert "李王建" in cannot
    assert "休息时间不够" in cannot
    assert "没有联系方式" in cannot.partition("韩")[2]
    assert await fills(town, NIGHT, person=BOB) == 303
    assert await rostered(database, NIGHT) == (ANN, BOB)
    assert await journal(database, "rostered") == [(BOB, NIGHT.key, "web", "by dan")]
    async with database.read() as tx:
        assert await tx.timers.pending_at(f"shift_end:{NIGHT.key}") == NIGHT.end
    assert (await town.get(gap_of(NIGHT))).status_code == 409, "nobody is missing any more"


async def test_who_is_not_free_is_not_taken(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    for who in (CAI, HAN, DAN, "nobody"):
        assert await fills(town, NIGHT, person=who) == 409
    assert await fills(town, NIGHT) == 400
    assert await rostered(database, NIGHT) == (ANN,)


async def test_who_is_on_leave_is_covered_and_all_concerned_hear_it(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    async with database.write() as tx:
        await tx.shifts.add_leave(LeaveRow(person=ANN, shift=NIGHT.key, reason="病", recorded_at=NOW))
    assert await fills(town, NIGHT, person=BOB) == 303
    assert await journal(database, "covered") == [(BOB, NIGHT.key, "web", "for ann; by dan")]
    assert await rostered(database, NIGHT) == (ANN, BOB)
    async with database.read() as tx:
        told = await tx.conn.exec_driver_sql(
            "SELECT person, template FROM messages WHERE template LIKE 'cover%' ORDER BY template"
        )
        assert [tuple(row) for row in told][-1] == (BOB, "cover_yours")
    page = await sees(town, gap_of(NIGHT))
    assert "一号卡口" in page, "one is missing still, and joins"
    assert await fills(town, NIGHT, person=GUS) == 303
    assert set(await rostered(database, NIGHT)) == {ANN, BOB, GUS}


async def test_of_two_who_choose_the_second_is_told(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    async with database.write() as tx:
        await tx.shifts.add_leave(LeaveRow(person=ANN, shift=NIGHT.key, reason="病", recorded_at=NOW))
    older = hidden(await sees(town, gap_of(NIGHT)))
    assert await fills(town, NIGHT, person=BOB) == 303
    path = f"/console/roster/posts/{GATE}/gap"
    assert (await town.send(path, {**older, "person": GUS})).status_code == 409
    assert GUS not in await rostered(database, NIGHT)


async def test_of_two_at_once_one_covers(database: Database) -> None:
    console = await opened(database)
    town, other = await console.signed_in(DAN), await console.signed_in(DAN)
    async with database.write() as tx:
        await tx.shifts.add_leave(LeaveRow(person=ANN, shift=NIGHT.key, reason="病", recorded_at=NOW))
    form, path = hidden(await sees(town, gap_of(NIGHT))), f"/console/roster/posts/{GATE}/gap"
    answers = await asyncio.gather(
        town.send(path, {**form, "person": BOB}), other.send(path, {**form, "person": GUS})
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len(await journal(database, "covered")) == 1


async def test_where_no_shift_is_one_is_planned(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    expected = shift(GATE, LAST_WEEK.start + 7 * DAY, 6)
    page = await sees(town, gap_of(expected))
    assert 'value="2026-11-25T08:00:00"' in page
    shorter = {"since": "2026-11-25T09:00", "until": "2026-11-25T12:00"}
    assert await fills(town, expected, person=GUS, **shorter) == 303
    made = shift(GATE, expected.start + HOUR, 3)
    assert await rostered(database, made) == (GUS,)
    path = f"/console/roster/posts/{GATE}/gap"
    outside = {"since": "2026-11-25T13:00", "until": "2026-11-25T18:00", "person": BOB}
    assert (await town.send(path, outside)).status_code == 409


@pytest.mark.parametrize(
    "span",
    [
        {"since": "soon", "until": "2026-11-25T12:00"},
        {"since": "2026-11-25T12:00", "until": "2026-11-25T08:00"},
        {"since": "2026-11-25T12:00", "until": "2026-11-29T08:00"},
        {"since": "2026-11-23T12:00", "until": "2026-11-23T23:00"},
    ],
)
async def test_a_span_that_makes_no_sense_is_told_in_one_line(
    sqlite_database: Database, span: dict[str, str]
) -> None:
    console = await opened(sqlite_database)
    town = await console.signed_in(DAN)
    answer = await town.send(f"/console/roster/posts/{GATE}/gap", {**span, "person": BOB})
    assert answer.status_code == 400
    assert "请" in answer.text
