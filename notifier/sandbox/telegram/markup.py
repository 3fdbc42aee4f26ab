"""Texts and keyboards as the Bot API accepts them."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from notifier.sandbox.telegram.errors import TelegramRefusal, bad_request

MAX_TEXT_UNITS = 4096
MAX_DATA_BYTES = 64
MAX_BUTTONS = 100
MARKUPS = ("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")
BUTTON_ACTIONS = frozenset(
    {
        "callback_data",
        "url",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    }
)
ENTITY_OF_TAG = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "a": "text_link",
}
Entity = dict[str, Any]


def utf16_units(text: str) -> int:
    """The length of a text as Telegram counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def read_text(params: Mapping[str, Any]) -> tuple[str, tuple[Entity, ...]]:
    """The text as people see it, and where it is set off. Raises TelegramRefusal."""
    text = str(params.get("text", ""))
    entities: tuple[Entity, ...] = ()
    mode = str(params.get("parse_mode") or "")
    if mode.upper() == "HTML":
        text, entities = read_html(text)
    elif mode:
        raise bad_request("unsupported parse_mode")
    if not text.strip():
        raise bad_request("message text is empty")
    if utf16_units(text) > MAX_TEXT_UNITS:
        raise bad_request("message is too long")
    return text, entities


def read_html(markup: str) -> tuple[str, tuple[Entity, ...]]:
    """Plain text and entities of Telegram's HTML. Raises TelegramRefusal for tags it does not know."""
    reader = _HtmlReader()
    reader.feed(markup)
    reader.close()
    if reader.open_tags:
        raise _unparsable(f'can\'t find end tag corresponding to start tag "{reader.open_tags[-1][0]}"')
    return "".join(reader.pieces), tuple(reader.entities)


def _unparsable(reason: str) -> TelegramRefusal:
    return bad_request(f"can't parse entities: {reason}")


class _HtmlReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.entities: list[Entity] = []
        self.open_tags: list[tuple[str, Entity]] = []
        self._units = 0

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)
        self._units += utf16_units(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ENTITY_OF_TAG:
            raise _unparsable(f'unsupported start tag "{tag}"')
        entity: Entity = {"type": ENTITY_OF_TAG[tag], "offset": self._units, "length": 0}
        if tag == "a":
            entity["url"] = dict(attrs).get("href") or ""
        self.open_tags.append((tag, entity))

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags[-1][0] != tag:
            raise _unparsable(f'unexpected end tag "{tag}"')
        _, entity = self.open_tags.pop()
        entity["length"] = self._units - int(entity["offset"])
        if entity["length"]:
            self.entities.append(entity)


def read_object(params: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """A parameter that is a JSON object, or its text in a form. Raises TelegramRefusal."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request(f"object expected as {name.replace('_', ' ')}")
    return value


def read_markup(params: Mapping[str, Any], *, inline_only: bool = False) -> dict[str, Any] | None:
    """The keyboard of a message, checked. Raises TelegramRefusal."""
    markup = read_object(params, "reply_markup")
    if not markup:
        return None
    if not any(name in markup for name in MARKUPS):
        raise bad_request("object expected as reply markup")
    if inline_only and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    if "inline_keyboard" in markup:
        return _checked_inline(markup)
    return markup


def _checked_inline(markup: dict[str, Any]) -> dict[str, Any] | None:
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(
            'can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array of Arrays'
        )
    buttons = [button for row in rows for button in row]
    if len(buttons) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    for button in buttons:
        _check_button(button)
    return {"inline_keyboard": [row for row in rows if row]} if buttons else None


def _check_button(button: Any) -> None:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: Expected an Object")
    if not str(button.get("text", "")).strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if not BUTTON_ACTIONS & button.keys():
        raise bad_request("inline keyboard button must have exactly one action")
    if "callback_data" in button and not 1 <= len(str(button["callback_data"]).encode()) <= MAX_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def read_integer(params: Mapping[str, Any], name: str, default: int | None = None) -> int | None:
    """A whole number, also when written as text. Raises TelegramRefusal."""
    value = params.get(name)
    if value is None or value == "":
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise bad_request(f"invalid {name} specified") from None


def read_list(params: Mapping[str, Any], name: str) -> list[Any] | None:
    """A JSON array, also when written as text; None if absent. Raises TelegramRefusal."""
    value = params.get(name)
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON array") from None
    if value is None or value == "":
        return None
    if not isinstance(value, list):
        raise bad_request(f"expected an Array as {name}")
    return value
