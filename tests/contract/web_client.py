"""A web app on a database of its own, and the carriers' way of calling it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from notifier.config import shipped
from notifier.engine.clock import ManualClock
from notifier.engine.loops import Pulses
from notifier.engine.metrics import Metrics
from notifier.engine.parts import Parts, assemble
from notifier.engine.station import Reach, Rules, Station, Wake
from notifier.store.database import Database
from notifier.store.rows import InboxItem
from notifier.texts.catalogue import Catalogue
from notifier.web.app import WebDeps, create_app

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PUBLIC = "https://duty.example"
TOKENS = ("new-token", "old-token")
SECRET = "a-secret_1"
BOTS = ("4242", "4343")
ZONE = ZoneInfo("Asia/Shanghai")

Pairs = Iterable[tuple[str, str]]


class _Multi(dict[str, list[str]]):
    def getlist(self, name: str) -> list[str]:
        return self[name]


def sign(path: str, form: Pairs, token: str = TOKENS[0], base: str = PUBLIC) -> str:
    """The signature, made by twilio's own validator."""
    fields = _Multi()
    for name, value in form:
        fields.setdefault(name, []).append(value)
    return str(RequestValidator(token).compute_signature(base + path, fields))


@dataclass
class Site:
    """The app, what it was given, and who was woken."""

    database: Database
    deps: WebDeps
    app: FastAPI
    client: httpx.AsyncClient
    woken: list[None] = field(default_factory=list)

    async def twilio(self, path: str, form: Pairs, **signing: str) -> httpx.Response:
        """A call as Twilio makes it."""
        form = list(form)
        headers = {"X-Twilio-Signature": sign(path, form, **signing)}
        return await self.post_form(path, form, headers)

    async def post_form(self, path: str, form: Pairs, headers: Mapping[str, str]) -> httpx.Response:
        """A form, with whatever headers."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self.client.post(path, content=urlencode(list(form)), headers={**kind, **headers})

    async def telegram(self, path: str, body: bytes | str, secret: str | None = SECRET) -> httpx.Response:
        """A call as Telegram makes it."""
        headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
        return await self.client.post(path, content=body, headers=headers)

    async def kept(self) -> list[InboxItem]:
        """What is in the inbox."""
        async with self.database.write() as tx:
            return await tx.inbox.new(100)

    def counted(self, source: str, result: str) -> float:
        """The counter of what came in."""
        labels = {"source": source, "result": result}
        return self.deps.metrics.registry.get_sample_value("notifier_incoming_total", labels) or 0.0


@cache
def _texts() -> Catalogue:
    return Catalogue.load(shipped("templates"), zone=ZONE, default_locale="zh", signature="", tried=True)


def parts_at(database: Database, **overrides: object) -> Parts:
    """The engine's parts on this database, at NOW, with both channels on. Nothing turns."""
    given: dict[str, object] = {
        "db": database,
        "clock": ManualClock(NOW),
        "texts": _texts(),
        "reach": Reach(telegram=BOTS, sms=("+15550001111",)),
        "rules": Rules(ZONE),
        "wake": Wake(),
        "zone": ZONE,
        "locale": "zh",
        "site": "值守",
        "public_url": PUBLIC,
    }
    return assemble(Station(**{**given, **overrides}))  # type: ignore[arg-type]


def open_site(database: Database, **overrides: object) -> Site:
    """An app on this database, with both carriers set up unless told otherwise."""
    woken: list[None] = []
    given: dict[str, object] = {
        "parts": overrides.get("parts") or parts_at(database),
        "database": database,
        "now": lambda: NOW,
        "wake": lambda: woken.append(None),
        "pulses": Pulses(),
        "metrics": Metrics(),
        "telegram_bots": BOTS,
        "telegram_secret": SECRET,
        "twilio_tokens": TOKENS,
        "public_url": PUBLIC,
    }
    deps = WebDeps(**{**given, **overrides})  # type: ignore[arg-type]
    app = create_app(deps)
    # Under another name than PUBLIC_URL's: signatures must not be checked against Host.
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://inside.internal:8000")
    return Site(database=database, deps=deps, app=app, client=client, woken=woken)
