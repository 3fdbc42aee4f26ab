"""Somebody at a station's console: a session made straight in the database, and a browser that has it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from notifier.domain.ids import PersonId
from notifier.web.console.visit import csrf_of
from tests.stories.harness import Station

PATIENT_S = 60
"""How long a page may take: how soon it comes says how busy the machine is."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """One person's browser, over a real socket. Redirections are not followed."""

    client: httpx.AsyncClient
    station: Station
    token: str

    async def get(self, path: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path)

    async def sees(self, path: str) -> str:
        """A page that is there."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """A form as the page sends it; then whatever follows from it happens. A list is several boxes."""
        told = urlencode({"csrf": csrf_of(self.token), **fields}, doseq=True)
        answer = await self.client.post(path, content=told, headers=_FORM)
        await self.station.settle()
        return answer

    @asynccontextmanager
    async def watching(self, path: str) -> AsyncIterator["Stream"]:
        """An open stream of events."""
        async with self.client.stream("GET", path, timeout=20) as answer:
            assert answer.status_code == 200
            yield Stream(answer)


@dataclass
class Stream:
    """What comes over a stream."""

    answer: httpx.Response

    def __post_init__(self) -> None:
        self._lines = self.answer.aiter_lines()

    async def next(self, wanted: str = "") -> str:
        """The markup of the next event that has those words in it. Raises StopAsyncIteration at the end."""
        markup: list[str] = []
        while True:
            line = await anext(self._lines)
            if line.startswith("data: "):
                markup.append(line.removeprefix("data: "))
            elif not line and markup:
                if wanted in (told := "\n".join(markup)):
                    return told
                markup = []


@asynccontextmanager
async def console_of(station: Station, person: str) -> AsyncIterator[Browser]:
    """That person, signed in."""
    parts = station.engine.parts
    async with parts.station.db.write() as tx:
        token = await parts.sessions.begin(tx, PersonId(person), "tests")
    public = station.config.public_url
    assert public is not None
    async with httpx.AsyncClient(base_url=public, cookies={"notifier": token}, timeout=PATIENT_S) as client:
        yield Browser(client=client, station=station, token=token)
