"""The phones of the sandbox, in place of people's own: what they got, and what is done with them.

Only where a stand-in on this machine takes the carriers' place is there anything to talk to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from notifier.channels.http import verdict_on, within
from notifier.domain.roster import ChannelName
from notifier.errors import CarrierError, InputError, NotFound, Verdict

WITHIN_S: Final = 5.0
MOST_TEXTS: Final = 60
"""How many of a phone's last texts are fetched."""
_REFUSED: Final = frozenset({400, 409, 415})
"""Statuses whose answer says in words why that cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button under a text. ``data`` is what pressing it sends; None: it cannot be pressed here."""

    label: str
    data: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneText:
    """One text on a phone. ``incoming``: towards it; ``account``: who is at the other end.

    ``note`` is what popped up last when one of its keys was pressed.
    """

    id: str
    channel: ChannelName
    incoming: bool
    text: str
    at: datetime
    account: str
    ref: str
    keys: tuple[tuple[Key, ...], ...]
    note: str | None
    is_lost: bool
    is_edited: bool
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """Somebody's phone, or a group's; ``texts`` are its last ones, oldest first."""

    id: str
    name: str
    number: str | None
    chat: int | None
    unread: int
    is_blocked: bool
    texts: tuple[PhoneText, ...]

    @property
    def channels(self) -> tuple[ChannelName, ...]:
        """By what its owner can write; nobody writes as a group."""
        can = ((ChannelName.TELEGRAM, (self.chat or 0) > 0), (ChannelName.SMS, self.number is not None))
        return tuple(channel for channel, there in can if there)

    @property
    def last(self) -> PhoneText | None:
        """Its newest text."""
        return self.texts[-1] if self.texts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phones:
    """Phones that were searched for, each with its last text, the latest active first; ``found`` in all."""

    shown: tuple[Phone, ...]
    found: int


class TrainingPhones:
    """A sandbox's phones. Every call raises CarrierError where the sandbox does not answer as one.

    Calls that name a phone raise NotFound for one that there is not, and those that do something raise
    InputError, with the sandbox's own words, for what that phone cannot do.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """``url`` is where the sandbox answers, as the carriers' settings name it."""
        self._session = session
        self._url = url

    async def search(self, words: str, most: int) -> Phones:
        """Phones by name, number or id; all of them for no words."""
        told = await self._call("GET", "", {"q": words, "limit": str(most), "messages": "1"})
        try:
            return Phones(shown=tuple(_phone(one) for one in told["phones"]), found=int(told["found"]))
        except (KeyError, TypeError, ValueError):
            raise _no_sandbox() from None

    async def phone(self, phone: str) -> Phone:
        """One phone with its last texts."""
        told = await self._call("GET", _path(phone), {"messages": str(MOST_TEXTS)})
        try:
            return _phone(told)
        except (KeyError, TypeError, ValueError):
            raise _no_sandbox() from None

    async def write(self, phone: str, channel: ChannelName, text: str) -> None:
        """Write to whoever wrote last on that channel."""
        await self._do(phone, "text", {"channel": channel.value, "text": text})

    async def press(self, phone: str, account: str, ref: str, data: str) -> None:
        """Press a key under the text ``ref`` of ``account``."""
        await self._do(phone, "tap", {"to": account, "message_id": ref, "data": data})

    async def start(self, phone: str) -> None:
        """Open the chat with the bot, which lifts a block too."""
        await self._do(phone, "start", {})

    async def block(self, phone: str) -> None:
        """Block the bot."""
        await self._do(phone, "block", {})

    async def unblock(self, phone: str) -> None:
        """Let the bot write again."""
        await self._do(phone, "unblock", {})

    async def has_read(self, phone: str) -> None:
        """Its owner has seen everything on it."""
        await self._do(phone, "read", {})

    async def _do(self, phone: str, deed: str, body: Mapping[str, str]) -> None:
        await self._call("POST", f"{_path(phone)}/{deed}", json=body)

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        url = URL(f"{self._url}/control/phones{path}", encoded=True)
        if params:
            url = url.with_query(params)
        try:
            async with self._session.request(
                method, url, json=json, timeout=within(WITHIN_S), allow_redirects=False
            ) as answer:
                return _checked(answer.status, await answer.json(content_type=None))
        except (aiohttp.ClientError, OSError) as error:
            raise verdict_on(error) from None
        except ValueError:
            raise _no_sandbox() from None


def _checked(status: int, told: object) -> dict[str, Any]:
    """What was answered; else what the refusal means."""
    error = told.get("error") if isinstance(told, dict) else None
    if status == 404 and error:
        raise NotFound("there is no such phone")
    if status in _REFUSED and error:
        raise InputError(str(error))
    if not isinstance(told, dict) or not 200 <= status < 300:
        raise _no_sandbox()
    return told


def _no_sandbox() -> CarrierError:
    return CarrierError(Verdict.REFUSED, "no_sandbox")


def _path(phone: str) -> str:
    # A dot would be taken for a step within the path.
    return "/" + quote(phone, safe="").replace(".", "%2E")


def _phone(told: Mapping[str, Any]) -> Phone:
    return Phone(
        id=str(told["id"]),
        name=str(told["name"]),
        number=told["phone"],
        chat=told["chat"],
        unread=int(told["unread"]),
        is_blocked=bool(told["blocked"]),
        texts=tuple(_text(one) for one in told["messages"]),
    )


def _text(told: Mapping[str, Any]) -> PhoneText:
    return PhoneText(
        id=str(told["id"]),
        channel=ChannelName(told["channel"]),
        incoming=told["direction"] == "in",
        text=str(told["text"]),
        at=datetime.fromisoformat(told["at"]),
        account=str(told["account"]),
        ref=str(told["message_id"]),
        keys=tuple(tuple(_key(key) for key in row) for row in told["buttons"]),
        note=told["note"],
        is_lost=told["status"] in ("undelivered", "failed"),
        is_edited=bool(told["edited"]),
        is_deleted=bool(told["deleted"]),
    )


def _key(told: Mapping[str, Any]) -> Key:
    data = told.get("callback_data")
    return Key(label=str(told["text"]), data=None if data is None else str(data))
