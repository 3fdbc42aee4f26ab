"""Who holds an office, decided at the console: by another, with a reason, and shown before it is done."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from notifier.domain.holdings import Entry, Seat, What
from notifier.domain.roster import Office, OfficeStatus
from notifier.store.database import Database
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    CITY,
    DAN,
    EVA,
    FAN,
    NOW,
    ROSTER,
    TOWN,
    V1,
    person,
    take_in,
)
from tests.contract.test_console_person_edit import hidden

OFFICES = "/console/roster/units/V1/offices"
SECRETARY, DEPUTY = f"{OFFICES}/secretary/1", f"{OFFICES}/deputy_secretary/2"
DAY = timedelta(days=1)
TOLD = replace(
    ROSTER,
    people=(*(ROSTER.people or ()), person("gus", V1, "+8613800000007", "顾")),  # type: ignore[arg-type]
    offices=(
        Office(unit=V1, title="secretary", rank=1, person=ANN),
        Office(unit=V1, title="deputy_secretary", rank=2, person=BOB),
        Office(unit=TOWN, title="secretary", rank=1, person=DAN),
        Office(unit=CITY, title="duty_desk", rank=95, person=EVA),
    ),
)


async def opened(database: Database) -> Console:
    await take_in(database, TOLD)
    return await Console.open(database, empty=True)


async def asks(browser: Browser, seat: str, deed: str, **fields: str) -> httpx.Response:
    """The page that shows what would be done."""
    page = await browser.get(seat)
    assert page.status_code == 200, page.text
    return await browser.send(f"{seat}/{deed}", {**fields, "seen": hidden(page.text)["seen"]})


async def does(browser: Browser, seat: str, deed: str, **fields: str) -> str:
    """Ask for it and confirm it; the page that comes then."""
    shown = await asks(browser, seat, deed, **fields)
    assert shown.status_code == 200, shown.text
    answer = await browser.send(f"{seat}/{deed}", hidden(shown.text))
    assert answer.status_code == 303, answer.text
    return (await browser.get(answer.headers["location"])).text


async def held(database: Database, title: str) -> tuple[str | None, OfficeStatus]:
    async with database.read() as tx:
        [office] = [one for one in await tx.roster.offices_of(V1) if one.title == title]
        return office.person, office.status


async def journal(database: Database, event: str) -> list[tuple[object, ...]]:
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            f"SELECT person, subject, channel, reason FROM journal WHERE event = '{event}' ORDER BY id"
        )
        return [tuple(row) for row in rows]


async def test_suspended_by_somebody_with_a_reason_and_reinstated(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    shown = await asks(town, SECRETARY, "suspend", words="调查期间")
    assert "调查期间" in shown.text
    assert "没有人代理时，先叫 王建" in shown.text
    assert await held(database, "secretary") == (ANN, OfficeStatus.IN_POST), "only shown as yet"
    page = await does(town, SECRETARY, "suspend", words="调查期间")
    assert "已停职" in page
    assert await held(database, "secretary") == (ANN, OfficeStatus.SUSPENDED)
    assert f'action="{SECRETARY}/suspend"' not in page
    assert "已恢复职务" in await does(town, SECRETARY, "reinstate", words="查清了")
    assert await held(database, "secretary") == (ANN, OfficeStatus.IN_POST)
    subject = "V1|secretary|1"
    assert await journal(database, "suspended") == [(ANN, subject, "web", "by dan; 调查期间")]
    assert await journal(database, "reinstated") == [(ANN, subject, "web", "by dan; 查清了")]


async def test_somebody_is_appointed_and_who_held_it_goes_by_name(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    refused = await asks(town, SECRETARY, "appoint", person=CAI, words="换届")
    assert refused.status_code == 400
    assert "请勾选他不再担任" in refused.text
    shown = await asks(town, SECRETARY, "appoint", person=CAI, words="换届", replacing="1", order="7号")
    assert "王建国 不再担任" in shown.text
    await does(town, SECRETARY, "appoint", person=CAI, words="换届", replacing="1", order="7号")
    assert await held(database, "secretary") == (CAI, OfficeStatus.IN_POST)
    assert await journal(database, "office_appointed") == [(CAI, "V1|secretary|1", "web", "by dan; 换届")]


async def test_somebody_of_elsewhere_only_where_that_is_meant(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    told = {"person": str(FAN), "words": "换届", "replacing": "1"}
    refused = await asks(town, SECRETARY, "appoint", **told)
    assert refused.status_code == 400
    assert "不是本单位、也不是上级单位的" in refused.text
    await does(town, SECRETARY, "appoint", **told, elsewhere="1")
    assert await held(database, "secretary") == (FAN, OfficeStatus.IN_POST)


async def test_an_office_is_vacated_and_stays(database: Database) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    page = await does(town, SECRETARY, "vacate", words="调走")
    assert "空缺" in page
    assert await held(database, "secretary") == (None, OfficeStatus.IN_POST)
    assert await journal(database, "office_vacated") == [(ANN, "V1|secretary|1", "web", "by dan; 调走")]
    answer = await town.post(f"{SECRETARY}/vacate", words="x", seen=hidden(page)["seen"])
    assert answer.status_code == 400
    assert "空缺" in answer.text


async def test_what_is_settled_for_later_is_shown_everywhere_and_may_be_called_off(
    database: Database,
) -> None:
    console = await opened(database)
    town = await console.signed_in(DAN)
    page = await does(
        town, SECRETARY, "absent", words="学习", since="2026-11-25T08:00", until="2026-11-26T08:00"
    )
    told = "从 11-25 08:00 到 11-26 08:00 不在位"
    assert told in page
    assert "由dan决定" in page or "由人dan决定" in page
    assert await held(database, "secretary") == (ANN, OfficeStatus.IN_POST)
    for path in ("/console/roster?unit=V1", "/console/roster/people/ann", "/console/units/V1"):
        assert told in (await town.get(path)).text, path
    week = (await town.get("/console/roster/units/V1/week?from=2026-11-23")).text
    assert told in week
    assert told not in (await town.get("/console/roster/units/V1/week?from=2026-11-30")).text
    record = hidden(page)["record"]
    page = await does(town, SECRETARY, "take-back", record=record, words="不去了")
    assert "已取消" in page
    assert told not in page
    again = await town.post(
        f"{SECRETARY}/take-back", record=record, words="x", sure="1", seen=hidden(page)["seen"]
    )
    assert again.status_code == 409


async def test_what_holds_already_is_not_taken_back(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    seat = Seat(unit=V1, title="secretary", rank=1)
    async with sqlite_database.write() as tx:
        entry = Entry(seat=seat, what=What.ABSENT, person=ANN, since=NOW - DAY)
        [record] = await tx.office_records.enter([entry], by=DAN, now=NOW - DAY, reason="r")
        await tx.office_records.settle([seat], NOW)
    town = await console.signed_in(DAN)
    assert (await asks(town, SECRETARY, "take-back", record=str(record.id), words="x")).status_code == 409


@pytest.mark.parametrize("deed", ["suspend", "reinstate", "vacate", "appoint"])
async def test_nobody_decides_about_himself(sqlite_database: Database, deed: str) -> None:
    console = await opened(sqlite_database)
    secretary = await console.signed_in(ANN)
    page = (await secretary.get(SECRETARY)).text
    assert f'action="{SECRETARY}/{deed}"' not in page
    own = await secretary.post(
        f"{SECRETARY}/{deed}", seen=hidden(page)["seen"], words="x", person=CAI, sure="1"
    )
    assert own.status_code == 400
    assert "不由您自己定" in own.text
    if deed == "appoint":
        other = await asks(secretary, DEPUTY, deed, words="x", person=ANN, replacing="1")
        assert other.status_code == 400
    assert await held(sqlite_database, "secretary") == (ANN, OfficeStatus.IN_POST)


@pytest.mark.parametrize(
    ("deed", "fields", "line"),
    [
        ("suspend", {}, "没有写原因"),
        ("appoint", {"person": CAI, "replacing": "1"}, "没有写原因"),
        ("appoint", {"words": "x", "replacing": "1"}, "没有选人"),
        ("appoint", {"words": "x", "person": ANN, "replacing": "1"}, "本来就是他担任"),
        ("suspend", {"words": "x", "since": "2026-11-22T08:00"}, "开始时间已经过去"),
        ("suspend", {"words": "x", "until": "2026-11-22T08:00"}, "结束时间不晚于"),
    ],
)
async def test_what_cannot_be_is_told_in_one_line(
    sqlite_database: Database, deed: str, fields: dict[str, str], line: str
) -> None:
    console = await opened(sqlite_database)
    answer = await asks(await console.signed_in(DAN), SECRETARY, deed, **fields)
    assert answer.status_code == 400
    assert line in answer.text


async def test_those_who_lead_are_offered_first_and_others_are_found(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    town = await console.signed_in(DAN)
    page = (await town.get(SECRETARY)).text.partition('id="act-person"')[2].partition("</select>")[0]
    leading, _, others = page.partition("本单位的人")
    assert [who for who in (ANN, BOB, DAN, CAI) if f'value="{who}"' in leading] == [BOB, DAN]
    assert [who for who in (ANN, BOB, CAI, "gus", FAN) if f'value="{who}"' in others] == [CAI, "gus"]
    found = (
        (await town.get(f"{SECRETARY}?q=fan")).text.partition('id="act-person"')[2].partition("</select>")[0]
    )
    assert f'value="{FAN}"' in found.partition("找到的（fan）")[2]
    secretary = await console.signed_in(BOB)
    page = (await secretary.get(f"{SECRETARY}?q=fan")).text
    assert f'<option value="{FAN}"' not in page, "nobody of elsewhere is found"
    assert f'<option value="{DAN}"' not in page
