"""Everything the Telegram stand-in remembers, and the one place where a message is delivered."""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.courier import Background, Courier
from notifier.sandbox.faults import Carrier, FaultBook, copies_of, lateness_of
from notifier.sandbox.feed import Feed
from notifier.sandbox.ledger import Accepted, Ledger, Refused
from notifier.sandbox.limits import Breach, TelegramMeter
from notifier.sandbox.options import SandboxOptions
from notifier.sandbox.phones import Bubble, Channel, Phone, PhoneBook
from notifier.sandbox.telegram.bots import Bot, BotBook, ChatBook
from notifier.sandbox.telegram.errors import TelegramRefusal, too_many

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message a bot wants delivered, already checked."""

    chat_id: int
    text: str
    entities: tuple[Json, ...] = ()
    markup: Json | None = None
    reply_to: int | None = None
    answer: bool = False
    silent: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class TelegramDesk:
    """The state of the Bot API stand-in."""

    options: SandboxOptions
    phones: PhoneBook
    feed: Feed
    faults: FaultBook
    courier: Courier
    background: Background
    ledger: Ledger
    bots: BotBook
    chats: ChatBook
    meter: TelegramMeter

    def admit(self, bot: Bot, chat_id: int) -> bool:
        """Count a message against the limits; whether it is an answer. Raises TelegramRefusal."""
        now = self.options.monotonic()
        self.meter.prune(now)
        answer = self.meter.is_answer(bot.id, chat_id, now)
        self._raise_breach(bot, self.meter.admit(bot.id, chat_id, now), now)
        return answer

    def admit_edit(self, bot: Bot) -> None:
        """Count an edit against the bot's limit. Raises TelegramRefusal."""
        now = self.options.monotonic()
        self._raise_breach(bot, self.meter.admit_edit(bot.id, now), now)

    def _raise_breach(self, bot: Bot, breach: Breach | None, now: float) -> None:
        if breach is None:
            return
        retry_after = max(1, math.ceil(breach.wait))
        bot.paused_until = max(bot.paused_until, now + retry_after)
        raise too_many(retry_after, limit=breach.limit)

    def deliver(self, bot: Bot, draft: Draft, *, answer_lost: bool) -> Json:
        """Put a message on a phone, record it, and return it as the Bot API does."""
        message_id = bot.next_message_id()
        at = self.options.now()
        phone = self.phones.with_chat(draft.chat_id)
        if phone is not None:
            self._show(bot, phone, draft, message_id)
        now = self.options.monotonic()
        self.ledger.keep(
            Accepted(
                seq=self.ledger.next_seq(),
                at=now,
                wall=at,
                account=bot.account,
                address=str(draft.chat_id),
                method="sendMessage",
                text=draft.text,
                ref=message_id,
                reply_markup=draft.markup,
                answer=draft.answer,
                answer_lost=answer_lost,
                in_pause=now < bot.paused_until,
            )
        )
        self.feed.stir()
        return message_json(
            bot.me, self.chat_json(draft.chat_id, phone), draft, message_id, int(at.timestamp())
        )

    def _show(self, bot: Bot, phone: Phone, draft: Draft, message_id: int) -> None:
        bubble = Bubble(
            id=self.phones.next_bubble_id(),
            channel=Channel.TELEGRAM,
            incoming=True,
            text=draft.text,
            at=self.options.now(),
            account=bot.account,
            ref=message_id,
            markup=draft.markup,
            entities=draft.entities,
            reply_to=draft.reply_to,
            chat=draft.chat_id,
            silent=draft.silent,
        )
        phone.bots.add(bot.id)
        self.show(phone, bubble)

    def show(self, phone: Phone, bubble: Bubble) -> None:
        """Add a text to a phone and tell the pages."""
        phone.add(bubble, self.phones.max_bubbles)
        self.tell(phone, bubble)

    def tell(self, phone: Phone, bubble: Bubble) -> None:
        """Tell the pages that a text is new or has changed."""
        self.feed.publish(lambda: {"type": "message", "phone": phone.id, "message": bubble.view()})

    def announce(self, bot: Bot, chat_id: int, content: Json) -> int:
        """Queue an update about a chat, as the faults in force let it travel; returns its id."""
        faults = self.faults.incoming(Carrier.TELEGRAM, str(chat_id), bot.account)
        update = {"update_id": bot.updates.next_id(), **content}
        updates = [update] * copies_of(faults)
        late = lateness_of(faults)
        if late and bot.webhook is not None:
            self.background.start(_put_late(bot, updates, late))
        else:
            bot.updates.put_all(updates)
        return int(update["update_id"])

    def refuse(self, bot: Bot, method: str, params: Mapping[str, Any], refusal: TelegramRefusal) -> None:
        """Record a refusal."""
        self.ledger.keep_refusal(
            Refused(
                seq=self.ledger.next_seq(),
                at=self.options.monotonic(),
                wall=self.options.now(),
                account=bot.account,
                address=str(params.get("chat_id", "")),
                method=method,
                text=str(params.get("text", "")),
                cause=refusal.cause,
                code=refusal.code,
                reason=refusal.description,
                limit=refusal.limit,
                retry_after=refusal.retry_after,
            )
        )
        self.feed.stir()

    def chat_json(self, chat_id: int, phone: Phone | None) -> Json:
        """A chat as messages carry it."""
        if chat_id > 0:
            return {"id": chat_id, "first_name": phone.name if phone else str(chat_id), "type": "private"}
        chat = self.chats.get(chat_id)
        title = (chat.title if chat else None) or (phone.name if phone else str(chat_id))
        kind = "supergroup" if str(chat_id).startswith("-100") else "group"
        return {"id": chat_id, "title": title, "type": kind}

    def message_of(self, bot: Bot, phone: Phone, bubble: Bubble) -> Json:
        """A text on a phone as the Bot API shows it."""
        chat_id = bubble.chat if bubble.chat is not None else phone.chat or 0
        draft = Draft(
            chat_id=chat_id,
            text=bubble.text,
            entities=tuple(dict(entity) for entity in bubble.entities),
            markup=dict(bubble.markup) if bubble.markup and "inline_keyboard" in bubble.markup else None,
        )
        sender = bot.me if bubble.incoming else user_json(phone)
        date = int(bubble.at.timestamp())
        message = message_json(sender, self.chat_json(chat_id, phone), draft, int(bubble.ref), date)
        if bubble.edited:
            message["edit_date"] = int(self.options.now().timestamp())
        return message


async def _put_late(bot: Bot, updates: list[Json], seconds: float) -> None:
    await asyncio.sleep(seconds)
    bot.updates.put_all(updates)


def user_json(phone: Phone) -> Json:
    """A person as updates carry them."""
    return {
        "id": phone.chat,
        "is_bot": False,
        "first_name": phone.name,
        "language_code": phone.language,
    }


def message_json(sender: Json, chat: Json, draft: Draft, message_id: int, date: int) -> Json:
    """A text message in the Bot API's shape."""
    message: Json = {"message_id": message_id, "from": sender, "chat": chat, "date": date, "text": draft.text}
    if draft.entities:
        message["entities"] = list(draft.entities)
    if draft.markup and "inline_keyboard" in draft.markup:
        message["reply_markup"] = draft.markup
    return message
