"""The Bot API's methods about messages and chats. Each takes a call and returns the `result`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from notifier.sandbox.phones import Bubble, Phone
from notifier.sandbox.telegram.bots import Bot
from notifier.sandbox.telegram.desk import Draft, Json, TelegramDesk
from notifier.sandbox.telegram.errors import bad_request
from notifier.sandbox.telegram.markup import read_integer, read_list, read_markup, read_object, read_text

MAX_NOTE = 200
MAX_COMMANDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a method by a bot."""

    bot: Bot
    params: Mapping[str, Any]
    answer_lost: bool = False

    def flag(self, name: str) -> bool:
        """A parameter that is yes or no."""
        return self.params.get(name) in (True, "true", "True", "1", 1)

    def chat_id(self) -> int:
        """The chat that is meant. Raises TelegramRefusal."""
        value = self.params.get("chat_id")
        if value is None or value == "":
            raise bad_request("chat_id is empty")
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request("chat not found") from None


Method = Callable[[TelegramDesk, Call], Any]


def get_me(desk: TelegramDesk, call: Call) -> Json:
    """Who the bot is."""
    return {
        **call.bot.me,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def send_message(desk: TelegramDesk, call: Call) -> Json:
    """Deliver a text, if chat, text, keyboard and limits allow."""
    chat_id = call.chat_id()
    desk.chats.check_reachable(call.bot.id, chat_id)
    text, entities = read_text(call.params)
    markup = read_markup(call.params)
    reply_to = _reply_target(desk, call, chat_id)
    answer = desk.admit(call.bot, chat_id)
    draft = Draft(
        chat_id=chat_id,
        text=text,
        entities=entities,
        markup=markup,
        reply_to=reply_to,
        answer=answer,
        silent=call.flag("disable_notification"),
    )
    message = desk.deliver(call.bot, draft, answer_lost=call.answer_lost)
    if reply_to is not None and (original := _found(desk, call.bot, chat_id, reply_to)):
        message["reply_to_message"] = desk.message_of(call.bot, *original)
    return message


def _reply_target(desk: TelegramDesk, call: Call, chat_id: int) -> int | None:
    reply = read_object(call.params, "reply_parameters") or {}
    target = read_integer(reply, "message_id", read_integer(call.params, "reply_to_message_id"))
    if target is None:
        return None
    if _found(desk, call.bot, chat_id, target) is not None:
        return target
    if reply.get("allow_sending_without_reply") or call.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _found(desk: TelegramDesk, bot: Bot, chat_id: int, message_id: int) -> tuple[Phone, Bubble] | None:
    phone = desk.phones.with_chat(chat_id)
    bubble = phone.find(bot.account, message_id) if phone else None
    if phone is None or bubble is None or bubble.deleted:
        return None
    return phone, bubble


def edit_message_text(desk: TelegramDesk, call: Call) -> Json:
    """Change a text and its buttons in place."""
    text, entities = read_text(call.params)
    markup = read_markup(call.params, inline_only=True)
    return _edit(desk, call, text=text, entities=entities, markup=markup)


def edit_message_reply_markup(desk: TelegramDesk, call: Call) -> Json:
    """Change a text's buttons in place."""
    markup = read_markup(call.params, inline_only=True)
    return _edit(desk, call, text=None, entities=(), markup=markup)


def _edit(
    desk: TelegramDesk, call: Call, *, text: str | None, entities: tuple[Json, ...], markup: Json | None
) -> Json:
    chat_id = call.chat_id()
    desk.chats.check_reachable(call.bot.id, chat_id)
    found = _found(desk, call.bot, chat_id, read_integer(call.params, "message_id") or 0)
    if found is None:
        raise bad_request("message to edit not found")
    phone, bubble = found
    if not bubble.incoming:
        raise bad_request("message can't be edited")
    if text in (None, bubble.text) and markup == bubble.markup:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same "
            "as a current content and reply markup of the message"
        )
    desk.admit_edit(call.bot)
    if text is not None:
        bubble.text, bubble.entities, bubble.edited = text, entities, True
    bubble.markup = markup
    desk.tell(phone, bubble)
    return desk.message_of(call.bot, phone, bubble)


def delete_message(desk: TelegramDesk, call: Call) -> bool:
    """Take a text off the phone."""
    found = _found(desk, call.bot, call.chat_id(), read_integer(call.params, "message_id") or 0)
    if found is None:
        raise bad_request("message to delete not found")
    phone, bubble = found
    bubble.deleted = True
    desk.tell(phone, bubble)
    return True


def answer_callback_query(desk: TelegramDesk, call: Call) -> bool:
    """Answer a button press; its text pops up on the phone."""
    note = str(call.params.get("text") or "")
    if len(note) > MAX_NOTE:
        raise bad_request("MESSAGE_TOO_LONG")
    query_id = str(call.params.get("callback_query_id", ""))
    if query_id not in call.bot.queries:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    phone_id, _, reference = call.bot.queries[query_id].partition("/")
    phone = desk.phones.get(phone_id)
    bubble = phone.find(call.bot.account, int(reference)) if phone else None
    if phone and bubble and note:
        bubble.note = note
        desk.tell(phone, bubble)
    return True


def leave_chat(desk: TelegramDesk, call: Call) -> bool:
    """Leave a group; private chats cannot be left."""
    chat_id = call.chat_id()
    desk.chats.check_reachable(call.bot.id, chat_id)
    if chat_id > 0:
        raise bad_request("chat member status can't be changed in private chats")
    desk.chats.ensure(chat_id).left_by.add(call.bot.id)
    desk.feed.stir()
    return True


def get_chat(desk: TelegramDesk, call: Call) -> Json:
    """What is known of a chat."""
    chat_id = call.chat_id()
    desk.chats.check_reachable(call.bot.id, chat_id)
    chat = desk.chat_json(chat_id, desk.phones.with_chat(chat_id))
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"),
        False,
    )
    return {**chat, "accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


def send_chat_action(desk: TelegramDesk, call: Call) -> bool:
    """Show that something is coming."""
    desk.chats.check_reachable(call.bot.id, call.chat_id())
    if not call.params.get("action"):
        raise bad_request("wrong parameter action in request")
    return True


def set_my_commands(desk: TelegramDesk, call: Call) -> bool:
    """Keep the bot's menu."""
    commands = read_list(call.params, "commands") or []
    if len(commands) > MAX_COMMANDS or not all(isinstance(entry, dict) for entry in commands):
        raise bad_request(
            "BOT_COMMANDS_TOO_MUCH" if len(commands) > MAX_COMMANDS else "can't parse BotCommand"
        )
    call.bot.commands = commands
    return True


def get_my_commands(desk: TelegramDesk, call: Call) -> list[Json]:
    """The bot's menu."""
    return call.bot.commands


METHODS: dict[str, tuple[str, Method]] = {
    name.lower(): (name, method)
    for name, method in (
        ("getMe", get_me),
        ("sendMessage", send_message),
        ("editMessageText", edit_message_text),
        ("editMessageReplyMarkup", edit_message_reply_markup),
        ("deleteMessage", delete_message),
        ("answerCallbackQuery", answer_callback_query),
        ("leaveChat", leave_chat),
        ("getChat", get_chat),
        ("sendChatAction", send_chat_action),
        ("setMyCommands", set_my_commands),
        ("getMyCommands", get_my_commands),
    )
}
