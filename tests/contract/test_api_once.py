"""Creating with an Idempotency-Key: done once, told again, never mixed up."""

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import Body, Request, Response
from pydantic import BaseModel

from notifier.domain.access import Right
from notifier.engine.access.guard import Guard
from notifier.errors import InputError
from notifier.store.database import Database
from notifier.store.rows import JournalLine
from notifier.store.tx import Tx
from notifier.web.api.api import create_api
from notifier.web.api.gate import Gate
from notifier.web.api.kit import Calling, Kit, Made, OnceKey
from notifier.web.api.routes import Routes, somewhere
from tests.contract.api_client import Program, program, told
from tests.contract.console_client import Console
from tests.contract.store_city import CAI, DAN, NOW, TOWN

KEY = "0b7f3c1e-1"


class NoteIn(BaseModel):
    text: str


class NoteOut(BaseModel):
    number: int
    text: str


class Notes:
    """A resource for these tests: each note is a line of the journal."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def create(
        self,
        request: Request,
        caller: Calling,
        note: Annotated[NoteIn, Body()],
        _key: OnceKey = None,
    ) -> Response:
        async def work(tx: Tx, guard: Guard) -> Made:
            guard.unit(TOWN, Right.ACT)
            if note.text == "wrong":
                raise InputError("text: that will not do; write another")
            await tx.journal.write([JournalLine(at=NOW, event="told", reason=note.text)])
            lines = await tx.journal.recent(100, events={"told"})
            return Made(document=NoteOut(number=len(lines), text=note.text))

        return await self._kit.once(request, caller, work)


async def open_notes(database: Database) -> tuple[Console, Program]:
    console = await Console.open(database)
    api = create_api(console.parts)
    kit = Kit(console.parts)
    Routes(kit, api.router).post(
        "/notes", Notes(kit).create, need=somewhere(Right.ACT), tag="notes", summary="n", model=NoteOut
    )
    caller = await program(console, DAN)
    transport = httpx.ASGITransport(app=Gate(api, console.parts))
    caller.client = httpx.AsyncClient(transport=transport, base_url="http://inside")
    return console, caller


async def note(caller: Program, text: str, key: str | None = KEY) -> httpx.Response:
    return await caller.post("/notes", {"text": text}, **({"Idempotency_Key": key} if key else {}))


async def written(database: Database) -> int:
    async with database.read() as tx:
        return len(await tx.journal.recent(100, events={"told"}))


async def test_without_a_key_each_request_creates(database: Database) -> None:
    _, caller = await open_notes(database)
    assert [(await note(caller, "a", None)).json()["number"] for _ in range(2)] == [1, 2]


async def test_with_a_key_it_is_done_once_and_told_again(database: Database) -> None:
    _, caller = await open_notes(database)
    first, again = await note(caller, "a"), await note(caller, "a")
    assert (first.status_code, first.json()) == (201, {"number": 1, "text": "a"})
    assert (again.status_code, again.text) == (201, first.text)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert await written(database) == 1
    assert (await note(caller, "a", "another")).json()["number"] == 2


async def test_a_key_is_for_one_request(database: Database) -> None:
    _, caller = await open_notes(database)
    await note(caller, "a")
    assert "Idempotency-Key" in told(await note(caller, "b"), 422)
    assert await written(database) == 1


async def test_what_failed_may_be_tried_again_with_the_same_key(database: Database) -> None:
    _, caller = await open_notes(database)
    assert "text: that will not do" in told(await note(caller, "wrong"), 422)
    assert (await note(caller, "a")).status_code == 201


async def test_keys_are_each_tokens_own(database: Database) -> None:
    console, caller = await open_notes(database)
    other = await program(console, DAN)
    other.client = caller.client
    assert [(await note(one, "a")).json()["number"] for one in (caller, other)] == [1, 2]


async def test_many_at_once_create_one(database: Database) -> None:
    _, caller = await open_notes(database)
    answers = await asyncio.gather(*(note(caller, "a") for _ in range(8)))
    assert {answer.text for answer in answers} == {answers[0].text}
    assert await written(database) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7


async def test_what_is_at_work_elsewhere_is_not_done_twice(database: Database) -> None:
    console, caller = await open_notes(database)
    await note(caller, "a")
    async with database.write() as tx:
        await tx.conn.exec_driver_sql("UPDATE api_answers SET status = 0")
    told(await note(caller, "a"), 409)
    assert await written(database) == 1
    assert console is not None


@pytest.mark.parametrize("key", [" ", "x" * 201, "a\tb"])
async def test_a_key_is_plain_text(sqlite_database: Database, key: str) -> None:
    _, caller = await open_notes(sqlite_database)
    assert "dempotency-" in told(await note(caller, "a", key), 422)


async def test_who_may_not_learns_nothing_of_what_is_wrong(sqlite_database: Database) -> None:
    """403 comes before the body is parsed, and a body is JSON, and not too long."""
    console, caller = await open_notes(sqlite_database)
    nobody = await program(console, CAI)
    nobody.client = caller.client
    told(await nobody.ask("POST", "/notes", json={"nothing": 1}), 403)
    own = {"Authorization": f"Bearer {caller.token}", "Content-Type": "text/plain"}
    told(await caller.client.post("/api/v1/notes", content=b"{}", headers=own), 415)
    own["Content-Type"] = "application/json"
    told(await caller.client.post("/api/v1/notes", content=b"{", headers=own), 422)
    told(await caller.client.post("/api/v1/notes", content=b"x" * (2**20 + 1), headers=own), 413)
    detail = told(await caller.client.post("/api/v1/notes", content=b'{"text": 7}', headers=own), 422)
    assert detail.startswith("body.text:")


async def test_a_token_that_ends_on_the_way_creates_nothing(database: Database) -> None:
    console, caller = await open_notes(database)
    ended = asyncio.Event()

    async def body() -> object:
        yield b'{"text": '
        async with database.write() as tx:
            await tx.conn.exec_driver_sql("UPDATE api_tokens SET until = created_at")
        ended.set()
        yield b'"a"}'

    own = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
    answer = await caller.client.post("/api/v1/notes", content=body(), headers=own)  # type: ignore[arg-type]
    assert ended.is_set()
    told(answer, 403)
    assert await written(database) == 0
    assert console is not None
