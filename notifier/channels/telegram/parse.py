"""Updates as the domain's Incoming. Total: any JSON gives an Incoming or None, never an error."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from notifier.channels.plain import plain
from notifier.domain.message import Incoming, IncomingKind
from notifier.domain.roster import ChannelName

Fields = Mapping[str, object]

_NONE: Fields = {}
_MEDIA = ("photo", "voice", "audio", "video", "video_note", "document", "sticker", "animation", "contact")
_PLACE = ("location", "venue")
_GONE = ("kicked", "left")
_MAX_ID = 2**63
_MAX_TIME = 253_402_300_799
"""The last second of the year 9999."""


def parse_update(raw: Mapping[str, object], account: str) -> Incoming | None:
    """What somebody did towards bot ``account``; None for what concerns nobody (live positions and such).

    Captions are kept as text; what was said or shown in voice and pictures is not.
    """
    for name, parse in _PARSERS.items():
        fields = _fields(raw, name)
        if fields:
            return parse(fields, account)
    return None


def _message(message: Fields, account: str) -> Incoming | None:
    chat = _fields(message, "chat")
    sender = _id(chat, "id")
    if sender is None:
        return None
    at = _time(message, "date")
    if _is_group(chat):
        return _incoming(account, sender, IncomingKind.GROUP, at=at)
    text = plain(message.get("text")) or plain(message.get("caption"))
    quoted = _id(_fields(message, "reply_to_message"), "message_id")
    command, _, payload = text.strip().partition(" ")
    if command.partition("@")[0] == "/start":
        return _incoming(account, sender, IncomingKind.START, at=at, text=text, data=payload.strip())
    return _incoming(account, sender, _kind(message), at=at, text=text, quoted=quoted)


def _edited(message: Fields, account: str) -> Incoming | None:
    chat = _fields(message, "chat")
    sender = _id(chat, "id")
    text = plain(message.get("text")) or plain(message.get("caption"))
    # Edits without words are positions on the move; in groups nothing was said to us at all.
    if sender is None or not text or _is_group(chat):
        return None
    at = _time(message, "edit_date") or _time(message, "date")
    quoted = _id(_fields(message, "reply_to_message"), "message_id")
    return _incoming(account, sender, IncomingKind.EDITED, at=at, text=text, quoted=quoted)


def _tap(query: Fields, account: str) -> Incoming | None:
    message = _fields(query, "message")
    chat = _fields(message, "chat")
    group = _is_group(chat)
    sender = _id(chat, "id") if group else _id(_fields(query, "from"), "id")
    if sender is None:
        return None
    return _incoming(
        account,
        sender,
        IncomingKind.GROUP if group else IncomingKind.TAP,
        quoted=_id(message, "message_id"),
        data=plain(query.get("data")),
        callback=plain(query.get("id")) or None,
    )


def _membership(change: Fields, account: str) -> Incoming | None:
    chat = _fields(change, "chat")
    sender = _id(chat, "id")
    status = _fields(change, "new_chat_member").get("status")
    if sender is None or not isinstance(status, str):
        return None
    at = _time(change, "date")
    if _is_group(chat):
        return None if status in _GONE else _incoming(account, sender, IncomingKind.GROUP, at=at)
    kind = IncomingKind.BLOCKED if status in _GONE else IncomingKind.UNBLOCKED
    return _incoming(account, sender, kind, at=at)


_PARSERS: Mapping[str, Callable[[Fields, str], Incoming | None]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _tap,
    "my_chat_member": _membership,
}


def _incoming(
    account: str,
    sender: str,
    kind: IncomingKind,
    *,
    at: datetime | None = None,
    text: str = "",
    quoted: str | None = None,
    data: str = "",
    callback: str | None = None,
) -> Incoming:
    return Incoming(
        channel=ChannelName.TELEGRAM,
        account=account,
        sender=sender,
        kind=kind,
        at=at,
        text=text,
        quoted=quoted,
        data=data,
        callback=callback,
    )


def _kind(message: Fields) -> IncomingKind:
    if isinstance(message.get("text"), str):
        return IncomingKind.TEXT
    if any(name in message for name in _PLACE):
        return IncomingKind.PLACE
    if any(name in message for name in _MEDIA):
        return IncomingKind.MEDIA
    return IncomingKind.OTHER


def _is_group(chat: Fields) -> bool:
    number = chat.get("id")
    return isinstance(number, int) and number < 0


def _fields(parent: Fields, name: str) -> Fields:
    value = parent.get(name)
    return value if isinstance(value, Mapping) else _NONE


def _id(parent: Fields, name: str) -> str | None:
    value = parent.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= _MAX_ID:
        return None
    return str(value)


def _time(parent: Fields, name: str) -> datetime | None:
    value = parent.get(name)
    # 0 is how an inaccessible message says that it has no date.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_TIME:
        return None
    return datetime.fromtimestamp(value, UTC)
