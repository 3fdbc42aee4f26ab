"""Personal links from a page: for a unit in reach only, journalled with who asked, and no blind hand-out."""

import csv
import threading
from dataclasses import replace
from io import BytesIO, StringIO

import pypdfium2
import pytest
from sqlalchemy import func, select

from notifier.domain.roster import Office
from notifier.engine.linking import handout
from notifier.engine.linking.tokens import token_hash
from notifier.errors import InputError
from notifier.files.link_sheets import write_link_sheets
from notifier.store.database import Database
from notifier.store.tables import journal, link_tokens
from tests.contract.console_client import Console
from tests.contract.store_city import ANN, BOB, BOT, CAI, CITY, DAN, EVA, NOW, ROSTER, V1, V2, take_in
from tests.contract.web_client import open_site, parts_at

NAME = "example_duty_bot"
PAGE = f"/console/roster/units/{V1}/links"
TOLD = replace(
    ROSTER,
    offices=(*(ROSTER.offices or ())[:-1], Office(unit=CITY, title="duty_desk", rank=95, person=EVA)),
)


async def _name() -> str:
    return NAME


async def _no_name() -> str:
    raise InputError("Telegram does not say the bot's name (connect)")


async def opened(database: Database, bot_name: object = _name) -> Console:
    await take_in(database, TOLD)
    console = Console(database, parts_at(database))
    console.site = open_site(database, parts=console.parts, bot_name=bot_name)
    return console


async def tokens(database: Database) -> int:
    async with database.read() as tx:
        return int(await tx.conn.scalar(select(func.count()).select_from(link_tokens)) or 0)


async def test_a_table_of_links_works_and_the_journal_says_who_asked(database: Database) -> None:
    console = await opened(database)
    secretary = await console.signed_in(ANN)
    answer = await secretary.post(PAGE, kind="csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="links.csv"')
    assert answer.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["id"] for row in rows] == [ANN, BOB, CAI]
    url, _, token = rows[1]["link"].partition("?start=")
    assert url == f"https://t.me/{NAME}"
    async with database.write() as tx:
        assert await tx.contacts.redeem(token_hash(token), NOW) == BOB
        lines = (await tx.conn.execute(select(journal).where(journal.c.event == "links_issued"))).mappings()
        told = [(line["unit"], line["person"], line["channel"]) for line in lines]
    assert told == [(V1, ANN, "web")]


async def test_sheets_are_drawn_in_a_thread(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = await opened(sqlite_database)
    drawn: list[bool] = []

    def watched(*arguments: object) -> None:
        drawn.append(threading.current_thread() is threading.main_thread())
        write_link_sheets(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(handout, "write_link_sheets", watched)
    town = await console.signed_in(DAN)
    answer = await town.post(PAGE, kind="pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert drawn == [False]
    text = pypdfium2.PdfDocument(BytesIO(answer.content))[0].get_textpage().get_text_range()
    assert "李王建" in text
    assert await tokens(sqlite_database) == 3


async def test_only_those_who_are_missing(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    async with sqlite_database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE links SET account = '4242' WHERE person = 'ann'")
    secretary = await console.signed_in(ANN)
    answer = await secretary.post(PAGE, kind="csv", missing="1")
    assert [row["id"] for row in csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))] == [BOB, CAI]
    page = (await secretary.get(PAGE)).text
    assert "王建" in page.partition('id="h-unlinked"')[2]
    assert "王建国" not in page.partition('id="h-unlinked"')[2]
    assert "33.3 %" in page


async def test_nothing_is_made_out_of_reach_by_looking_or_without_a_bot(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    secretary = await console.signed_in(ANN)
    for unit in (V2, CITY, "V9"):
        where = f"/console/roster/units/{unit}/links"
        assert (await secretary.get(where)).status_code == 403
        assert (await secretary.post(where, kind="csv")).status_code == 403
    assert (await secretary.get(PAGE)).status_code == 200
    member = await console.signed_in(CAI)
    assert (await member.post(PAGE, kind="csv")).status_code == 403
    assert await tokens(sqlite_database) == 0


async def test_nobody_gets_the_link_of_who_may_do_more_than_he(sqlite_database: Database) -> None:
    console = await opened(sqlite_database)
    desk = Office(unit=CITY, title="duty_desk", rank=95, person=CAI)
    await take_in(sqlite_database, replace(TOLD, offices=(*(TOLD.offices or ())[:-1], desk)))
    secretary = await console.signed_in(ANN)
    answer = await secretary.post(PAGE, kind="csv")
    assert [row["id"] for row in csv.DictReader(StringIO(answer.content.decode("utf-8-sig")))] == [ANN, BOB]
    assert "超出您所管范围" in (await secretary.get(PAGE)).text
    whole = await (await console.signed_in(CAI)).post(PAGE, kind="csv")
    assert [row["id"] for row in csv.DictReader(StringIO(whole.content.decode("utf-8-sig")))] == [
        ANN,
        BOB,
        CAI,
    ]


@pytest.mark.parametrize(
    ("bot_name", "said"), [(None, "Telegram 没有开"), (_no_name, "没有说出机器人的名字")]
)
async def test_without_a_bot_there_is_one_clear_line(
    sqlite_database: Database, bot_name: object, said: str
) -> None:
    console = await opened(sqlite_database, bot_name)
    secretary = await console.signed_in(ANN)
    answer = await secretary.post(PAGE, kind="pdf")
    assert answer.status_code == 400
    assert said in answer.text
    assert await tokens(sqlite_database) == 0
    assert BOT not in answer.text
