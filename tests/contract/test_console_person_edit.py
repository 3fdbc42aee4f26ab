"""The roster edited person by person: what an import would take, and nobody beyond one's reach."""

import asyncio
import html
import re
from datetime import timedelta

import httpx
import pytest

from notifier.domain.access import SEE_ONLY, Grant
from notifier.domain.ids import PersonId, UnitCode
from notifier.domain.roster import Office, Person
from notifier.engine.rotas import ROTAS
from notifier.store.database import Database
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    DAN,
    EVA,
    FAN,
    NOW,
    OFFICES,
    ROSTER,
    TOWN,
    V1,
    V2,
    take_in,
)

PEOPLE = "/console/roster/people"
OF_V1 = "/console/roster/units/V1/people"


def hidden(page: str) -> dict[str, str]:
    """What a page's own form brings, but for the token."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition('id="main"')[2])
    return {name: html.unescape(value) for name, value in found if name != "csrf"}


async def asks(browser: Browser, who: str, **fields: str) -> httpx.Response:
    """The page that shows what would change."""
    form = await browser.get(f"{PEOPLE}/{who}/edit")
    assert form.status_code == 200, form.text
    return await browser.send(f"{PEOPLE}/{who}/edit", {**hidden(form.text), **fields})


async def changes(browser: Browser, who: str, **fields: str) -> httpx.Response:
    """Ask for it and confirm it."""
    shown = await asks(browser, who, **fields)
    assert shown.status_code == 200, shown.text
    return await browser.send(f"{PEOPLE}/{who}/edit", hidden(shown.text))


async def adds(browser: Browser, **fields: str) -> httpx.Response:
    """The page that shows who would be added, confirmed where that is offered."""
    shown = await browser.send(OF_V1, fields)
    return await browser.send(OF_V1, hidden(shown.text)) if shown.status_code == 200 else shown


async def stored(database: Database, who: str) -> Person | None:
    """Somebody of the roster; None for who is not in it."""
    async with database.read() as tx:
        present = await tx.roster.present([PersonId(who)])
        return await tx.roster.person(PersonId(who)) if present else None


async def journal(database: Database, event: str) -> list[tuple[object, ...]]:
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            f"SELECT person, subject, unit, channel, reason FROM journal WHERE event = '{event}' ORDER BY id"
        )
        return [tuple(row) for row in rows]


async def test_a_number_and_a_name_are_changed_and_the_number_is_not_journalled(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    shown = await asks(town, CAI, name="李王建军", phone="138 0000 0004")
    assert "李王建军" in shown.text
    assert "+8613800000004" in shown.text
    assert "人dan" in shown.text, "who has that number already"
    assert await stored(database, CAI) == next(p for p in ROSTER.people or () if p.id == CAI)
    answer = await changes(town, CAI, name="李王建军", phone="138 0000 0004")
    assert answer.headers["location"] == f"{PEOPLE}/{CAI}?did=changed"
    assert "已修改" in (await town.get(answer.headers["location"])).text
    assert await stored(database, CAI) == Person(
        id=CAI, name="李王建军", phone="+8613800000004", unit=V1, locale="zh"
    )
    assert await journal(database, "person_changed") == [
        (DAN, CAI, V1, "web", "name changed; number changed")
    ]


async def test_a_number_is_kept_when_nothing_is_typed_and_goes_when_a_dash_is(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    assert "13800000001" not in (await town.get(f"{PEOPLE}/{ANN}/edit")).text
    await changes(town, ANN, name="王建国", locale="en")
    kept = await stored(database, ANN)
    assert kept is not None
    assert (kept.phone, kept.locale) == ("+8613800000001", "en")
    await changes(town, ANN, name="王建国", phone="-")
    gone = await stored(database, ANN)
    assert gone is not None
    assert gone.phone is None


async def test_who_moves_is_found_in_the_journal_of_both_units(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    shown = await asks(town, ANN, name="王建国", unit=V2)
    assert "职务不跟着人走" in shown.text
    assert (await town.send(f"{PEOPLE}/{ANN}/edit", hidden(shown.text))).status_code == 303
    assert [line[2] for line in await journal(database, "person_changed")] == [V2, V1]
    moved = await stored(database, ANN)
    assert moved is not None
    assert moved.unit == V2


async def test_a_form_of_an_older_state_is_refused(database: Database) -> None:
    """Of two who edit the same person, and of one who confirms twice."""
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    older = hidden((await asks(town, CAI, name="甲")).text)
    assert (await changes(town, CAI, name="乙")).status_code == 303
    assert (await town.send(f"{PEOPLE}/{CAI}/edit", older)).status_code == 409
    now = await stored(database, CAI)
    assert now is not None
    assert now.name == "乙"


async def test_of_two_at_once_one_is_told_that_it_has_changed(database: Database) -> None:
    console = await Console.open(database)
    town, city = await console.signed_in(DAN), await console.signed_in(DAN)
    forms = [
        hidden((await asks(browser, CAI, name=name)).text) for browser, name in ((town, "甲"), (city, "乙"))
    ]
    answers = await asyncio.gather(
        *(
            browser.send(f"{PEOPLE}/{CAI}/edit", form)
            for browser, form in zip((town, city), forms, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert len(await journal(database, "person_changed")) == 1


async def test_while_an_import_is_taken_in_nothing_is_edited(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    async with database.write() as tx:
        await tx.staging.begin("large", NOW)
        await tx.staging.release("large")
    assert (await changes(town, CAI, name="乙")).status_code == 409


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"name": " "}, "没有写姓名"),
        ({"name": "长" * 65}, "这个姓名不能用"),
        ({"name": "李王建", "phone": "12345"}, "这个号码看不懂"),
        ({"name": "李王建", "phone": "1.38E+10"}, "这个号码看不懂"),
        ({"name": "李王建", "locale": "fr"}, "没有这种语言"),
        ({"name": "李王建"}, "没有改动"),
    ],
)
async def test_what_cannot_be_is_told_in_one_line_and_what_was_typed_stays(
    sqlite_database: Database, fields: dict[str, str], line: str
) -> None:
    console = await Console.open(sqlite_database)
    town = await console.signed_in(DAN)
    answer = await asks(town, CAI, **fields)
    assert answer.status_code == 400
    assert line in answer.text
    assert f'value="{fields.get("phone", "")}"' in answer.text
    assert await journal(sqlite_database, "person_changed") == []


# ── added ──


async def test_somebody_is_added_with_an_id_that_is_made(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    answer = await adds(town, name="孙 小军", phone="13812345678", locale="en")
    assert answer.headers["location"] == f"{PEOPLE}/V1-%E5%AD%99_%E5%B0%8F%E5%86%9B?did=added"
    assert await stored(database, "V1-孙_小军") == Person(
        id=PersonId("V1-孙_小军"), name="孙 小军", phone="+8613812345678", unit=V1, locale="en"
    )
    assert await journal(database, "person_added") == [(DAN, "V1-孙_小军", V1, "web", None)]
    assert (await town.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"name": "王建国"}, "编号 ann"),
        ({"name": "新人", "id": EVA}, "编号 eva 已经有人用了"),
        ({"name": "新人", "id": "a b"}, "这个编号不能用"),
        ({"name": "新人", "id": "110101199001011234"}, "这个编号不能用"),
    ],
)
async def test_who_cannot_be_told_apart_is_not_added(
    sqlite_database: Database, fields: dict[str, str], line: str
) -> None:
    console = await Console.open(sqlite_database)
    answer = await adds(await console.signed_in(DAN), **fields)
    assert answer.status_code == 400
    assert line in answer.text
    assert await journal(sqlite_database, "person_added") == []


# ── taken out ──


async def test_somebody_who_is_free_leaves_and_comes_back_with_his_id(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    page = await town.get(f"{PEOPLE}/{FAN}/remove")
    assert "收不到任何东西" in page.text
    answer = await town.send(f"{PEOPLE}/{FAN}/remove", hidden(page.text))
    assert answer.headers["location"] == f"{PEOPLE}/{FAN}"
    assert await stored(database, FAN) is None
    assert await journal(database, "person_removed") == [(DAN, FAN, V2, "web", None)]
    again = await town.send(f"{PEOPLE}/{FAN}/remove", hidden(page.text))
    assert again.status_code == 409
    shown = await town.post(OF_V1, name="范", id=FAN)
    assert "以前在名册里" in shown.text
    await adds(town, name="范", id=FAN)
    back = await stored(database, FAN)
    assert back is not None
    assert back.unit == V1


async def test_who_is_needed_stays_and_each_tie_is_named(database: Database) -> None:
    console = await Console.open(database)
    rotas = (
        "- post: V1-G1\n  from: 2026-12-01\n  hours: ['08:00-20:00', '20:00-08:00']\n"
        "  teams: [[bob], [ann], [bob]]\n"
    )
    async with database.write() as tx:
        await tx.settings.set_document(ROTAS, rotas, NOW)
    town = await console.signed_in(DAN)
    page = (await town.get(f"{PEOPLE}/{ANN}/remove")).text
    assert 'href="/console/roster/units/V1/offices/secretary/1"' in page
    assert "一号卡口 11-23 21:00 至 11-24 05:00: 请在 shifts.csv" in page
    assert "还在 一号卡口 的轮班表里" in page
    assert "<button" not in page.partition('id="main"')[2].partition("<footer")[0]
    seen = hidden((await town.get(f"{PEOPLE}/{ANN}/edit")).text)["seen"]
    assert (await town.post(f"{PEOPLE}/{ANN}/remove", seen=seen)).status_code == 409
    assert await stored(database, ANN) is not None


# ── who may ──


async def test_nobody_changes_somebody_with_more_rights_than_his_own(sqlite_database: Database) -> None:
    """Dan leads the town and belongs to V1, which Ann leads: codes to sign in as him go to his number."""
    people = tuple(
        Person(id=p.id, name=p.name, phone=p.phone, unit=V1, locale=p.locale) if p.id == DAN else p
        for p in ROSTER.people or ()
    )
    desk = Office(unit=UnitCode("C"), title="duty_desk", rank=95, person=EVA)
    told = ROSTER.__class__(
        units=ROSTER.units,
        people=people,
        offices=(*OFFICES[:-1], desk),
        posts=ROSTER.posts,
        links=ROSTER.links,
    )
    await take_in(sqlite_database, told)
    console = await Console.open(sqlite_database, empty=True)
    secretary = await console.signed_in(ANN)
    assert (await secretary.get(f"{PEOPLE}/{DAN}")).status_code == 200
    assert "/edit" not in (await secretary.get(f"{PEOPLE}/{DAN}")).text
    for path in ("edit", "remove"):
        assert (await secretary.get(f"{PEOPLE}/{DAN}/{path}")).status_code == 403
        assert (await secretary.post(f"{PEOPLE}/{DAN}/{path}", name="x", sure="1")).status_code == 403
    assert (await secretary.get(f"{PEOPLE}/{BOB}/edit")).status_code == 200
    async with sqlite_database.write() as tx:
        await tx.grants.add(
            Grant(
                id=0,
                person=BOB,
                unit=TOWN,
                rights=SEE_ONLY,
                by=EVA,
                reason="r",
                since=NOW,
                until=NOW + timedelta(days=1),
            )
        )
    assert (await secretary.get(f"{PEOPLE}/{BOB}/edit")).status_code == 403
    assert (await (await console.signed_in(EVA)).get(f"{PEOPLE}/{DAN}/edit")).status_code == 200


async def test_nobody_is_moved_out_of_reach(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    secretary = await console.signed_in(ANN)
    for unit in (V2, "nowhere"):
        assert (await asks(secretary, CAI, name="李王建", unit=unit)).status_code == 403
