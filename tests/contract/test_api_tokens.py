"""Tokens: a program may what its person may at that moment, within the token's limit, and no longer."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from notifier.domain.access import ALL_RIGHTS, SEE_ONLY, Limit, Right
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.access.tokens import PREFIX, Tokens
from notifier.errors import InputError, NotFound
from notifier.store.database import Database
from notifier.store.tables import api_tokens, people
from tests.contract.api_client import BY, program, told
from tests.contract.console_client import Console
from tests.contract.store_city import ANN, DAN, NOW, TOWN, V1, V2

DAY = timedelta(days=1)


async def test_a_token_is_a_persons_scope(database: Database) -> None:
    console = await Console.open(database)
    dan = await program(console, DAN)
    me = (await dan.get("/me")).json()
    assert (me["person"], me["everything"]) == ("dan", False)
    assert [one["unit"] for one in me["over"]] == [TOWN]
    assert [unit["code"] for unit in (await dan.get("/units")).json()["items"]] == [TOWN, V1, V2]


async def test_a_limit_cuts_it_down(database: Database) -> None:
    console = await Console.open(database)
    village = await program(console, DAN, SEE_ONLY, V1)
    me = (await village.get("/me")).json()
    assert me["over"] == [{"unit": V1, "rights": ["see"]}]
    assert [unit["code"] for unit in (await village.get("/units")).json()["items"]] == [V1]
    told(await village.get(f"/units/{V2}"), 403)
    nothing = await program(console, DAN, frozenset({Right.PAUSE}))
    told(await nothing.get("/units"), 403)


async def test_it_dies_with_the_office(database: Database) -> None:
    console = await Console.open(database)
    dan = await program(console, DAN)
    assert (await dan.get(f"/units/{V1}")).status_code == 200
    async with database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE offices SET person = NULL WHERE person = 'dan'")
    told(await dan.get(f"/units/{V1}"), 403)
    assert (await dan.get("/me")).json()["over"] == []
    async with database.write() as tx:
        await tx.conn.execute(update(people).where(people.c.id == DAN).values(removed_at=NOW))
    told(await dan.get("/me"), 401)


async def test_it_ends_when_it_is_revoked(database: Database) -> None:
    console = await Console.open(database)
    dan, other = await program(console, DAN), await program(console, DAN)
    async with database.write() as tx:
        await console.parts.tokens.revoke(tx, dan.id, BY, NOW)
    told(await dan.get("/me"), 401)
    assert (await other.get("/me")).status_code == 200
    async with database.write() as tx:
        with pytest.raises(NotFound):
            await console.parts.tokens.revoke(tx, dan.id, BY, NOW)
        lines = await tx.journal.recent(2, events={"token_given", "token_revoked"})
    assert [(line.event, line.subject, line.person) for line in lines] == [
        ("token_revoked", DAN, "eva"),
        ("token_given", DAN, "eva"),
    ]


async def test_it_ends_in_its_time(database: Database) -> None:
    await Console.open(database)
    at = NOW
    tokens = Tokens(database, real_now=lambda: at)
    async with database.write() as tx:
        made = await tokens.give(tx, DAN, " a  b ", Limit(rights=ALL_RIGHTS), DAY, BY, NOW)
        found = await tokens.find(tx, made.text)
        assert found is not None
        assert (found.label, found.until, found.last_used) == ("a b", NOW + DAY, None)
    at = NOW + DAY
    async with database.read() as tx:
        assert await tokens.find(tx, made.text) is None
        assert await tokens.standing(tx) == []


async def test_when_it_was_used_is_written_down_now_and_then(database: Database) -> None:
    await Console.open(database)
    at = NOW
    tokens = Tokens(database, real_now=lambda: at)
    async with database.write() as tx:
        made = await tokens.give(tx, DAN, "n", Limit(rights=ALL_RIGHTS), DAY, BY, NOW)
    for at, written in (  # noqa: B007 -- the tokens ask for it
        (NOW, NOW),
        (NOW + timedelta(minutes=4), NOW),
        (NOW + timedelta(minutes=5), NOW + timedelta(minutes=5)),
    ):
        async with database.read() as tx:
            token = await tokens.find(tx, made.text)
        assert token is not None
        await tokens.see(token)
        async with database.read() as tx:
            assert [one.last_used for one in await tokens.standing(tx, DAN)] == [written]


async def test_what_it_is_is_kept_nowhere(database: Database) -> None:
    console = await Console.open(database)
    dan = await program(console, DAN)
    assert dan.token.startswith(PREFIX)
    assert len(dan.token) >= len(PREFIX) + 43
    await dan.get("/me")
    async with database.read() as tx:
        [row] = (await tx.conn.execute(select(api_tokens))).mappings()
        lines = await tx.journal.recent(10)
    assert dan.token not in f"{dict(row)} {lines}"
    assert row["token_hash"] not in f"{lines}"


async def test_nobody_gets_one_for_nobody(database: Database) -> None:
    console = await Console.open(database)
    limit, nowhere = Limit(rights=SEE_ONLY), Limit(rights=SEE_ONLY, unit=UnitCode("V9"))
    async with database.write() as tx:
        with pytest.raises(NotFound, match="no person nobody"):
            await console.parts.tokens.give(tx, PersonId("nobody"), "n", limit, DAY, BY, NOW)
        with pytest.raises(NotFound, match="no unit V9"):
            await console.parts.tokens.give(tx, DAN, "n", nowhere, DAY, BY, NOW)
        with pytest.raises(InputError, match="needs a name"):
            await console.parts.tokens.give(tx, DAN, "  ", limit, DAY, BY, NOW)


async def test_a_session_is_no_token_and_a_token_no_session(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    browser, dan = await console.signed_in(DAN), await program(console, DAN)
    told(await browser.get("/api/v1/me"), 401)
    answer = await dan.client.get("/api/v1/me", headers={"Authorization": f"Bearer {browser.token}"})
    told(answer, 401)
    assert (await dan.ask("GET", "/api/../console")).status_code in (303, 401)


async def test_its_person_sees_it_and_ends_it(database: Database) -> None:
    console = await Console.open(database)
    dan, ann = await program(console, DAN, SEE_ONLY, V1), await program(console, ANN)
    browser = await console.signed_in(DAN)
    page = (await browser.get("/console/me")).text
    assert "大屏报表" in page
    assert f"/console/me/tokens/{dan.id}/revoke" in page
    assert f"/console/me/tokens/{ann.id}/revoke" not in page
    for foreign in (ann.id, 99, "x"):
        assert (await browser.post(f"/console/me/tokens/{foreign}/revoke")).status_code == 404
    answer = await browser.post(f"/console/me/tokens/{dan.id}/revoke")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/me#tokens")
    told(await dan.get("/me"), 401)
    assert (await ann.get("/me")).status_code == 200
    assert "大屏报表" not in (await browser.get("/console/me")).text
    async with database.read() as tx:
        [line] = await tx.journal.recent(1, events={"token_revoked"})
    assert (line.person, line.subject, line.channel) == (DAN, DAN, "web")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer ntf_", "Basic {0}", "{0}", "Bearer {0}x"]
)
async def test_what_is_not_quite_a_token_lets_nobody_in(sqlite_database: Database, header: str) -> None:
    console = await Console.open(sqlite_database)
    ann = await program(console, ANN)
    headers = {"Authorization": header.format(ann.token)} if header else {}
    answer = await console.guest().get("/api/v1/me", headers=headers)
    told(answer, 401)
    assert answer.headers["www-authenticate"] == 'Bearer realm="notifier"'
