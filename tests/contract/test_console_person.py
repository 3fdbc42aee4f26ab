"""One person's page: how he is reached, what he holds, where he stands; and his number, shown on purpose."""

from dataclasses import replace
from datetime import timedelta

from notifier.domain.holdings import Entry, Seat, What
from notifier.domain.roster import ChannelName, Presence, PresenceEnd
from notifier.store.database import Database
from notifier.store.rows import LeaveRow
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    DAN,
    FAN,
    GATE,
    HOUR,
    NIGHT,
    NOW,
    ROSTER,
    V1,
    person,
    take_in,
)

PEOPLE = "/console/roster/people"
PHONE = "+8613812345678"
TOLD = replace(
    ROSTER,
    people=tuple(person(ANN, V1, PHONE, "王建国") if p.id == ANN else p for p in ROSTER.people or ()),
)


async def opened(database: Database) -> Console:
    await take_in(database, TOLD)
    return await Console.open(database, empty=True)


async def sees(browser: Browser, who: str) -> str:
    answer = await browser.get(f"{PEOPLE}/{who}")
    assert answer.status_code == 200, answer.text
    return answer.text


def part(page: str, name: str) -> str:
    """One section of the page."""
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


async def test_the_page_says_how_somebody_is_reached_and_where_he_stands(database: Database) -> None:
    console = await opened(database)
    async with database.write() as tx:
        await tx.contacts.link(ANN, "4242", "1001", NOW)
        await tx.contacts.mark(ChannelName.SMS, "", PHONE, "stopped", "21610", NOW)
        await tx.contacts.issue_tokens([("hash", ANN)], NOW, NOW + timedelta(days=14))
        await tx.shifts.add_leave(LeaveRow(person=ANN, shift=NIGHT.key, reason="病", recorded_at=NOW))
        was = Presence(
            person=ANN,
            post=GATE,
            shift=NIGHT.key,
            since=NOW - 5 * HOUR,
            until=None,
            channel="sms",
            by=BOB,
        )
        row = await tx.presences.arrive(was)
        await tx.presences.end(row, NOW - 2.5 * HOUR, PresenceEnd.LEFT)
    page = await sees(await console.signed_in(DAN), ANN)
    assert "王建国" in page
    assert "138****5678" in page
    assert PHONE.removeprefix("+86") not in page
    assert "短信 (已退订)" in page
    assert "12-07 20:00 前有效" in page
    assert "2.5 小时" in page
    assert "书记" in part(page, "h-offices")
    assert "11-23 21:00 至 11-24 05:00" in part(page, "h-duties")
    assert "请假" in part(page, "h-duties")
    assert "由 王建 代报" in part(page, "h-stays")


async def test_an_absence_that_is_announced_is_shown_with_its_reason(database: Database) -> None:
    console = await opened(database)
    seat = Seat(unit=V1, title="secretary", rank=1)
    away = Entry(seat=seat, what=What.ABSENT, person=ANN, since=NOW + 24 * HOUR, until=NOW + 48 * HOUR)
    async with database.write() as tx:
        await tx.office_records.enter([away], by=DAN, now=NOW, reason="学习")
    offices = part(await sees(await console.signed_in(DAN), ANN), "h-offices")
    assert "从 11-24 20:00 到 11-25 20:00 不在位" in offices
    assert "学习" in offices


async def test_a_number_is_shown_on_purpose_and_who_looked_is_journalled(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    answer = await town.post(f"{PEOPLE}/{ANN}/phone")
    assert "13812345678" in answer.text
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            "SELECT person, subject, channel, reason FROM journal WHERE event = 'unmasked'"
        )
        assert [tuple(row) for row in rows] == [(DAN, ANN, "web", None)]


async def test_everybody_sees_himself_and_nobody_of_elsewhere(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    member = await console.signed_in(CAI)
    assert "11-24 05:00 至 11-24 13:00" in part(await sees(member, CAI), "h-duties")
    assert (await member.get(f"{PEOPLE}/{ANN}")).status_code == 403
    assert (await member.post(f"{PEOPLE}/{CAI}/phone")).status_code == 403
    town = await console.signed_in(DAN)
    assert (await town.get(f"{PEOPLE}/eva")).status_code == 403
    assert (await town.get(f"{PEOPLE}/{FAN}")).status_code == 200


async def test_who_has_left_the_roster_is_said_to_have(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    async with sqlite_database.write() as tx:
        await tx.conn.exec_driver_sql(
            "UPDATE people SET removed_at = '2026-11-23T11:00:00Z' WHERE id = 'fan'"
        )
    assert "已经不在名册里" in await sees(await console.signed_in(DAN), FAN)


async def test_the_roster_leads_to_the_people_in_it(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    town = await console.signed_in(DAN)
    for path in ("/console/roster", "/console/roster?unit=V1", "/console/units/V1"):
        assert f'href="{PEOPLE}/{ANN}"' in (await town.get(path)).text, path
