"""Every refusal is one document, and the page that explains them all asks nothing of any other host."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

import pytest
from sqlalchemy.exc import OperationalError

from notifier.store.database import Database
from notifier.store.rows import ApiToken
from notifier.store.tx import Tx
from notifier.web.api.problems import TITLES
from tests.contract.api_client import program, told
from tests.contract.console_client import Console
from tests.contract.store_city import DAN, V1


class Links(HTMLParser):
    """What a page asks for, and what it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.add(value or "")


@contextmanager
def away(monkeypatch: pytest.MonkeyPatch, error: Exception) -> Iterator[None]:
    """Tokens cannot be looked up."""

    async def fail(*_: object) -> ApiToken | None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("notifier.store.api_tokens.ApiTokenRepo.find", fail)
        yield


async def test_a_database_that_is_away_is_503(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = await Console.open(sqlite_database)
    dan = await program(console, DAN)
    gone = OperationalError("SELECT 1", {}, ConnectionRefusedError("away"), connection_invalidated=True)
    with away(monkeypatch, gone):
        answer = await dan.get("/me")
    told(answer, 503)
    assert answer.headers["retry-after"] == "5"
    assert (await dan.get("/me")).status_code == 200


async def test_a_fault_of_ours_is_500_and_says_nothing(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = await Console.open(sqlite_database)
    dan = await program(console, DAN)
    with away(monkeypatch, RuntimeError("13800000001")):
        assert "1380" not in (await dan.get("/me")).text
        told(await dan.get("/me"), 500)

    async def broken(tx: Tx, *_: object) -> None:
        raise RuntimeError("13800000001")

    monkeypatch.setattr("notifier.web.api.units.read_snapshot", broken)
    answer = await dan.get("/units")
    assert "fault of ours" in told(answer, 500)
    assert "1380" not in answer.text


async def test_answers_are_kept_by_nobody(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    dan = await program(console, DAN)
    for path in ("/me", "/nothing", "/openapi.json"):
        headers = (await dan.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in headers


# ── the description ──


async def test_the_description_is_of_all_there_is(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    told_of = (await console.guest().get("/api/v1/openapi.json")).json()
    assert told_of["openapi"].startswith("3.1")
    assert told_of["security"] == [{"token": []}]
    named = {tag["name"] for tag in told_of["tags"]}
    for path, operations in told_of["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in operations.values():
            assert set(operation["tags"]) <= named
            assert {"200", "201", "202"} & set(operation["responses"])
            for status in ("401", "403", "422", "500", "503"):
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', str(told_of).replace("'", '"')))
    assert references == set(told_of["components"]["schemas"])


async def test_the_page_runs_nothing_and_asks_nothing_of_other_hosts(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    answer = await console.guest().get("/api/v1/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src" not in answer.headers["content-security-policy"]
    page = Links()
    page.feed(answer.text)
    assert not page.tags & {"script", "style", "iframe", "img", "form"}
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"style"}
    for address in page.addresses:
        assert address.startswith(("/", "#")), address
        assert not address.startswith("//"), address
        if address.startswith("#"):
            assert address[1:] in page.ids, address
        else:
            assert (await console.guest().get(address)).status_code in (200, 303)
    assert {f"problem-{status}" for status in TITLES} <= page.ids
    paths = (await console.guest().get("/api/v1/openapi.json")).json()["paths"]
    assert all(path in answer.text for path in paths)


async def test_an_answer_is_of_the_shape_that_is_told(sqlite_database: Database) -> None:
    console = await Console.open(sqlite_database)
    dan = await program(console, DAN)
    told_of = (await dan.get("/openapi.json")).json()
    unit = (await dan.get(f"/units/{V1}")).json()
    assert set(unit) == set(told_of["components"]["schemas"]["UnitWithPosts"]["properties"])
