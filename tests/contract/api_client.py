"""The API as programs use it: tokens made straight in the database, and calls with them."""

from dataclasses import dataclass
from datetime import timedelta

import httpx

from notifier.domain.access import ALL_RIGHTS, Limit, Rights
from notifier.domain.ids import PersonId, UnitCode
from notifier.engine.station import Actor
from tests.contract.console_client import Console
from tests.contract.store_city import EVA, NOW

BY = Actor(person=EVA, channel="shell")
PROBLEM = "application/problem+json"


@dataclass
class Program:
    """Whoever holds a token."""

    client: httpx.AsyncClient
    token: str
    id: int

    async def ask(self, method: str, path: str, *, json: object = None, **headers: str) -> httpx.Response:
        """One request, below /api/v1 or wherever ``path`` says."""
        own = {
            "Authorization": f"Bearer {self.token}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return await self.client.request(method, at(path), json=json, headers=own)

    async def get(self, path: str) -> httpx.Response:
        """A reading."""
        return await self.ask("GET", path)

    async def post(self, path: str, json: object = None, **headers: str) -> httpx.Response:
        """A change."""
        return await self.ask("POST", path, json=json, **headers)

    async def all_of(self, path: str, size: int) -> list[dict[str, object]]:
        """Every item of a list, read by pages of ``size``."""
        found: list[dict[str, object]] = []
        cursor: str | None = None
        while True:
            query = f"{'&' if '?' in path else '?'}limit={size}" + (f"&cursor={cursor}" if cursor else "")
            answer = await self.get(path + query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["items"]) <= size
            found += page["items"]
            cursor = page["next"]
            assert (cursor is None) is ("link" not in answer.headers)
            if cursor is None:
                return found


async def program(
    console: Console, person: str, rights: Rights = ALL_RIGHTS, unit: UnitCode | None = None
) -> Program:
    """A program with a token of that person."""
    async with console.database.write() as tx:
        made = await console.parts.tokens.give(
            tx, PersonId(person), "大屏报表", Limit(rights=rights, unit=unit), timedelta(days=1), BY, NOW
        )
    return Program(client=console.guest(), token=made.text, id=made.id)


def at(path: str) -> str:
    """The whole path."""
    return path if path.startswith("/api") else f"/api/v1{path}"


def told(answer: httpx.Response, status: int) -> str:
    """What a problem says, once it is one of that status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document = answer.json()
    assert set(document) == {"type", "title", "status", "detail", "instance"}
    assert (document["status"], document["type"]) == (status, f"/api/v1/docs#problem-{status}")
    assert "\n" not in document["detail"]
    return str(document["detail"])
