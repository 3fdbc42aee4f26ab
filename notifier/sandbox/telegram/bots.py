"""Bots and chats, as Telegram keeps them."""

import asyncio
import itertools
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from notifier.sandbox.telegram.errors import bad_request, forbidden
from notifier.sandbox.telegram.updates import UpdateQueue, Webhook

TOKEN = re.compile(r"(\d{1,20}):[A-Za-z0-9_-]{1,100}")
MAX_QUERIES = 10_000


@dataclass(slots=True, kw_only=True)
class Chat:
    """What is known of a chat beyond being open: only chats that were set up or spoke have one."""

    id: int
    started: bool = True
    blocked: bool = False
    deactivated: bool = False
    migrated_to: int | None = None
    title: str | None = None
    left_by: set[int] = field(default_factory=set)


class ChatBook:
    """Which chats a bot can write to."""

    def __init__(self, *, open_chats: bool) -> None:
        """Begin empty. `open_chats`: unknown positive ids have started every bot."""
        self.open_chats = open_chats
        self._chats: dict[int, Chat] = {}

    def get(self, chat_id: int) -> Chat | None:
        """What is known of a chat."""
        return self._chats.get(chat_id)

    def ensure(self, chat_id: int) -> Chat:
        """The chat, set up if it was not (started)."""
        if chat_id not in self._chats:
            self._chats[chat_id] = Chat(id=chat_id)
        return self._chats[chat_id]

    def check_reachable(self, bot: int, chat_id: int) -> None:
        """Raise TelegramRefusal if this bot cannot write there."""
        chat = self._chats.get(chat_id)
        if chat is None and chat_id > 0 and self.open_chats:
            return
        if chat is None or not chat.started:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            refusal = bad_request("group chat was upgraded to a supergroup chat")
            refusal.migrate_to = chat.migrated_to
            raise refusal
        _check_welcome(bot, chat)

    def blocked(self, chat_id: int | None) -> bool:
        """Whether the person behind a chat blocked the bots."""
        chat = self._chats.get(chat_id or 0)
        return chat is not None and chat.blocked

    def clear(self) -> None:
        """Forget all."""
        self._chats.clear()


def _check_welcome(bot: int, chat: Chat) -> None:
    if chat.deactivated:
        raise forbidden("user is deactivated")
    if chat.blocked:
        raise forbidden("bot was blocked by the user")
    if bot in chat.left_by:
        raise forbidden("bot is not a member of the supergroup chat")


@dataclass(slots=True, kw_only=True, eq=False)
class Bot:
    """One bot: its updates, webhook, commands and open button presses."""

    id: int
    token: str
    updates: UpdateQueue
    webhook: Webhook | None = None
    pusher: asyncio.Task[None] | None = None
    commands: list[dict[str, Any]] = field(default_factory=list)
    paused_until: float = 0.0
    queries: OrderedDict[str, str] = field(default_factory=OrderedDict)
    me: dict[str, Any] = field(default_factory=dict)
    _message_ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def account(self) -> str:
        """The bot's id as records and phones write it."""
        return str(self.id)

    def next_message_id(self) -> int:
        """A message id unique to this bot."""
        return next(self._message_ids)

    def remember_query(self, query_id: str, bubble_id: str) -> None:
        """Keep a button press open to be answered; the oldest are too old some day."""
        self.queries[query_id] = bubble_id
        if len(self.queries) > MAX_QUERIES:
            self.queries.popitem(last=False)


class BotBook:
    """All bots that called, or that were allowed by name."""

    def __init__(self, tokens: tuple[str, ...], max_updates: int) -> None:
        """Without tokens, every well-formed one is a bot."""
        self._allowed = frozenset(tokens)
        self._max_updates = max_updates
        self._bots: dict[int, Bot] = {}
        self.latest: Bot | None = None
        for token in tokens:
            self.by_token(token)

    def by_token(self, token: str) -> Bot | None:
        """The bot that calls with this token; None: unauthorized."""
        well_formed = TOKEN.fullmatch(token)
        if well_formed is None or (self._allowed and token not in self._allowed):
            return None
        bot_id = int(well_formed[1])
        bot = self._bots.get(bot_id)
        if bot is None:
            bot = self._bots[bot_id] = _new_bot(bot_id, token, self._max_updates)
        self.latest = bot
        return bot

    def get(self, bot_id: int) -> Bot | None:
        """A bot that is known."""
        return self._bots.get(bot_id)

    def all(self) -> tuple[Bot, ...]:
        """All known bots."""
        return tuple(self._bots.values())


def _new_bot(bot_id: int, token: str, max_updates: int) -> Bot:
    me = {
        "id": bot_id,
        "is_bot": True,
        "first_name": "Sandbox bot",
        "username": f"sandbox_{bot_id}_bot",
    }
    return Bot(id=bot_id, token=token, updates=UpdateQueue(max_updates=max_updates), me=me)
