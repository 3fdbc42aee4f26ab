"""What programs read: the same as the console shows, under the commands' own names, page by page."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.domain.access import ALL_RIGHTS, LOCAL_RIGHTS, SEE_ONLY, Right
from notifier.domain.ids import PersonId
from notifier.domain.message import MessageState
from notifier.domain.roster import Office, Presence
from notifier.domain.secrecy import HIDDEN, SIGN_IN_CODE
from notifier.store.database import Database
from notifier.store.rows import JournalLine
from tests.contract.api_client import Program, program, told
from tests.contract.console_client import Console
from tests.contract.store_a import PLAIN
from tests.contract.store_city import (
    ANN,
    BOB,
    CAI,
    CITY,
    DAN,
    EVA,
    GATE,
    MORNING,
    NIGHT,
    NOW,
    OFFICES,
    PEOPLE,
    ROSTER,
    TOWN,
    V1,
    V2,
    person,
    take_in,
)
from tests.contract.test_console_routes import open_console

DAY = timedelta(days=1)
LISTS = ("/units", "/people", "/offices", "/shifts", "/messages", "/journal")


async def open_city(database: Database, more: int = 0) -> Console:
    """Eva has the city's desk; ``more`` people besides, each with a message and a line of the journal."""
    many = [person(PersonId(f"q{n:02}"), V2, f"+86138000001{n:02}") for n in range(more)]
    seats = [Office(unit=V2, title="member", rank=10 + n, person=one.id) for n, one in enumerate(many)]
    desk = replace(OFFICES[-1], person=EVA)
    told = replace(ROSTER, people=(*PEOPLE, *many), offices=(*OFFICES[:-1], desk, *seats))
    await take_in(database, told)
    if many:
        async with database.write() as tx:
            rows = [replace(PLAIN, key=f"k{one.id}", person=one.id) for one in many]
            await tx.messages.queue(rows, NOW)
            lines = [JournalLine(at=NOW, event="told", unit=V2, person=one.id) for one in many]
            await tx.journal.write(lines)
    return await Console.open(database, empty=True)


# ── pages ──


@pytest.mark.parametrize("path", LISTS)
async def test_pages_lose_nothing_and_repeat_nothing(database: Database, path: str) -> None:
    console = await open_city(database, more=7)
    eva = await program(console, EVA)
    query = f"{path}?from=2026-11-23T00:00:00Z" if path in ("/shifts", "/messages") else path
    whole = await eva.all_of(query, 200)
    assert len(whole) >= 2
    for size in (1, 2, 3, len(whole)):
        assert await eva.all_of(query, size) == whole
    names = [str(sorted(one.items(), key=str)) for one in whole]
    assert len(set(names)) == len(names)


async def test_a_cursor_goes_with_its_list_and_with_nothing_else(sqlite_database: Database) -> None:
    console = await open_city(sqlite_database)
    eva = await program(console, EVA)
    cursor = (await eva.get("/units?limit=1")).json()["next"]
    for path in LISTS[1:]:
        assert "cursor" in told(await eva.get(f"{path}?cursor={cursor}"), 422)
    # JSON of ours, or nearly: a number too large, too few, no text, a NUL, a list of lists.
    for made in (
        "WyIvYXBpL3YxL2pvdXJuYWwiLDk5OTk5OTk5OTk5OTld",
        "WyIvYXBpL3YxL2pvdXJuYWwiXQ",
        "WyIvYXBpL3YxL2pvdXJuYWwiLHRydWVd",
        "e30",
        "W10",
        "%25",
        "A",
        "W1tb",
    ):
        assert "cursor" in told(await eva.get(f"/journal?cursor={made}"), 422)


async def test_the_link_leads_to_the_next_page(sqlite_database: Database) -> None:
    console = await open_city(sqlite_database)
    eva = await program(console, EVA)
    answer = await eva.get(f"/people?limit=1&q={'王'}")
    following = answer.headers["link"]
    assert following.endswith('>; rel="next"')
    page = (await eva.get(following[1:].partition(">")[0])).json()
    assert [one["id"] for one in page["items"]] == [BOB]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", ""])
async def test_a_page_has_its_bounds(sqlite_database: Database, limit: str) -> None:
    console = await open_city(sqlite_database)
    assert "limit" in told(await (await program(console, EVA)).get(f"/units?limit={limit}"), 422)


# ── units ──


async def test_units_say_how_they_stand(database: Database) -> None:
    console = await open_console(database)
    eva = await program(console, EVA)
    found = {unit["code"]: unit for unit in (await eva.get("/units")).json()["items"]}
    assert found[V1] == {
        "code": V1,
        "name": "单位V1",
        "kind": "village",
        "parent": TOWN,
        "standing": "calling",
        "on_post": 0,
        "expected": 0,
        "kept_on": 0,
        "paused": True,
        "open_cases": {"calling": 1, "held": 0, "exhausted": 0},
    }
    calling = (await eva.get("/units?standing=calling")).json()["items"]
    assert [unit["code"] for unit in calling] == [V1]
    towns = (await eva.get("/units?kind=town")).json()["items"]
    assert [unit["code"] for unit in towns] == [TOWN, "T2"]
    below = (await eva.get(f"/units?unit={TOWN}")).json()["items"]
    assert [unit["code"] for unit in below] == [TOWN, V1, V2]


async def test_one_unit_says_who_is_on_its_posts(database: Database) -> None:
    console = await open_city(database)
    async with database.write() as tx:
        there = Presence(person=BOB, post=GATE, shift=NIGHT.key, since=NOW, until=None, channel="sms", by=BOB)
        await tx.presences.arrive(there)
    unit = (await (await program(console, EVA)).get(f"/units/{V1}")).json()
    [post] = unit["posts"]
    assert (post["code"], post["headcount"], post["on_post"]) == (GATE, 2, [BOB])
    assert unit["on_post"] == 1


# ── people and offices ──


async def test_numbers_are_masked(database: Database) -> None:
    console = await open_city(database)
    eva = await program(console, EVA)
    people = {one["id"]: one for one in (await eva.get("/people")).json()["items"]}
    assert people[DAN]["phone"] == "138****0004"
    assert people[CAI]["phone"] == ""
    assert people[ANN]["channels"] == ["sms"]
    assert people[ANN]["offices"] == [
        {"unit": V1, "title": "secretary", "rank": 1, "status": "in_post", "acting": False}
    ]
    dan = (await eva.get(f"/people/{DAN}")).json()
    assert (dan["phone"], dan["in_roster"]) == ("138****0004", True)
    bob = (await eva.get(f"/people/{BOB}")).json()
    assert [duty["key"] for duty in bob["shifts"]] == [NIGHT.key]


async def test_a_number_in_full_is_written_down(database: Database) -> None:
    console = await open_city(database)
    dan = await program(console, DAN, LOCAL_RIGHTS)
    assert (await dan.get(f"/people/{ANN}?phones=full")).json()["phone"] == "+8613800000001"
    listed = (await dan.get(f"/people?unit={V1}&phones=full")).json()["items"]
    assert [one["phone"] for one in listed] == ["+8613800000001", "+8613800000001", ""]
    async with database.read() as tx:
        lines = await tx.journal.recent(10, events={"unmasked"})
    assert [(line.person, line.subject, line.channel) for line in lines] == [
        (DAN, BOB, "api"),
        (DAN, ANN, "api"),
        (DAN, ANN, "api"),
    ]
    assert "13800000001" not in str(lines)
    looking = await program(console, DAN, SEE_ONLY)
    for path in (f"/people/{ANN}?phones=full", "/people?phones=full"):
        told(await looking.get(path), 403)


async def test_everybody_sees_himself(database: Database) -> None:
    console = await open_city(database)
    cai = await program(console, CAI)
    himself = (await cai.get(f"/people/{CAI}")).json()
    assert (himself["id"], [duty["key"] for duty in himself["shifts"]]) == (CAI, [MORNING.key])
    told(await cai.get(f"/people/{ANN}"), 403)
    elsewhere = await program(console, CAI, ALL_RIGHTS, V1)
    told(await elsewhere.get(f"/people/{CAI}"), 403)


async def test_people_are_found_by_part_of_a_name(database: Database) -> None:
    console = await open_city(database)
    eva = await program(console, EVA)
    assert [one["id"] for one in (await eva.get("/people?q=王建")).json()["items"]] == [ANN, BOB, CAI]
    assert (await eva.get("/people?q=%25")).json()["items"] == []


async def test_offices_as_they_are_kept_now(database: Database) -> None:
    console = await open_city(database)
    eva = await program(console, EVA)
    offices = (await eva.get(f"/offices?unit={V1}")).json()["items"]
    assert [(one["title"], one["person"], one["status"], one["until"]) for one in offices] == [
        ("secretary", ANN, "in_post", None),
        ("committee", BOB, "absent", "2026-11-23T13:00:00Z"),
    ]


# ── shifts ──


async def test_shifts_say_who_stands_them(database: Database) -> None:
    console = await open_city(database)
    eva = await program(console, EVA)
    async with database.write() as tx:
        there = Presence(person=BOB, post=GATE, shift=NIGHT.key, since=NOW, until=None, channel="sms", by=BOB)
        await tx.presences.arrive(there)
    night, morning = (await eva.get("/shifts")).json()["items"]
    assert night == {
        "key": NIGHT.key,
        "unit": V1,
        "post": GATE,
        "start": "2026-11-23T13:00:00Z",
        "end": "2026-11-23T21:00:00Z",
        "people": [BOB, ANN],
        "away": [],
        "on_post": [BOB],
    }
    assert morning["key"] == MORNING.key
    span = "from=2026-11-23T21:00:00Z&to=2026-11-23T21:30:00%2B00:00"
    assert [one["key"] for one in (await eva.get(f"/shifts?{span}")).json()["items"]] == [MORNING.key]
    assert (await eva.get(f"/shifts?unit={V2}")).json()["items"] == []
    assert len((await eva.get(f"/shifts?post={GATE}")).json()["items"]) == 2
    assert "to" in told(await eva.get("/shifts?to=2026-11-01T00:00:00Z"), 422)
    for wrong in ("2026-11-23T21:00:00", "tomorrow", "0001-01-01T00:00:00Z"):
        assert "from" in told(await eva.get(f"/shifts?from={wrong}"), 422)


# ── messages and the journal ──


async def with_messages(database: Database) -> Console:
    console = await open_console(database)
    async with database.write() as tx:
        some = [
            replace(PLAIN, key="code", person=ANN, template=SIGN_IN_CODE, text="代码 123456"),
            replace(PLAIN, key="plain", person=ANN, text="请回电 13800000001"),
            replace(PLAIN, key="far", person=EVA),
            replace(PLAIN, key="nobody", person=None),
        ]
        await tx.messages.queue(some, NOW)
    return console


async def messages(caller: Program, query: str = "") -> list[dict[str, object]]:
    items: list[dict[str, object]] = (await caller.get(f"/messages?{query}")).json()["items"]
    return items


async def test_messages_and_what_became_of_them(database: Database) -> None:
    console = await with_messages(database)
    eva = await program(console, EVA)
    found = await messages(eva)
    assert [one["id"] for one in found] == ["5", "4", "3", "2", "1"]
    assert [one["text"] for one in found][2:4] == ["请回电 138****0001", HIDDEN]
    assert [one["id"] for one in await messages(eva, "state=uncertain")] == ["1"]
    assert [one["id"] for one in await messages(eva, "case=1")] == ["1"]
    assert [one["id"] for one in await messages(eva, f"person={ANN}")] == ["3", "2"]
    assert [one["id"] for one in await messages(eva, f"unit={V1}")] == ["3", "2", "1"]
    assert await messages(eva, "channel=telegram") == [one for one in found if one["channel"] == "telegram"]
    assert await messages(eva, "from=2026-11-24T00:00:00Z") == []
    one = (await eva.get("/messages/1")).json()
    assert (one["state"], one["case"], one["person"]) == (str(MessageState.UNCERTAIN), "1", DAN)


async def test_a_text_is_for_who_oversees_its_unit(database: Database) -> None:
    console = await with_messages(database)
    town = await program(console, DAN)
    found = await messages(town)
    assert [one["id"] for one in found] == ["3", "2", "1"]
    assert {one["text"] for one in found} == {None}
    assert (await town.get("/messages/3")).json()["text"] is None
    for hidden in ("4", "5", "99"):
        told(await town.get(f"/messages/{hidden}"), 403)


async def test_the_journal_is_searched(database: Database) -> None:
    console = await open_city(database)
    async with database.write() as tx:
        lines = [
            JournalLine(at=NOW - DAY, event="opened", unit=V1, reason="打给 13800000001"),
            JournalLine(at=NOW, event="told", unit=V2, person=ANN),
            JournalLine(at=NOW, event="told", unit=CITY, subject=ANN),
        ]
        await tx.journal.write(lines)
    eva = await program(console, EVA)

    async def found(query: str) -> list[tuple[str, str]]:
        items = (await eva.get(f"/journal?{query}")).json()["items"]
        return [(one["event"], one["unit"]) for one in items]

    assert await found(f"before={NOW:%Y-%m-%dT%H:%M:%SZ}") == [("opened", V1)]
    assert await found("event=opened&after=2026-11-01T00:00:00Z") == [("opened", V1)]
    assert await found(f"unit={V2}") == [("told", V2)]
    assert await found(f"person={ANN}&event=told") == [("told", CITY), ("told", V2)]
    assert (await eva.get("/journal?event=opened")).json()["items"][0]["reason"] == "打给 138****0001"
    assert "before" in told(
        await eva.get("/journal?after=2026-11-02T00:00:00Z&before=2026-11-01T00:00:00Z"), 422
    )
    assert "event" in told(await eva.get("/journal?event=%00"), 422)
    looking = await program(console, EVA, frozenset(Right) - {Right.OVERSEE})
    told(await looking.get("/journal"), 403)


@pytest.mark.parametrize("number", ["2147483648", "999999999999999999", "1" * 40, "-1", "x"])
async def test_a_number_that_no_row_has_is_simply_not_there(database: Database, number: str) -> None:
    console = await open_city(database)
    eva = await program(console, EVA)
    for path in (f"/messages/{number}", f"/messages?case={number}", f"/journal?case={number}"):
        told(await eva.get(path), 404)
    browser = await console.signed_in(EVA)
    assert (await browser.get(f"/console/cases/{number}")).status_code == 404
    assert (await browser.get(f"/console/journal?case={number}")).status_code == 200
