"""What people do in Telegram: write, press, start, block. Each act becomes an update for a bot."""

import itertools
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.phones import Bubble, Channel, Phone
from notifier.sandbox.telegram.bots import Bot
from notifier.sandbox.telegram.desk import Json, TelegramDesk, user_json

STUBS: dict[str, Json] = {
    "voice": {
        "voice": {"file_id": "voice-1", "file_unique_id": "v1", "duration": 3, "mime_type": "audio/ogg"}
    },
    "photo": {"photo": [{"file_id": "photo-1", "file_unique_id": "p1", "width": 90, "height": 90}]},
    "location": {"location": {"latitude": 30.0, "longitude": 120.0}},
    "sticker": {
        "sticker": {
            "file_id": "sticker-1",
            "file_unique_id": "s1",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
    },
}
LABELS = {
    "voice": "🎤 语音 Voice",
    "photo": "🖼 照片 Photo",
    "location": "📍 位置 Location",
    "sticker": "🙂 贴纸 Sticker",
}


class CannotDo(Exception):
    """A person tried what their phone does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What came of an act: the update, and the message it concerns."""

    bot: int
    update_id: int
    message_id: int | None = None


class TelegramPeople:
    """The hands of everybody with a chat. All methods raise CannotDo."""

    def __init__(self, desk: TelegramDesk) -> None:
        """Act upon a desk."""
        self._desk = desk
        self._query_ids = itertools.count(1)

    def write(
        self,
        phone: Phone,
        text: str,
        *,
        bot: int | None = None,
        reply_to: int | None = None,
        group: int | None = None,
    ) -> Act:
        """Write to a bot, in private or in a group."""
        target = self._partner(phone, bot)
        self._check_open(phone)
        content: Json = {"text": text}
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        if reply_to is not None:
            original = phone.find(target.account, reply_to)
            if original is None:
                raise CannotDo("there is no such message to reply to")
            content["reply_to_message"] = self._desk.message_of(target, phone, original)
        return self._send(phone, target, content, text=text, reply_to=reply_to, group=group)

    def send_stub(self, phone: Phone, kind: str, *, bot: int | None = None) -> Act:
        """Send a voice, photo, location or sticker."""
        if kind not in STUBS:
            raise CannotDo(f"kind is one of {', '.join(STUBS)}")
        self._check_open(phone)
        return self._send(phone, self._partner(phone, bot), dict(STUBS[kind]), text=LABELS[kind])

    def edit(self, phone: Phone, message_id: int, text: str, *, bot: int | None = None) -> Act:
        """Change one's own text afterwards."""
        target = self._partner(phone, bot)
        bubble = phone.find(target.account, message_id)
        if bubble is None or bubble.incoming:
            raise CannotDo("that is not a message of one's own")
        bubble.text, bubble.edited = text, True
        self._desk.tell(phone, bubble)
        edited = {"edited_message": self._desk.message_of(target, phone, bubble)}
        update = self._desk.announce(target, phone.chat or 0, edited)
        return Act(bot=target.id, update_id=update, message_id=message_id)

    def start(self, phone: Phone, payload: str = "", *, bot: int | None = None) -> Act:
        """Press start, which also opens the chat and lifts a block."""
        if phone.chat is None:
            raise CannotDo("this phone has no Telegram chat")
        if self._desk.chats.blocked(phone.chat):
            self.unblock(phone, bot=bot)
        self._desk.chats.ensure(phone.chat).started = True
        return self.write(phone, f"/start {payload}".rstrip(), bot=bot)

    def tap(
        self, phone: Phone, message_id: int, data: str, *, bot: int | None = None, force: bool = False
    ) -> Act:
        """Press a button under a message. `force`: also one that is no longer there."""
        target, bubble = self._pressed(phone, message_id, bot)
        buttons = [button for row in bubble.buttons() for button in row]
        if not force and not any(button.get("callback_data") == data for button in buttons):
            raise CannotDo("there is no such button under the message")
        self._check_open(phone)
        query_id = str(next(self._query_ids))
        target.remember_query(query_id, f"{phone.id}/{message_id}")
        chat = bubble.chat if bubble.chat is not None else phone.chat or 0
        self._desk.meter.heard(target.id, chat, self._desk.options.monotonic())
        query = {
            "id": query_id,
            "from": user_json(phone),
            "message": self._desk.message_of(target, phone, bubble),
            "chat_instance": str(chat),
            "data": data,
        }
        update = self._desk.announce(target, chat, {"callback_query": query})
        return Act(bot=target.id, update_id=update, message_id=message_id)

    def _pressed(self, phone: Phone, message_id: int, bot: int | None) -> tuple[Bot, Bubble]:
        for bubble in reversed(phone.bubbles):
            fits = bubble.channel is Channel.TELEGRAM and bubble.ref == message_id and bubble.incoming
            if fits and not bubble.deleted and bot in (None, int(bubble.account)):
                return self._partner(phone, int(bubble.account)), bubble
        raise CannotDo("there is no such message on this phone")

    def block(self, phone: Phone) -> list[Act]:
        """Block every bot."""
        return self._set_blocked(phone, blocked=True)

    def unblock(self, phone: Phone, *, bot: int | None = None) -> list[Act]:
        """Let the bots write again."""
        return self._set_blocked(phone, blocked=False, bot=bot)

    def _set_blocked(self, phone: Phone, *, blocked: bool, bot: int | None = None) -> list[Act]:
        if phone.chat is None:
            raise CannotDo("this phone has no Telegram chat")
        chat = self._desk.chats.ensure(phone.chat)
        if chat.blocked is blocked:
            return []
        chat.blocked = blocked
        self._desk.feed.publish(lambda: {"type": "phone", "phone": phone.id})
        wanted = phone.bots or {known.id for known in self._desk.bots.all()}
        targets = [known for known in self._desk.bots.all() if known.id in wanted and bot in (None, known.id)]
        return [self._tell_membership(phone, target, blocked=blocked) for target in targets]

    def _tell_membership(self, phone: Phone, target: Bot, *, blocked: bool) -> Act:
        member, kicked = {"status": "member"}, {"status": "kicked", "until_date": 0}
        change = {
            "chat": self._desk.chat_json(phone.chat or 0, phone),
            "from": user_json(phone),
            "date": int(self._desk.options.now().timestamp()),
            "old_chat_member": {"user": target.me, **(member if blocked else kicked)},
            "new_chat_member": {"user": target.me, **(kicked if blocked else member)},
        }
        update = self._desk.announce(target, phone.chat or 0, {"my_chat_member": change})
        return Act(bot=target.id, update_id=update)

    def inject(self, update: Json, *, bot: int | None = None) -> Act:
        """Queue an update as it stands, however wrong; without update_id it gets the next one."""
        target = self.known(bot)
        return Act(bot=target.id, update_id=target.updates.put(update, unfiltered=True))

    def _send(
        self,
        phone: Phone,
        target: Bot,
        content: Json,
        *,
        text: str,
        reply_to: int | None = None,
        group: int | None = None,
    ) -> Act:
        chat_id = group if group is not None else phone.chat or 0
        self._desk.chats.ensure(chat_id)
        self._desk.meter.heard(target.id, chat_id, self._desk.options.monotonic())
        home = phone if group is None else self._desk.phones.with_chat(group)
        bubble = Bubble(
            id=self._desk.phones.next_bubble_id(),
            channel=Channel.TELEGRAM,
            incoming=False,
            text=text,
            at=self._desk.options.now(),
            account=target.account,
            ref=target.next_message_id(),
            status="sent",
            reply_to=reply_to,
            chat=chat_id,
        )
        self._desk.show(home or phone, bubble)
        message: dict[str, Any] = {
            "message_id": bubble.ref,
            "from": user_json(phone),
            "chat": self._desk.chat_json(chat_id, home),
            "date": int(bubble.at.timestamp()),
            **content,
        }
        update = self._desk.announce(target, chat_id, {"message": message})
        phone.bots.add(target.id)
        return Act(bot=target.id, update_id=update, message_id=int(bubble.ref))

    def _check_open(self, phone: Phone) -> None:
        if phone.chat is None:
            raise CannotDo("this phone has no Telegram chat")
        if self._desk.chats.blocked(phone.chat):
            raise CannotDo("this person blocked the bot and must unblock it first")

    def _partner(self, phone: Phone, bot: int | None) -> Bot:
        """The bot that is meant: the named one, else who wrote last, else who called last."""
        if bot is None and (last := phone.latest(Channel.TELEGRAM)):
            bot = int(last.account)
        return self.known(bot)

    def known(self, bot: int | None) -> Bot:
        """A bot that called: the named one, or the latest. Raises CannotDo."""
        found = self._desk.bots.latest if bot is None else self._desk.bots.get(bot)
        if found is None:
            raise CannotDo("no bot has called yet" if bot is None else "no such bot has called yet")
        return found
