"""Posts with their shifts, and one shift: who need not stand it, and is to after all."""

from urllib.parse import quote

from notifier.domain.ids import PersonId, ShiftKey
from notifier.domain.roster import Presence
from notifier.store.database import Database
from notifier.store.rows import LeaveRow
from tests.contract.console_client import Browser, Console
from tests.contract.store_city import ANN, BOB, CAI, DAN, EVA, GATE, MORNING, NIGHT, NOW

SHIFTS, POSTS = "/console/roster/shifts", "/console/roster/posts"
PAGE = f"{SHIFTS}/{quote(NIGHT.key, safe='')}"


async def sees(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def on_leave(database: Database) -> set[tuple[PersonId, ShiftKey]]:
    async with database.read() as tx:
        return await tx.shifts.on_leave([NIGHT.key])


async def journal(database: Database) -> list[tuple[object, ...]]:
    async with database.read() as tx:
        rows = await tx.conn.exec_driver_sql(
            "SELECT event, person, channel, reason FROM journal WHERE event LIKE 'leave%' ORDER BY id"
        )
        return [tuple(row) for row in rows]


async def test_posts_are_found_with_their_shifts_of_a_day(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    page = await sees(town, f"{POSTS}?day=2026-11-23")
    assert "一号卡口" in page
    assert "值班室" not in page, "the city's is out of reach"
    assert "11-23 21:00–05:00" in page
    assert "11-24 05:00" not in page
    assert PAGE in page
    assert "11-24 05:00–13:00" in await sees(town, f"{POSTS}?day=2026-11-24")
    assert "没有排班" in await sees(town, f"{POSTS}?day=2026-12-24&q=v1-g")
    assert "没有找到哨卡" in await sees(town, f"{POSTS}?q=%25")
    assert (await town.get(f"{POSTS}?unit=T2")).status_code == 403


async def test_a_shift_says_who_stands_it_and_who_was_there(database: Database) -> None:
    console = await Console.open(database)
    async with database.write() as tx:
        await tx.presences.arrive(
            Presence(person=BOB, post=GATE, shift=NIGHT.key, since=NOW, until=None, channel="sms", by=ANN)
        )
        await tx.shifts.add_leave(LeaveRow(person=ANN, shift=NIGHT.key, reason="病", recorded_at=NOW))
        await tx.covers.record(NIGHT.key, ANN, CAI, NOW)
    page = await sees(await console.signed_in(DAN), PAGE)
    rostered = page.partition('id="h-who"')[2].partition("</section>")[0]
    assert "由 李王建 顶" in rostered
    assert "替 王建国" in rostered
    assert f'action="{PAGE}/return"' not in rostered, "somebody covers it"
    assert "由 王建国 代报" in page.partition('id="h-there"')[2]


async def test_a_leave_is_noted_and_cover_looked_for_and_taken_back(database: Database) -> None:
    console = await Console.open(database)
    town = await console.signed_in(DAN)
    answer = await town.post(f"{PAGE}/leave", person=ANN, words="发烧")
    assert "已记请假" in await sees(town, answer.headers["location"])
    assert await on_leave(database) == {(ANN, NIGHT.key)}
    async with database.read() as tx:
        assert await tx.timers.pending_at(f"cover:{NIGHT.key}|{ANN}") == NOW
        told = await tx.conn.exec_driver_sql("SELECT person FROM messages WHERE template = 'leave_agreed'")
        assert [row[0] for row in told] == [ANN]
    assert (await town.post(f"{PAGE}/leave", person=ANN, words="发烧")).status_code == 409
    answer = await town.post(f"{PAGE}/return", person=ANN, words="人手不够")
    assert answer.status_code == 303
    assert await on_leave(database) == set()
    assert await journal(database) == [
        ("leave", ANN, "web", "发烧"),
        ("leave_agreed", ANN, "web", "by dan"),
        ("leave_refused", ANN, "web", "by dan: 人手不够"),
    ]


async def test_what_cannot_be_is_refused_and_changes_nothing(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    town = await console.signed_in(DAN)
    assert (await town.post(f"{PAGE}/leave", person=ANN)).status_code == 400
    assert (await town.post(f"{PAGE}/leave", person=EVA, words="x")).status_code == 409
    assert (await town.post(f"{PAGE}/return", person=ANN, words="x")).status_code == 409
    member = await console.signed_in(CAI)
    other = f"{SHIFTS}/{quote(MORNING.key, safe='')}"
    assert (await member.get(other)).status_code == 403
    assert (await member.post(f"{other}/leave", person=CAI, words="x")).status_code == 403
    assert await journal(sqlite_database) == []
