"""The console as its visitors see it: sessions made straight in the database, and browsers."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from notifier.domain.ids import PersonId
from notifier.engine.parts import Parts
from notifier.store.database import Database
from notifier.web.console.visit import csrf_of
from tests.contract.store_city import ROSTER, take_in
from tests.contract.web_client import PUBLIC, open_site, parts_at


@dataclass
class Browser:
    """One person's browser. ``csrf`` goes with every form by itself."""

    client: httpx.AsyncClient
    person: PersonId
    token: str
    parts: Parts

    @property
    def csrf(self) -> str:
        """The token of the pages of this session."""
        return csrf_of(self.token)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page; redirections are not followed."""
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, *, live: bool = False, **fields: str) -> httpx.Response:
        """A form as the page sends it; ``live``: as htmx does."""
        return await self.send(path, fields, live=live)

    async def send(self, path: str, fields: Mapping[str, str], *, live: bool = False) -> httpx.Response:
        """The same, with the fields in one piece."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        if live:
            headers |= {"HX-Request": "true", "X-CSRF": self.csrf}
        own = dict(fields) if live else {"csrf": self.csrf, **fields}
        return await self.client.post(path, content=urlencode(own), headers=headers)


class Console:
    """An app on a database with the small city of ``store_city`` in it, and browsers of its people."""

    def __init__(self, database: Database, parts: Parts) -> None:
        self.database = database
        self.parts = parts
        self.site = open_site(database, parts=parts)

    @classmethod
    async def open(cls, database: Database, *, empty: bool = False) -> "Console":
        """With nobody signed in. ``empty``: the database is left as it is."""
        if not empty:
            await take_in(database, ROSTER)
        return cls(database, parts_at(database))

    def guest(self) -> httpx.AsyncClient:
        """A browser that has never been here."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.site.app, raise_app_exceptions=False), base_url=PUBLIC
        )

    async def signed_in(self, person: str) -> Browser:
        """A browser of somebody who has signed in."""
        async with self.database.write() as tx:
            token = await self.parts.sessions.begin(tx, PersonId(person), "tests")
        client = self.guest()
        client.cookies.set("__Host-notifier", token)
        return Browser(client=client, person=PersonId(person), token=token, parts=self.parts)
